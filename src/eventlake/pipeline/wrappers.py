"""What other services put around events on their way -> the events inside.

Opened are notifications of SNS, messages of SQS, records of Kinesis and Firehose, also failed ones, subscriptions of CloudWatch Logs, pages
of Auth0's Management API, and arrays, also inside each other. Called for what is no event itself; an event is never opened, whatever its fields.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html,
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, https://auth0.com/docs/api/management/v2/logs/get-logs,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from eventlake.errors import EventError, not_utf8

LEVELS_LIMIT = 8
"""How many wrappers may lie inside each other."""
WRAPPER_LIMIT_BYTES = 16 << 20
"""How large a wrapper may be; Lambda hands over 6 MB, SQS ten messages of 1 MiB."""
OPENED_LIMIT_BYTES = 64 << 20
"""How much may come out of one, of all its levels together."""

NOTIFICATION, MESSAGE, RECORD = "SNS notification", "SQS message", "Kinesis record"
FIREHOSE, SUBSCRIPTION, CONTROL = "Firehose record", "CloudWatch Logs subscription", "CloudWatch Logs control message"
PAGE, FAILED_RECORD = "page of Auth0 logs", "failed Firehose record"
_FAILED = frozenset(("attemptsMade", "errorCode", "ErrorCode", "lastErrorCode"))
"""How AWS's pages spell what stands beside the record: https://docs.aws.amazon.com/firehose/latest/dev/retry.html"""
_GZIP, _MAGIC = 31, b"\x1f\x8b"
_PAGE_KEYS = frozenset(("logs", "start", "limit", "length", "total", "next"))

Part = Any
"""What lies in a wrapper: a JSON value, or the text or bytes that hold some."""
Parts = list[tuple[str, list[Part]]]
"""The wrappers that an object is: what each is called, and what lies in it."""

_scan = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class Opened:
    """What came out of one wrapper: the events, how many wrappers of which kind were opened, and the reasons of what is no event inside."""

    events: list[Any] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[EventError] = field(default_factory=list)


def opened(data: bytes, accept: Callable[[bytes], Any]) -> Opened | None:
    """Open what these bytes are, and accept the events inside; None if they are no wrapper.

    accept: takes the bytes of an event; raises EventError for what is none.
    """
    if len(data) > WRAPPER_LIMIT_BYTES:
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    parts = _parts(value)
    if parts is None:
        return None
    opening = _Opening(accept)
    opening.open(parts, 1)
    return opening.found


