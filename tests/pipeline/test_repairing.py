"""Partitions are made right: whatever they were, each hour with objects is registered once, at its own folder, and a second plan is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from eventlake.layout import Hour
from eventlake.model import STORAGE_FORMATS
from eventlake.pipeline.repairing import (
    COLUMNS,
    ELSEWHERE,
    NO_HOUR,
    NOT_REGISTERED,
    WHOLE_DAY,
    Held,
    InGlue,
    Plan,
    location,
    named_hour,
    plan,
)

STATE, STAGE, ID = ({"Name": name, "Type": "string"} for name in ("state", "stage", "executionId"))
JSON_FORMAT = {"InputFormat": STORAGE_FORMATS["json"][0], "SerdeInfo": {"SerializationLibrary": STORAGE_FORMATS["json"][2]}}
TABLE = InGlue("old", "stages", "bucket", "stages", {**JSON_FORMAT, "Columns": [STATE, STAGE, ID], "Location": "s3://bucket/stages/"})
NINE, TEN = Hour("2026-11-20", "09"), Hour("2026-11-20", "10")
DAY = "s3://bucket/stages/2026/11/20"
HELD = {NINE: Held(2, 20, 200), TEN: Held(1, 10, 100)}


def partition(values: Iterable[str], place: str, columns: Iterable[dict[str, str]] = (STATE, STAGE, ID)) -> dict[str, Any]:
    """A partition as Glue has it."""
    return {
        "Values": list(values),
        "StorageDescriptor": {**JSON_FORMAT, "Columns": list(columns), "Location": place},
        "Parameters": {"kept": "yes"},
    }


def applied(found: Plan, partitions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The partitions after a plan was carried out."""
    now = {tuple(one["Values"]): one for one in partitions}
    for change in found.changes:
        assert now.get(change.values) == change.before
        now.pop(change.values, None)
        if change.after is not None:
            now[change.values] = dict(change.after)
    return list(now.values())


def test_a_day_folder_becomes_the_hours_own() -> None:
    """Two hours at their day's folder read each object twice; after it, once. What else a partition says stays."""
    partitions = [partition(hour.values, DAY) for hour in (NINE, TEN)]
    found = plan(TABLE, partitions, HELD)
    assert found.counts == {WHOLE_DAY: 2}
    assert found.read == (Held(6, 60, 600), Held(3, 30, 300))
    after = applied(found, partitions)
    assert [location(one) for one in after] == [f"{DAY}/09/", f"{DAY}/10/"]
    assert [one["Parameters"] for one in after] == [{"kept": "yes"}] * 2


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (partition(NINE.values, f"{DAY}/10/"), ELSEWHERE),
        (partition(NINE.values, "s3://bucket/stages/"), ELSEWHERE),
        (partition(NINE.values, f"{DAY}/09", (STATE, ID, STAGE)), COLUMNS),
        (partition(("2026-11-31", "09"), f"{DAY}/09"), NO_HOUR),
        (partition(("2026-11-20", "24"), f"{DAY}/09"), NO_HOUR),
        (partition(("2026-11-20", "9"), f"{DAY}/09"), NO_HOUR),
        (partition(("undefined", "09"), f"{DAY}/09"), NO_HOUR),
    ],
)
def test_what_is_wrong_is_named(one: dict[str, Any], why: str) -> None:
    """Another hour's folder, the table's, columns in another order, and values that are no hour."""
    assert plan(TABLE, [one], {}).counts == {why: 1}


@pytest.mark.parametrize(
    "one",
    [
        partition(NINE.values, f"{DAY}/09/"),
        partition(NINE.values, f"{DAY}/09", (STATE, STAGE)),
        partition(NINE.values, "s3://bucket/closed/x/stages/2026/11/20/1-abc/hour=09/"),
        partition(NINE.values, "s3://another/stages/2026/11/20/09"),
    ],
)
def test_what_is_right_stays(one: dict[str, Any]) -> None:
    """Its own folder with or without a slash, the first of the table's columns, a closed hour, the same hour in another bucket."""
    found = plan(TABLE, [one], {})
    assert (found.changes, found.left) == ((), {})


def test_parquet_is_read_by_names() -> None:
    """The order of a partition's columns does not matter there."""
    table = InGlue("old", "stages", "bucket", "stages", {"Columns": [STATE, STAGE], "InputFormat": STORAGE_FORMATS["parquet"][0]})
    one = {"Values": NINE.values, "StorageDescriptor": {**table.descriptor, "Columns": [STAGE, STATE], "Location": f"{DAY}/09"}}
    assert plan(table, [one], {}).changes == ()


def test_what_lies_outside_the_table_is_left() -> None:
    """Nobody can say what is right there."""
    found = plan(TABLE, [partition(NINE.values, "s3://bucket/other/2026/11/20/09")], {})
    assert (found.changes, found.left) == ((), {("2026-11-20", "09"): "s3://bucket/other/2026/11/20/09/"})


def test_an_hour_that_nobody_registered_is_made_as_its_table_is() -> None:
    """With the table's columns and format, at its own folder."""
    found = plan(TABLE, [], HELD)
    assert found.counts == {NOT_REGISTERED: 2}
    assert found.partitions == (0, 2)
    assert found.changes[0].after == {"Values": NINE.values, "StorageDescriptor": {**TABLE.descriptor, "Location": f"{DAY}/09/"}}


hours = some.builds(lambda day, hour: Hour(f"2026-11-{day:02d}", f"{hour:02d}"), some.integers(1, 3), some.integers(0, 23))
values = hours.map(lambda hour: (hour.date, hour.hour)) | some.tuples(
    some.sampled_from(["2026-11-01", "2026-13-01", "x"]), some.sampled_from(["7", "07", "24"])
)
places = some.sampled_from(["", "2026/", "2026/11/01", "2026/11/01/07/", "2026/11/02/23", "2026/11/03", "odd/"]).map(
    lambda tail: f"s3://bucket/stages/{tail}"
)
orders = some.permutations([STATE, STAGE, ID])


@given(some.dictionaries(values, some.tuples(places, orders)), some.sets(hours))
def test_every_plan_makes_every_hour_right_and_the_next_is_empty(registered: dict[tuple[str, str], Any], held: set[Hour]) -> None:
    """Whatever the partitions were; killed after any of its changes, what is left of it is planned again and ends the same."""
    partitions = [partition(one, place, columns) for one, (place, columns) in registered.items()]
    contents = {hour: Held(1, 10, 5) for hour in held}
    found = plan(TABLE, partitions, contents)
    after = applied(found, partitions)
    named = [named_hour(tuple(one["Values"])) for one in after]
    assert len(set(named)) == len(named)
    assert held <= set(named)
    assert all(hour is not None and location(one) == TABLE.place(hour) for one, hour in zip(after, named, strict=True))
    assert plan(TABLE, after, contents).changes == ()
    assert found.read[1] == sum(contents.values(), Held())
    half = applied(Plan(TABLE, found.changes[: len(found.changes) // 2]), partitions)
    rest = applied(plan(TABLE, half, contents), half)
    assert sorted(map(str, rest)) == sorted(map(str, after))
