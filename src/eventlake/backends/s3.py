"""Store on a bucket of S3: an object is visible whole or not at all because S3 makes it so.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from eventlake.backends.aws import failing
from eventlake.interfaces import StoredObject
from eventlake.layout import check_key


class S3Store:
    """Objects in a bucket. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes | Path) -> None:
        """Make the object visible; S3 checks a checksum of it before it answers. Raises StorageServiceError, ConfigurationError."""
        check_key(key)
        with failing(f'The object "{key}" cannot be written to the bucket "{self._bucket}"', storage=True):
            if isinstance(body, bytes):
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
            else:
                with body.open("rb") as file:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=file)

    def get(self, key: str) -> bytes:
        """Read an object's bytes. Raises StorageServiceError if there is none."""
        check_key(key)
        with failing(f'The object "{key}" cannot be read from the bucket "{self._bucket}"', storage=True):
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """List the objects whose key begins with the prefix, by key."""
        with failing(f'The bucket "{self._bucket}" cannot be listed', storage=True):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Contents", []):
                    yield StoredObject(one["Key"], one["Size"], one["LastModified"].astimezone(UTC), one["ETag"])

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        check_key(key)
        with failing(f'The object "{key}" cannot be removed from the bucket "{self._bucket}"', storage=True):
            self._client.delete_object(Bucket=self._bucket, Key=key)
