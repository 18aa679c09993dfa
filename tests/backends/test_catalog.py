"""The catalog: Glue's nouns, one transaction for what becomes visible, readers that are never in the way."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import NewObject, SqliteCatalog
from eventlake.errors import ConfigurationError, StorageError
from eventlake.interfaces import Partition
from eventlake.layout import Hour
from eventlake.sources import load

TABLES = [table for source in load() for table in source.tables]
AUTH0 = next(table for table in TABLES if table.name == "auth0_logs")
HOUR = Hour("2026-11-20", "10")
PARTITION = Partition("auth0_logs", HOUR, "logs/2026/11/20/10/", "parquet")


def log_object(key: str, hour: Hour = HOUR) -> NewObject:
    """An object of ten rows."""
    return NewObject(key, "auth0_logs", hour, "parquet", 1000, 10, 7)


@pytest.fixture
def catalog(tmp_path: Path) -> SqliteCatalog:
    """A catalog with every table."""
    catalog = SqliteCatalog(tmp_path / "catalog.db")
    catalog.register_tables(TABLES, "parquet")
    return catalog


def test_registering_is_all_or_nothing(catalog: SqliteCatalog) -> None:
    """If one of two objects cannot be registered, neither is visible, no partition is made, and the checkpoint stays."""
    catalog.register([log_object("a")], [PARTITION], [], {"auth0_logs": 5})

    with pytest.raises(StorageError):
        catalog.register([log_object("b"), log_object("a")], [replace(PARTITION, hour=Hour("2026-11-20", "11"))], [], {"auth0_logs": 9})

    assert [one.key for one in catalog.objects("auth0_logs")] == ["a"]
    assert len(catalog.partitions("auth0_logs")) == 1
    assert catalog.checkpoints() == {"auth0_logs": 5}


def test_the_format_is_one_choice_for_a_lake(catalog: SqliteCatalog) -> None:
    """Another is refused with the way out."""
    with pytest.raises(ConfigurationError, match="another folder"):
        catalog.register_tables(TABLES, "json")


def test_tables_come_back_as_they_were_declared(catalog: SqliteCatalog) -> None:
    """With every column, by database and name."""
    assert sorted(catalog.tables(), key=lambda table: table.name) == sorted(TABLES, key=lambda table: table.name)
    assert catalog.tables()[0].name == "auth0_logs"


def test_a_column_is_never_dropped(catalog: SqliteCatalog) -> None:
    """A declaration without it keeps it, behind the declared ones."""
    fewer = replace(AUTH0, columns=tuple(column for column in AUTH0.columns if column.name != "ja3"))
    catalog.register_tables([fewer], "parquet")

    columns = [column.name for column in next(table for table in catalog.tables() if table.name == "auth0_logs").columns]
    assert columns == [column.name for column in fewer.columns] + ["ja3"]


def test_objects_are_found_by_hour(catalog: SqliteCatalog) -> None:
    """Of all hours, of some, of none; the table's name without regard to case."""
    hours = [Hour("2026-11-20", "23"), Hour("2026-11-21", "00"), Hour("2026-11-22", "00")]
    for number, hour in enumerate(hours):
        catalog.register([log_object(str(number), hour)], [], [], {})

    assert [one.key for one in catalog.objects("AUTH0_LOGS")] == ["0", "1", "2"]
    assert [one.key for one in catalog.objects("auth0_logs", [hours[2], hours[0]])] == ["0", "2"]
    assert list(catalog.objects("auth0_logs", [])) == []


def test_a_partition_is_added_once(catalog: SqliteCatalog) -> None:
    """Sixteen threads race; one of them creates it."""
    created: list[bool] = []
    connections = [SqliteCatalog(catalog._file) for _ in range(16)]

    def add(connection: SqliteCatalog) -> None:
        created.append(connection.add_partition(PARTITION))

    threads = [threading.Thread(target=add, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created) == [False] * 15 + [True]


def test_readers_see_the_last_transaction_while_another_is_under_way(catalog: SqliteCatalog) -> None:
    """They neither wait nor see half of it."""
    catalog.register([log_object("a")], [], [], {})
    reader = SqliteCatalog(catalog._file, read_only=True)
    with catalog._transaction() as run:
        run("delete from object")
        assert [one.key for one in reader.objects("auth0_logs")] == ["a"]
    assert list(reader.objects("auth0_logs")) == []


def test_a_read_only_folder_can_be_read(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """A copy of the file alone, where nothing can be written."""
    catalog.close()
    copy = tmp_path / "copy" / "catalog.db"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "catalog.db").read_bytes())
    copy.chmod(0o444)
    copy.parent.chmod(0o555)

    assert len(SqliteCatalog(copy, read_only=True).tables()) == len(TABLES)
    copy.parent.chmod(0o755)


def test_a_newer_file_is_refused_in_words(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """It is not touched."""
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(ConfigurationError, match="newer eventlake"):
        SqliteCatalog(tmp_path / "catalog.db")


def test_a_file_that_is_no_catalog_is_named(tmp_path: Path) -> None:
    """In words."""
    (tmp_path / "catalog.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(StorageError, match=r"catalog\.db.* is no catalog"):
        SqliteCatalog(tmp_path / "catalog.db")


def test_a_full_disk_is_told_and_passes(catalog: SqliteCatalog) -> None:
    """SQLite's own limit of pages stands for the disk: the transaction fails whole, and works when there is room."""
    catalog._connection.execute("pragma max_page_count = 1")
    with pytest.raises(StorageError, match="disk is full"):
        catalog.register([log_object(f"{number:03d}" * 300) for number in range(1000)], [], [], {"auth0_logs": 1})
    assert catalog.checkpoints() == {}
    catalog._connection.execute("pragma max_page_count = 100000")
    catalog.register([log_object("a")], [], [], {"auth0_logs": 1})
    assert catalog.checkpoints() == {"auth0_logs": 1}
