"""Event -> log line: total over any bytes, nothing of an event lost, poison named, one value whichever codec."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.parquet import duckdb_type
from eventlake.errors import EventError
from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.mapping import compile_line, json_columns
from eventlake.pipeline.reading import depth
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
PIPELINE, ACTION, AUTH0 = (TABLES[name] for name in ("pipeline_execution_state_change", "action_execution_state_change", "auth0_logs"))
TRANSFORMS = {(table.name, codec): Transform(table, codec) for table in TABLES.values() for codec in (STANDARD, FAST)}
ROUTERS = {codec: Router(SOURCES, codec) for codec in (STANDARD, FAST)}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
"""Any JSON value."""

PIPELINE_KEYS = [
    "pipeline",
    "version",
    "state",
    "execution-id",
    "start-time",
    "pipeline-execution-attempt",
    "execution-trigger",
    "State",
    "new",
]
AUTH0_KEYS = [
    "log_id",
    "date",
    "type",
    "details",
    "scope",
    "is_mobile",
    "isMobile",
    "references",
    "security_context",
    "location_info",
    "$event_schema",
    "x",
]


def pipeline_event(detail: object, **envelope: object) -> dict[str, Any]:
    """A pipeline event with this detail."""
    return {
        "id": "e-1",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "detail": detail,
        **envelope,
    }


def auth0_event(data: object, **detail: object) -> dict[str, Any]:
    """An Auth0 log with this data."""
    return {"id": "e-1", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com/t/auth0.logs", "detail": {"data": data, **detail}}


def line(table: Table, event: object, codec: Codec = STANDARD) -> dict[str, Any]:
    """The log line of an event, as a reader sees it."""
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    written = TRANSFORMS[table.name, codec](data)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    read: dict[str, Any] = json.loads(written)
    return read


def deep(levels: int) -> bytes:
    """An event nested so deep."""
    return b'{"detail-type": "d", "detail": ' + b'{"a":' * (levels - 1) + b"1" + b"}" * (levels - 1) + b"}"


POISON = {
    "empty": (b"", "NotJson"),
    "no JSON": (b"{nope}", "NotJson"),
    "two documents": (b'{"detail": {}} {"detail": {}}', "NotJson"),
    "an array": (b"[]", "NotAnEvent"),
    "a scalar": (b"5", "NotAnEvent"),
    "null": (b"null", "NotAnEvent"),
    "an empty object": (b"{}", "NotAnEvent"),
    "NaN": (b'{"detail": {"version": NaN}}', "NotANumber"),
    "Infinity": (b'{"detail": {"new": [-Infinity]}}', "NotANumber"),
    "beyond a double": (b'{"detail": {"execution-trigger": {"a": 1e400}}}', "NotANumber"),
    "half a character": (b'{"detail": {"new": "\\ud800"}}', "LoneSurrogate"),
    "half a character in a key": (b'{"detail": {"\\udfff": 1}}', "LoneSurrogate"),
    "broken UTF-8": (b'{"detail": {"state": "\xff"}}', "InvalidUtf8"),
    "a number of 5,000 digits": (b'{"detail": {"new": ' + b"9" * 5000 + b"}}", "NumberTooLong"),
    "65 levels": (deep(65), "TooDeep"),
    "10,000 levels": (deep(10_000), "TooDeep"),
    "100,000 levels": (deep(100_000), "TooDeep"),
    "2 MB": (b'{"detail": {"state": "' + b"x" * 2_000_000 + b'"}}', "TooLarge"),
    "a line above 1 MB": (b'{"detail": {"execution-trigger": "' + b'\\"' * 400_000 + b'"}}', "TooLarge"),
}


@pytest.mark.parametrize("codec", [STANDARD, FAST], ids=["standard", "fast"])
@pytest.mark.parametrize(("data", "code"), POISON.values(), ids=POISON)
def test_poison_is_refused_by_name(data: bytes, code: str, codec: Codec) -> None:
    """One sentence and a code; through the router the reason is the same whichever codec is used first."""
    with pytest.raises(EventError) as refused:
        Transform(PIPELINE)(data)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    routed = ROUTERS[codec].route(data)
    assert routed.lines == []
    assert routed.failures[0][1].code in {code, "NoRuleMatched"}


HARMLESS = {
    "keys that differ by case": b'{"detail": {"state": "A", "State": "B", "STATE": "C"}}',
    "a key twice": b'{"detail": {"state": "A", "state": "B"}}',
    "NUL": b'{"detail": {"state": "a\\u0000b", "execution-trigger": {"k": "\\u0000"}}}',
    "64 levels": deep(64),
    "30 digits": b'{"detail": {"version": 123456789012345678901234567890, "new": 123456789012345678901234567890}}',
    "line breaks": b'{"detail": {"state": "a\\nb\\r\\nc\\u2028d", "new": "\\n"}}',
    "quotes": '{"detail": {"state": "\\"\\\\", "new": {"k": "\\"é\U0001f600"}}}'.encode(),
    "BOM": b'\xef\xbb\xbf{"detail": {"state": "A"}}',
    "UTF-16": '{"detail": {"state": "A"}}'.encode("utf-16"),
    "a long key": json.dumps({"detail": {"k" * 100_000: 1}}).encode(),
    "no detail": b'{"detail-type": "d"}',
    "a detail that is text": b'{"detail": "text"}',
    "types that do not fit": b'{"detail": {"state": {"a": 1}, "start-time": "yesterday", "pipeline-execution-attempt": "many", "version": []}}',
    "whole numbers as floats": b'{"detail": {"pipeline-execution-attempt": 2.0, "version": 6.0}}',
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS)
def test_what_is_odd_and_harmless_is_read_alike_by_python_and_duckdb(data: bytes, tmp_path: Path) -> None:
    """Both codecs give a line with the same values, and DuckDB reads from it what Python reads."""
    plain = line(PIPELINE, data)
    assert line(PIPELINE, data, FAST if data[:1] == b"{" else STANDARD) == plain

    file = tmp_path / "line.json"
    file.write_bytes(Transform(PIPELINE)(data))
    texts = [column.name for column in PIPELINE.columns if column.type == "string"]
    columns = {column.name: duckdb_type(column.type) for column in PIPELINE.columns}
    names = ", ".join(f'"{name}"' for name in texts)
    query = f"select {names} from read_json(?, columns = ?, format = 'newline_delimited', maximum_object_size = 4000000)"
    row = duckdb.execute(query, [str(file), columns]).fetchone()
    assert row is not None
    assert dict(zip(texts, row, strict=True)) == {name: plain.get(name) for name in texts}


def test_duckdb_refuses_no_json_text_of_a_line() -> None:
    """A NUL inside `details` does not fail the JSON functions."""
    details = line(AUTH0, auth0_event({"details": {"a\x00": "b\x00", "k": "v"}}))["details"]

    assert duckdb.execute("select json_valid(?), json_extract_string(?, '$.k')", [details, details]).fetchone() == (True, "v")


AUTH0_LINE = compile_line(AUTH0)
TEXTS = st.sampled_from(["[1,]", '{"a":1, }', "NaN", "[-Infinity]", ",]", ':nan,"', "\\", "\x00\x1f\x7f\u2028", '"'])
"""Texts that no JSON may hold outside of its quotes."""


@given(
    st.recursive(JSON | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.text(max_size=3), inner, max_size=3))
)
def test_what_a_column_of_json_holds_is_strict_whatever_an_event_is(value: Any) -> None:
    """No comma before a bracket, no number that is none: such texts are read without a doubt; the mapping of Lambda writes them too."""
    columns = json_columns(AUTH0)
    event = auth0_event({"details": value, "auth0_client": [value], "x": {"y": value}})

    for written in (line(AUTH0, event), line(AUTH0, event, FAST), _routed(event, AUTH0), json.loads(AUTH0_LINE(event))):
        texts = [text for name, text in written.items() if name in columns]
        assert texts
        assert [json.dumps(_strict(text)) for text in texts] == [json.dumps(json.loads(text)) for text in texts]


def test_columns_of_json_are_those_that_the_mapping_writes() -> None:
    """A text of the event stays as it is, whatever it looks like."""
    assert set(json_columns(AUTH0)) >= {"details", "auth0_client", "extra"}
    assert line(AUTH0, auth0_event({"description": "[1,]"}))["description"] == "[1,]"
    assert "description" not in json_columns(AUTH0)


def _routed(event: dict[str, Any], table: Table) -> dict[str, Any]:
    """The line of an event by the way that most take on one machine."""
    (written,) = [data for one, data in ROUTERS[FAST].route(json.dumps(event).encode()).lines if one == table]
    read: dict[str, Any] = json.loads(written)
    return read


def _strict(text: str) -> Any:
    """What Python's reader finds, which takes no comma too many; nor, here, NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


