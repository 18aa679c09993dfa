"""The module as it is written, once for all tests that only read it: writing it works out every template."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eventlake.deploy.terraform.folder import write_modules
from eventlake.query.saved import load_saved
from eventlake.sources import load, load_optional


@pytest.fixture(scope="session")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module of the sources that are off by themselves, and of one that is not."""
    folder, sources = tmp_path_factory.mktemp("switched-on") / "module", [*load()[:1], *load_optional()]
    write_modules(folder, sources, load_saved(sources))
    return folder


@pytest.fixture(scope="session")
def written(switched_on: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module of the built-in sources, written where that of others was, beside a file of a person's own."""
    folder, sources = tmp_path_factory.mktemp("written") / "module", load()
    shutil.copytree(switched_on, folder)
    (folder / "notes.txt").write_text("mine")
    write_modules(folder, sources, load_saved(sources))
    return folder
