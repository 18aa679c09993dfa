"""The draft of a declaration from pasted events."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import EventError, UsageError
from eventlake.model import Column, Source
from eventlake.pipeline.path import parse_path, value_at
from eventlake.sources import BUILT_IN, load, read_source
from eventlake.sources.declaration import STANDARD_COLUMNS, parse_source
from eventlake.sources.draft import draft, write_draft
from eventlake.sources.samples import Flow, check, names

SAMPLES = sorted(BUILT_IN.glob("*/samples/*.event.json"))


def _event(detail: Any, **envelope: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "0b1c2d3e-4f50-4162-8384-95a6b7c8d9e0",
        "detail-type": "Order State Change",
        "source": "com.example.shop",
        "account": "123456789012",
        "time": "2026-11-20T10:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    } | envelope


def _drafted(*events: dict[str, Any]) -> Source:
    return parse_source(draft("shop", events))


def _types(*details: Any) -> dict[str, str]:
    """The types of the columns drafted for these details; JSON columns are "json"."""
    columns = _drafted(*map(_event, details)).tables[0].columns[: -len(STANDARD_COLUMNS)]
    return {column.name: "json" if column.converter == "json" else column.type for column in columns}


@pytest.mark.parametrize(
    ("event", "columns"),
    [
        (_event({"ünï": 1, "n": 2}), {"detail_n": "$.detail.ünï", "n": "$.detail.n"}),
        (_event({"build-id": 1, "build_id": 2}), {"detail_build_id": "$.detail.build-id", "build_id": "$.detail.build_id"}),
        (
            _event({"a": {"ünï": 1}, "b": {"n": 2}}),
            {"a": "$.detail.a", "a_n": "$.detail.a.ünï", "b": "$.detail.b", "n": "$.detail.b.n"},
        ),
        (_event({"k": 1}, ünï=1, n=2), {"k": "$.detail.k", "detail_n": "$.ünï", "n": "$.n"}),
    ],
)
def test_a_name_that_a_field_really_has_is_that_field_s(event: dict[str, Any], columns: dict[str, str]) -> None:
    """The other, whose name is respelt, gets the longer one, whichever comes first."""
    found = _drafted(event).tables[0].columns[: -len(STANDARD_COLUMNS)]
    assert {column.name: column.paths[0] for column in found} == columns


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], "string"),
        (["a", 1], "string"),
        (["a", True], "string"),
        ([None, None], "string"),
        ([True, False], "boolean"),
        ([1, None, 2.0], "int"),
        ([1, 2147483648], "bigint"),
        ([1, 9223372036854775808], "string"),
        ([1, 2.5], "double"),
        ([9007199254740993, 2.5], "string"),
        ([1e300], "double"),
        (["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123+02:00"], "timestamp"),
        (["Sep 1, 2017 4:12:29 PM"], "timestamp"),
        (["2026-11-20T10:00:00Z", ""], "string"),
        (["2026-11-20"], "date"),
        ([{"a": 1}, "b"], "json"),
        ([[1, 2]], "json"),
    ],
)
def test_a_type_holds_every_value_that_was_seen(values: list[Any], kind: str) -> None:
    """Types are inferred over all events; what does not agree is a string, what is no scalar is JSON."""
    assert _types(*({"field": value} for value in values)) == {"field": kind}


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ({"createdAt": 1763632800}, "timestamp"),
        ({"created_at": 1763632800123}, "timestamp"),
        ({"elapsedTime": 9084}, "int"),
        ({"total": 1763632800}, "int"),
    ],
)
def test_whole_numbers_are_moments_where_key_and_value_say_so(detail: dict[str, int], kind: str) -> None:
    """Epoch seconds and milliseconds are told from counts by the key and the size."""
    assert list(_types(detail).values()) == [kind]


def test_objects_are_json_with_their_scalars_promoted_one_level() -> None:
    """Deeper objects and arrays stay inside the JSON; a name that says nothing alone is joined with the object's."""
    detail = {"order": {"id": 7, "placed-by": "web", "lines": [1], "address": {"city": "Wellington"}}, "placed-by": "x"}
    assert _types(detail) == {"order": "json", "order_id": "int", "order_placed_by": "string", "placed_by": "string"}


def test_names_follow_the_provider_s_style_and_never_collide() -> None:
    """Hyphens become _, camelCase stays, and names of partition keys, standard columns and our own statements are avoided."""
    detail = {
        "build-id": 1,
        "deploymentId": 1,
        "clientInfo": {"type": "a"},
        "date": "x",
        "account": "y",
        "Hour": 1,
        "rowid": 1,
        "el-path": 1,
        "2fa": True,
        "a": 1,
        "A": 2,
    }
    assert list(_types(detail)) == [
        "build_id",
        "deploymentId",
        "clientInfo",
        "clientInfoType",
        "detail_date",
        "detail_account",
        "detail_Hour",
        "detail_rowid",
        "detail_el_path",
        "_2fa",
        "a",
        "detail_A",
    ]


