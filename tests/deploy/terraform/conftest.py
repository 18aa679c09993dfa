"""The module as it is written, once for all tests that only read it: writing it works out every template."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.deploy.terraform.folder import write_modules
from eventlake.query.saved import load_saved
from eventlake.sources import load, load_optional


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module of the built-in sources."""
    folder, sources = tmp_path_factory.mktemp("written") / "module", load()
    write_modules(folder, sources, load_saved(sources))
    return folder


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module of every source, the optional ones too."""
    folder, sources = tmp_path_factory.mktemp("everything") / "module", [*load(), *load_optional()]
    write_modules(folder, sources, load_saved(sources))
    return folder
