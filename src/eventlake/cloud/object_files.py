"""Objects in S3 as the files of a history: listed below a prefix, each read in one stream, and known by its place and ETag."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from eventlake.backends.aws import Session, failing
from eventlake.backends.s3 import S3Store
from eventlake.errors import ConfigurationError, StorageError, UsageError
from eventlake.local.items import stretches_of_file
from eventlake.local.stretch import Stretch

_PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """An object that is read as a file."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    session: Session

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """Return the last part of its key."""
        return self.key.rpartition("/")[2]

    @property
    def history(self) -> str:
        """Return what it is known by: its place, and what differs when its bytes do."""
        said = f"{self}\n{self.etag}"
        return f"s3/{hashlib.sha256(said.encode()).hexdigest()}"

    def stretches(self) -> Iterator[Stretch]:
        """Read its documents. Raises StorageError if it cannot be read, ends too early, or was replaced since it was listed."""
        try:
            with failing(f'"{self}" cannot be read', storage=True):
                answer = self.session.client("s3").get_object(Bucket=self.bucket, Key=self.key, IfMatch=self.etag)
                with closing(answer["Body"]) as body:
                    yield from stretches_of_file(body, str(self))
        except ConfigurationError as error:  # the connection broke, and the next object may come
            raise StorageError(str(error)) from None


def below(place: str, session: Session) -> list[ObjectFile]:
    """List the objects below `s3://BUCKET/PREFIX`, by key; folders, which some tools make, are none. Raises UsageError, StorageServiceError."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise UsageError(f'"{place}" names no objects: write s3://BUCKET/PREFIX.')
    listed = S3Store(session.client("s3"), found["bucket"]).list(found["prefix"] or "")
    return [ObjectFile(found["bucket"], one.key, one.etag, one.size_bytes, session) for one in listed if one.size_bytes]
