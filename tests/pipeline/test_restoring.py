"""Log line -> envelope: it always becomes the same line again, and is the event as it came where the line kept all of it."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from by_day import one_in
from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Column, Table
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.path import Holding, parse_path
from eventlake.pipeline.restoring import Restorer
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

SOURCES = load()
DECLARED = {table.name: table for source in SOURCES for table in source.tables}
ROUTER = Router(SOURCES)
SAMPLES = [(source, name) for source in SOURCES for name in names(source)]

ODD = Table(
    name="odd",
    database="default",
    source="test",
    doc="",
    key="key",
    prefix="odd",
    root="$.detail.data",
    pattern={"detail-type": ["Odd"]},
    columns=(
        Column("key", "string", ("$.detail.data.id", "$.detail.id"), "text", ""),
        Column("first", "string", ("$.resources[*:a:*]",), "text", ""),
        Column("second", "string", ("$.resources[*:b:*]", "$.detail.data.texts[*:b:*]"), "text", ""),
        Column("place", "string", ("$.resources[1]",), "text", ""),
        Column("whole", "string", ("$.detail.data.whole",), "json", ""),
        Column("part", "int", ("$.detail.data.whole.part", "$.detail.data.part"), "integer", ""),
        Column("kind", "struct<one:string,two:struct<three:int,four:array<int>>>", ("$.detail.data.kind",), "struct", ""),
        Column("one", "string", ("$.detail.data.kind.one", "$.detail.data.one"), "text", ""),
        Column("list", "array<struct<name:string,at:timestamp>>", ("$.detail.data.list",), "array", ""),
        Column("map", "map<string,double>", ("$.detail.data.map",), "map", ""),
        Column("scope", "string", ("$.detail.data.scope",), "joined", ""),
        Column("scope_text", "string", ("$.detail.data.scope",), "text", ""),
        Column("moment", "timestamp", ("$.detail.data.moment",), "timestamp", ""),
        Column("moment_text", "string", ("$.detail.data.moment",), "text", ""),
        Column("day", "date", ("$.detail.data.day", "$.detail.data.moment"), "date", ""),
        Column("start", "timestamp", ("$.detail.data.start",), "timestamp", ""),
        Column("yes", "boolean", ("$.detail.data.yes",), "boolean", ""),
        Column("event_id", "string", ("$.id",), "text", ""),
        Column("event_time", "timestamp", ("$.detail.data.moment", "$.time"), "timestamp", ""),
        Column("account", "string", ("$.account",), "text", ""),
        Column("event_region", "string", ("$.region",), "text", ""),
        Column("event_origin", "string", ("$.eventlake-origin",), "text", ""),
        Column("extra", "string", (), "json", ""),
    ),
)
"""A table whose columns read one place in several ways."""
TABLES = {**DECLARED, ODD.name: ODD}

TEXTS = st.sampled_from(["", "x", "7", "-1", "7.5", "true", "a b", "x:a:y", "x:b:y", "x:a:b:y", "2026-11-20T10:00:00Z", "2026-11-20"])
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False, width=32) | TEXTS
KEYS = [
    "id",
    "part",
    "one",
    "two",
    "three",
    "four",
    "name",
    "at",
    "envelope",
    "$",
    "data",
    "detail",
    "new",
    "source",
    "time",
    "whole",
    "kind",
]
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_leaves=8
)
"""Any JSON value, of words that mean something somewhere."""


@cache
def both_ways(name: str, codec: Any) -> tuple[Transform, Restorer]:
    """What makes lines of a table's events, and what makes events of its lines; made once, for that takes longest."""
    return Transform(TABLES[name], codec), Restorer(TABLES[name], codec)


def restored(table: Table, event: dict[str, Any], codec: Any = FAST) -> tuple[bytes, dict[str, Any], bytes]:
    """An event's log line, the event restored from it, and that one's log line."""
    transform, restorer = both_ways(table.name, codec)
    line = transform(codec.encode(event))
    made = restorer.envelope(line)
    return line, json.loads(made), transform(made)


def check(table: Table, event: dict[str, Any]) -> None:
    """Hold an event to the same line, with both codecs."""
    for codec in (STANDARD, FAST):
        line, made, again = restored(table, event, codec)
        assert again == line, (made, line)


