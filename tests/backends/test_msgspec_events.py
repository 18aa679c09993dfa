"""Events of just the declared shape take a shorter way, and become the very lines that the longer one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventlake.backends import msgspec_events
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader, _Moments
from eventlake.model import Column, Source, Table
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.mapping import compile_mapping
from eventlake.pipeline.router import Router
from eventlake.pipeline.values import timestamp
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

SOURCES = load()
VALUES: tuple[Any, ...] = (
    None,
    "",
    "a",
    6.0,
    1.5,
    True,
    10**30,
    -1,
    [],
    ["a"],
    ["a", "b"],
    [1, {}],
    {},
    {"x": 1},
    "2026-11-20T10:00:00Z",
    1763632800,
)
"""What an odd sender may put wherever something else is declared."""


def events() -> list[dict[str, Any]]:
    """Return an event of every sample."""
    intake = Intake(SOURCES)
    read = [read_sample(source, name).event for source in SOURCES for name in names(source)]
    return [json.loads(accepted.body) for data in read for accepted in intake.take(data).accepted]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(event: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """Return an event with another value at a path."""
    made: dict[str, Any] = json.loads(json.dumps(event))
    holder: Any = made
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return made


def variants(event: dict[str, Any], step: int) -> Iterator[dict[str, Any]]:
    """Yield an event with one value after another changed, and with a key that nobody declared in each object."""
    yield event
    for number, path in enumerate(list(places(event))):
        for value in VALUES[number % step :: step] if path else ():
            yield changed(event, path, value)
        if isinstance(_at(event, path), dict):
            yield changed(event, (*path, "undeclared"), 1)
    yield event


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("step", [pytest.param(6, marks=pytest.mark.slow), 24])
def test_odd_events_become_what_they_become_without_it(step: int) -> None:
    """Every sample, with every value of it changed in turn, gives the same lines and failures on both ways, by readers that met all before."""
    long, short = Router(SOURCES, FAST), Router(SOURCES, FAST, StraightReader)
    for event in events():
        for one in variants(event, step):
            data = json.dumps(one).encode()
            assert (short.route(data).lines, str(short.route(data).failures)) == (long.route(data).lines, str(long.route(data).failures)), (
                one
            )


def test_most_events_need_no_other_way() -> None:
    """Of the samples' events, three quarters are read straight, whatever stands for a text in some."""
    router = Router(SOURCES, FAST, StraightReader)
    stored = [data for data in map(_written, events()) if router.route(data).lines]
    straight = [data for data, placed in zip(stored, router.straight(stored), strict=True) if placed is not None]
    assert len(straight) >= len(stored) * 3 // 4


def _written(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


EVENT = {"version": "0", "id": "1", "detail-type": "Tea", "source": "kitchen", "time": "2026-11-20T10:00:00Z", "detail": {"leaf": "oolong"}}


TEA = {"source": ["kitchen"], "detail-type": ["Tea"]}


def kitchen(pattern: dict[str, Any], *more: Column) -> Source:
    """Return a source with one table, of the leaves of tea."""
    columns = (Column("leaf", "string", ("$.detail.leaf",), "text", ""), *more)
    table = Table("tea", "kitchen", "tea", "lake", "kitchen", pattern, "$.detail", "leaf", columns)
    return Source("kitchen", "Kitchen", "", "", "lake", "default", (table,), (), ())


def tea_reader(table: Table) -> StraightReader:
    """Read the events of the kitchen."""
    return StraightReader(table, None, "Tea", {"kitchen": True})


@pytest.mark.parametrize(
    "text",
    [
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"a"},"detail-type":"Coffee"}',
        b'{"detail-type":"Coffee","source":"kitchen","detail":{"leaf":"a"},"detail-type":"Tea"}',
        b'{"detail":{"detail-type":"Tea","leaf":"a"},"detail-type":"Coffee","source":"kitchen"}',
        b'{"detail-type":"Tea","source":"kitchen","source":"attic","detail":{"leaf":"a"}}',
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"a","leaf":"b"}}',
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"\\u00e9\\ud83c\\udf75"}}',
        b'{"detail-type":"Te\\u0061","source":"kitchen","detail":{"leaf":"a"}}',
        b'{"detail-type":"Tea","source":"kitchen","d\\u0065tail":{"leaf":"a"}}',
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"a"}} x',
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"\xff"}}',
        b'{"detail-type":"Tea","source":"kitchen"}',
        b'{"detail-type":"Tea","source":["kitchen"],"detail":{"leaf":"a"}}',
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":' + b"[" * 70 + b"]" * 70 + b"}}",
        b'{"detail-type":"Tea","source":"kitchen","detail":{"leaf":"' + b"a" * 999_999 + b'"}}',
        b'"detail-type"',
        b"",
    ],
)
def test_what_is_written_in_another_way_is_read_alike(text: bytes) -> None:
    """Keys that stand twice, escapes, damage and what passes a limit are decided as without it."""
    sources = [kitchen(TEA)]
    long, short = Router(sources, FAST).route(text), Router(sources, FAST, StraightReader).route(text)
    assert (short.lines, str(short.failures)) == (long.lines, str(long.failures))


