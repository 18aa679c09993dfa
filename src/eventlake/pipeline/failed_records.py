"""What cannot be a log line: kept with its reason and its original bytes, in Firehose's own form, and known by what it holds."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
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

    id: what `record_id` gives. stream: a table's name, `unmatched` or `rejected`. arrival: in UTC.
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


def _milliseconds(arrival: datetime) -> int:
    return (arrival - _EPOCH) // _MILLISECOND
