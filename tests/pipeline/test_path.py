"""Paths into an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eventlake.model import Column, Table
from eventlake.pipeline.path import Holding, all_read, parse_path, value_at
from eventlake.pipeline.transform import Transform

EVENT = {"resources": ["arn:aws:ec2:::instance/i-1", 7, "arn:aws:codedeploy:::application:shop"], "detail": {"a-b": {"c": [1, 2]}}}


@pytest.mark.parametrize(
    "written", ["", "detail", "$detail", "$.", "$..a", "$.a b", "$.a[", "$.a[x]", "$.a[-1]", "$.a[*]", "$.a[**]", "$.a[*x*].b", '$["a"]']
)
def test_what_is_no_path_is_refused(written: str) -> None:
    """A text that is none of the three forms raises, and says which part is wrong."""
    with pytest.raises(ValueError, match=r'"'):
        parse_path(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$", EVENT),
        ("$.detail.a-b.c[1]", 2),
        ("$.detail.a-b.c[2]", None),
        ("$.detail.nothing.here", None),
        ("$.detail.a-b.c.d", None),
        ("$.resources[*:application:*]", "arn:aws:codedeploy:::application:shop"),
        ("$.resources[*:instance/*]", "arn:aws:ec2:::instance/i-1"),
        ("$.resources[*:cluster/*]", None),
        ("$.detail[*a*]", None),
    ],
)
def test_a_path_reads_what_is_there_and_nothing_else(written: str, value: object) -> None:
    """The value at the path, None where there is none or where something else stands."""
    assert value_at(EVENT, parse_path(written)) == value


def test_all_read_tells_elements_that_nothing_reads() -> None:
    """An element counts as read only if one of the segments gives it."""
    assert all_read(["x", "arn:b"], [0, Holding("arn")])
    assert not all_read(["arn:a", "arn:b"], [Holding("arn")])
    assert not all_read(["x", "y"], [1])


def _line(columns: dict[str, tuple[str, str, str]], detail: Any, **envelope: Any) -> dict[str, Any]:
    """The log line that a table of these columns (name: type, path, converter) makes of a detail."""
    declared = tuple(Column(name, kind, (path,), converter, "") for name, (kind, path, converter) in columns.items())
    table = Table("t", "d", "s", "", "t", {"source": ["s"], "detail-type": ["D"]}, "$.detail", "id", declared)
    event = {"id": "i", "detail-type": "D", "source": "s", "detail": detail, **envelope}
    line: dict[str, Any] = json.loads(Transform(table)(json.dumps(event).encode()))
    return line | ({"extra": json.loads(line["extra"])} if "extra" in line else {})


APPLICATION = {"application": ("string", "$.resources[*:application:*]", "text")}


@pytest.mark.parametrize(
    ("resources", "line"),
    [
        (["arn:::application:shop"], {"application": "arn:::application:shop"}),
        (
            ["arn:::group:g", "arn:::application:shop"],
            {"application": "arn:::application:shop", "extra": {"envelope": {"resources": ["arn:::group:g", "arn:::application:shop"]}}},
        ),
        (
            ["arn:::application:a", "arn:::application:b"],
            {"application": "arn:::application:a", "extra": {"envelope": {"resources": ["arn:::application:a", "arn:::application:b"]}}},
        ),
        ([None], {}),
        ([], {}),
    ],
)
def test_resources_are_found_by_their_kind_and_others_kept_in_extra(resources: list[Any], line: dict[str, Any]) -> None:
    """Whatever order a provider chooses, the right ARN lands in the column, and none is lost."""
    assert _line(APPLICATION, {}, resources=resources) == line


NAME = {"one": ("string", "$.detail.client.name", "text"), "first": ("string", "$.detail.client[0].name", "text")}


@pytest.mark.parametrize(
    ("client", "line"),
    [
        ({"name": "a"}, {"one": "a"}),
        ([{"name": "a"}], {"first": "a"}),
        ([{"name": "a"}, {"name": "b"}], {"first": "a", "extra": {"client": [{"name": "a"}, {"name": "b"}]}}),
        ({"name": "a", "version": 1}, {"one": "a", "extra": {"client": {"version": 1}}}),
        ("a", {"extra": {"client": "a"}}),
        (None, {}),
    ],
)
def test_a_field_may_be_an_object_in_one_event_and_an_array_in_the_next(client: Any, line: dict[str, Any]) -> None:
    """Columns may read the same field in both shapes; each event fills those of its own."""
    assert _line(NAME, {"client": client}) == line


STRUCTS = {
    "parts": ("array<struct<a:int,b:struct<c:string>>>", "$.detail.parts", "array"),
    "whole": ("struct<a:struct<b:int>,c:int>", "$.detail.whole", "struct"),
}


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ({"parts": [{"a": 1, "b": {"c": "x"}}]}, {"parts": [{"a": 1, "b": {"c": "x"}}]}),
        ({"parts": [{"a": 1, "new": 2}]}, {"parts": [{"a": 1}], "extra": {"parts": [{"a": 1, "new": 2}]}}),
        ({"parts": [{"a": "no"}]}, {"parts": [{}], "extra": {"parts": [{"a": "no"}]}}),
        ({"whole": {"a": {"b": 1, "new": 2}, "c": "no"}}, {"whole": {"a": {"b": 1}}, "extra": {"whole": {"a": {"new": 2}, "c": "no"}}}),
        ({"whole": {"a": 5}}, {"whole": {}, "extra": {"whole": {"a": 5}}}),
    ],
)
def test_what_a_struct_does_not_name_is_kept_in_extra_at_any_depth(detail: Any, line: dict[str, Any]) -> None:
    """Fields without a place in a struct, and values that do not fit theirs, are not lost."""
    assert _line(STRUCTS, detail) == line


def test_an_empty_key_is_null_for_it_tells_no_duplicates() -> None:
    """The column that tells duplicates apart never holds an empty text."""
    assert _line({"id": ("string", "$.detail.id", "text"), "name": ("string", "$.detail.name", "text")}, {"id": "", "name": ""}) == {
        "name": ""
    }