def test_each_detail_type_is_a_table_with_a_rule_of_its_own() -> None:
    """The pattern asks for the sources that were seen, of a partner for every customer's."""
    own, other = _event({"a": 1}), _event({"a": 1}, source="com.example.b")
    partner = _event({"b": 1}, **{"detail-type": "user.created", "source": "aws.partner/example.com/acorn/stream"})
    source = _drafted(own, partner, other)
    assert {table.name: table.pattern for table in source.tables} == {
        "order_state_change": {"source": ["com.example.b", "com.example.shop"], "detail-type": ["Order State Change"]},
        "user_created": {"source": [{"prefix": "aws.partner/example.com"}], "detail-type": ["user.created"]},
    }
    assert source.bus == "partner"
    assert [column.paths[0] for table in source.tables for column in table.columns[: -len(STANDARD_COLUMNS)]] == [
        "$.detail.a",
        "$.source",
        "$.detail.b",
        "$.source",
    ]


def test_what_is_personal_is_marked() -> None:
    """Telling keys and telling values carry a comment and the word that keeps them, inside JSON columns too."""
    detail = {
        "user": {"contact": "nadia.fern@example.com", "id": 1},
        "clientAddress": "203.0.113.7",
        "author-display-name": "Nadia Fern",
        "actor-id": "u-17",
        "triggeredBy": "arn:aws:sts::123456789012:assumed-role/Release/nadia",
        "phone": "+64 4 000 0000",
        "full-repository-name": "example/shop",
        "project-name": "shop",
        "ip": None,
    }
    marks = dict(
        line.split(" }, # personal data: ")
        for line in draft("shop", [_event(detail)]).replace("},  #", "}, #").splitlines()
        if "# personal data: " in line
    )
    assert all('personal = "keep"' in line for line in marks)
    assert {line.split('"')[1]: mark for line, mark in marks.items()} == {
        "user": "e-mail address",
        "contact": "e-mail address",
        "clientAddress": "IP address",
        "author_display_name": "name",
        "actor_id": "user id",
        "triggeredBy": "user id",
        "phone": "phone number",
    }


def test_docs_are_prompts_with_the_constants_that_were_seen_and_no_other_value() -> None:
    """A doc speaks in the provider's words, leaves "..." to fill in, and quotes no data but constants."""
    text = draft("shop", [_event({"orderState": "PAID", "placed-by": "Nadia"}), _event({"orderState": "SENT", "placed-by": "Omar"})])
    assert 'doc = "Order state: ... Seen: PAID, SENT."' in text
    assert 'doc = "Placed by: ..."' in text
    assert "Nadia" not in text


def test_keys_that_no_path_can_name_are_kept_in_a_json_column_of_the_whole() -> None:
    """`a.b` cannot be written as a path; the whole detail is kept as JSON, so that nothing is left for extra."""
    source = _drafted(_event({"a.b": 1, "c": 2}))
    assert [(column.name, column.paths[0]) for column in source.tables[0].columns[: -len(STANDARD_COLUMNS)]] == [
        ("detail", "$.detail"),
        ("c", "$.detail.c"),
    ]
    _assert_round_trip(source, _event({"a.b": 1, "c": 2}))


@pytest.mark.parametrize("detail", [None, {}, [], "text", 5])
def test_a_detail_that_is_no_object_is_one_json_column(detail: Any) -> None:
    """Whatever the detail is, the draft is valid and holds it."""
    source = _drafted(_event(detail))
    assert [column.name for column in source.tables[0].columns[: -len(STANDARD_COLUMNS)]] == ["detail"]
    _assert_round_trip(source, _event(detail))


@pytest.mark.parametrize(
    ("resources", "column"),
    [(["arn:a"], ("resource", "string", "$.resources[0]")), (["arn:a", "arn:b"], ("resources", "string", "$.resources"))],
)
def test_resources_have_a_column(resources: list[str], column: tuple[str, str, str]) -> None:
    """One resource is a text, several are JSON."""
    found = _drafted(_event({"a": 1}, resources=resources)).tables[0].columns[1]
    assert (found.name, found.type, found.paths[0]) == column


@pytest.mark.parametrize("name", ["Shop", "my-shop", "2shops", "", "a b"])
def test_a_name_that_no_source_can_have_is_refused_with_one_that_can(name: str) -> None:
    """The sentence shows the name, what is allowed, and a name that would do."""
    with pytest.raises(UsageError, match=r"is no name of a source: .* Did you mean \"[a-z_][a-z0-9_]*\"\?"):
        draft(name, [_event({})])


