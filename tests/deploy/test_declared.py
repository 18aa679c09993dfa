"""The generated modules of the functions: those of the declarations, in the project's style, with the lines that other codecs give."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from by_day import one_in
from eventlake.backends.msgspec_codec import FAST
from eventlake.deploy.declared import FOLDER, declared_module, declared_modules
from eventlake.functions.transform import _load
from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.mapping import Mapping, compile_line, compile_mapping
from eventlake.pipeline.path import parse_path
from eventlake.sources import load
from eventlake.sources.declaration import parse_source

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}

SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
MOMENTS = st.sampled_from(
    ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123Z", "2026-11-20T10:00:00+01:00", "soon", "Sep 1, 2017 4:12:29 PM"]
)
JSON = st.recursive(
    SCALARS | MOMENTS | st.sampled_from(["", "true", "7", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
"""Any JSON value, and texts that converters take."""


def test_the_committed_modules_are_those_of_the_declarations() -> None:
    """Byte for byte, no more and no fewer; `eventlake templates` writes them."""
    committed = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.py") if file.name != "__init__.py"}

    assert committed == declared_modules(SOURCES)


def events_of(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    """Events that hold anything, or nothing, where the columns look, and keys of nobody beside."""
    paths = [parse_path(path) for column in table.columns if column.name != "extra" for path in column.paths]

    def placed(values: list[Any]) -> dict[str, Any]:
        event: dict[str, Any] = {"detail": {}}
        for path, (is_there, value) in zip([*paths, ("new",), ("detail", "new"), ("detail", "data", "new")], values, strict=True):
            if is_there:
                place(event, path, value)
        return event

    return st.lists(st.tuples(st.booleans(), JSON), min_size=len(paths) + 3, max_size=len(paths) + 3).map(placed)


def place(event: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a path, or leave the event as it is where something else is in the way."""
    *outer, last = path
    at: Any = event
    for segment in outer:
        if not isinstance(at, dict):
            return
        at = at.setdefault(str(segment), {})
    if isinstance(at, dict):
        at[str(last)] = value if isinstance(last, str) else {"0": value}
        if not isinstance(last, str) and outer == ["resources"]:
            event["resources"] = [value, "arn:aws:x:application:y"]


@pytest.mark.slow
@pytest.mark.parametrize("table", one_in(4, TABLES.values()), ids=TABLES)
@given(data=st.data())
def test_the_module_gives_the_lines_of_the_declaration(table: Table, data: st.DataObject) -> None:
    """The module's text, the dict written by the standard library, and by the fast codec: one line, of any event."""
    line, standard, fast = ways_of(table.name)
    event = data.draw(events_of(table))

    written = line(event)

    assert written == STANDARD.encode(standard(event)) + b"\n"
    assert json.loads(written) == opened(fast(event), json.loads(written))


@cache
def ways_of(name: str) -> tuple[Callable[[Any], bytes], Mapping, Mapping]:
    """Three ways from an event to the line of a table, made once for all events."""
    loaded = _load(name)
    assert loaded is not None
    return loaded[1].line, compile_mapping(TABLES[name], STANDARD), compile_mapping(TABLES[name], FAST)


def opened(fast: dict[str, Any], standard: dict[str, Any]) -> dict[str, Any]:
    """The fast codec's line; a JSON text that says the same in other characters (a float's exponent) as the standard library writes it."""
    return {
        name: standard.get(name) if isinstance(value, str) and value != standard.get(name) and same(value, standard.get(name)) else value
        for name, value in fast.items()
    }


def same(one: str, other: Any) -> bool:
    """Whether two JSON texts hold the same."""
    try:
        return isinstance(other, str) and bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


