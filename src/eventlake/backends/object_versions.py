"""Every version of objects in a bucket, delete markers among them, and their removal for good.

A bucket that keeps no versions has one of each object, whose id is `null`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing

_AT_ONCE = 16
"""How many versions are removed at once."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object. is_seen: True for the one that readers get; no delete marker is."""

    key: str
    id: str
    size_bytes: int
    is_seen: bool


class ObjectVersions:
    """The versions of objects in a bucket. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket

    def below(self, prefix: str) -> Iterator[Version]:
        """Yield every version below a prefix, by key. Raises StorageServiceError."""
        with failing(f'The versions of the bucket "{self._bucket}" cannot be listed', storage=True):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                found = [Version(one["Key"], one["VersionId"], one["Size"], one["IsLatest"]) for one in page.get("Versions", [])]
                found += [Version(one["Key"], one["VersionId"], 0, is_seen=False) for one in page.get("DeleteMarkers", [])]
                yield from sorted(found, key=lambda one: one.key)

    def remove(self, versions: Sequence[Version]) -> dict[str, str]:
        """Remove versions; return why some could not be, by key. Raises StorageServiceError for what another try may mend.

        Where the bucket keeps a version that readers get, it is hidden from them.
        """
        refused = self._delete([(one.key, {"VersionId": one.id}) for one in versions])
        return {**refused, **self._delete([(one.key, {}) for one in versions if one.is_seen and one.key in refused])}

    def _delete(self, objects: Sequence[tuple[str, dict[str, str]]]) -> dict[str, str]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            reasons = pool.map(lambda one: self._refusal(*one), objects)
            return {key: reason for (key, _), reason in zip(objects, reasons, strict=True) if reason}

    def _refusal(self, key: str, version: dict[str, str]) -> str:
        """Remove one; return why that may not be, empty if it is gone. A call for many would be refused as one."""
        with failing(f'The object "{key}" cannot be removed from the bucket "{self._bucket}"', storage=True):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key, **version)
            except ClientError as error:
                if code_of(error) != "AccessDenied":
                    raise
                return f"AccessDenied: {error.response['Error'].get('Message', '')}"
        return ""
