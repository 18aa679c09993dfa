"""EventBridge's own protocol: PutEvents and TestEventPattern, so that AWS's CLI and SDKs talk to the bus unchanged.

Takes the body of a request in AWS JSON 1.1 and gives what EventBridge would answer, errors included.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from eventlake.errors import EventError, PatternError
from eventlake.pipeline.rule import compile_pattern
from eventlake.pipeline.transform import DEPTH_LIMIT, depth

TARGET = "AWSEvents."
ENTRIES_LIMIT = 10
REQUEST_BYTES_LIMIT = 256 * 1024
"""The size of all entries of a request: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""

ACCOUNT = "123456789012"
"""The account that local events carry: AWS's own example."""

_TIME_BYTES = 14
_REQUIRED_OF_EVENT = ("id", "account", "source", "time", "region", "resources", "detail-type")


class _Entry(msgspec.Struct, rename="pascal"):
    source: str | None = None
    detail_type: str | None = None
    detail: str | None = None
    time: float | str | None = None
    resources: list[str] | None = None


class _Request(msgspec.Struct, rename="pascal"):
    entries: list[_Entry]


_requests = msgspec.json.Decoder(_Request)
_details = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class AwsError(Exception):
    """An error as the service answers it: its code and message, with status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def body(self) -> bytes:
        """The body of the answer."""
        return _encode({"__type": self.code, "message": str(self)})


@dataclass(slots=True)
class PutEvents:
    """What a PutEvents request became: the envelopes to store, and the answer once they are."""

    bodies: list[bytes]
    answer: bytes


def put_events(body: bytes, region: str, now: datetime) -> PutEvents:
    """The envelopes of a request's entries and EventBridge's answer. Raises AwsError for what fails as a whole.

    now: the time of entries that have none; the envelope keeps whole seconds.
    """
    entries = _read(body)
    ids = new_ids(len(entries))
    bodies: list[bytes] = []
    results: list[dict[str, str]] = []
    for entry, event_id in zip(entries, ids, strict=True):
        error = _error_of(entry)
        results.append({"EventId": event_id} if error is None else error)
        if error is None:
            bodies.append(_envelope(entry, event_id, region, now))
    return PutEvents(bodies, _encode({"FailedEntryCount": len(entries) - len(bodies), "Entries": results}))


def _read(body: bytes) -> list[_Entry]:
    try:
        entries = _requests.decode(body).entries
    except msgspec.ValidationError as error:
        raise AwsError("SerializationException", str(error)) from None
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The request is not JSON.") from None
    if not 1 <= len(entries) <= ENTRIES_LIMIT:
        bound = "greater than or equal to 1" if not entries else f"less than or equal to {ENTRIES_LIMIT}"
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length {bound}",
        )
    if len(body) > REQUEST_BYTES_LIMIT and sum(map(entry_bytes, entries)) > REQUEST_BYTES_LIMIT:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    return entries


def entry_bytes(entry: _Entry) -> int:
    """The size of an entry as EventBridge counts it."""
    texts = [entry.source, entry.detail_type, entry.detail, *(entry.resources or [])]
    return sum(len(text.encode()) for text in texts if text) + (_TIME_BYTES if entry.time is not None else 0)


def _error_of(entry: _Entry) -> dict[str, str] | None:
    for name, value in (("Source", entry.source), ("DetailType", entry.detail_type), ("Detail", entry.detail)):
        if not value:
            return {
                "ErrorCode": "InvalidArgument",
                "ErrorMessage": f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            }
    if _is_malformed(entry.detail or ""):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    if isinstance(entry.time, str) and _parsed_time(entry.time) is None:
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter Time is not valid. Reason: Time is no timestamp."}
    return None


def _is_malformed(detail: str) -> bool:
    """Whether a detail is no JSON object, or nested deeper than a log line can be."""
    try:
        _details.decode(detail)
        return detail.count("{") + detail.count("[") >= DEPTH_LIMIT and depth(json.loads(detail)) >= DEPTH_LIMIT
    except (ValueError, RecursionError):
        return True


def _envelope(entry: _Entry, event_id: str, region: str, now: datetime) -> bytes:
    moment = _parsed_time(entry.time) or now
    head = {
        "version": "0",
        "id": event_id,
        "detail-type": entry.detail_type,
        "source": entry.source,
        "account": ACCOUNT,
        "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": entry.resources or [],
    }
    return _encode(head)[:-1] + b',"detail":' + (entry.detail or "{}").encode() + b"}"


def _parsed_time(time: float | str | None) -> datetime | None:
    try:
        if isinstance(time, str):
            parsed = datetime.fromisoformat(time)
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return None if time is None else datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def new_ids(count: int) -> list[str]:
    """Random UUIDs (version 4); one call to the system for all of them."""
    digits = os.urandom(16 * count).hex()
    return [f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:]}" for d in (digits[at : at + 32] for at in range(0, len(digits), 32))]


def test_event_pattern(body: bytes) -> bytes:
    """The answer to TestEventPattern. Raises AwsError."""
    try:
        request: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The request is not JSON.") from None
    for name in ("EventPattern", "Event"):
        if not isinstance(request.get(name), str):
            raise AwsError("ValidationException", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    try:
        rule = compile_pattern(request["EventPattern"])
        return _encode({"Result": rule.matches(_event(request["Event"]))})
    except PatternError as error:
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from None
    except EventError as error:
        raise AwsError("ValidationException", f"Parameter Event is not valid. Reason: {error}") from None


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise EventError("NotJson", "It is not JSON.") from None
    missing = [name for name in _REQUIRED_OF_EVENT if not isinstance(event, dict) or name not in event]
    if missing:
        raise EventError("NotAnEvent", f"Must be an object with {', '.join(missing)}.")
    found: dict[str, Any] = event
    return found


OPERATIONS = ("PutEvents", "TestEventPattern")