NASTY = """
name = "nasty"
title = "Nasty"
doc = "Every name that could be taken for one of the code's own."
reference = "https://example.com"
database = "nasty"
[[table]]
name = "nasty"
doc = "Names."
pattern = { source = [{ prefix = "a" }] }
root = "$.detail.list"
event_time = ["$.detail.list.at", "$.time"]
columns = [
  { name = "a", type = "string", from = "$.detail.list.list.value", doc = "A builtin, and a variable." },
  { name = "b", type = "string", from = "$.detail.list.len.dict.text", doc = "A builtin, a builtin, a converter." },
  { name = "c", type = "string", from = ["$.detail.list.if.x", "$.detail.list.If.x"], doc = "A keyword, twice but for case." },
  { name = "d", type = "string", as = "json", from = "$.detail.list.4-é'{y}", doc = "Not an identifier." },
  { name = "e", type = "struct<line:string,event:string>", from = "$.detail.list.add", doc = "A struct of texts." },
  { name = "f", type = "struct<a-b:int,c:struct<d:double>>", from = "$.detail.list.odd", doc = "A struct in a struct." },
  { name = "g", type = "array<struct<x:boolean>>", from = "$.detail.list.write", doc = "An array." },
  { name = "h", type = "map<string,date>", from = "$.detail.list.remainder", doc = "A map." },
  { name = "i", type = "bigint", from = "$.detail.list.REST.MISFIT", doc = "A constant." },
  { name = "j", type = "double", from = "$.detail.list.rows[2].x", doc = "A place in an array." },
  { name = "k", type = "string", from = "$.resources[*:a-very-long-name-of-a-resource:*]", doc = "A text in an array." },
  { name = "l", type = "string", as = "joined", from = "$.detail.list.scope", doc = "Joined." },
  { name = "m", type = "boolean", from = "$.detail.list.flag", doc = "A truth value." },
]
"""
NASTY_EVENT = {
    "id": "",
    "source": "a.b",
    "time": "2026-11-20T10:00:00Z",
    "resources": ["x", "arn:a-very-long-name-of-a-resource:y"],
    "detail": {
        "list": {
            "list": {"value": "A", "more": 1},
            "len": {"dict": {"text": 1.0}},
            "if": {"x": ""},
            "If": {"x": "C"},
            "4-é'{y}": {"z": [1]},
            "add": {"line": "L", "event": "E"},
            "odd": {"a-b": "7", "c": {"d": 1}},
            "write": [{"x": "true"}],
            "remainder": {"k": "2026-11-20"},
            "REST": {"MISFIT": 5},
            "rows": [{"x": 1}, {}, {"x": 2.5, "y": 0}],
            "scope": ["a", 1],
            "flag": False,
        }
    },
}


@pytest.fixture(scope="module")
def nasty() -> Table:
    """A table whose names stand in the way of the code's own."""
    return parse_source(NASTY).tables[0]


def test_no_name_of_an_event_is_taken_for_one_of_the_codes_own(nasty: Table) -> None:
    """Builtins, keywords, variables, converters, and keys that are no identifiers; what is undeclared in an array is kept too."""
    line = json.loads(compile_line(nasty)(NASTY_EVENT))

    assert line == {
        "a": "A",
        "b": "1",
        "c": "C",
        "d": '{"z":[1]}',
        "e": {"line": "L", "event": "E"},
        "f": {"a-b": 7, "c": {"d": 1.0}},
        "g": [{"x": True}],
        "h": {"k": "2026-11-20"},
        "i": 5,
        "j": 2.5,
        "k": "arn:a-very-long-name-of-a-resource:y",
        "l": "a 1",
        "m": False,
        "event_time": "2026-11-20 10:00:00.000",
        "extra": line["extra"],
    }
    assert json.loads(line["extra"]) == {
        "list": {"more": 1},
        "rows": [{"x": 1}, {}, {"x": 2.5, "y": 0}],
        "envelope": {"source": "a.b", "resources": ["x", "arn:a-very-long-name-of-a-resource:y"]},
    }
    assert compile_mapping(nasty, STANDARD)(NASTY_EVENT) == line


@pytest.mark.slow
def test_the_module_of_any_table_is_in_the_projects_style(nasty: Table, tmp_path: Path) -> None:
    """As `ruff format` leaves it, and nothing that `ruff check` finds, as `./run check` holds of those that are committed: people read them."""
    (tmp_path / "nasty.py").write_text(declared_module(nasty), "utf-8")
    configuration = ["--config", str(Path(__file__).parent.parent.parent / "pyproject.toml")]
    for command in (["format", "--check"], ["check"]):
        said = subprocess.run(
            [str(Path(sys.executable).with_name("ruff")), *command, *configuration, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout
