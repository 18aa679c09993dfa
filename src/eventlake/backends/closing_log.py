"""The closings of a table on AWS, one object each; whoever makes the next one first has closed.

S3 makes an object only if there is none under its key yet:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import failing, met_another
from eventlake.errors import CorruptObjectError, GenerationConflictError
from eventlake.layout import CLOSINGS, closing_key, closing_number
from eventlake.pipeline.closings import Closing, loads


class ClosingLog:
    """The closings of a lake's tables. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket
        self._read: dict[tuple[str, int], Closing] = {}

    def last(self, table: str) -> int:
        """Return the number of the table's last closing, 0 if there is none."""
        with failing(f"The closings of {table} cannot be listed", storage=True):
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{CLOSINGS}{table}/", MaxKeys=1).get("Contents", [])
        return closing_number(found[0]["Key"]) if found else 0

    def read(self, table: str, number: int) -> Closing:
        """Return a closing, which never changes. Raises StorageServiceError, CorruptObjectError."""
        if (table, number) not in self._read:
            key = closing_key(table, number)
            with failing(f'The closing "{key}" cannot be read', storage=True):
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            try:
                self._read[table, number] = loads(body)
            except ValueError as error:
                raise CorruptObjectError(f'The object "{key}" is damaged: {error}') from None
        return self._read[table, number]

    def append(self, closing: Closing) -> None:
        """Write the next closing. Raises GenerationConflictError if somebody else has written it, StorageServiceError."""
        key = closing_key(closing.table, closing.number)
        with failing(f'The closing "{key}" cannot be written', storage=True):
            try:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=closing.dumps(), IfNoneMatch="*")
            except ClientError as error:
                if not met_another(error):
                    raise
                if not self._is_own(closing, key):  # else it was written by a call whose answer was lost
                    raise GenerationConflictError(f"{closing.table} is being closed by somebody else; look again in a moment.") from None
        self._read[closing.table, closing.number] = closing

    def _is_own(self, closing: Closing, key: str) -> bool:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body == closing.dumps()
