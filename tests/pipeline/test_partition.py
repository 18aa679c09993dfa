"""From an object's key to its partition: once, idempotent, and a key that does not belong stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import LayoutError, StorageError
from eventlake.interfaces import Partition
from eventlake.pipeline.partition import Partitioner
from eventlake.sources import load

TABLES = [table for source in load() for table in source.tables]


@pytest.fixture
def catalog(tmp_path: Path) -> SqliteCatalog:
    """A catalog with every table."""
    catalog = SqliteCatalog(tmp_path / "catalog.db")
    catalog.register_tables(TABLES, "parquet")
    return catalog


def test_keys_that_do_not_belong_are_told_and_stop_nothing(catalog: SqliteCatalog) -> None:
    """An upload by hand, a deeper key, a prefix of nobody: the others' partitions are made."""
    keys = ["logs/2026/11/20/10/a.gz", "nobody/2026/11/20/10/a.gz", "logs/2026/11/20/x/a.gz", "readme.txt", "logs/2026/11/20/11/b.gz"]

    foreign = Partitioner(catalog, TABLES, "parquet").ensure_all(keys)

    assert [type(error) for error in foreign] == [LayoutError] * 3
    assert [(part.hour.hour, part.location) for part in catalog.partitions("auth0_logs")] == [
        ("10", "logs/2026/11/20/10/"),
        ("11", "logs/2026/11/20/11/"),
    ]


def test_an_hour_is_made_sure_of_once(tmp_path: Path) -> None:
    """However many objects land in it, the catalog is asked once."""
    asked: list[Partition] = []

    class Counting(SqliteCatalog):
        def add_partition(self, partition: Partition) -> bool:
            """Count the call."""
            asked.append(partition)
            return super().add_partition(partition)

    partitioner = Partitioner(Counting(tmp_path / "catalog.db"), TABLES, "json")
    created = [partitioner.ensure(f"logs/2026/11/20/10/{number}.gz") for number in range(100)]

    assert created == [True] + [False] * 99
    assert len(asked) == 1


def test_a_failure_of_the_catalog_is_raised_and_tried_again(tmp_path: Path) -> None:
    """It is not remembered as done."""

    class Failing(SqliteCatalog):
        fails = True

        def add_partition(self, partition: Partition) -> bool:
            """Fail the first time."""
            if self.fails:
                self.fails = False
                raise StorageError("throttled")
            return super().add_partition(partition)

    partitioner = Partitioner(Failing(tmp_path / "catalog.db"), TABLES, "json")
    with pytest.raises(StorageError):
        partitioner.ensure("logs/2026/11/20/10/a.gz")

    assert partitioner.ensure("logs/2026/11/20/10/a.gz")


def test_a_partition_that_exists_is_normal(catalog: SqliteCatalog) -> None:
    """Another process may have made it."""
    assert Partitioner(catalog, TABLES, "parquet").ensure("logs/2026/11/20/10/a.gz")
    assert not Partitioner(catalog, TABLES, "parquet").ensure("logs/2026/11/20/10/b.gz")
