"""Documents of a history become log lines in runs: what is just as declared at once, what holds such at once too, the rest one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST, event_time
from eventlake.backends.msgspec_events import StraightReader
from eventlake.errors import EventError
from eventlake.model import Table
from eventlake.pipeline.backfill import Backfill, Run
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.failed_records import FailedRecord
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
RUNS = "pipeline_execution_state_change"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Told:
    """What is told of documents, in its order."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, bytes, bytes, str | None]] = []
        self.events = 0
        self.failures: list[FailedRecord] = []

    def add_events(self, count: int) -> None:
        """Count events."""
        self.events += count

    def add(self, table: Table, lines: Sequence[bytes], events: Sequence[bytes], event_time: str | None, now: datetime) -> None:
        """Take rows."""
        self.rows += [(table.name, line, event, event_time) for line, event in zip(lines, events, strict=True)]

    def add_erased(self) -> None:
        """Count nobody."""

    def add_failure(self, record: FailedRecord) -> None:
        """Take a failed record."""
        self.failures.append(record)


def backfill(kept: Callable[[bytes], bytes] | None = None) -> Backfill:
    """The backfill of the built-in tables."""
    router = Router(SOURCES, FAST, StraightReader)
    tables = [table for source in SOURCES for table in source.tables]
    take = Intake(SOURCES, FAST).take
    return Backfill(tables, take, router.straight, router.route, event_time, kept or router.kept, router.without_erased)


def event(event_id: str | int | None, time: str | None = "2026-10-01T10:00:00Z", **more: Any) -> bytes:
    """A pipeline's event."""
    kind = {"detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline"}
    return json.dumps({"id": event_id, **kind, "time": time, "detail": {"pipeline": "web", **more}}).encode()


def located(number: int, error: EventError) -> EventError:
    """The error with the number of its document."""
    return EventError(error.code, f"{error} Document {number}.")


def told(documents: Sequence[bytes], runs: Sequence[Run] | None = None, by: Backfill | None = None) -> Told:
    """What becomes of documents."""
    found = Told()
    by = by or backfill()
    by.add(documents, by.runs(documents) if runs is None else runs, NOW, located, found)
    return found


def test_lines_of_one_hour_make_one_run() -> None:
    """And each has its event, which is its document."""
    documents = [event("a"), event("b", "2026-10-01T10:59:59.999Z"), event("c", "2026-10-01T11:00:00Z"), event("d", None), event("e", None)]

    runs = backfill().runs(documents)

    assert [(run.documents, run.table, run.event_time) for run in runs] == [
        (2, RUNS, "2026-10-01 10:00:00.000"),
        (1, RUNS, "2026-10-01 11:00:00.000"),
        (2, RUNS, None),
    ]
    assert [one for _, _, one, _ in told(documents, runs).rows] == documents


@pytest.mark.parametrize(
    "odd",
    [
        event(7),
        event("odd", pipeline=["web"]),
        b'{"no": "event"}',
        b"no JSON",
        json.dumps([json.loads(event("x")), {"no": "event"}]).encode(),
    ],
)
def test_what_is_odd_is_taken_and_routed_between_the_others(odd: bytes) -> None:
    """As all documents are where none goes the straight way."""
    documents = [event("a"), odd, odd, event("b")]

    runs = backfill().runs(documents)
    found = told(documents, runs)

    assert [(run.documents, run.table) for run in runs] == [(1, RUNS), (2, ""), (1, RUNS)]
    slowly = told(documents, [Run(4)])
    assert (found.rows, found.failures, found.events) == (slowly.rows, slowly.failures, slowly.events)


@pytest.mark.parametrize("event_id", [None, ""])
def test_an_event_without_an_id_is_given_one(event_id: str | None) -> None:
    """Its line is of the event that has one, and so is what failed records would hold."""
    document = event(event_id)

    (row,), (slow,) = told([document]).rows, told([document], [Run(1)]).rows

    assert row == slow
    assert json.loads(row[1])["event_id"] == json.loads(row[2])["id"] != event_id


def test_failures_say_where_their_document_stands() -> None:
    """By its number among all of the stretch."""
    assert "Document 2." in told([event("a"), event("b"), b"no JSON"]).failures[0].message


def test_documents_that_hold_events_as_declared_need_not_be_routed() -> None:
    """Each line has the event itself; one of which an event is odd is routed whole."""
    log = {"date": "2026-03-01T05:06:07.000Z", "type": "s", "log_id": "900", "_id": "900", "isMobile": False}
    page = json.dumps({"start": 0, "limit": 2, "length": 2, "total": 2, "logs": [log, {**log, "log_id": "901", "_id": "901"}]}).encode()
    whole = event("a")

    runs = backfill().runs([page, whole, page])

    assert [(run.documents, run.table, len(run.lines), run.events is None) for run in runs] == [
        (1, "auth0_logs", 2, False),
        (1, RUNS, 1, True),
        (1, "auth0_logs", 2, False),
    ]
    found, slowly = told([page, whole, page], runs), told([page, whole, page], [Run(3)])
    assert (sorted(found.rows), found.events) == (sorted(slowly.rows), slowly.events) == (sorted(found.rows), 5)


def test_what_failed_records_may_hold_stands_beside_the_lines() -> None:
    """Where it is not the document itself, as of a table that masks."""
    documents = [event("a"), event("b"), event("c")]

    found = told(documents, by=backfill(lambda document: b"masked" if b'"b"' in document else document))

    assert [one for _, _, one, _ in found.rows] == [documents[0], b"masked", documents[2]]
