"""What is kept on AWS of failed records that were sent again: an object for each batch, written before it is sent and again when it is.

A batch whose object says that it is being sent was perhaps sent: whoever was stopped there sends it again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eventlake.backends.aws import failing
from eventlake.errors import CorruptObjectError
from eventlake.interfaces import Store
from eventlake.layout import REDRIVEN

SENDING, DONE = "sending", "done"
_READERS = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """When a failed record was sent again, in UTC, and to which table."""

    at: datetime
    into: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch that is being sent: the object that says so, and its ETag."""

    key: str
    etag: str
    at: datetime


class RedrivenLog:
    """Writes down which failed records are sent again. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket

    def begin(self, into: Mapping[str, str], at: datetime) -> Begun:
        """Write down that records are being sent. into: the table of each, by id. at: the moment, aware. Raises StorageServiceError."""
        key = f"{REDRIVEN}{at.astimezone(UTC):%Y-%m-%dT%H-%M-%S}-{uuid.uuid4().hex}.json"
        return Begun(key, self._put(key, SENDING, into, at, IfNoneMatch="*"), at)

    def end(self, begun: Begun, into: Mapping[str, str]) -> None:
        """Write down which of them were taken. Raises StorageServiceError, also if somebody else has written there."""
        self._put(begun.key, DONE, into, begun.at, IfMatch=begun.etag)

    def _put(self, key: str, state: str, into: Mapping[str, str], at: datetime, **condition: str) -> str:
        body = json.dumps({"state": state, "at": at.astimezone(UTC).isoformat(), "into": dict(into)}).encode()
        with failing(f'What is redriven cannot be written down in "{key}"', storage=True):
            answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)
        return str(answer["ETag"])


def read_marks(store: Store) -> dict[str, Mark]:
    """Return the marks of records that were sent again, by id. Raises StorageError, CorruptObjectError."""
    keys = [one.key for one in store.list(REDRIVEN)]
    with ThreadPoolExecutor(_READERS) as pool:
        return {id: mark for found in pool.map(lambda key: _marks(key, store.get(key)), keys) for id, mark in found.items()}


def _marks(key: str, body: bytes) -> dict[str, Mark]:
    """Read the object of a batch; none of one that was perhaps not sent."""
    try:
        said = json.loads(body)
        at = datetime.fromisoformat(said["at"])
        return {id: Mark(at, into) for id, into in said["into"].items()} if said["state"] == DONE else {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CorruptObjectError(
            f'The object "{key}" does not say what was redriven; remove it, and what it told of is sent again.'
        ) from None
