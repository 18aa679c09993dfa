"""What is remembered between the calls that run detections on AWS: one JSON object, which one call at a time replaces.

Written with If-Match, so that of two calls at once one is refused and has told nothing:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing, met_another
from eventlake.detections.states import State
from eventlake.errors import CorruptObjectError, GenerationConflictError

KEY = "alerts/state.json"
"""In the bucket of results, whose objects nobody is told of."""
_MISSING = {"NoSuchKey", "404"}
_TIMES = ("opened", "first_event", "last_event", "seen")

Entry = dict[str, str]
"""An entry of PutEvents."""


@dataclass
class Remembered:
    """Up to which moment each detection has looked, why those cannot that failed, the states by detection and key, and what is to be put.

    tried: when a detection that fails ran last.
    """

    until: dict[str, datetime] = field(default_factory=dict)
    tried: dict[str, datetime] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    states: dict[str, Mapping[str, State]] = field(default_factory=dict)
    pending: list[Entry] = field(default_factory=list)

    def keep_only(self, detections: set[str]) -> None:
        """Forget the detections that there are no more."""
        for kept in (self.until, self.tried, self.problems, self.states):
            for name in kept.keys() - detections:
                kept.pop(name)

    def dumps(self) -> bytes:
        """Write it as JSON."""
        states = {name: {key: _written(state) for key, state in found.items()} for name, found in self.states.items() if found}
        moments = {name: {key: at.isoformat() for key, at in getattr(self, name).items()} for name in ("until", "tried")}
        return json.dumps({**moments, "problems": self.problems, "states": states, "pending": self.pending}).encode()

    @classmethod
    def loads(cls, text: bytes) -> Remembered:
        """Read what was written. Raises ValueError, TypeError, LookupError or AttributeError for what was not."""
        said = json.loads(text)
        until, tried = ({key: datetime.fromisoformat(at) for key, at in said[name].items()} for name in ("until", "tried"))
        states: dict[str, Mapping[str, State]] = {
            name: {key: _read(state) for key, state in found.items()} for name, found in said["states"].items()
        }
        return cls(until, tried, dict(said["problems"]), states, list(said["pending"]))


class Memory:
    """The object. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket
        self._etag = ""

    def read(self) -> Remembered:
        """Return what is remembered; nothing the first time. Raises StorageServiceError, CorruptObjectError."""
        with failing(f'"{KEY}" cannot be read', storage=True):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=KEY)
            except ClientError as error:
                if code_of(error) not in _MISSING:
                    raise
                self._etag = ""
                return Remembered()
            body = found["Body"].read()
        self._etag = found["ETag"]
        try:
            return Remembered.loads(body)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise CorruptObjectError(
                f'"{KEY}" is damaged: {error}. Remove it: what is still found then is told again, by the same ids.'
            ) from None

    def write(self, remembered: Remembered) -> None:
        """Replace what was read or written last. Raises GenerationConflictError if another call did meanwhile, StorageServiceError."""
        condition = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        body = remembered.dumps()
        with failing(f'"{KEY}" cannot be written', storage=True):
            try:
                written = self._client.put_object(Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/json", **condition)
            except ClientError as error:
                if not met_another(error) and code_of(error) != "NoSuchKey":
                    raise
                raise GenerationConflictError("Another call runs the detections now; this one tells nothing.") from None
        self._etag = written["ETag"]


def _written(state: State) -> dict[str, Any]:  # JSON
    values = asdict(state)
    return values | {name: values[name].isoformat() for name in _TIMES}


def _read(values: dict[str, Any]) -> State:  # JSON
    return State(**values | {name: datetime.fromisoformat(values[name]) for name in _TIMES})