# What becomes of fields


def test_version_is_a_whole_number_as_text() -> None:
    """CodePipeline sends 6.0 today, sent 6 once, and "6" sometimes."""
    for version in (6.0, 6, "6"):
        assert line(PIPELINE, pipeline_event({"version": version}))["version"] == "6"


def test_a_value_that_does_not_fit_is_null_and_kept() -> None:
    """Of a scalar column, of a struct's field, of a promoted field that another column keeps whole."""
    found = line(
        ACTION,
        {**pipeline_event({"type": {"owner": ["x"], "category": "Build", "more": 1}, "start-time": "soon"}), "resources": ["a", "b"]},
    )

    assert found["type"] == {"category": "Build"}
    assert "startTime" not in found
    assert json.loads(found["extra"]) == {
        "type": {"owner": ["x"], "more": 1},
        "start-time": "soon",
        "envelope": {"resources": ["a", "b"]},
    }


def test_undeclared_fields_are_kept_where_they_were() -> None:
    """Under the root by their own names, nested; outside it under `envelope`; null is nothing."""
    found = line(AUTH0, auth0_event({"new": 1, "gone": None, "references": {"correlation_id": "c", "trace_id": "t"}}, beside=2))

    assert found["correlation_id"] == "c"
    assert json.loads(found["extra"]) == {"new": 1, "references": {"trace_id": "t"}, "envelope": {"detail": {"beside": 2}}}