@pytest.mark.parametrize(("source", "name"), one_in(3, SAMPLES), ids=[f"{source.name}-{name}" for source, name in SAMPLES])
def test_samples_become_their_lines_again(source: Any, name: str) -> None:
    """Every sample of every source, in the row of every table it feeds."""
    accepted = Intake(SOURCES).take(read_sample(source, name).event).accepted
    for event in accepted:
        for table, line in ROUTER.route(event.body).lines:
            transform, restorer = both_ways(table.name, STANDARD)
            made = restorer.envelope(line)
            assert transform(made) == line
            assert (table, line) in ROUTER.route(made).lines


def places(table: Table) -> list[tuple[str | int, ...]]:
    """Every place in an event that a column reads, arrays by their places."""
    paths = (parse_path(path) for column in table.columns if column.name != "extra" for path in column.paths)
    found = {tuple(0 if isinstance(segment, Holding) else segment for segment in path) for path in paths}
    return sorted(found, key=repr)


def put(event: Any, place: tuple[str | int, ...], value: Any) -> None:
    """Put a value at a place if that is possible."""
    for segment, following in pairwise(place):
        if isinstance(segment, str) and isinstance(event, dict):
            event = event.setdefault(segment, [] if isinstance(following, int) else {})
        else:
            return
    if isinstance(event, list) and isinstance(place[-1], int):
        event.append(value)
    elif isinstance(event, dict) and isinstance(place[-1], str):
        event[place[-1]] = value


@st.composite
def events(draw: st.DrawFn, table: Table) -> dict[str, Any]:
    """An event that holds something at places of which a table knows, and at others."""
    event: dict[str, Any] = {"detail": draw(st.just({}) | JSON)}
    for place in draw(st.lists(st.sampled_from(places(table)), max_size=12)):
        put(event, place, draw(JSON))
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=3)):
        put(event, draw(st.sampled_from([(key,), ("detail", key), (*parse_path(table.root), key)])), draw(JSON))
    return {"detail-type": "Odd", **event} if table is ODD else event


@pytest.mark.slow
@given(events(ODD))
@example({"detail-type": "Odd", "detail": {"data": {"envelope": {"source": "x"}}}})
@example({"detail-type": "Odd", "detail": {"data": {"envelope": {"new": 1}, "$": 2}}, "new": 3})
@example({"detail-type": "Odd", "detail": {"data": "text"}})
@example({"detail-type": "Odd", "detail": {"data": {"data": "text", "one": "x", "yes": True}}})
@example({"detail-type": "Odd", "detail": "text"})
@example({"detail-type": "Odd", "detail": {}, "resources": ["x:b:", "y:a::b:"]})
@example({"detail-type": "Odd", "detail": {}, "resources": ["x:a:"]})
@example({"detail-type": "Odd", "detail": {"data": {"moment": 1700000000, "scope": ["a", 1], "list": [{"name": "n", "new": 1}]}}})
def test_any_event_of_an_odd_table_becomes_its_line_again(event: dict[str, Any]) -> None:
    """Whatever stands where, byte for byte."""
    check(ODD, event)


@pytest.mark.parametrize("name", one_in(12, DECLARED))
def test_any_event_of_a_declared_table_becomes_its_line_again(name: str) -> None:
    """Whatever stands where, byte for byte."""

    table = DECLARED[name]

    @given(events(table))
    def holds(event: dict[str, Any]) -> None:
        check(table, event)

    holds()


