"""A source.toml: what it may say, and the sentence for everything it may not."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from by_day import times
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.pipeline.mapping import compile_line
from eventlake.pipeline.router import Router
from eventlake.sources import BUILT_IN, load, read_source
from eventlake.sources.declaration import parse_source

SHOP = """\
name = "shop"
title = "Shop"
doc = "Orders."
reference = "https://example.com/events"
database = "shop_event_logs"
bus = "default"

[[table]]
name = "orders"
doc = "One log line for each order."
pattern = { source = ["com.example.shop"], detail-type = ["Order"] }
root = "$.detail"
key = "event_id"
columns = [
  { name = "state", type = "string", from = "$.detail.state", doc = "PAID or SENT." },
  { name = "total", type = "double", from = ["$.detail.total", "$.detail.sum"], doc = "Price." },
  { name = "lines", type = "array<struct<item:string,count:int>>", from = "$.detail.lines", doc = "What was bought." },
]

[[bare]]
pattern = { order = [{ exists = true }] }
into = "$.detail"
envelope = { detail-type = "Order", source = "com.example.shop", time = "$.at" }

[webhook]
id = "$.detail.order"
origin = "shop-webhook"

[[refused]]
name = "Tests"
pattern = { source = ["com.example.test"] }
reason = "they are no orders."
"""

TABLE = 'shop/source.toml, table "orders"'
STATE = f'{TABLE}, column "state"'
WEBHOOK = "shop/source.toml, webhook"
BARE = "shop/source.toml, bare form number 1"
NAMES = "allowed are lower-case letters, digits and _, not a digit first, at most 128."
TYPES = "Types: string, boolean, int, bigint, double, timestamp, date, array<...>, map<string,...>, struct<name:...>."
COLUMN_KEYS = "Keys: name, type, from, as, personal, doc."

WRONG = [
    # of the webhook
    ('id = "$.detail.order"\n', "", f'{WEBHOOK}: "id" is missing: a path such as "$.detail.state", or a list of them of which the first '),
    ('id = "$.detail.order"', 'id = "order"', f'{WEBHOOK}: "id" is "order": '),
    ('origin = "shop-webhook"\n', "", f'{WEBHOOK}: "origin" is missing.'),
    ("[webhook]", "[webhook]\ntoken = 1", f'{WEBHOOK}: unknown key "token".'),
    # of the whole
    ('name = "shop"', "name = shop", "shop/source.toml: is not TOML: Invalid value (at line 1, column 8)."),
    ('title = "Shop"\n', "", 'shop/source.toml: "title" is missing.'),
    ('title = "Shop"', "title = 5", 'shop/source.toml: "title" is 5, expected a text.'),
    ('title = "Shop"', 'title = " "', 'shop/source.toml: "title" is " ", expected a text.'),
    ('title = "Shop"', 'title = "Sh\\nop"', 'shop/source.toml: "title" is more than one line; write one line of at most 255.'),
    ('doc = "Orders."', "doc = 2026-11-20", 'shop/source.toml: "doc" is "2026-11-20", expected a text.'),
    ('name = "shop"', 'name = "my-shop"', f'shop/source.toml: "name" is "my-shop"; {NAMES}'),
    ('database = "shop', 'database = "2shop', f'shop/source.toml: "database" is "2shop_event_logs"; {NAMES}'),
    (
        'bus = "default"',
        'bus = "my bus"',
        'shop/source.toml: "bus" is "my bus"; allowed are the name of an event bus, "default", or "partner" for one ',
    ),
    (
        'title = "Shop"',
        'titel = "Shop"',
        'shop/source.toml: unknown key "titel". Did you mean "title"? Keys: name, title, doc, reference, database, ',
    ),
    # of a table
    ("[[table]]", "[[tables]]", 'shop/source.toml: unknown key "tables". Did you mean "table"? Keys: name, title, doc, '),
    ("[[table]]", "[table]", 'shop/source.toml: "table" is {"name": "orders", '),
    ('name = "orders"', 'name = "Orders"', f'shop/source.toml, table "Orders": "name" is "Orders"; {NAMES}'),
    (
        'name = "orders"',
        'name = "__init__"',
        'shop/source.toml, table "__init__": "name" is "__init__"; names that begin with __ are Python\'s own: choose another.',
    ),
    ('name = "orders"\n', "", 'shop/source.toml, table number 1: "name" is missing.'),
    ('root = "$.detail"', 'roots = "$.detail"', f'{TABLE}: unknown key "roots". Did you mean "root"? Keys: name, doc, prefix, '),
    (
        'root = "$.detail"',
        'root = "$.d.etail"',
        f'{TABLE}: "root" is "$.d.etail", from which no column reads anything: name the object that holds their fields, such as "$.detail".',
    ),
    ('root = "$.detail"', 'root = "$.detail.data"', f'{TABLE}: "root" is "$.detail.data", from which no column reads anything'),
    ('root = "$.detail"', 'root = "$.order"', f'{TABLE}: "root" is "$.order", from which no column reads anything'),
    ('root = "$.detail"', 'root = "$.resources[0]"', f'{TABLE}: "root" is "$.resources[0]", expected keys alone, such as "$.detail".'),
    (
        'root = "$.detail"',
        'prefix = "Logs/"',
        f'{TABLE}: "prefix" is "Logs/"; allowed are lower-case letters, digits, _, - and /, not at an end, '
        "and at the beginning none of closed, closing, error, raw, retained.",
    ),
    ('root = "$.detail"', 'prefix = "error/orders"', f'{TABLE}: "prefix" is "error/orders"; allowed are '),
    ('key = "event_id"', 'key = "event-id"', f'{TABLE}: "key" is "event-id", which is no column. Did you mean "event_id"?'),
    (
        'key = "event_id"',
        'key = "lines"',
        f'{TABLE}: "key" is "lines", a column of type "array<struct<item:string,count:int>>"; duplicates are told apart by one value.',
    ),
    (
        "columns = [\n",
        'sort = ["tags"]\ncolumns = [\n  { name = "tags", type = "map<string,int>", from = "$.detail.tags", doc = "How many of each." },\n',
        f'{TABLE}: "sort" names "tags", a column of type "map<string,int>"; a map has no order.',
    ),
    ('key = "event_id"', "event_time = []", f'{TABLE}: "event_time" is missing: a path such as "$.detail.state", or a list of them '),
    # of a pattern
    (
        'pattern = { source = ["com.example.shop"], detail-type = ["Order"] }\n',
        "",
        f'{TABLE}: "pattern" is missing: give an event pattern as a TOML table, or as JSON text.',
    ),
    ('pattern = { source = ["com.example.shop"]', 'pattern = { source = "com.example.shop"', f'{TABLE}: "pattern": '),
    (
        'pattern = { source = ["com.example.shop"], detail-type = ["Order"] }',
        'pattern = ["Order"]',
        f'{TABLE}: "pattern" is ["Order"], expected an event pattern such as {{ source = ["aws.codebuild"] }}.',
    ),
    (
        'pattern = { source = ["com.example.shop"], detail-type = ["Order"] }',
        "pattern = '{\"source\": '",
        f'{TABLE}: "pattern" is not JSON: Expecting value: line 1 column 12 (char 11).',
    ),
    (
        'source = ["com.example.shop"], detail-type',
        "time = [2026-11-20], detail-type",
        f'{TABLE}: "pattern" holds a date or a time, which JSON does not have; write it as a text.',
    ),
    (
        'source = ["com.example.shop"], detail-type',
        "detail = { a = [nan] }, detail-type",
        f'{TABLE}: "pattern" holds a number or a character that JSON does not have.',
    ),
    # of columns
    ("columns = [", "colums = [", f'{TABLE}: unknown key "colums". Did you mean "columns"? Keys: '),
    (
        '"$.detail.state", doc = "PAID or SENT." },',
        '"$.detail.state", doc = "PAID or SENT." }, "total",',
        f'{TABLE}: "columns" is [{{"name": "state"',
    ),
    ('{ name = "state", ', "{ ", f'{TABLE}, column number 1: "name" is missing.'),
    (
        '{ name = "state"',
        '{ name = "order-state"',
        f'{TABLE}, column "order-state": "name" is "order-state"; allowed are letters, digits and _, not a digit first, at most 128.',
    ),
    (
        '{ name = "state"',
        '{ name = "Total"',
        f'{TABLE}: column "total" is the same as column "Total" where case does not count; rename it.',
    ),
    (
        '{ name = "state"',
        '{ name = "EL_path"',
        f'{TABLE}, column "EL_path": "name" is "EL_path"; names that begin with el_ stand in our own statements: choose another.',
    ),
    (
        '{ name = "state"',
        '{ name = "File_row_number"',
        f'{TABLE}: column "File_row_number" is the same as DuckDB\'s number of a row where case does not count; rename it.',
    ),
    (
        '{ name = "state"',
        '{ name = "RowId"',
        f'{TABLE}: column "RowId" is the same as DuckDB\'s number of a row where case does not count; rename it.',
    ),
    (
        '{ name = "state"',
        '{ name = "Hour"',
        f'{TABLE}: column "Hour" is the same as the partition key hour where case does not count; rename it.',
    ),
    (
        '{ name = "state"',
        '{ name = "account"',
        f'{TABLE}: column "account" is the same as column "account" where case does not count; rename it.',
    ),
    (
        'type = "string", from = "$.detail.state"',
        'type = "strng", from = "$.detail.state"',
        f'{STATE}: unknown type "strng": "strng". Did you mean "string"? {TYPES}',
    ),
    (
        'type = "string", from = "$.detail.state"',
        'type = "array<string", from = "$.detail.state"',
        f'{STATE}: unknown type "array<string": "the end" where ">" belongs. {TYPES}',
    ),
    (
        'type = "string", from = "$.detail.state"',
        'type = "map<int,int>", from = "$.detail.state"',
        f'{STATE}: unknown type "map<int,int>": "int" as the key of a map. {TYPES}',
    ),
    (
        'type = "string", from = "$.detail.state"',
        'type = "struct<a:int,A:int>", from = "$.detail.state"',
        f'{STATE}: unknown type "struct<a:int,A:int>": the field "a" twice, where case does not count. {TYPES}',
    ),
    (
        'type = "string", from = "$.detail.state"',
        f'type = "{"array<" * 2000}", from = "$.detail.state"',
        f'{STATE}: the type "array<array<array<',
    ),
    ('type = "string", from = "$.detail.state"', 'from = "$.detail.state"', f'{STATE}: "type" is missing.'),
    (
        'type = "string", from',
        'type = "string", as = "jason", from',
        f'{STATE}: "as" is "jason", which does not give the type "string". Did you mean "json"? Allowed: text, json, joined.',
    ),
    (
        'type = "double", from',
        'type = "double", as = "text", from',
        f'{TABLE}, column "total": "as" is "text", which does not give the type "double". Allowed: number.',
    ),
    ('from = "$.detail.state"', 'form = "$.detail.state"', f'{STATE}: unknown key "form". Did you mean "from"? {COLUMN_KEYS}'),
    (
        'from = "$.detail.state", ',
        "",
        f'{STATE}: "from" is missing: a path such as "$.detail.state", or a list of them of which the first present counts.',
    ),
    (
        'from = "$.detail.state"',
        'from = "detail.state"',
        f'{STATE}: "from" is "detail.state": "detail.state" does not begin with "$"; write a path such as "$.detail.state" or ',
    ),
    (
        'from = "$.detail.state"',
        'from = "$.detail[*]"',
        f'{STATE}: "from" is "$.detail[*]": "[*]" is not ".key", "[index]" or, at the end, "[*text*]"; write a path ',
    ),
    ('from = "$.detail.state"', 'from = "$"', f'{STATE}: "from" is "$", no part of an event; write a path such as "$.detail.state".'),
    (
        'from = "$.detail.state"',
        'from = "$.detial.state"',
        f'{STATE}: "from" is "$.detial.state", but events have no "detial". Did you mean "detail"?',
    ),
    ('from = "$.detail.state"', "from = 7", f'{STATE}: "from" is 7, expected a path such as "$.detail.state".'),
    (
        'from = ["$.detail.total", "$.detail.sum"]',
        'from = ["$.detail.total", 7]',
        f'{TABLE}, column "total": "from" is 7, expected a path such as "$.detail.state".',
    ),
    (', doc = "PAID or SENT."', "", f'{STATE}: "doc" is missing.'),
    ('doc = "PAID or SENT."', f'doc = "{"long " * 60}"', f'{STATE}: "doc" has 300 characters; write one line of at most 255.'),
    # of bare forms and refusals
    ('into = "$.detail"', 'into = "$"', f'{BARE}: "into" is "$"; the object is put at keys, such as "$.detail".'),
    ('into = "$.detail"', 'into = "$.list[0]"', f'{BARE}: "into" is "$.list[0]", expected keys alone, such as "$.detail".'),
    ('into = "$.detail"\n', "", f'{BARE}: "into" is missing: a path of keys, such as "$.detail".'),
    ('envelope = { detail-type = "Order", ', "envelope = { ", f'{BARE}, envelope: "detail-type" is missing.'),
    (
        'time = "$.at" }',
        'tiem = "$.at" }',
        f'{BARE}, envelope: unknown key "tiem". Did you mean "time"? Keys: detail-type, source, time, account, region, version, resources.',
    ),
    ('into = "$.detail"\n', 'into = "$.detail"\njson = "a"\n', f'{BARE}: "json" is "a", expected a list of keys whose text is JSON'),
    ('into = "$.detail"\n', 'into = "$.detail"\nrename = { a = 1 }\n', f'{BARE}: "rename" calls "a" 1, expected the key that events have'),
    ('time = "$.at" }', 'time = "$at" }', f'{BARE}, envelope: "time" is "$at": "at" is not ".key", '),
    ('time = "$.at" }', "time = 5 }", f'{BARE}, envelope: "time" is 5, expected a text.'),
    (
        'envelope = { detail-type = "Order", source = "com.example.shop", time = "$.at" }',
        "envelope = 5",
        f'{BARE}: "envelope" is 5, expected a TOML table such as {{ detail-type = ',
    ),
    ('reason = "they are no orders."', "", 'shop/source.toml, refusal "Tests": "reason" is missing.'),
    (
        'reason = "they are no orders."',
        'resaon = "x"',
        'shop/source.toml, refusal "Tests": unknown key "resaon". Did you mean "reason"? Keys: name, pattern, reason.',
    ),
]


def test_a_declaration_says_it_all() -> None:
    """The example that the cases below spoil is right, and defaults fill the rest."""
    source = parse_source(SHOP)
    (table,) = source.tables
    assert (source.name, source.bus, table.prefix, table.key, table.stream) == ("shop", "default", "orders", "event_id", "orders")
    assert [column.name for column in table.columns] == [
        "state",
        "total",
        "lines",
        "event_id",
        "event_time",
        "account",
        "event_region",
        "event_origin",
        "extra",
    ]
    assert [column.converter for column in table.columns[:3]] == ["text", "number", "array"]


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"), WRONG, ids=[f"{wrong.strip() or 'without ' + right.strip()}"[:60] for right, wrong, _ in WRONG]
)
def test_every_error_names_its_place_the_value_and_what_is_allowed(right: str, wrong: str, sentence: str) -> None:
    """One spoilt spot, one sentence: file, table, column, value, what would be right, the nearest name."""
    assert SHOP.count(right) >= 1
    with pytest.raises(DeclarationError) as raised:
        parse_source(SHOP.replace(right, wrong, 1), "shop/source.toml")
    assert str(raised.value).startswith(sentence)
    assert str(raised.value).endswith((".", "?"))


def test_a_webhook_without_a_bare_form_is_an_error() -> None:
    """Nothing would say what is posted."""
    begin, _, rest = SHOP.partition("[[bare]]")
    with pytest.raises(DeclarationError, match=r"webhook: .* declares no \[\[bare\]\]\.$"):
        parse_source(begin + rest[rest.index("[webhook]") :])


def test_no_table_is_an_error() -> None:
    """A source without a table declares nothing."""
    with pytest.raises(DeclarationError, match=r"^source\.toml: declares no \[\[table\]\]\.$"):
        parse_source(SHOP.partition("[[table]]")[0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "source.toml: is not TOML that can be read: it is nested too deep."),
        ("a = " + "9" * 5000, "source.toml: is not TOML: Exceeds the limit (4300 digits) for integer string conversion"),
        (SHOP.replace('title = "Shop"', "title = 0x" + "f" * 5000), 'source.toml: "title" is a very long int, expected a text.'),
        (SHOP.replace('{ source = ["com.example.shop"], detail-type = ["Order"] }', "'" + '{"a":' * 3000 + "1" + "}" * 3000 + "'"), ""),
        ("\x00", "source.toml: is not TOML: "),
    ],
    ids=["deep", "long integer", "long hexadecimal", "deep pattern", "control character"],
)
def test_what_breaks_parsers_gets_a_sentence(text: str, sentence: str) -> None:
    """Nesting and numbers beyond what Python reads are errors of the declaration, not of the program."""
    with pytest.raises(DeclarationError) as raised:
        parse_source(text)
    assert str(raised.value).startswith(sentence)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.dates(), st.datetimes(), st.times()).filter(
        lambda value: value is not None
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


def _spots(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a parsed declaration."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [spot for key, child in inner for spot in _spots(child, (*path, key))]


DECLARED: dict[str, Any] = json.loads(json.dumps(tomllib.loads(SHOP)))


@times(4)
@given(st.sampled_from(_spots(DECLARED)), VALUES)
def test_any_toml_value_in_any_place_is_right_or_an_error_of_the_declaration(spot: tuple[str | int, ...], value: Any) -> None:
    """Whatever type stands wherever: a source that works, or a DeclarationError that begins with the file; never another exception."""
    declared = json.loads(json.dumps(DECLARED))
    inside = declared
    for key in spot[:-1]:
        inside = inside[key]
    inside[spot[-1]] = value
    _parse_or_explain(_toml(declared))


@times(3)
@given(
    st.lists(st.sampled_from(["$", ".detail", ".a", "[0]", "[*a*]", "[", "]", "*", ".", " ", "detail"]), max_size=5),
    st.sampled_from(["string", "int", "struct<a:int>"]),
)
def test_any_path_is_refused_or_gives_a_table_that_takes_events(parts: list[str], kind: str) -> None:
    """A path that the loader lets pass reads any event without an exception."""
    text = SHOP.replace('type = "string", from = "$.detail.state"', f'type = "{kind}", from = {_toml("".join(parts))}')
    source = _parse_or_explain(text)
    if source is not None:
        router = Router([source])
        for detail in ({}, {"a": 1}, {"a": ["a", {"a": 1}]}, {"a": {"a": "x", "b": None}}, ["a", "b"], "a", None):
            event = {"id": "1", "detail-type": "Order", "source": "com.example.shop", "resources": ["a"], "detail": detail}
            assert len(router.route(json.dumps(event).encode()).lines) == 1


@times(3)
@given(st.integers(0, len(SHOP)), st.integers(0, 12), st.text(max_size=5))
@example(SHOP.index('$.detail"') + 3, 0, ".")
def test_any_slip_of_the_pen_is_right_or_an_error_of_the_declaration(at: int, cut: int, put: str) -> None:
    """Characters lost or added anywhere never raise anything else."""
    _parse_or_explain(SHOP[:at] + put + SHOP[at + cut :])


def _parse_or_explain(text: str) -> Source | None:
    try:
        source = parse_source(text, "here")
    except DeclarationError as error:
        return None if str(error).startswith("here") else pytest.fail(str(error))
    router = Router([source], FAST, StraightReader)
    for table in source.tables:
        compile_line(table)
    router.route(json.dumps({"id": "1", "detail-type": "Order", "source": "com.example.shop", "detail": {"state": "PAID"}}).encode())
    return source


def _toml(value: Any) -> str:
    """A TOML value, inline; the whole declaration as its keys."""
    if isinstance(value, dict):
        pairs = [f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()]
        return "\n".join(pairs) if value.keys() >= {"reference"} else "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else repr(value) if isinstance(value, float) else value.isoformat()


def _declare(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "source.toml").write_text(text)
    return folder


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, and one that is not UTF-8."""
    with pytest.raises(DeclarationError, match=r"source\.toml: cannot be read: No such file or directory\.$"):
        read_source(tmp_path / "source.toml")
    (tmp_path / "source.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(DeclarationError, match=rf"^{tmp_path.name}/source\.toml: is not UTF-8: byte 8 is 0xff\.$"):
        read_source(tmp_path / "source.toml")


def test_a_folder_without_a_source_is_an_error(tmp_path: Path) -> None:
    """A folder that was named by mistake is not passed over in silence."""
    with pytest.raises(DeclarationError, match=r'^".*" holds no source: expected source\.toml in it, or in a folder below it\.$'):
        load([tmp_path])


def test_a_folder_may_hold_sources_or_be_one(tmp_path: Path) -> None:
    """Both ways load the same source, after the built-in ones."""
    folder = _declare(tmp_path / "shop", SHOP)
    for given_folder in (tmp_path, folder):
        assert "shop" in [source.name for source in load([given_folder])]


def test_a_folder_that_is_named_twice_is_loaded_once(tmp_path: Path) -> None:
    """As by EVENTLAKE_SOURCES and on the command line, in another spelling."""
    folder = _declare(tmp_path / "shop", SHOP)

    assert [source.name for source in load([tmp_path, folder, tmp_path / "shop" / ".." / "shop"])].count("shop") == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("", ""), 'source "shop" is declared in .*a/source.toml already; choose another.'),
        (('name = "shop"', 'name = "two"'), 'table "orders" is declared in .*a/source.toml already; choose another.'),
        (
            ('name = "shop"', 'name = "two"', 'name = "orders"', 'name = "sales"\nprefix = "orders"'),
            'prefix "orders" is declared in .*a/source.toml already',
        ),
        (
            ('name = "shop"', 'name = "two"', 'name = "orders"', 'name = "sales"\nprefix = "orders/new"'),
            'table "sales": "prefix" is "orders/new", which lies in "orders", the prefix of the table "orders"; choose another.',
        ),
    ],
)
def test_two_sources_share_no_name_table_or_prefix(tmp_path: Path, change: tuple[str, ...], sentence: str) -> None:
    """What one declares another may not; the sentence names both files."""
    second = SHOP
    for old, new in zip(change[::2], change[1::2], strict=True):
        second = second.replace(old, new, 1)
    _declare(tmp_path / "a", SHOP)
    _declare(tmp_path / "b", second)
    with pytest.raises(DeclarationError, match=sentence):
        load([tmp_path])


