"""What no column keeps, found in steps that grow as the event does, whatever stands where."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from by_day import one_in
from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Column, Source, Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

SOURCES = load()
TABLES = [(source, table) for source in SOURCES for table in source.tables]
SMALL, TIMES = 70, 4
"""So many elements that their depth is looked at in both."""
SUPERLINEAR = 6.0
"""Four times as much may take six times the steps: what is linear takes less than four, what is quadratic sixteen."""

TraceFunction = Callable[[FrameType, str, Any], Any]

SHAPES: dict[str, Callable[[int], Any]] = {
    "nulls": lambda n: [None] * n,
    "texts": lambda n: [f"arn:aws:other:{number}" for number in range(n)],
    "numbers": lambda n: list(range(n)),
    "arrays of nulls": lambda n: [[None] * 3] * n,
    "objects": lambda n: [{"name": "n", "value": number} for number in range(n)],
    "one of each": lambda n: [None, "t", [0.5, None], {"a": True}] * n,
    "an object": lambda n: {f"key{number}": number for number in range(n)},
    "an object of arrays": lambda n: {f"key{number}": [None, "t"] for number in range(n)},
    "a number of many digits": lambda n: int("9" * n),
    "a text": lambda n: "a:" * n,
}

HOLDING = Table(
    name="deployments",
    database="default",
    source="test",
    doc="",
    key="application",
    prefix="deployments",
    root="$.detail",
    pattern={"detail-type": ["Deployment"]},
    columns=(
        Column("application", "string", ("$.resources[*:application:*]",), "text", ""),
        Column("group", "string", ("$.resources[*:group:*]", "$.detail.groups[*:group:*]"), "text", ""),
        Column("second", "string", ("$.resources[1]",), "text", ""),
        Column("extra", "string", (), "json", ""),
    ),
)
"""A table that chooses elements by what they hold, and one by its place."""


def steps(work: Callable[[], object]) -> int:
    """Count the lines that run, each turn of a loop among them, also within one line."""
    count = 0

    def seen(_frame: FrameType, _kind: str, _argument: object) -> TraceFunction:
        nonlocal count
        count += 1
        return seen

    before = sys.gettrace()
    sys.settrace(seen)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def places(table: Table) -> Iterator[tuple[str, ...]]:
    """The places of a table's paths, each object or array on the way to them, and some that it does not know."""
    found = {("resources",), ("detail",), ("detail", "undeclared"), ("undeclared",)}
    for path in (parse_path(written) for column in table.columns for written in column.paths):
        keys = [segment for segment in path if isinstance(segment, str)]
        found |= {tuple(keys[:depth]) for depth in range(1, len(keys) + 1)}
    return iter(sorted(found))


def changed(event: dict[str, Any], place: tuple[str, ...], value: object) -> bytes:
    """The event with another value at a place."""
    copied = json.loads(json.dumps(event))
    inner = copied
    for key in place[:-1]:
        if not isinstance(inner.get(key), dict):
            inner[key] = {}
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(copied).encode()


def example(source: Source, table: Table) -> dict[str, Any]:
    """An event of a table: one of its samples."""
    for name in names(source):
        event: dict[str, Any] = json.loads(read_sample(source, name).event)
        if table in [found for found, _ in Router([source]).route(json.dumps(event).encode()).lines]:
            return event
    raise AssertionError(table.name)


def growth(work: Callable[[bytes], object], event: dict[str, Any], place: tuple[str, ...], shape: Callable[[int], Any]) -> float:
    """How many times the steps are when there is four times as much at a place."""
    few, many = changed(event, place, shape(SMALL)), changed(event, place, shape(SMALL * TIMES))
    work(few)
    return steps(lambda: work(many)) / steps(lambda: work(few))


@pytest.mark.parametrize(("source", "table"), one_in(15, TABLES), ids=[table.name for _, table in TABLES])
def test_no_shape_of_an_event_takes_more_than_its_size(source: Source, table: Table) -> None:
    """Neither the rules and transforms of one machine nor the transform of a Lambda function."""
    event = example(source, table)
    router, transform = Router(SOURCES, FAST), Transform(table, STANDARD)

    def lambda_line(data: bytes) -> object:
        try:
            return transform(data)
        except ValueError as error:
            return error

    slow = [
        (work.__name__, place, name, round(grown, 1))
        for work, shapes in ((router.route, SHAPES), (lambda_line, ("nulls", "one of each", "an object of arrays")))
        for place in places(table)
        for name in shapes
        if (grown := growth(work, event, place, SHAPES[name])) > SUPERLINEAR
    ]
    assert slow == []


@pytest.mark.parametrize("codec", [STANDARD, FAST], ids=["standard", "fast"])
@pytest.mark.parametrize("shape", SHAPES)
def test_choosing_by_content_looks_at_each_element_once(shape: str, codec: Codec) -> None:
    """However many columns choose from one array, and whatever its elements are."""
    event = {"detail-type": "Deployment", "detail": {"groups": []}, "resources": []}
    transform = Transform(HOLDING, codec)

    for place in [("resources",), ("detail", "groups")]:
        assert growth(transform, event, place, SHAPES[shape]) <= SUPERLINEAR


def test_an_array_is_left_whole_if_one_of_its_elements_is() -> None:
    """A chosen element is kept by its column; the places of the others stay what they were."""
    transform = Transform(HOLDING, STANDARD)
    chosen, other = "arn:aws:x:application:a", "arn:aws:x:other:b"

    def extra(resources: list[Any]) -> Any:
        line = json.loads(transform(json.dumps({"detail-type": "Deployment", "detail": {}, "resources": resources}).encode()))
        return json.loads(line.get("extra", "{}"))

    assert extra([None, None, chosen]) == {}
    assert extra([chosen, other]) == {}
    assert extra([chosen, None, other]) == {"envelope": {"resources": [chosen, None, other]}}
