from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from eventlake.deploy.derived import BY_HAND
from eventlake.deploy.terraform.folder import write_modules
from eventlake.errors import ConfigurationError
from eventlake.query.saved import load_saved
from eventlake.sources import load, load_optional


def _write(folder: Path) -> int:
    sources = load()
    return write_modules(folder, sources, load_saved(sources))


def test_the_archive_has_the_handlers_and_the_mappings_of_these_sources(switched_on: Path, written: Path) -> None:
    """A source that is off by itself brings its mapping into the archive when it is on; bytecode stays out."""
    for folder, sources in ((switched_on, [*load()[:1], *load_optional()]), (written, load())):
        names = zipfile.ZipFile(folder / "functions.zip").namelist()
        assert "eventlake/functions/transform.py" in names
        assert len(names) == len(set(names))
        assert not [name for name in names if "__pycache__" in name]
        tables = {table.name for source in sources for table in source.tables}
        assert {f"eventlake/functions/declared/{table}.py" for table in tables} <= set(names)


def test_a_folder_is_written_anew_and_what_is_gone_goes(written: Path) -> None:
    """A source that is no longer on leaves no module behind; a person's own file beside the module stays."""
    modules = {path.parent.name for path in (written / "modules" / "sources").glob("*/main.tf.json")}
    assert modules == {source.name for source in load()}
    assert (written / "notes.txt").read_text() == "mine"


def test_the_same_code_is_archived_alike(switched_on: Path, written: Path) -> None:
    """Terraform compares the archive's hash: no entry tells when it was written, and they stand in one order."""
    one, other = (zipfile.ZipFile(folder / "functions.zip").infolist() for folder in (switched_on, written))
    both = {entry.filename for entry in one} & {entry.filename for entry in other}
    assert len(both) > 100
    assert _alike(one, both) == _alike(other, both)


def _alike(entries: list[zipfile.ZipInfo], names: set[str]) -> list[tuple[object, ...]]:
    """Return all that an archive's bytes hold of these files but for where they stand."""
    return [
        (entry.filename, entry.date_time, entry.external_attr, entry.CRC, entry.compress_size)
        for entry in entries
        if entry.filename in names
    ]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """A configuration somebody wrote is not overwritten."""
    (tmp_path / "main.tf.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="holds something else"):
        _write(tmp_path)
    assert (tmp_path / "main.tf.json").read_text() == "{}"


def test_every_module_is_json(written: Path) -> None:
    """Each asks for the same Terraform and provider."""
    asked = [json.loads(path.read_text("utf-8"))["terraform"] for path in written.rglob("*.tf.json")]
    assert len(asked) == len(load()) + len(BY_HAND) + 2  # the outermost module, and that of the sources
    assert all(one == asked[0] for one in asked)