def changed(before: Any, after: Any, place: str = "$") -> list[str]:
    """The places at which two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [one for key in {**before, **after} for one in changed(before.get(key), after.get(key), f"{place}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [one for index, (old, new) in enumerate(zip(before, after, strict=True)) for one in changed(old, new, f"{place}[{index}]")]
    return [] if (type(before), before) == (type(after), after) else [place]


CHANGED: dict[str, set[str]] = {
    "alerts": {"$.detail.event-id", "$.time"},
    "auth0_logs": {
        "$.detail.data._id",
        "$.detail.data.isMobile",
        "$.detail.data.is_mobile",
        "$.detail.data.location_info",
        "$.detail.data.log_id",
        "$.detail.data.scope",
        "$.detail.data.user_id",
        "$.detail.log_id",
        "$.time",
    },
    "build_state_change": set(),
    "fleet_state_change": {
        "$.detail.fleet-arn",
        "$.detail.fleet-name",
        "$.detail.fleet-status",
        "$.detail.name",
        "$.detail.status",
        "$.detail.status-context",
        "$.detail.status-message",
    },
    "build_phase_change": {"$.detail.completed-phase-duration-seconds", "$.detail.completed-phase-end", "$.detail.completed-phase-start"},
    "repository_state_change": set(),
    "comment_change": set(),
    "pull_request_state_change": set(),
    "deployment_state_change": {"$.resources[0]", "$.resources[1]"},
    "instance_state_change": {"$.resources[0]", "$.resources[2]"},
    "action_execution_state_change": {"$.detail.pipeline-execution-attempt", "$.detail.type.version", "$.detail.version"},
    "pipeline_execution_state_change": {"$.detail.pipeline-execution-attempt", "$.detail.version"},
    "stage_execution_state_change": {"$.detail.pipeline-execution-attempt", "$.detail.version"},
}
"""What of the samples' envelopes comes back in another form, by table; docs/replay.md says why."""


def test_samples_come_back_as_they_were_but_for_what_no_line_keeps() -> None:
    """The places that differ, of whole envelopes alone: what comes without one had none."""
    found: dict[str, set[str]] = {}
    for source, name in SAMPLES:
        event = json.loads(read_sample(source, name).event)
        if "detail-type" in event:
            for table, line in ROUTER.route(json.dumps(event).encode()).lines:
                made = both_ways(table.name, STANDARD)[1].envelope(line)
                found.setdefault(table.name, set()).update(changed(event, json.loads(made)))

    assert found == CHANGED


def test_a_line_that_is_none_is_refused() -> None:
    """An array, or no JSON."""
    with pytest.raises(ValueError, match="no JSON object"):
        Restorer(ODD).envelope(b"[1]\n")
    with pytest.raises(ValueError, match="Expecting value"):
        Restorer(ODD).envelope(b"no")


LOST: dict[str, tuple[Any, Any]] = {
    "a number in a column of text": ({"detail": {"data": {"one": 7}}}, {"detail": {"data": {"one": "7"}}}),
    "an array that was joined": ({"detail": {"data": {"scope": ["a", "b"]}}}, {"detail": {"data": {"scope": ["a", "b"]}}}),
    "the offset of a moment": (
        {"detail": {"data": {"start": "2026-11-20T11:00:00+01:00"}}},
        {"detail": {"data": {"start": "2026-11-20T10:00:00Z"}}},
    ),
    "a null": ({"detail": {"data": {"id": None}}}, {"detail": {}}),
    "an empty key": ({"detail": {"data": {"id": ""}}}, {"detail": {}}),
    "a value under its second name": ({"detail": {"data": {"one": "7"}}}, {"detail": {"data": {"one": "7"}}}),
    "where a value stood that may stand further out too": ({"detail": {"id": "7"}}, {"detail": {"data": {"id": "7"}, "id": "7"}}),
    "text of a truth value": ({"detail": {"data": {"yes": "true"}}}, {"detail": {"data": {"yes": True}}}),
}


@pytest.mark.parametrize(("event", "expected"), LOST.values(), ids=LOST)
def test_what_a_line_does_not_keep_comes_back_in_the_usual_form(event: dict[str, Any], expected: dict[str, Any]) -> None:
    """As docs/replay.md lists it; the line is the same all the same."""
    line, made, again = restored(ODD, {"detail-type": "Odd", **event})

    assert again == line
    assert made == {"version": "0", "detail-type": "Odd", "resources": [], **expected}


def test_keys_stand_in_eventbridges_order() -> None:
    """With those that no column reads, and the moment from where the table takes it."""
    event = {"detail": {"data": {"moment": "2026-11-20T10:00:00.120Z"}}, "id": "1", "new": 1, "region": "eu-central-1", "account": "1"}
    made = restored(ODD, {"detail-type": "Odd", **event})[1]

    assert list(made) == ["version", "id", "detail-type", "account", "time", "region", "resources", "new", "detail"]
    assert made["time"] == "2026-11-20T10:00:00Z"