class _Opening:
    """One wrapper while it is opened: what came out, and how much more may."""

    def __init__(self, accept: Callable[[bytes], Any]) -> None:
        self.found = Opened()
        self._accept = accept
        self._room = OPENED_LIMIT_BYTES

    def open(self, parts: Parts, level: int) -> None:
        """Take what lies in each wrapper."""
        for kind, inner in parts:
            if kind:
                self.found.kinds[kind] += 1
            for part in inner:
                try:
                    self._take(part, level)
                except EventError as error:
                    self.found.failures.append(error)

    def _take(self, part: Part, level: int) -> None:
        """Take a part of a wrapper: the events that it holds, or those of the wrappers that it is."""
        for value, text in self._values(part):
            try:
                self.found.events.append(self._accept(text))
            except EventError as error:
                if (inner := _parts(value)) is None:
                    raise
                if level == LEVELS_LIMIT:
                    raise EventError("TooDeep", f"More than {LEVELS_LIMIT} wrappers lie inside each other.") from error
                self.open(inner, level + 1)

    def _values(self, part: Part) -> Iterator[tuple[Any, bytes]]:
        """Yield the JSON values that a part holds, each with its bytes."""
        if not isinstance(part, str | bytes):
            text = json.dumps(part, ensure_ascii=False)
            self._spend(len(text))
            yield part, text.encode("utf-8", "surrogatepass")
            return
        text = self._text(part)
        self._spend(len(text))
        at = _skip(text, 0)
        while at < len(text) or not text:
            try:
                value, end = _scan(text, at)
            except (ValueError, RecursionError):
                raise EventError("NotJson", f'What lies inside is not JSON: "{text[at : at + 40]}".') from None
            yield value, text[at:end].encode("utf-8", "surrogatepass")
            at = _skip(text, end)

    def _text(self, part: str | bytes) -> str:
        if isinstance(part, str):
            return part.removeprefix("\ufeff")
        data = self._inflated(part) if part.startswith(_MAGIC) else part
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise EventError("InvalidUtf8", f"What lies inside {not_utf8(error)}.") from None

    def _inflated(self, data: bytes) -> bytes:
        stream = zlib.decompressobj(_GZIP)
        try:
            text = stream.decompress(data, self._room + 1)
        except zlib.error as error:
            raise EventError("NotJson", f"What lies inside is not whole gzip: {error}.") from None
        if not stream.eof and len(text) <= self._room:
            raise EventError("NotJson", "What lies inside is gzip that is cut off.")
        return text

    def _spend(self, size_bytes: int) -> None:
        self._room -= size_bytes
        if self._room < 0:
            self._room = 0
            raise EventError("TooLarge", f"More than {OPENED_LIMIT_BYTES >> 20} MiB come out of the wrapper.")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _parts(value: Any) -> Parts | None:
    """Return what lies in the wrappers that a value is, None if it is none."""
    if isinstance(value, list):
        return [("", value)]
    if not isinstance(value, dict) or "detail-type" in value:
        return None
    for key in ("Records", "Messages", "records"):
        records = value.get(key)
        if isinstance(records, list) and records:
            each = [_of_record(record) for record in records]
            return [part for part in each if part is not None] if None not in each else None
    if isinstance(value.get("logs"), list) and _PAGE_KEYS.issuperset(value):
        return [(PAGE, value["logs"])]
    single = _of_record(value) or _of_subscription(value)
    return None if single is None else [single]


def _of_record(record: Any) -> tuple[str, list[Part]] | None:
    """Return what lies in a record of SNS, SQS, Kinesis or Firehose."""
    if not isinstance(record, dict):
        return None
    if record.get("Type") == "Notification" and "TopicArn" in record and isinstance(record.get("Message"), str):
        return NOTIFICATION, [record["Message"]]
    if isinstance(sns := record.get("Sns"), dict) and isinstance(sns.get("Message"), str):
        return NOTIFICATION, [sns["Message"]]
    for body, *marks in (("body", "receiptHandle", "eventSource"), ("Body", "ReceiptHandle", "MD5OfBody")):
        if isinstance(record.get(body), str) and any(mark in record for mark in marks):
            return MESSAGE, [record[body]]
    if isinstance(kinesis := record.get("kinesis"), dict) and isinstance(kinesis.get("data"), str):
        return RECORD, [_decoded(kinesis["data"])]
    if isinstance(record.get("Data"), str) and "SequenceNumber" in record:
        return RECORD, [_decoded(record["Data"])]
    if isinstance(record.get("data"), str) and "recordId" in record:
        return FIREHOSE, [_decoded(record["data"])]
    if isinstance(record.get("rawData"), str) and not _FAILED.isdisjoint(record):
        return FAILED_RECORD, [_decoded(record["rawData"])]
    return None


def _of_subscription(value: dict[str, Any]) -> tuple[str, list[Part]] | None:
    """Return what lies in what CloudWatch Logs sends to its subscribers."""
    logs = value.get("awslogs")
    if isinstance(logs, dict) and isinstance(logs.get("data"), str):
        return "", [_decoded(logs["data"])]
    if value.get("messageType") == "CONTROL_MESSAGE" and "logEvents" in value:
        return CONTROL, []
    events = value.get("logEvents")
    if value.get("messageType") == "DATA_MESSAGE" and isinstance(events, list):
        return SUBSCRIPTION, [event.get("message", event) if isinstance(event, dict) else event for event in events]
    return None


def _decoded(text: str) -> bytes:
    """Decode base64; what is none stays as it is, and is no JSON."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass")
