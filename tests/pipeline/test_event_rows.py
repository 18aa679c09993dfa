"""Rows as they are asked for: where the statement writes an event's text, it is the event that the row's columns become, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.interfaces import Engine
from eventlake.lake import Lake
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.model import Table
from eventlake.pipeline.event_rows import EventRows
from eventlake.pipeline.event_sql import SEAM
from eventlake.pipeline.placement import Placement
from eventlake.pipeline.wording import Wording
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
ODD = [
    "",
    'a "quoted" \\ text',
    "line\nline\ttab\x01",
    "ä 漢 \U0001f600 \u2028",
    "'; --",
    "null",
    7,
    1.5e300,
    True,
    None,
    [],
    ["a", {"b": 1}],
]
ODD += [{}, {"x": {"y": [1.0, 2**70]}}, "2026-11-20T10:00:00+02:00", "2026-11-20T10:00:00.1234Z", "2026-11-20 10:00", 1_700_000_000]
"""Values that may stand anywhere."""
LESS = {"build_state_change", "build_phase_change", "fleet_state_change", "deployment_state_change", "instance_state_change"}
"""Tables with columns that find their texts in several places, or by what they hold: their events are made of columns."""


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


def changed(event: dict[str, Any], way: Sequence[Any], value: Any) -> dict[str, Any]:
    """The event with another value at a place."""
    made = json.loads(json.dumps(event))
    holder = made
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    return made  # type: ignore[no-any-return]  # it was a dict


def odd_events() -> Iterator[bytes]:
    """Each sample, with an odd value at a third of its places in turn, and with fields that nobody declared."""
    for source in SOURCES:
        for name in names(source):
            event = json.loads(read_sample(source, name).event)
            if "detail-type" not in event:
                continue
            variants = [event]
            ways = [way for way in places(event) if len(way) > 1 or way in (("time",), ("id",), ("resources",), ("account",))]
            variants += [changed(event, way, ODD[number % len(ODD)]) for number, way in enumerate(ways[::3])]
            under = ("detail", "data") if isinstance(event["detail"].get("data"), dict) else ("detail",)
            for key in ("envelope", "$", "data", "detail", "location_info", "references", 'new "key"'):
                variants += [changed(event, (*under, key), value) for value in ({"country_code": "DE", "n": 1.0}, {"n": None}, "text")]
            for number, one in enumerate(variants):
                if isinstance(one.get("id"), str):
                    one["id"] += f"-{number}"
                if isinstance(one["detail"], dict) and isinstance(one["detail"].get("event-id"), str):
                    one["detail"]["event-id"] += f"-{number}"
                yield json.dumps(one, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with all of them."""
    folder = tmp_path_factory.mktemp("lake")
    with Importer(folder, SOURCES, now=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC)) as importer:
        importer.accept([Item(number, event) for number, event in enumerate(odd_events(), 1)])
        importer.deliver()
    return open_lake(folder, SOURCES)


def asked(engine: Engine, table: Table, columns: str, condition: str = "true") -> Sequence[Any]:
    """The rows of a table that have a moment, in an order of their own."""
    return engine.query(f'SELECT {columns} FROM "{table.database}"."{table.name}" WHERE event_time IS NOT NULL AND {condition}').rows


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TABLES.keys() - LESS))
def test_a_text_of_the_statement_is_the_event_of_the_columns(name: str, lake: Lake) -> None:
    """Whatever stands where: what the statement cannot write is asked for once more."""
    rows = EventRows(TABLES[name], FAST)

    def ask(again: EventRows, moments: Sequence[str]) -> Sequence[Any]:
        return asked(lake.engine, again.table, again.columns, again.at(moments))

    answer = [
        (key[:-1].decode(), event_id, rows.worded([key, *pieces]))
        for event_id, text in asked(lake.engine, rows.table, rows.selected("#"))
        for key, *pieces in [text.encode().split(SEAM.encode())]
    ]
    expected = list(rows.restored(asked(lake.engine, rows.table, rows.columns)))

    odd = [(at, event_id) for at, event_id, body in answer if body is None]
    found = [one for one in answer if one[2] is not None] + list(rows.odd(odd, ask))

    assert sorted(found, key=str) == sorted(expected, key=str)
    assert 0 < len(odd) < len(found)


@pytest.mark.parametrize(
    ("text", "extra", "event"),
    [
        ("details", None, '{"id":"e","detail":{"data":{"type":"s","details":{"a":1},"references":{"correlation_id":"c"}},"log_id":"l"}}'),
        ("plain", None, '{"id":"e","detail":{"data":{"type":"s"},"log_id":"l"}}'),
        ("plain", '{"new":[1.0]}', '{"id":"e","detail":{"data":{"new":[1.0],"type":"s"},"log_id":"l"}}'),
        (
            "details",
            '{"references":{"x":null}}',
            '{"id":"e","detail":{"data":{"references":{"x":null,"correlation_id":"c"},"type":"s","details":{"a":1}},"log_id":"l"}}',
        ),
        ("plain", "{}", '{"id":"e","detail":{"data":{"type":"s"},"log_id":"l"}}'),
        ("plain", '{"new":\n1}', None),
        ("plain", "[]", None),
        (
            "details",
            '{"references":{}}',
            '{"id":"e","detail":{"data":{"references":{"correlation_id":"c"},"type":"s","details":{"a":1}},"log_id":"l"}}',
        ),
        ("details", '{"references":"text"}', None),
        ("details", '{"references":{"correlation_id":1}}', None),
        ("plain", '{"type":{"x":1}}', None),
        ("plain", '{"data":{"x":1}}', None),
        ("broken", None, None),
        ("control", None, None),
        ("lines", None, None),
        (None, None, None),
    ],
)
def test_what_is_odd_about_a_row_is_left_to_its_columns(text: str | None, extra: str | None, event: str | None) -> None:
    """JSON that is none or two, control characters, and fields of `extra` where columns have theirs."""
    field, details, references = ',"type":"s"', "", ""
    if text in ("details", "broken"):
        details = ',"details":\n{"a":1}\n' if text == "details" else ',"details":\n1,"b":2\n'
        references = ',"references":{"correlation_id":"c"}'
    field += {"control": ',"ip":"\x01"', "lines": ',"ip":"\n"'}.get(text or "", "")
    own = f"{field}{details or chr(10) * 2}\n\n"
    written = f'\n{{"id":"e","detail":{{"data":{{\n{own}\n{references}\n\n\n\n}},"log_id":"l"}}}}' if text else ""
    written += "" if extra is None else f"\n{extra}"

    table = TABLES["auth0_logs"]
    wording = Wording(table, Placement(table, FAST), FAST)
    made = [wording.event(written.encode().split(b"\n")) for _ in range(2)]

    assert made == [event.encode() if event else None] * 2


def test_what_extra_says_of_many_events_is_not_kept_without_end() -> None:
    """Each is made of its own, also where there are more than are remembered."""
    table = TABLES["auth0_logs"]
    wording = Wording(table, Placement(table, FAST), FAST)
    text = '\n{"id":"e","detail":{"data":{\n,"type":"s"\n\n\n\n\n\n\n\n\n},"log_id":"l"}}\n{"n":%d}'

    made = [wording.event((text % number).encode().split(b"\n")) for number in range(10_000)]

    assert made == [b'{"id":"e","detail":{"data":{"n":%d,"type":"s"},"log_id":"l"}}' % number for number in range(10_000)]
