"""A lake that an earlier version wrote is read as it is, and taken over by whoever writes it next."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.backends.catalog_schema import STEPS
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.folder import CATALOG, SPOOL, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import BUILT_IN, load

SOURCES = load()
TABLE = "pipeline_execution_state_change"
SAMPLES = sorted((BUILT_IN / "codepipeline" / "samples").glob("pipeline-*.event.json"))[:3]
EARLIER = range(1, len(STEPS))
QUERY = f"select event_id, pipeline, state, cast(event_time as varchar) from {TABLE} order by event_id"


def send(folder: Path, samples: list[Path]) -> None:
    """Store the events of samples in a lake."""
    with Importer(folder, SOURCES) as importer:
        importer.accept([Item(number, sample.read_bytes()) for number, sample in enumerate(samples, 1)])
        importer.deliver()


def rows(folder: Path) -> list[tuple[object, ...]]:
    """What a reader finds in a lake."""
    return list(open_lake(folder, SOURCES).engine.query(QUERY).rows)


def written_by(version: int, catalog: Path) -> None:
    """Write a catalog anew in the tables of an earlier version, with as much as that knew."""
    before = catalog.with_name("earlier.db")
    with closing(sqlite3.connect(before)) as earlier:
        earlier.executescript(f"{''.join(STEPS[:version])} pragma user_version = {version};")
        earlier.execute("attach ? as now", (str(catalog),))
        for (table,) in earlier.execute("select name from main.sqlite_master where type = 'table'").fetchall():
            columns = ", ".join(f'"{name}"' for _, name, *_ in earlier.execute(f'pragma main.table_info("{table}")'))
            earlier.execute(f'delete from main."{table}"')
            earlier.execute(f'insert into main."{table}" ({columns}) select {columns} from now."{table}"')
        earlier.commit()
    for suffix in ("-wal", "-shm"):
        catalog.with_name(f"{catalog.name}{suffix}").unlink(missing_ok=True)
    before.replace(catalog)
    if version == 1:  # its spool did not say whose it is; all of it is delivered
        shutil.rmtree(catalog.with_name(SPOOL))


@pytest.mark.slow
@pytest.mark.parametrize("version", EARLIER)
def test_a_lake_of_an_earlier_version_has_the_same_rows_before_and_after_its_upgrade(version: int, tmp_path: Path) -> None:
    """Who only asks changes nothing; who stores an event brings the catalog up to date, and leaves what the earlier version reads."""
    send(tmp_path, SAMPLES[:2])
    expected, catalog = rows(tmp_path), tmp_path / CATALOG
    written_by(version, catalog)
    content = catalog.read_bytes()

    assert len(expected) == 2
    assert rows(tmp_path) == expected
    assert catalog.read_bytes() == content

    send(tmp_path, SAMPLES[2:])
    assert [row for row in rows(tmp_path) if row in expected] == expected
    assert len(rows(tmp_path)) == 3
    copy = SqliteCatalog(catalog.with_name(f"catalog-schema-{version}.db"), read_only=True)
    assert [one.rows for one in copy.objects(TABLE)] == [2]
