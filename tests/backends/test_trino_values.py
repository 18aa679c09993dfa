"""Values of Trino's JSON and Athena's text -> Python values."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.backends.trino_values import athena_type, from_json, from_text, trino_type
from eventlake.dialect.types.type import Type


def signature(name: str, *arguments: dict[str, Any]) -> dict[str, Any]:
    """A typeSignature."""
    return {"rawType": name, "arguments": list(arguments)}


def number(value: int) -> dict[str, Any]:
    """A number in a signature."""
    return {"kind": "LONG", "value": value}


def part(inner: dict[str, Any]) -> dict[str, Any]:
    """A type in the signature of an array or map."""
    return {"kind": "TYPE", "value": inner}


def field(name: str | None, inner: dict[str, Any]) -> dict[str, Any]:
    """A field in the signature of a row."""
    return {"kind": "NAMED_TYPE", "value": {"fieldName": {"name": name} if name else None, "typeSignature": inner}}


BIGINT, DATE, UNBOUNDED = signature("bigint"), signature("date"), signature("varchar", number(2_147_483_647))
TRINO = [
    (signature("varchar", number(3)), "varchar(3)", "abc", "abc"),
    (UNBOUNDED, "varchar", "abc", "abc"),
    (signature("decimal", number(38), number(2)), "decimal(38,2)", "12345678901234567890.10", Decimal("12345678901234567890.10")),
    (signature("real"), "real", 1.5, 1.5),
    (signature("double"), "double", "NaN", pytest.approx(float("nan"), nan_ok=True)),
    (signature("double"), "double", "-Infinity", float("-inf")),
    (signature("boolean"), "boolean", False, False),
    (signature("varbinary"), "varbinary", base64.b64encode(b"\0\xff").decode(), b"\0\xff"),
    (signature("timestamp", number(6)), "timestamp(6)", "2026-11-07 10:00:00.123456", datetime.fromisoformat("2026-11-07T10:00:00.123456")),
    (
        signature("timestamp with time zone", number(3)),
        "timestamp(3) with time zone",
        "2026-03-29 03:00:00.000 Europe/Berlin",
        datetime(2026, 3, 29, 1, tzinfo=UTC),
    ),
    (
        signature("timestamp with time zone", number(3)),
        "timestamp(3) with time zone",
        "2026-11-07 10:00:00.000 -05:30",
        datetime(2026, 11, 7, 15, 30, tzinfo=UTC),
    ),
    (
        signature("timestamp with time zone", number(3)),
        "timestamp(3) with time zone",
        "2026-11-07 10:00:00.000 Nowhere/Else",
        "2026-11-07 10:00:00.000 Nowhere/Else",
    ),
    (signature("timestamp", number(3)), "timestamp(3)", "12026-11-07 10:00:00.000", "12026-11-07 10:00:00.000"),
    (DATE, "date", "-0001-01-01", "-0001-01-01"),
    (signature("uuid"), "uuid", "12151fd2-7586-11e9-8f9e-2a86e4085a59", UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59")),
    (signature("interval day to second"), "interval day to second", "1 00:00:00.000", "1 00:00:00.000"),
    (signature("array", part(DATE)), "array(date)", ["2026-11-07", None], [date(2026, 11, 7), None]),
    (signature("map", part(BIGINT), part(DATE)), "map(bigint, date)", {"7": "2026-11-07", "8": None}, {7: date(2026, 11, 7), 8: None}),
    (
        signature("row", field("a", BIGINT), field(None, DATE), field("c", signature("array", part(BIGINT)))),
        "row(a bigint, date, c array(bigint))",
        [1, "2026-11-07", [2, None]],
        {"a": 1, "field1": date(2026, 11, 7), "c": [2, None]},
    ),
]


@pytest.mark.parametrize(("written", "name", "value", "expected"), TRINO)
def test_trinos_json_becomes_python(written: dict[str, Any], name: str, value: Any, expected: Any) -> None:
    """With the type's name as Trino spells it; what Python has no value for stays text."""
    kind = trino_type(written)
    make = from_json(kind)

    assert str(kind) == name
    made = value if make is None else make(value)
    assert made == expected
    if not isinstance(expected, float) and type(made) is not float:
        assert type(made) is type(expected)


ATHENA = [
    ({"Type": "varchar", "Precision": 2_147_483_647}, "varchar", "abc", "abc"),
    ({"Type": "varchar", "Precision": 3}, "varchar(3)", "abc", "abc"),
    ({"Type": "decimal", "Precision": 10, "Scale": 2}, "decimal(10,2)", "1.50", Decimal("1.50")),
    ({"Type": "float", "Precision": 17}, "real", "1.5", 1.5),
    ({"Type": "integer", "Precision": 10}, "integer", "7", 7),
    ({"Type": "boolean"}, "boolean", "true", True),
    ({"Type": "boolean"}, "boolean", "false", False),
    ({"Type": "varbinary"}, "varbinary", "00 ff", b"\0\xff"),
    ({"Type": "varbinary"}, "varbinary", "", b""),
    ({"Type": "timestamp", "Precision": 3}, "timestamp(3)", "2026-11-07 10:00:00.123", datetime.fromisoformat("2026-11-07T10:00:00.123")),
    (
        {"Type": "timestamp with time zone", "Precision": 3},
        "timestamp(3) with time zone",
        "2026-11-07 10:00:00.000 UTC",
        datetime(2026, 11, 7, 10, tzinfo=UTC),
    ),
    ({"Type": "array"}, "array", "[1, 2]", "[1, 2]"),
]


@pytest.mark.parametrize(("column", "name", "text", "expected"), ATHENA)
def test_athenas_text_becomes_python(column: dict[str, Any], name: str, text: str, expected: Any) -> None:
    """What it prints for an array, a map or a row stays as it is."""
    kind = athena_type(column)
    make = from_text(kind)

    assert str(kind) == name
    made = text if make is None else make(text)
    assert made == expected
    assert type(made) is type(expected)


@given(st.integers(0, 4_000_000_000_000), st.integers(-840, 840))
def test_an_instant_is_the_same_in_every_zone(milliseconds: int, minutes: int) -> None:
    """Trino writes the local time and the zone; the value is in UTC."""
    make = from_json(Type("timestamptz", numbers=(3,)))
    assert make is not None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))

    made = make(written(local))
    assert made == moment
    assert made.tzinfo is UTC


def test_an_hour_that_a_clock_shows_twice_is_given_as_it_is_written() -> None:
    """Which of the two instants is meant the text does not say; the hour before and the hour behind are instants."""
    make = from_text(Type("timestamptz", numbers=(3,)))
    assert make is not None
    assert make("2024-10-27 02:30:00.000 Europe/Berlin") == "2024-10-27 02:30:00.000 Europe/Berlin"
    assert make("2024-10-27 01:59:59.999 Europe/Berlin") == datetime(2024, 10, 26, 23, 59, 59, 999000, tzinfo=UTC)
    assert make("2024-10-27 03:00:00.000 Europe/Berlin") == datetime(2024, 10, 27, 2, tzinfo=UTC)


def written(local: datetime) -> str:
    """A moment as Trino writes it."""
    offset = local.strftime("%z")
    return f"{local.replace(tzinfo=None).isoformat(' ', 'milliseconds')} {offset[:3]}:{offset[3:]}"
