"""What generated functions call: the undeclared fields of an event, nested as they were, and the pieces of a line."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline.line import joined_line, keep, remainder, write
from eventlake.pipeline.values import MISFIT

KEYS = st.sampled_from(["a", "b", "c", "x", "y"])
OBJECTS = st.recursive(st.none() | st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=5), max_leaves=20).filter(
    lambda value: isinstance(value, dict)
)
DECLARED: dict[tuple[str, ...], set[str]] = {(): {"a", "b"}, ("a",): {"b", "c"}, ("a", "b"): {"c"}, ("b",): {"a"}}
"""Declared keys, by the path of the object that has them."""


def test_null_is_nothing() -> None:
    """No empty object is left where all that is undeclared is null."""
    inner = {"c": 1, "x": None}

    assert remainder([(("a", "b"), inner, {"c"})]) == {}
    assert remainder([((), {"x": None}, set()), (("a",), {"y": 1}, set()), (("a", "b"), inner, {"c"})]) == {"a": {"y": 1}}


@given(OBJECTS)
def test_undeclared_fields_stand_where_they_were(value: dict[str, Any]) -> None:
    """As a plain walk over the object finds them."""

    def walk(inner: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        left: dict[str, Any] = {}
        for key, child in inner.items():
            if key not in DECLARED[path]:
                if child is not None:
                    left[key] = child
            elif isinstance(child, dict) and (*path, key) in DECLARED and (rest := walk(child, (*path, key))):
                left[key] = rest
        return left

    unread = []
    for path, declared in sorted(DECLARED.items(), key=lambda item: len(item[0])):
        at: Any = value
        for key in path:
            at = at.get(key) if isinstance(at, dict) else None
        if isinstance(at, dict) and not declared.issuperset(at):
            unread.append((path, at, declared))

    assert remainder(unread) == walk(value, ())


def test_a_line_is_one_object_of_its_pieces() -> None:
    """Without a column it is an empty one."""
    assert joined_line([]) == b"{}\n"
    assert joined_line([',"a":', "1", ',"b":2']) == b'{"a":1,"b":2}\n'


def test_a_text_is_put_into_both_forms_of_a_line_and_a_misfit_into_none() -> None:
    """Whoever calls is told of the misfit."""
    pieces: list[str] = []
    line: dict[str, Any] = {}

    assert [write(pieces.append, "a", 'x"'), keep(line, "a", 'x"')] == [False, False]
    assert [write(pieces.append, "b", MISFIT), keep(line, "b", MISFIT)] == [True, True]
    assert json.loads(joined_line(pieces)) == line == {"a": 'x"'}