def test_no_event_is_refused() -> None:
    """A draft needs something to draft from."""
    with pytest.raises(UsageError, match="There is no event to draft from"):
        draft("shop", [])


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (b"{", "Event 2: The event is not JSON"),
        (b"{}", "Event 2: The object is no event"),
        (b'{"detail-type": 5, "source": "a", "detail": {}}', 'Event 2: its "detail-type" is 5, expected a text; a rule needs it.'),
        (b'{"detail-type": "T", "detail": {}}', 'Event 2: its "source" is null, expected a text; a rule needs it.'),
    ],
)
def test_what_is_no_event_is_named_by_its_number(event: bytes, sentence: str) -> None:
    """The sentence says which of the pasted events is meant."""
    with pytest.raises(EventError, match=sentence.replace("(", r"\(")):
        draft("shop", [_event({}), event])


@pytest.mark.parametrize("source", sorted({file.parent.parent.name for file in SAMPLES}))
def test_a_draft_from_a_real_event_holds_all_of_it(source: str) -> None:
    """Of every sample that is a whole event: valid at once, one log line, right values, nothing in extra."""
    for event in [json.loads(file.read_bytes()) for file in SAMPLES if file.parent.parent.name == source]:
        if "detail-type" in event or "detailType" in event:
            _assert_round_trip(parse_source(draft("shop", [event])), event)


def test_a_draft_from_all_events_of_a_source_holds_all_of_them() -> None:
    """Types agree over years of shapes; the built-in source's own events lose nothing in a draft from them."""
    for source in load():
        events = [json.loads(file.read_bytes()) for file in sorted(Path(source.folder).glob("samples/*.event.json"))]
        whole = [event for event in events if {"detail-type", "detailType"} & event.keys()]
        drafted = parse_source(draft("shop", whole))
        for event in whole:
            _assert_round_trip(drafted, event)


KEYS = st.one_of(
    st.sampled_from(["id", "name", "build-id", "buildId", "date", "time", "extra", "a.b", "$x", "é", "", "A", "a"]), st.text(max_size=6)
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-20", "SUCCEEDED", "203.0.113.7", 1763632800, 1763632800123]),
)
DETAILS = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=12
)
EVENTS = st.lists(st.builds(_event, st.one_of(DETAILS, st.dictionaries(KEYS, DETAILS, max_size=5))), min_size=1, max_size=4)


@given(EVENTS)
def test_any_events_become_a_valid_draft_that_holds_them(events: list[dict[str, Any]]) -> None:
    """For any JSON: the draft is the same twice, loads, and its own events leave nothing in extra."""
    text = draft("shop", events)
    assert text == draft("shop", [json.dumps(event).encode() for event in events])
    source = parse_source(text)
    for event in events:
        _assert_round_trip(source, event)


def _assert_round_trip(source: Source, event: dict[str, Any]) -> None:
    lines, reasons = Flow([source]).lines(json.dumps(event).encode())
    assert (len(lines), reasons) == (1, [])
    ((name, line),) = lines.items()
    assert "extra" not in line
    columns = next(table.columns for table in source.tables if table.name == name)
    for column in columns[: -len(STANDARD_COLUMNS)]:
        value = value_at(event, parse_path(column.paths[0]))
        assert (column.name in line) == (value is not None), column
        assert value is None or _says(column, line[column.name], value), (column, value)


def _says(column: Column, stored: Any, value: Any) -> bool:
    """Whether a stored value says what the event's does, decided without the converters."""
    if column.converter == "json":
        return bool(json.loads(stored) == value)
    if column.type == "timestamp":
        return _moment(value) is None or datetime.fromisoformat(stored).replace(tzinfo=UTC) == _moment(value)
    if column.type == "string" and not isinstance(value, str):
        return bool(json.loads(stored) == value) if not isinstance(value, bool) else stored == str(value).lower()
    return bool(stored == value)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def test_writing_a_draft_gives_a_source_that_passes_its_samples(tmp_path: Path) -> None:
    """The declaration and the events as samples: `sources check` finds nothing, and the files load as a user's folder."""
    events = [file.read_bytes() for file in SAMPLES if file.parent.parent.name == "codebuild"]
    file = write_draft(tmp_path, "builds", events)
    source = read_source(file)
    assert file == tmp_path / "builds" / "source.toml"
    assert len(names(source)) == len(events)
    assert check(source, load([tmp_path])) == []


def test_a_declaration_is_never_overwritten(tmp_path: Path) -> None:
    """A second draft of the same name is refused, and the first file stays."""
    first = write_draft(tmp_path, "shop", [_event({"a": 1})]).read_text()
    with pytest.raises(UsageError, match=r"source\.toml\" exists already; choose another name or folder, or remove it\."):
        write_draft(tmp_path, "shop", [_event({"b": 1})])
    assert (tmp_path / "shop" / "source.toml").read_text() == first


def test_the_draft_is_toml_that_a_person_reads() -> None:
    """One line a column, in the order of the event, after a head that says what to do."""
    text = draft("shop", [_event({"state": "PAID", "total": 12.5})])
    assert [column["name"] for column in tomllib.loads(text)["table"][0]["columns"]] == ["state", "total"]
    assert text.startswith("# Shop: drafted from one event.\n")
    assert '  { name = "total", type = "double", from = "$.detail.total", doc = "Total: ..." },\n' in text
