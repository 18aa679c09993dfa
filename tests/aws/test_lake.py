"""A lake deployed from the templates, end to end: events on the buses become rows in the hours of the bucket."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest

from aws.client import eventually
from aws.events import TABLES, Event, auth0_types, codepipeline_states, samples, tables_of
from aws.lake import OBJECT_KEY, Lake

pytestmark = pytest.mark.aws

PREFIXES = [table.prefix for table in TABLES.values()]


def stored(lake: Lake, events: Iterable[Event]) -> dict[str, tuple[Event, list[tuple[str, dict[str, Any]]]]]:
    """{id: (event, [(prefix, row)])} of events put on their buses, once each has a row."""
    wanted = list(events)
    ids = lake.put(wanted)
    rows = [(prefix, row) for prefix, some in lake.arrived(ids, PREFIXES).items() for row in some]
    return {id_: (event, [(p, row) for p, row in rows if row["event_id"] == id_]) for event, id_ in zip(wanted, ids, strict=True)}


def test_samples_become_rows_of_their_tables(lake: Lake) -> None:
    """Every sample event put on its bus is one row of each table whose rule wants it."""
    for event, found in stored(lake, filter(tables_of, samples())).values():
        assert sorted(prefix for prefix, _ in found) == sorted(table.prefix for table in tables_of(event))


def test_every_type_of_auth0_becomes_a_row(lake: Lake) -> None:
    """166 events, one of each type, are 166 rows of these types."""
    found = stored(lake, auth0_types())
    assert len(found) == 166
    assert all([row["type"] for _, row in rows] == [event["detail"]["data"]["type"]] for event, rows in found.values())


def test_every_state_of_codepipeline_becomes_a_row(lake: Lake) -> None:
    """One event of each state of pipelines, stages and actions is one row of that state."""
    for event, rows in stored(lake, codepipeline_states()).values():
        assert [row["state"] for _, row in rows] == [event["detail"]["state"]]


def test_an_event_of_nobody_is_kept_nowhere(lake: Lake) -> None:
    """What no rule wants leaves no trace, and no failure."""
    before = set(lake.bucket.keys())
    unwanted = next(event for event in samples() if not tables_of(event))
    lake.put([unwanted])
    stored(lake, [next(event for event in samples() if tables_of(event))])
    assert not [key for key in set(lake.bucket.keys()) - before if key.startswith("error/")]


def test_an_object_lies_in_its_hour_and_its_hour_is_a_partition(lake: Lake) -> None:
    """Each log object lies in prefix/YYYY/MM/DD/HH/, and its hour is a partition with that place as its location."""
    stored(lake, filter(tables_of, samples()))
    for name, table in TABLES.items():
        matches = [OBJECT_KEY.fullmatch(key) for key in lake.bucket.keys(f"{table.prefix}/")]
        hours = {(match["date"].replace("/", "-"), match["hour"], match["date"]) for match in matches if match}
        assert hours
        assert len([match for match in matches if match]) == len(matches)
        expected = {(date, hour): f"s3://{lake.bucket.name}/{table.prefix}/{folder}/{hour}/" for date, hour, folder in hours}
        assert eventually(lambda e=expected, n=name: places(lake, n) == e)  # type: ignore[misc]


def places(lake: Lake, table: str) -> dict[tuple[str, ...], str]:
    """{values: location} of the partitions of a table."""
    found = lake.partitions(table)
    return {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in found}


def test_raw_events_are_kept_as_they_came(lake: Lake) -> None:
    """With KeepRawEvents each event lies under raw/ as EventBridge delivered it."""
    (event,) = [event for event in samples() if [table.name for table in tables_of(event)] == ["build_phase_change"]][:1]
    (id_,) = lake.put([event])
    (kept,) = eventually(lambda: [raw for raw in lake.raw_events("build_phase_change") if raw["id"] == id_])
    for field in ("source", "detail-type", "time", "resources"):
        assert kept[field] == event[field]
    assert kept["detail"] == event["detail"]


def test_poison_is_kept_with_its_reason_and_harms_nothing_else(lake: Lake) -> None:
    """What is no event fails alone, and lies under error/ with its own bytes."""
    table = TABLES["auth0_logs"]
    stream = f"{lake.name}-auth0-logs"
    poison = [b"no json", b"[1, 2]", b"\xff\xfe", b"{" * 1000]
    event = next(event for event in samples() if [t.name for t in tables_of(event)] == ["auth0_logs"])
    records = [{"Data": data} for data in [*poison, json.dumps({**event, "id": "beside-poison"}).encode()]]
    before = set(lake.bucket.keys("error/"))
    lake.aws.service("firehose").put_record_batch(DeliveryStreamName=stream, Records=records)
    lake.arrived(["beside-poison"], [table.prefix])
    (key,) = eventually(lambda: set(lake.bucket.keys("error/auth0_logs/processing-failed/")) - before)
    assert [base64.b64decode(failed["rawData"]) for failed in lake.bucket.rows(key)] == poison


def test_the_outputs_tell_where_things_are(lake: Lake) -> None:
    """The stack's outputs name the bucket and the tables whose outputs users of the originals know."""
    values = set(lake.outputs().values())
    known = {"auth0_logs", "pipeline_execution_state_change", "stage_execution_state_change", "action_execution_state_change"}
    assert {lake.bucket.name, *known} <= values