def test_a_source_of_a_user_takes_the_place_of_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    """A copy of a built-in source with a column more is used instead of it."""
    text = (
        (BUILT_IN / "codedeploy" / "source.toml")
        .read_text()
        .replace(
            "columns = [", 'columns = [{ name = "platform", type = "string", from = "$.detail.computePlatform", doc = "ECS, ..." },', 1
        )
    )
    _declare(tmp_path / "codedeploy", text)
    (own,) = [source for source in load([tmp_path]) if source.name == "codedeploy"]
    assert Path(own.folder).parent == tmp_path
    assert own.tables[0].columns[0].name == "platform"


def test_built_in_columns_keep_their_names_and_order() -> None:
    """The first columns of every built-in table are a promise to those who query them."""
    codepipeline = "timestamp eventVersion pipelineArn pipeline version state"
    deployment = "timestamp eventVersion applicationArn deploymentGroupArn"
    promised = {
        "pipeline_execution_state_change": f"{codepipeline} executionId",
        "stage_execution_state_change": f"{codepipeline} stage executionId",
        "action_execution_state_change": f"{codepipeline} stage action region executionId type",
        "auth0_logs": "log_id timestamp connection connection_id client_id client_name ip user_id user_name description user_agent type "
        "strategy strategy_type hostname details",
        "build_state_change": "timestamp event_version build_status project_name build_id current_phase current_phase_context version "
        "additional_information",
        "deployment_state_change": f"{deployment} instanceGroupId application region deploymentId state deploymentGroup",
        "instance_state_change": f"{deployment} instanceArn instanceGroupId application instance region deploymentId state deploymentGroup",
    }
    tables = {table.name: table for source in load() for table in source.tables}
    for name, columns in promised.items():
        assert [column.name for column in tables[name].columns][: len(columns.split())] == columns.split()