def test_both_spellings_and_both_shapes_are_one_column() -> None:
    """isMobile and is_mobile; scope as text and as an array; details as an object, absent or null."""
    assert line(AUTH0, auth0_event({"isMobile": True}))["is_mobile"] is True
    assert line(AUTH0, auth0_event({"is_mobile": False, "isMobile": False})) == line(AUTH0, auth0_event({"is_mobile": False}))
    assert json.loads(line(AUTH0, auth0_event({"is_mobile": False, "isMobile": True}))["extra"]) == {"isMobile": True}
    assert line(AUTH0, auth0_event({"scope": ["a", "b"]}))["scope"] == line(AUTH0, auth0_event({"scope": "a b"}))["scope"] == "a b"
    assert "details" not in line(AUTH0, auth0_event({"details": None}))
    assert line(AUTH0, auth0_event({"details": {"b": [1.5], "a": {}}}))["details"] == '{"b":[1.5],"a":{}}'


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_an_event_was_made_from_has_a_column(table: Table) -> None:
    """An envelope that we made says so in its own key, and nothing of that is left for `extra`."""
    found = line(table, {"id": "1", "source": "aws.example", "detail-type": "x", "detail": {}, "eventlake-origin": "some-api"})
    assert (found["event_origin"], "eventlake" in found.get("extra", "")) == ("some-api", False)