@pytest.mark.parametrize(
    "pattern",
    [
        {"detail-type": ["Tea"], "detail": {"leaf": ["sencha"]}},
        {"detail-type": ["Tea"], "account": [{"exists": True}]},
        {"detail-type": ["Tea"], "source": [{"anything-but": "kitchen"}]},
    ],
)
def test_rules_are_asked_as_ever(pattern: dict[str, Any]) -> None:
    """An event that the rule of its table does not want has no line, wherever the rule looks."""
    assert not Router([kitchen(pattern)], FAST, StraightReader).route(_written(EVENT)).lines


def test_a_place_that_holds_no_texts_is_read_straight_from_then_on() -> None:
    """A number where a text is declared is written as ever, and so are the texts behind it."""
    (table,) = kitchen(TEA).tables
    reader, mapping = tea_reader(table), compile_mapping(table, FAST)
    for leaf in ("oolong", 6.0, "sencha", True, None):
        event = {**EVENT, "detail": {"leaf": leaf}}
        assert reader(_written(event)) == FAST.encode(mapping(event)) + b"\n"


POT = Column("pot", "string", ("$.detail.pot.kind",), "text", "")
EXTRA = Column("extra", "string", (), "json", "")


def test_keys_that_no_column_reads_are_read_straight_once_they_come_often() -> None:
    """They go to `extra`, in the order of the event, from whatever object of the table; none is written where they hold nothing."""
    (table,) = kitchen(TEA, POT, EXTRA).tables
    reader, mapping = tea_reader(table), compile_mapping(table, FAST)
    details: list[dict[str, Any]] = [
        {"leaf": "oolong"},
        {"leaf": "oolong", "water": 85.5, "cups": [1, {"size": None}]},
        {"cups": 2, "water": {"hardness": 8}, "leaf": "sencha", "pot": {"kind": "iron", "age": 10**18}},
        {"leaf": "sencha", "pot": {"age": 3, "lid": False}, "water": None},
        {"pot": {"age": None}, "leaf": "oolong"},
        {"pot": None, "leaf": 7},
        {"leaf": "oolong"},
    ]
    for turn in range(3):
        for detail in details:
            event = {**EVENT, "detail": detail}
            line = reader(_written(event))
            assert line == FAST.encode(mapping(event)) + b"\n" or (turn == 0 and line is None)


def test_keys_that_come_seldom_slow_no_other_event_down() -> None:
    """The few events that have them are left to the mapping, however many come, until a time in which they are many."""
    (table,) = kitchen(TEA, EXTRA).tables
    reader = tea_reader(table)
    usual, more = _written(EVENT), _written({**EVENT, "detail": {"leaf": "oolong", "water": 85}})
    for _ in range(100):
        assert [reader(usual) is None for _ in range(40)] == [False] * 40
        assert reader(more) is None
    for _ in range(2 * msgspec_events._COUNTED):
        reader(more)
    assert reader(more) is not None


