"""How far the hours of a lake on AWS are closed, and what is said where none are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import Aws
from aws_lake import create_tables, new_bucket
from eventlake.backends.aws import Session
from eventlake.backends.closing_log import ClosingLog
from eventlake.cloud.closing import ClosingFunction, states
from eventlake.cloud.deployment import Deployment, open_catalog, open_store
from eventlake.errors import ConfigurationError
from eventlake.functions.closing import Hours
from eventlake.interfaces import Partition
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.closings import ClosedHour, Closing
from eventlake.pipeline.compaction import due
from eventlake.sources import load

NINE, TEN = (Hour("2026-11-20", hour) for hour in ("09", "10"))


@pytest.fixture
def lake(here: Aws) -> tuple[Table, Deployment, Session]:
    """A table with an open hour and one that was closed twice, six of its rows being left out."""
    bucket = new_bucket(here)
    (source,) = [one for one in load() if one.name == "auth0"]
    table = replace(source.tables[0], database=bucket.replace("-", "_"))
    deployment = Deployment("aws:closed", "closed", bucket, "closed", (replace(source, database=table.database, tables=(table,)),))
    create_tables(here, [table], bucket)
    session = Session()
    store, catalog = open_store(deployment, session), open_catalog(deployment, session)
    location = f"{table.closed_prefix}2026/11/20/2-ab/hour=09/"
    for key in (f"logs/{NINE.path}/a.parquet", f"{location}written", f"logs/{TEN.path}/a.parquet"):
        store.put(key, b"x")
    hour = ClosedHour(NINE, 2, location, (f"logs/{NINE.path}/a.parquet",), 12, 10, 6, 2, 1, 900, 1)
    closing = Closing(table.name, 2, datetime(2026, 11, 21, tzinfo=UTC), (hour,))
    ClosingLog(session.client("s3"), bucket).append(closing)
    catalog.add_partition(Partition(table.name, TEN, f"logs/{TEN.path}/", "parquet"))
    catalog.swap(Partition(table.name, NINE, location, "parquet", closing.parameters(hour)))
    return table, deployment, session


@pytest.mark.aws
def test_closed_hours_tell_what_their_closing_said(lake: tuple[Table, Deployment, Session]) -> None:
    """Rows are known of them alone; the objects are those that readers see."""
    table, deployment, session = lake

    found = states(table, deployment, open_catalog(deployment, session), session)

    said = [(one.hour, one.state, one.generation, one.objects, one.rows, one.duplicates) for one in found]
    assert said == [(NINE, "closed", 2, 1, 10, 6), (TEN, "open", 0, 1, None, 0)]


@pytest.mark.aws
def test_what_arrived_for_a_closed_hour_makes_it_dirty(lake: tuple[Table, Deployment, Session]) -> None:
    """Until it is closed again, nobody reads it."""
    table, deployment, session = lake
    open_store(deployment, session).put(f"logs/{NINE.path}/late.parquet", b"x")

    found = states(table, deployment, open_catalog(deployment, session), session)

    assert [(one.state, one.objects) for one in found] == [("dirty", 1), ("open", 1)]


@pytest.mark.aws
def test_objects_are_listed_by_day(lake: tuple[Table, Deployment, Session]) -> None:
    """Those of a closed hour where it lies; what it was made of is not among them."""
    table, deployment, session = lake
    catalog = open_catalog(deployment, session)

    assert [one.key for one in catalog.objects(table.name, [NINE])] == [f"{table.closed_prefix}2026/11/20/2-ab/hour=09/written"]
    assert [one.hour for one in catalog.objects(table.name)] == [NINE, TEN]


@pytest.mark.aws
def test_a_lake_that_closes_no_hours_says_so(lake: tuple[Table, Deployment, Session]) -> None:
    """With what to deploy; one that is known by its bucket alone cannot be asked."""
    _, deployment, session = lake

    with pytest.raises(ConfigurationError, match='The lake "closed" closes no hours: deploy its stack again with Closing=hourly'):
        ClosingFunction(deployment, session).due(None, None)
    with pytest.raises(ConfigurationError, match="name the lake by its stack"):
        ClosingFunction(replace(deployment, name=""), session)


@pytest.mark.aws
def test_an_hour_that_was_kept_long_enough_is_not_brought_back(lake: tuple[Table, Deployment, Session]) -> None:
    """Neither by what was written down of its closing, nor as one that is to be closed: its objects lie there for a grace."""
    table, deployment, session = lake
    catalog, store, log = (
        open_catalog(deployment, session),
        open_store(deployment, session),
        ClosingLog(session.client("s3"), deployment.bucket),
    )
    assert catalog.remove(table.name, [NINE, TEN]) == {}

    hours = Hours(table, catalog, store, log, is_over=lambda hour: True)
    hours.settle("parquet")

    assert list(catalog.partitions(table.name)) == []
    assert hours.states() == []
    Hours(table, catalog, store, log, is_over=lambda hour: hour != NINE).settle("parquet")
    assert [one.hour for one in catalog.partitions(table.name)] == [NINE]


@pytest.mark.aws
def test_hours_at_the_ends_of_the_calendar_are_hours_as_any_other(lake: tuple[Table, Deployment, Session]) -> None:
    """The first one is due, and keeps no other from it."""
    table, deployment, session = lake
    store, ends = open_store(deployment, session), [Hour("0001-01-01", "00"), Hour("9999-12-31", "23")]
    for hour in ends:
        store.put(f"logs/{hour.path}/a.parquet", b"x")

    hours = Hours(table, open_catalog(deployment, session), store, ClosingLog(session.client("s3"), deployment.bucket))

    assert hours.first_day == "0001-01-01"
    assert [one.hour for one in hours.states()] == [ends[0], NINE, TEN, ends[1]]
    assert [one.hour for one in due(hours.states(), datetime(2026, 11, 21, tzinfo=UTC), timedelta(hours=1))] == [ends[0], TEN]
    assert hours.waits_since(ends[1]) == ends[1].end
