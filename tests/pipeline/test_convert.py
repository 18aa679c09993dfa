"""A value becomes its column's type, or a misfit; types are read from their text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline import nested, values
from eventlake.pipeline.convert import allowed_converters, converter, default_converter, parse_glue_type
from eventlake.pipeline.values import MISFIT


def convert(kind: str, value: object, name: str | None = None) -> Any:
    """The value as a column of that type holds it."""
    parsed = parse_glue_type(kind)
    return eval(converter(name or default_converter(parsed), parsed), vars(values) | vars(nested))(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", {}),
        ("string", []),
        ("int", 1.5),
        ("int", True),
        ("int", 2**31),
        ("int", "1.0"),
        ("bigint", 2**63),
        ("bigint", "9" * 20),
        ("double", "1.5x"),
        ("double", 10**400),
        ("double", True),
        ("boolean", 1),
        ("boolean", "yes"),
        ("timestamp", "2026-02-30T10:00:00Z"),
        ("timestamp", "2026-11-20T10:00:60Z"),
        ("timestamp", "2026-11-20T1\u0966:00:00Z"),
        ("timestamp", "2026-11-20T24:00:00Z"),
        ("timestamp", "2026-W47-5T10:00:00Z"),
        ("timestamp", "2026-W47-5T10:00:00.123Z"),
        ("timestamp", "2026-11-20T100000.1Z"),
        ("timestamp", "20261120T100000.000Z"),
        ("timestamp", "2026-324T10:00:00.00Z"),
        ("timestamp", "yesterday"),
        ("timestamp", 1e300),
        ("timestamp", []),
        ("date", "2026-13-01"),
        ("array<int>", [1, "x"]),
        ("array<int>", 1),
        ("map<string,int>", {"a": "x"}),
        ("map<string,int>", []),
        ("struct<a:int>", []),
    ],
)
def test_what_does_not_fit_is_a_misfit(kind: str, value: object) -> None:
    """Never an error, never a guess."""
    assert convert(kind, value) is MISFIT


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 6.0, "6"),
        ("string", 1.5, "1.5"),
        ("string", 1e22, "1e+22"),
        ("string", True, "true"),
        ("string", 10**30, "1" + "0" * 30),
        ("int", 1.0, 1),
        ("int", "-7", -7),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("double", 1, 1.0),
        ("double", "2.5e3", 2500.0),
        ("boolean", "false", False),
        ("timestamp", "2026-11-20T10:00:00Z", "2026-11-20 10:00:00.000"),
        ("timestamp", "2026-11-20T10:00:00.123Z", "2026-11-20 10:00:00.123"),
        ("timestamp", "2026-11-20T10:00:00.123999Z", "2026-11-20 10:00:00.123"),
        ("timestamp", "2026-11-20T10:00:00,123Z", "2026-11-20 10:00:00.123"),
        ("timestamp", "2026-11-20T10:00:00.1234Z", "2026-11-20 10:00:00.123"),
        ("timestamp", "2026-11-20T00:30:00+01:00", "2026-11-19 23:30:00.000"),
        ("timestamp", "2026-11-20 10:00:00", "2026-11-20 10:00:00.000"),
        ("timestamp", 1_795_000_000, "2026-11-18 11:06:40.000"),
        ("timestamp", 1_795_000_000_123, "2026-11-18 11:06:40.123"),
        ("timestamp", "Sep 1, 2017 4:12:29 PM", "2017-09-01 16:12:29.000"),
        ("timestamp", "Wed, 27 Jan 2021 22:00:00 GMT", "2021-01-27 22:00:00.000"),
        ("timestamp", "Fri, 5 Apr 2024 12:00:00 +0000", "2024-04-05 12:00:00.000"),
        ("date", "2026-11-20", "2026-11-20"),
        ("date", "2026-11-20T23:30:00-01:00", "2026-11-21"),
        ("array<string>", ["a", 1, None], ["a", "1", None]),
        ("map<string,int>", {"a": 1.0, "b": None}, {"a": 1, "b": None}),
        ("struct<a:int,b:string>", {"a": "1", "b": {}, "c": 1}, {"a": 1}),
        ("array<struct<a:int>>", [{"a": 1}], [{"a": 1}]),
    ],
)
def test_what_fits_becomes_the_type(kind: str, value: object, expected: object) -> None:
    """Also from its text, and from a float that is a whole number."""
    found = convert(kind, value)

    assert (found, type(found)) == (expected, type(expected))


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001  the test adds the zone
def test_a_timestamp_is_its_instant_in_utc(moment: datetime, minutes: int) -> None:
    """As datetime's own arithmetic has it, cut to milliseconds, whatever the offset it was written with."""
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    utc = aware.astimezone(UTC)

    assert convert("timestamp", aware.isoformat()) == utc.isoformat(" ", "milliseconds")[:23]
    assert convert("timestamp", f"{moment.isoformat(timespec='milliseconds')}Z") == moment.isoformat(" ", "milliseconds")


WRITTEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", re.ASCII)
PLAIN = ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123Z", "2026-11-20T10:00:00+0100", "2026-11-20 10:00")
MARKS = "0129Zz-:.,TtW +\u0661\uff10/"


@pytest.mark.parametrize("plain", PLAIN)
def test_a_timestamp_is_written_in_the_one_form_that_every_reader_takes(plain: str) -> None:
    """Whatever a text near to one looks like, it is that moment in this form, or no timestamp."""
    changed = {plain[:at] + put + plain[at + cut :] for at in range(len(plain) + 1) for put in ("", *MARKS) for cut in (0, 1, 2)}
    found = {text: convert("timestamp", text) for text in changed}
    written = {text: stored for text, stored in found.items() if stored is not MISFIT}

    assert plain in written
    assert [text for text, stored in written.items() if not WRITTEN.fullmatch(stored)] == []
    assert [text for text, stored in written.items() if datetime.fromisoformat(stored) != naive(datetime.fromisoformat(text))] == []


def naive(moment: datetime) -> datetime:
    """The moment in UTC without its zone, cut to milliseconds."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None, microsecond=utc.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    "kind", ["strng", "array<>", "array<string", "map<int,int>", "struct<>", "struct<a>", "struct<a:int,>", "string>", "", "int,int"]
)
def test_a_type_that_is_none_is_refused(kind: str) -> None:
    """With the part that is wrong."""
    with pytest.raises(ValueError, match=r'"|too early'):
        parse_glue_type(kind)


def test_each_type_has_its_converters() -> None:
    """A string may be made in three ways, everything else in one."""
    assert allowed_converters(parse_glue_type("string")) == ("text", "json", "joined")
    assert allowed_converters(parse_glue_type("timestamp")) == ("timestamp",)
    assert convert("string", {"b": [1.5], "a": "é"}, "json") is not MISFIT
    assert convert("string", ["a", 1], "joined") == "a 1"