def test_keys_outside_of_what_a_table_is_about_are_left_to_the_mapping() -> None:
    """What `extra` holds of them is found there."""
    (table,) = kitchen(TEA, EXTRA).tables
    reader = tea_reader(table)
    assert reader(_written({**EVENT, "guest": "host"})) is None
    assert reader(_written(EVENT)) is not None


def test_a_value_in_place_of_an_object_is_left_to_the_mapping() -> None:
    """Before and after a key was met that no column reads."""
    (table,) = kitchen(TEA, POT, EXTRA).tables
    reader = tea_reader(table)
    pots: list[object] = ["iron", {"lid": True}, {"lid": True}, {"lid": True}, "iron", ["iron"]]
    for pot in pots:
        line = reader(_written({**EVENT, "detail": {"pot": pot}}))
        assert line is None or isinstance(pot, dict)
    assert reader(_written({**EVENT, "detail": {"pot": {"lid": True}}})) is not None


def test_values_at_the_top_that_a_table_alone_declares_are_left_to_the_mapping() -> None:
    """A column may read a key of the envelope that EventBridge does not know."""
    (table,) = kitchen(TEA, Column("pot", "string", ("$.pot",), "text", "")).tables
    assert tea_reader(table)(_written(EVENT)) is not None
    assert tea_reader(table)(_written({**EVENT, "pot": "iron"})) is None


def test_timestamps_are_written_alike_however_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text comes again, numbers that are equal to it in Python's eyes are none, and what is no moment is never one."""
    monkeypatch.setattr(msgspec_events, "_MOMENTS", 3)
    (table,) = kitchen(TEA, Column("brewed", "timestamp", ("$.detail.brewed",), "timestamp", "")).tables
    reader, mapping = tea_reader(table), compile_mapping(table, FAST)
    brewed = ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.5Z", "2026-11-20T10:00:01Z", 1, 1.0, 1.5, "2026-11-20T10:00:02+01:00"]
    for value in [*brewed, *brewed, *reversed(brewed)]:
        event = {**EVENT, "detail": {"leaf": "oolong", "brewed": value}}
        assert reader(_written(event)) == FAST.encode(mapping(event)) + b"\n"
    for value in ("tomorrow", "tomorrow", True, {}):
        assert reader(_written({**EVENT, "detail": {"brewed": value}})) is None


MOMENT = "2026-10-21T00:06:27.286Z"


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(0, 23), st.sampled_from([*"0123456789TZ:.-+ t", "\u0663", "\u00b2", ""])), max_size=3),
            st.integers(0, 59),
        ),
        min_size=1,
        max_size=8,
    )
)
@example(
    [([], 7), ([(17, "6")], 0), ([(11, "2"), (12, "4")], 0), ([(10, " ")], 0), ([(20, "\u0663")], 0), ([(5, "0"), (6, "2"), (8, "3")], 1)]
)
def test_a_timestamp_of_a_minute_that_was_met_is_written_alike(changes: list[tuple[list[tuple[int, str]], int]]) -> None:
    """Whatever stands in any place of it, and whatever came before."""
    moments = _Moments()
    for places, second in changes:
        letters = list(f"2026-10-21T00:06:{second:02}.286Z")
        for place, letter in places:
            letters[place] = letter
        value = "".join(letters)
        assert moments.moment(value) == timestamp(value)
        assert moments.moment(MOMENT) == timestamp(MOMENT)


def test_only_what_the_table_wants_is_read() -> None:
    """Each source is asked about once; an event without one, or of another type, is left to the rule."""
    (table,) = kitchen(TEA).tables
    reader = StraightReader(table, None, "Tea", {"kitchen": True, "attic": False})
    for source, kind in (("attic", "Tea"), (None, "Tea"), (["kitchen"], "Tea"), ("kitchen", "Coffee")):
        assert reader(_written({**EVENT, "source": source, "detail-type": kind})) is None
    assert reader(_written(EVENT)) is not None
