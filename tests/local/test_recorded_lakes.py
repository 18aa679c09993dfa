"""Lakes that each version of the format wrote with its own code, as tests/lakes/record.py recorded them, opened by this one."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eventlake.answers.forms import in_form
from eventlake.backends.catalog_schema import STEPS
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.folder import CATALOG, open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.sources import load
from project import ROOT

pytestmark = pytest.mark.slow

SOURCES = load()
VERSIONS = range(1, len(STEPS) + 1)


@dataclass(frozen=True)
class Recorded:
    """A lake, and what the version that wrote it said of it."""

    folder: Path
    said: dict[str, Any]  # any JSON value

    def rows(self, table: str, columns: list[str]) -> list[dict[str, Any]]:
        """The rows of a table, of some columns, by event."""
        names = ", ".join(f'"{column}"' for column in columns)
        answer = open_lake(self.folder, SOURCES).engine.query(f"select {names} from {table} order by event_id")
        return [json.loads(line) for line in in_form(answer.columns, answer.rows, "jsonl").splitlines()]

    def ids(self) -> Counter[str]:
        """How often each event lies in a table."""
        return Counter(row["event_id"] for table in self.said["rows"] for row in self.rows(table, ["event_id"]))


@pytest.fixture(params=VERSIONS, ids=lambda version: f"schema-{version}")
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Recorded:
    """The lake of a version."""
    with tarfile.open(ROOT / "tests" / "lakes" / f"schema-{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return Recorded(tmp_path / "lake", json.loads((tmp_path / "said.json").read_text("utf-8")))


def test_a_reader_finds_the_rows_that_the_version_answered_itself(lake: Recorded) -> None:
    """Every column that it knew, with the same value; what failed too, and nothing is brought up to date by looking."""
    before = (lake.folder / CATALOG).read_bytes()
    for table, rows in lake.said["rows"].items():
        assert rows
        found = lake.rows(table, list(rows[0]))
        assert json.loads(json.dumps(found, default=str)) == rows
    assert open_catalog(lake.folder).failed_count() == lake.said["failed"] == 1
    assert (lake.folder / CATALOG).read_bytes() == before


def test_what_its_bus_had_accepted_when_it_was_killed_is_delivered_once(lake: Recorded) -> None:
    """Beside what lay there; the catalog is brought up to date, and its older self kept beside it."""
    version = SqliteCatalog(lake.folder / CATALOG, read_only=True)
    is_current = version.is_current
    version.close()
    expected = Counter(row["event_id"] for rows in lake.said["rows"].values() for row in rows) + Counter(lake.said["waiting"])

    with Importer(lake.folder, SOURCES) as importer:
        importer.deliver()

    assert lake.ids() == expected
    assert set(expected.values()) == {1}
    assert len(list(lake.folder.glob("catalog-schema-*.db"))) == (not is_current)
