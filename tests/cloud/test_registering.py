"""Hours that hold objects and are no partition: found, and registered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import Aws
from aws_lake import create_tables, new_bucket
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.cloud.registering import register, unregistered
from eventlake.interfaces import Partition
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.retention import Retention
from eventlake.sources import load

NINE, TEN, ELEVEN = (Hour("2026-11-20", hour) for hour in ("09", "10", "11"))


@pytest.fixture
def adopted(here: Aws) -> tuple[Table, GlueCatalog, S3Store]:
    """A table made anew over a bucket with objects of three hours, one of which is registered."""
    bucket = new_bucket(here)
    declared = next(table for source in load() for table in source.tables if table.name == "auth0_logs")
    table = replace(declared, database=bucket.replace("-", "_"))
    create_tables(here, [table], bucket)
    store = S3Store(here.service("s3"), bucket)
    for key in (f"{NINE.path}/a.parquet", f"{TEN.path}/a.parquet", f"{TEN.path}/b.parquet", f"{ELEVEN.path}/a.parquet", "odd.parquet"):
        store.put(f"logs/{key}", b"x")
    catalog = GlueCatalog(here.service("glue"), [table], bucket, store)
    catalog.add_partition(Partition(table.name, NINE, f"logs/{NINE.path}/", "parquet"))
    return table, catalog, store


@pytest.mark.aws
def test_hours_without_a_partition_are_found(adopted: tuple[Table, GlueCatalog, S3Store]) -> None:
    """With the number of their objects; a key that is in no hour is told, and stops nothing."""
    missing, foreign = unregistered(*adopted, Retention())
    assert missing == {TEN: 2, ELEVEN: 1}
    assert ["odd.parquet" in sentence for sentence in foreign] == [True]


@pytest.mark.aws
def test_what_has_just_arrived_is_left_to_the_function(adopted: tuple[Table, GlueCatalog, S3Store]) -> None:
    """Its notification may be on its way."""
    missing, _ = unregistered(*adopted, Retention(), before=datetime.now(UTC) - timedelta(minutes=15))
    assert missing == {}


@pytest.mark.aws
def test_registering_makes_each_hour_a_partition_at_its_own_place(adopted: tuple[Table, GlueCatalog, S3Store]) -> None:
    """In the table's format; a second run finds nothing to do."""
    table, catalog, _ = adopted
    told: list[tuple[Hour, int]] = []
    assert register(*adopted, Retention(), lambda hour, objects: told.append((hour, objects))) == 2
    assert told == [(TEN, 2), (ELEVEN, 1)]
    assert [(one.hour, one.location, one.format) for one in catalog.partitions(table.name)] == [
        (hour, f"logs/{hour.path}/", "parquet") for hour in (NINE, TEN, ELEVEN)
    ]
    assert register(*adopted, Retention(), lambda hour, objects: told.append((hour, objects))) == 0


@pytest.mark.aws
def test_an_hour_that_was_kept_long_enough_is_none_that_is_missing(adopted: tuple[Table, GlueCatalog, S3Store]) -> None:
    """Its objects lie there for a grace, and nobody is to see them again."""
    _, _, store = adopted
    store.put("logs/2020/01/01/10/a.parquet", b"x")

    missing, _ = unregistered(*adopted, Retention({"auth0_logs": 365}))

    assert missing == {TEN: 2, ELEVEN: 1}
