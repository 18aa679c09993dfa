"""A failed record -> the log lines that it becomes now, or the reason why it still fails.

Pure decisions, the same in both worlds. A record becomes all of its lines or none, so that trying again later makes no second row.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from eventlake.errors import EventError
from eventlake.model import Table
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.failed_records import REJECTED, UNMATCHED, UNTRIED
from eventlake.pipeline.router import Routed


@dataclass(frozen=True, slots=True)
class Filter:
    """Which failed records are wanted.

    ids: how they begin, none for all. reason: a code, or words of the reason. code: this one exactly. since_us: of arrival, microseconds since
    1970.
    """

    ids: tuple[str, ...] = ()
    reason: str = ""
    stream: str = ""
    since_us: int = 0
    code: str = ""

    def takes(self, id: str, stream: str, code: str, message: str, arrival_us: int) -> bool:
        """Return True if a record is wanted."""
        if self.ids:
            return id.startswith(self.ids)
        return (
            code not in UNTRIED
            and (not self.stream or stream == self.stream)
            and self.code in {"", code}
            and (not self.reason or code.lower() == self.reason.lower() or self.reason.lower() in message.lower())
            and arrival_us >= self.since_us
        )


class Redrive:
    """Says what failed records become with today's declarations.

    route: what the router makes of an event, within a time.
    """

    def __init__(self, intake: Intake, route: Callable[[bytes], Routed]) -> None:
        self._intake = intake
        self._route = route

    def lines(self, stream: str, raw: bytes) -> list[tuple[Table, bytes]]:
        """Return the tables and log lines that a record of a stream becomes, none if it is of somebody who was erased.

        Raises EventError if any of it still fails.
        """
        return [line for event in self._events(stream, raw) for line in self._lines(stream, event)]

    def _events(self, stream: str, raw: bytes) -> list[bytes]:
        """Return the envelopes that a record holds: one, but for input that was none when it came."""
        if stream != REJECTED:
            return [raw]
        taken = self._intake.take(raw)
        if taken.error is not None:
            raise taken.error
        if not taken.accepted:
            raise EventError("NotAnEvent", "It holds no event.")
        return [event.body for event in taken.accepted]

    def _lines(self, stream: str, event: bytes) -> list[tuple[Table, bytes]]:
        """Return the lines of an event: of the table where it failed, the others have it already; or of every table that wants it."""
        routed = self._route(event)
        if routed.is_erased:
            return []
        is_of_table = stream not in {UNMATCHED, REJECTED}
        for table, error in routed.failures:
            if table is None or table.name == stream or not is_of_table:
                raise error
        found = [(table, line) for table, line in routed.lines if table.name == stream or not is_of_table]
        if not found:
            raise EventError("NoRuleMatched", f"The rule of {stream} does not want this event any more.")
        return found


def shape(raw: bytes) -> str:
    """Return what tells kinds of failed records apart: the source and detail-type of an event, else what the bytes are."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(event, dict):
        return "no JSON object"
    source, kind = event.get("source"), event.get("detail-type", event.get("detailType"))
    return f"{source or '?'}: {kind or '?'}"[:120] if source or kind else "no event"
