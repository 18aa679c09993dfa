"""What the page knows of what tables hold: made once for the same contents, and another once anything came or was swapped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.interfaces import Partition
from eventlake.lake import Lake
from eventlake.layout import Hour
from eventlake.local.folder import CATALOG, open_lake
from eventlake.sources import load
from eventlake.web.asking import Asking, unfinished_hours
from eventlake.web.following import Following
from eventlake.web.live import changes

TABLE, OTHER = "auth0_logs", "pipeline_execution_state_change"
TEN, ELEVEN = Hour("2026-11-20", "10"), Hour("2026-11-20", "11")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteCatalog]:
    """The catalog of a lake with an object of one hour, as the bus has it."""
    catalog = SqliteCatalog(tmp_path / CATALOG)
    catalog.register_tables([table for source in load() for table in source.tables], "parquet")
    add(catalog, "a", TEN)
    yield catalog
    catalog.close()


@pytest.fixture
def asking(tmp_path: Path, writer: SqliteCatalog) -> Iterator[Asking]:
    """Who asks that lake, which reads its catalog beside the bus."""

    def opened() -> Lake:
        return open_lake(tmp_path, load())

    made = Asking(opened, lambda: False)
    yield made
    made.close()


def add(catalog: SqliteCatalog, key: str, hour: Hour) -> None:
    """Make an object of ten rows visible."""
    catalog.register([NewObject(key, TABLE, hour, "parquet", 1000, 10, 7)], [Partition(TABLE, hour, f"{hour.path}/", "parquet")], [], {})


def test_what_nobody_changed_is_not_looked_at_again(asking: Asking) -> None:
    """However often it is asked for."""
    first, again = asking.held(), asking.held()

    assert first[TABLE] is again[TABLE]
    assert {hour: (one[0], one[1], one[2], one[-1]) for hour, one in first[TABLE].hours.items()} == {"2026-11-20T10": (0, 1, 10, "open")}


def test_whatever_came_or_was_swapped_changes_the_mark_of_its_table_alone(asking: Asking, writer: SqliteCatalog) -> None:
    """An object in an hour that is known, a new hour, a swap for another that counts as much, as an erasure of an open hour or a closing make it."""
    seen = [asking.held()]
    add(writer, "b", TEN)
    seen.append(asking.held())
    add(writer, "c", ELEVEN)
    seen.append(asking.held())
    writer.merge(TEN, TABLE, ["a", "b"], NewObject("erased", TABLE, TEN, "parquet", 2000, 20, 7), NOW)
    writer.merge(TEN, TABLE, ["erased"], NewObject("again", TABLE, TEN, "parquet", 2000, 20, 7), NOW)
    seen.append(asking.held())
    writer.merge(TEN, TABLE, ["again"], NewObject("edited", TABLE, TEN, "parquet", 2000, 20, 7), NOW)
    seen.append(asking.held())
    writer.replace(ELEVEN, TABLE, 0, ["c"], NewObject("d", TABLE, ELEVEN, "parquet", 1000, 10, 7), 0, NOW)
    seen.append(asking.held())

    assert len({one[TABLE].mark for one in seen}) == 6
    assert len({one[OTHER].mark for one in seen}) == 1
    assert [unfinished_hours(one) for one in seen] == [1, 1, 2, 2, 2, 1]


def test_who_follows_hears_of_each_hour_whose_objects_are_others(asking: Asking, writer: SqliteCatalog) -> None:
    """Of one in which as many rows lie as before too."""
    following = Following(asking)
    before = following.look()
    assert list(changes(before, following.look())) == []
    writer.merge(TEN, TABLE, ["a"], NewObject("edited", TABLE, TEN, "parquet", 1000, 10, 7), NOW)
    told = list(changes(before, following.look()))
    following.close()

    assert told == [b'event: change\ndata: {"table": "auth0_logs", "hours": ["2026-11-20T10"]}\n\n']
