"""The transforms of a lake that keeps out who was erased: the event of such a person is dropped, any other is kept without their identifiers.

Called by `eventlake.functions.transform` where the deployment says `Tombstones=on`, because boto3 costs more than all the rest of a cold start.
The tombstones are an object of the bucket, which is read again while the container lives; their key is read once somebody was erased. Where nobody
can tell who was, no record becomes a log line: it fails by name, and Firehose keeps it as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from eventlake.backends.bucket_tombstones import BucketTombstones
from eventlake.functions.fresh import Fresh, quick_client
from eventlake.functions.metrics import LAKE
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.transform import LineTransform
from eventlake.stack_names import tombstones_secret

NO_TOMBSTONES = "NoTombstones"
"""The reason of records that fail because nobody can tell who was erased."""
FRESH_S = 60
"""After so many seconds the tombstones are read again: what is called later drops who was erased."""


class ForgettingTransform:
    """A table's transform in a lake where somebody was erased. subjects: the paths at which its events say whose they are."""

    def __init__(self, transform: LineTransform, forgetting: Forgetting, subjects: Sequence[str]) -> None:
        self._transform = transform
        self._forgetting = forgetting
        self._places = [parse_path(path) for path in subjects]

    def __call__(self, data: bytes) -> bytes:
        """Return the log line of one event, no bytes for that of somebody who was erased. Raises EventError."""
        if self._forgetting.may_name(data):
            left = self._forgetting.remainder(data, lambda event: self._forgetting.is_theirs(event, self._places))
            if left is None:
                return b""
            data = left
        return self._transform(data)


class Erased:
    """Who was erased, as this container knows it: nothing is made anew while the tombstones stay as they were."""

    def __init__(self, tombstones: BucketTombstones) -> None:
        self._tombstones = tombstones
        self._etag = ""
        self._forgetting: Forgetting | None = None

    def read(self) -> Forgetting | None:
        """Return what becomes of events now, None if nobody was erased. Raises ConfigurationError, ServiceError."""
        text, etag = self._tombstones.text()
        if etag != self._etag:
            found = self._tombstones.told(text)
            self._etag, self._forgetting = etag, None if found is None else Forgetting(found)
        return self._forgetting


def forgetting_transform(bucket: str, transform: LineTransform, subjects: Sequence[str]) -> LineTransform | ForgettingTransform:
    """Return a table's transform as it keeps out who was erased until now from the lake of a bucket. Raises EventError if nobody can tell who was."""
    forgetting = _erased(bucket).value()
    return transform if forgetting is None else ForgettingTransform(transform, forgetting, subjects)


@cache
def _erased(bucket: str) -> Fresh[Forgetting | None]:
    tombstones = BucketTombstones(quick_client("s3"), quick_client("secretsmanager"), bucket, tombstones_secret(LAKE))
    return Fresh(Erased(tombstones).read, NO_TOMBSTONES, FRESH_S)
