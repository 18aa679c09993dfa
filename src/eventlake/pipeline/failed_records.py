"""What cannot be a log line: kept with its reason and its original bytes, in Firehose's own form, and known by what it holds."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from eventlake.errors import EventError
from eventlake.model import Table

UNMATCHED = "unmatched"
"""The stream of events that no rule wants."""
REJECTED = "rejected"
"""The stream of input that is no event."""

DAMAGED_SPOOL = "DamagedSpool"
POISON = "Poison"
UNTRIED = frozenset((DAMAGED_SPOOL, POISON))
"""The codes of records that are tried only if they are named: bytes that are no event, and events that killed the process that read them."""

ID_DIGITS = 32
SHOWN_DIGITS = 10
"""Digits of a failed record's id, and how many of them a person sees."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """An event that could not be stored in a table, with its original bytes, or written anew without the personal data that its table masks.

    id: what `record_id` gives; of one that holds what another does, what `told_apart` does. stream: a table's name, `unmatched` or `rejected`. arrival: in UTC.
    """

    id: str
    stream: str
    code: str
    message: str
    arrival: datetime
    raw: bytes

    def line(self) -> bytes:
        """Write Firehose's record of a failure, one JSON line: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""
        arrival_ms = _milliseconds(self.arrival)
        record = {
            "attemptsMade": 1,
            "arrivalTimestamp": arrival_ms,
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": arrival_ms,
            "rawData": base64.b64encode(self.raw).decode(),
            "lambdaArn": None,
            "id": self.id,
        }
        return json.dumps(record).encode() + b"\n"


def error_stream(stream: str) -> str:
    """Return the name under which a stream's failed records are buffered and checkpointed."""
    return f"error/{stream}"


def failed_stream(failure: tuple[Table | None, EventError]) -> tuple[str, EventError]:
    """Return where a failure belongs: to its table, or to `unmatched` or `rejected` if there is none."""
    table, error = failure
    if table is not None:
        return table.name, error
    return (UNMATCHED if error.code in {"NoRuleMatched", "Refused"} else REJECTED), error


def failed_record(stream: str, error: EventError, arrival: datetime, raw: bytes) -> FailedRecord:
    """Make the record of a failure."""
    return FailedRecord(record_id(stream, raw, arrival), stream, error.code, str(error), arrival, raw)


def record_id(stream: str, raw: bytes, arrival: datetime) -> str:
    """Return the id of a failed record, 128 bits in hexadecimal digits: by what it holds, so that it is the same wherever and however often it is kept.

    arrival: aware; its milliseconds count, which is what Firehose knows.
    """
    return hashlib.sha256(f"{stream}\n{_milliseconds(arrival)}\n".encode() + raw).hexdigest()[:ID_DIGITS]


def told_apart(ids: Iterable[str], is_taken: Callable[[str], bool] = lambda _id: False) -> Iterator[str]:
    """Yield an id for each failed record of an object, given what `record_id` says of each in their order.

    Of those that hold the same, as equal events of a request do, the first keeps that, and each further one has an id that follows from the one
    before it. is_taken: says of an id whether a record of another object has it.
    """
    latest: dict[str, str] = {}
    for id in ids:
        given = _following(latest[id]) if id in latest else id
        while is_taken(given):
            given = _following(given)
        latest[id] = given
        yield given


def records_apart(records: Sequence[FailedRecord], is_taken: Callable[[str], bool] = lambda _id: False) -> list[FailedRecord]:
    """Return the failed records that an object is to hold, each with an id of its own."""
    ids = told_apart((record.id for record in records), is_taken)
    return [record if record.id == id else replace(record, id=id) for record, id in zip(records, ids, strict=True)]


def _following(id: str) -> str:
    """Return the id of the next record that holds the same."""
    return hashlib.sha256(f"{id}\n".encode()).hexdigest()[:ID_DIGITS]


def _milliseconds(arrival: datetime) -> int:
    return (arrival - _EPOCH) // _MILLISECOND
