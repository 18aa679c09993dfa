"""EventBridge's own protocol: PutEvents and TestEventPattern, so that AWS's CLI and SDKs talk to the bus unchanged.

Takes the body of a request in AWS JSON 1.1 and gives what EventBridge would answer, errors included.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

import msgspec

from eventlake.errors import EventError, PatternError
from eventlake.local.bus.answer import AWS_JSON, REQUEST_ID, Answer, AwsError
from eventlake.local.bus.ids import new_ids
from eventlake.pipeline.as_written import loads
from eventlake.pipeline.pattern import compile_pattern

TARGET = "AWSEvents."
PUT_EVENTS = b"AWSEvents.PutEvents"
ENTRIES_LIMIT = 10
REQUEST_BYTES_LIMIT = 1 << 20
"""The size of all entries of a request, 256 KB until January 2026: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""
LEVELS_LIMIT = 1000
"""How deep EventBridge takes a detail, by the same page. What is deeper than a log line can be is kept as failed; see `pipeline.reading`."""

ACCOUNT = b"123456789012"
"""The account that local events carry: AWS's own example."""

_TIME_BYTES = 14
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(r"[][{}]")
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}
_REQUIRED_OF_EVENT = ("id", "account", "source", "time", "region", "detail-type")
"""The documentation of TestEventPattern also names `resources`; the service does without."""


class _Entry(msgspec.Struct, rename="pascal", gc=False):
    source: str | None = None
    detail_type: str | None = None
    detail: str | None = None
    time: float | str | None = None
    resources: list[str] | None = None


class _Request(msgspec.Struct, rename="pascal"):
    entries: list[_Entry] | None = None


class _Object(msgspec.Struct):
    """Any JSON object: it is checked to the last byte, and nothing of it is built."""


_requests = msgspec.json.Decoder(_Request)
_objects = msgspec.json.Decoder(_Object)
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class PutEvents:
    """What a PutEvents request became: the envelopes to store, and the answer once they are, with the request's own id."""

    bodies: list[bytes]
    answer: bytes
    request_id: bytes


def put_events(body: bytes, region: str, now: datetime) -> PutEvents:
    """Make the envelopes of a request's entries, and EventBridge's answer. Raises AwsError for what fails as a whole.

    now: the time of entries that have none, in UTC; the envelope keeps whole seconds.
    """
    entries = _read(body)
    this_second = _written_second(int(now.timestamp()))
    bodies: list[bytes] = []
    refused: dict[bytes, EventError] = {}
    request_id, *event_ids = new_ids(1 + len(entries))
    alike, between = None, b""
    for entry, event_id in zip(entries, event_ids, strict=True):
        kind, detail = (entry.source, entry.detail_type, entry.time, entry.resources), entry.detail
        try:
            if kind != alike:  # the entries of a request mostly are
                between = _between(entry, region, this_second)
                alike = kind
            if not detail:
                raise _required("Detail")
            if _is_malformed(detail):
                raise _malformed()
        except EventError as error:
            refused[event_id] = error
        else:
            bodies.append(b"".join((b'{"version":"0","id":"', event_id, between, detail.encode(), b"}")))
    return PutEvents(bodies, _answer(event_ids, refused), request_id)


def _answer(event_ids: list[bytes], refused: dict[bytes, EventError]) -> bytes:
    """Write EventBridge's answer: for each entry the id of its event, or why there is none."""
    if not refused:
        return b'{"FailedEntryCount":0,"Entries":[{"EventId":"%b"}]}' % b'"},{"EventId":"'.join(event_ids)
    entries = [
        {"ErrorCode": refused[one].code, "ErrorMessage": str(refused[one])} if one in refused else {"EventId": one.decode()}
        for one in event_ids
    ]
    return _encode({"FailedEntryCount": len(refused), "Entries": entries})


def accepted(put: PutEvents) -> Answer:
    """Return the answer to a request whose events are stored."""
    return Answer(200, put.answer, AWS_JSON, ((REQUEST_ID, put.request_id),))


def _read(body: bytes) -> list[_Entry]:
    try:
        entries = _requests.decode(body).entries
    except msgspec.ValidationError as error:
        raise AwsError("SerializationException", str(error)) from None
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The request is not JSON.") from None
    if entries is None:
        raise _violation("null", "entries", "not be null")
    if not 1 <= len(entries) <= ENTRIES_LIMIT:
        bound = "greater than or equal to 1" if not entries else f"less than or equal to {ENTRIES_LIMIT}"
        raise _violation("'[PutEventsRequestEntry]'", "entries", f"have length {bound}")
    if len(body) > REQUEST_BYTES_LIMIT and sum(map(entry_bytes, entries)) > REQUEST_BYTES_LIMIT:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    return entries


