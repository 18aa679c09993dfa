"""The legal holds of a lake on AWS, one object each; whoever makes the object of a name first has placed it.

Nobody changes one: it is made, and removed when the hold is released. S3 makes an object only if there is none under its key yet:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing, met_another
from eventlake.backends.s3 import S3Store
from eventlake.errors import CorruptObjectError, LayoutError, NameNotFoundError, UsageError
from eventlake.layout import HOLDS, KEY_BYTES
from eventlake.naming import nearest
from eventlake.pipeline.holds import Hold, as_json, hold_of


class HoldObjects:
    """The holds of the lake in a bucket. client: boto3's for S3. Whoever cannot read one removes nothing."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket
        self._store = S3Store(client, bucket)

    def read(self) -> list[Hold]:
        """Return the holds, in the order in which they were placed. Raises StorageServiceError, CorruptObjectError."""
        found = [hold for one in self._store.list(HOLDS) if (hold := self._read(one.key)) is not None]
        return sorted(found, key=lambda hold: (hold.since, hold.name))

    def place(self, hold: Hold) -> None:
        """Add a hold. Raises UsageError for a name that is taken or too long, StorageServiceError."""
        key, body = _key(hold.name), json.dumps(as_json(hold), ensure_ascii=False).encode()
        with failing(f'The hold "{hold.name}" cannot be placed', storage=True):
            try:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if not met_another(error):
                    raise
                if self._read(key) != hold:  # else it was placed by a call whose answer was lost
                    raise UsageError(f'There is a hold "{hold.name}" already: choose another name, or release that one first.') from None

    def release(self, name: str) -> Hold:
        """Take a hold away; it is given. Raises NameNotFoundError, StorageServiceError."""
        found = self._read(_key(name))
        if found is None:
            raise NameNotFoundError(
                f'There is no hold "{name}".{nearest(name, [one.name for one in self.read()])} `eventlake holds` lists them.'
            )
        self._store.delete(_key(name))
        return found

    def _read(self, key: str) -> Hold | None:
        """Return the hold of a key, None if it is released."""
        with failing(f'The legal hold "{key}" cannot be read', storage=True):
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                return None
        try:
            return hold_of(json.loads(body))
        except (ValueError, TypeError, AttributeError, LayoutError, RecursionError):
            raise CorruptObjectError(
                f'The object "{key}" does not hold a legal hold any more: put an older version of it back. Nothing is removed until then.'
            ) from None


def _key(name: str) -> str:
    """Return the key of a hold. Raises UsageError for a name that is too long."""
    key = f"{HOLDS}{quote(name, safe='')}.json"
    if len(key) > KEY_BYTES:
        raise UsageError(f'"{name[:60]}..." is too long for a name of a hold: choose a line of text, for example "case 17".')
    return key