def test_columns_stand_in_the_tables_order() -> None:
    """As the declaration has them."""
    found = list(
        line(PIPELINE, pipeline_event({"state": "A", "pipeline": "p", "execution-id": "x"}, time="2026-11-20T10:00:00Z", version="0"))
    )

    assert found == ["timestamp", "eventVersion", "pipeline", "state", "executionId", "event_id", "event_time"]


# What holds for any input


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_become_a_line_or_a_named_error(data: bytes) -> None:
    """Nothing else is raised, by the transform or by the router."""
    with contextlib.suppress(EventError):
        json.loads(TRANSFORMS["auth0_logs", STANDARD](data))
    for router in ROUTERS.values():
        routed = router.route(data)
        assert len(routed.lines) + len(routed.failures) >= 1


@given(
    st.dictionaries(st.sampled_from(PIPELINE_KEYS), JSON), st.dictionaries(st.sampled_from(["time", "version", "resources", "new"]), JSON)
)
def test_nothing_of_a_pipeline_event_is_lost(detail: dict[str, Any], envelope: dict[str, Any]) -> None:
    """Every leaf is in a column or in `extra`, and both codecs agree."""
    check_nothing_lost(PIPELINE, pipeline_event(detail, **envelope), settled={"version", "source", "detail-type"})


@given(st.dictionaries(st.sampled_from(AUTH0_KEYS), JSON))
def test_nothing_of_an_auth0_log_is_lost(data: dict[str, Any]) -> None:
    """Every leaf is in a column or in `extra`, and both codecs agree."""
    check_nothing_lost(AUTH0, auth0_event(data), settled={"detail-type"})


def check_nothing_lost(table: Table, event: dict[str, Any], settled: set[str]) -> None:
    """Look for each leaf of the event among the leaves of its line, JSON texts opened."""
    standard, fast = line(table, event, STANDARD), line(table, event, FAST)
    assert opened(fast) == opened(standard)
    kept = {repr(leaf) for leaf in leaves(opened(standard))} | {
        text for value in standard.values() if isinstance(value, str) for text in [repr(value)]
    }
    for key, value in event.items():
        for leaf in leaves(value) if key not in settled else ():
            assert any(form in kept for form in forms(leaf)) or stands_within(leaf, standard), (leaf, standard)


def opened(line: dict[str, Any]) -> dict[str, Any]:
    """The line with its JSON columns parsed."""
    return {
        name: json.loads(value) if name in {"extra", "details", "executionTrigger", "auth0_client"} else value
        for name, value in line.items()
    }


def leaves(value: Any) -> Iterator[Any]:
    """The scalars of a JSON value, null left out, and what is empty."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None and value != "":
        yield value


def forms(leaf: Any) -> list[str]:
    """How a leaf may stand in a line: as it is, as text, as a whole number, joined with others."""
    texts = [repr(leaf), repr(str(leaf))]
    if isinstance(leaf, bool):
        texts.append(repr(str(leaf).lower()))
    if isinstance(leaf, float) and leaf.is_integer():
        texts += [repr(int(leaf)), repr(str(int(leaf)))]
    if isinstance(leaf, str) and leaf.isascii() and leaf.lstrip("-").isdigit():
        texts.append(repr(int(leaf)))
    return texts


def stands_within(leaf: Any, line: dict[str, Any]) -> bool:
    """Whether a number stands as a timestamp, or a scalar as a part of a joined text."""
    if isinstance(leaf, int | float) and any(name in line for name in ("startTime", "event_time", "commitTime")):
        return True
    parts = {repr(part) for name in ("scope", "audience") for part in str(line.get(name, "")).split(" ")}
    return any(form in parts for form in forms(leaf)) or (isinstance(leaf, str) and leaf in str(line.get("scope")))


@given(JSON)
def test_depth_is_counted_without_recursion(value: Any) -> None:
    """As the longest way down."""

    def slow(inner: Any) -> int:
        if isinstance(inner, dict):
            return 1 + max(map(slow, inner.values()), default=0)
        return 1 + max(map(slow, inner), default=0) if isinstance(inner, list) else 0

    assert depth(value) == slow(value)