def _violation(value: str, name: str, must: str) -> AwsError:
    """Name the constraint of the service's model that a request breaks."""
    return AwsError(
        "ValidationException", f"1 validation error detected: Value {value} at '{name}' failed to satisfy constraint: Member must {must}"
    )


def entry_bytes(entry: _Entry) -> int:
    """Return the size of an entry as EventBridge counts it."""
    texts = [entry.source, entry.detail_type, entry.detail, *(entry.resources or [])]
    return sum(len(text.encode()) for text in texts if text) + (_TIME_BYTES if entry.time is not None else 0)


def _between(entry: _Entry, region: str, now: str) -> bytes:
    """Write what stands between the id of the event that an entry becomes and its detail. Raises EventError, in EventBridge's order."""
    if not entry.source:
        raise _required("Source")
    if not entry.detail_type:
        raise _required("DetailType")
    if not entry.detail:
        raise _required("Detail")
    if entry.time is not None:
        if _is_malformed(entry.detail):
            raise _malformed()
        now = _seconds(_parsed_time(entry.time))
    kind = b'","detail-type":%b,"source":%b,"account":"%b"' % (_encode(entry.detail_type), _encode(entry.source), ACCOUNT)
    place = b',"time":"%b","region":"%b","resources":%b' % (now.encode(), region.encode(), _encode(entry.resources or []))
    return kind + place + b',"detail":'


def _required(name: str) -> EventError:
    return EventError("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")


def _malformed() -> EventError:
    return EventError("MalformedDetail", "Detail is malformed.")


def _is_malformed(detail: str) -> bool:
    """Return True if a detail is no JSON object, or nested deeper than EventBridge takes it."""
    try:
        _objects.decode(detail)
    except RecursionError:  # before it was read to its end: what is wrong behind is found when it is routed, and kept
        return _levels(detail) > LEVELS_LIMIT
    except ValueError:
        return True
    return False


def _levels(text: str) -> int:
    """Count the objects and arrays inside each other at the deepest place of a JSON text, however deep that is."""
    steps = (_STEPS[bracket] for bracket in _BRACKETS.findall(_STRINGS.sub("", text)))
    return max(accumulate(steps), default=0)


def _parsed_time(time: float | str) -> datetime:
    """Parse seconds since 1970 or ISO 8601 as a time in UTC. Raises EventError."""
    try:
        if not isinstance(time, str):
            return datetime.fromtimestamp(time, UTC)
        parsed = datetime.fromisoformat(time)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise EventError("InvalidArgument", f"Parameter Time is not valid. Reason: {str(time)[:40]} is no timestamp.") from None


def _seconds(moment: datetime) -> str:
    """Write a time in UTC as envelopes have it, in whole seconds."""
    return f"{moment.isoformat()[:19]}Z"


@lru_cache(1)
def _written_second(second: int) -> str:
    """Write a second since 1970 as `_seconds` does; the requests of one share it."""
    return _seconds(datetime.fromtimestamp(second, UTC))


def test_event_pattern(body: bytes) -> bytes:
    """Answer TestEventPattern. Raises AwsError."""
    try:
        request: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The request is not JSON.") from None
    for name in ("EventPattern", "Event"):
        if request.get(name) is None:
            raise _violation("null", f"{name[0].lower()}{name[1:]}", "not be null")
        if not isinstance(request[name], str):
            raise AwsError("SerializationException", f"{name} must be a text that holds JSON.")
    try:
        rule = compile_pattern(request["EventPattern"])
        return _encode({"Result": rule.matches(_event(request["Event"]))})
    except PatternError as error:
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from None
    except EventError as error:
        raise AwsError("ValidationException", f"Parameter Event is not valid. Reason: {error}") from None


def _event(text: str) -> dict[str, Any]:
    try:
        event = loads(text)
    except (ValueError, RecursionError):
        raise EventError("NotJson", "It is not JSON.") from None
    missing = [name for name in _REQUIRED_OF_EVENT if not isinstance(event, dict) or name not in event]
    if missing:
        raise EventError("NotAnEvent", f"Must be an object with {', '.join(missing)}.")
    found: dict[str, Any] = event
    return found


OPERATIONS = ("PutEvents", "TestEventPattern")
