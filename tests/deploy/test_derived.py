from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from eventlake.cli.reference import pages
from eventlake.deploy.derived import DECLARED, clone_folder, derived_files, differences, write
from eventlake.query.saved import load_saved
from eventlake.sources import load
from project import ROOT, is_clone


def _files() -> dict[Path, str]:
    sources = load()
    return derived_files(sources, load_saved(sources))


def test_what_is_committed_is_what_derives_from_the_declarations() -> None:
    """Templates, mappings and pages are the same byte for byte; `eventlake templates` writes them."""
    found = differences(clone_folder(), _files())
    assert (found.outdated, found.stale) == ((), ())


@pytest.mark.slow
@pytest.mark.skipif(not is_clone(), reason="git says it, of a clone")
def test_reviews_fold_what_is_derived() -> None:
    """`.gitattributes` marks every derived file as generated, and no file that a person writes."""
    derived = {*_files(), *(Path("docs") / page for page in pages())}
    written = {Path("docs/querying.md"), Path("templates/lake.yaml"), DECLARED / "__init__.py"}

    assert {path for path in derived | written if _is_marked(path)} == derived


def _is_marked(path: Path) -> bool:
    said = subprocess.run(
        ["git", "check-attr", "linguist-generated", "--", str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return said.strip().endswith(": set")


@pytest.mark.slow
def test_a_clone_is_brought_up_to_date_once(tmp_path: Path) -> None:
    """A file that differs is written, one whose declaration is gone is removed, and then there is nothing to do."""
    files = _files()
    for folder in ("templates", "src/eventlake/deploy", "src/eventlake/functions", "docs"):
        if (clone_folder() / folder).is_dir():
            shutil.copytree(clone_folder() / folder, tmp_path / folder)
    outdated, stale = Path("templates/sources/auth0.yaml"), Path("templates/sources/gone.yaml")
    (tmp_path / outdated).write_text("changed by hand")
    (tmp_path / stale).write_text("left over")
    found = differences(tmp_path, files)
    assert (found.outdated, found.stale) == ((outdated,), (stale,))
    write(tmp_path, files, found)
    assert not differences(tmp_path, files)


@pytest.mark.slow
def test_a_users_source_brings_its_declaration_to_the_functions(tmp_path: Path) -> None:
    """The functions' folder holds what they need, and nothing points out of the clone."""
    own = tmp_path / "shop"
    own.mkdir()
    text = (clone_folder() / "src/eventlake/sources/codedeploy/source.toml").read_text()
    for old, new in (
        ('"codedeploy"', '"shop"'),
        ("AWS CodeDeploy", "Shop"),
        ("_state_change", "_sold"),
        ("codedeploy_event_logs", "shop_logs"),
    ):
        text = text.replace(old, new)
    (own / "source.toml").write_text(text)
    sources = load([tmp_path])
    files = derived_files(sources, load_saved(sources))
    assert files[DECLARED / "shop" / "source.toml"] == text
    assert Path("templates/sources/shop.yaml") in files
    assert DECLARED / "codedeploy" / "source.toml" not in files
