"""The function that closes hours: what fails as nobody expected stops no other table and no other hour."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from eventlake.functions.closing import Closer, Hours
from eventlake.functions.compaction import _Work
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.batch import Batch, Own
from eventlake.sources import load

FIRST, SECOND = [table for source in load() for table in source.tables][:2]
NINE, TEN = (Own(Hour("2026-11-20", hour), "logs/", 0, ()) for hour in ("09", "10"))


class _Failing:
    """A closer that fails at one table, at one hour, and in the end."""

    def hours(self, table: Table) -> Hours:
        if table == FIRST:
            raise OverflowError("date value out of range")
        return cast("Hours", SimpleNamespace(table=table, number=0))

    def due(self, hours: Hours, _wanted: Hour | None) -> list[Batch]:
        return [Batch(hours.table, "bucket", is_lines=False, hours=(NINE, TEN))]

    def is_old(self, _batch: Batch) -> bool:
        return False

    def close(self, _hours: Hours, batch: Batch) -> Any:
        if NINE in batch.hours:
            raise ZeroDivisionError("division by zero")
        return SimpleNamespace(hours=())

    def remove_replaced(self, _hours: Hours) -> int:
        raise KeyError("gone")


def test_what_nobody_expected_is_told_and_stops_nothing_else() -> None:
    """Each by its kind, with the table and the hour that it is about."""
    work = _Work(cast("Closer", _Failing()), None)
    for table in (FIRST, SECOND):
        work.plan(table, None)
    work.close()

    assert [(one["table"], one["hours"], one["reason"]) for one in work.failed] == [
        (FIRST.name, [], "Unexpected OverflowError: date value out of range."),
        (SECOND.name, [str(NINE.hour)], "Unexpected ZeroDivisionError: division by zero."),
        (SECOND.name, [], "Unexpected KeyError: 'gone'."),
    ]
    assert work.left == 0
