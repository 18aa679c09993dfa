"""Every version of every object of a bucket, those among them that nobody sees any more: read, replaced, and removed for good.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing, met_another
from eventlake.errors import GenerationConflictError, StorageServiceError

_MOST = 1000
"""How many versions a call removes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
_GONE = {"NoSuchKey", "NoSuchVersion", "404"}
_UNVERSIONED = "null"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object. is_seen: it is what readers get. is_marker: it has no bytes, and says that the object is deleted."""

    bucket: str
    key: str
    id: str
    size_bytes: int
    etag: str
    is_seen: bool
    is_marker: bool = False

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}{'' if self.is_seen else f'?versionId={self.id}'}"


class Versions:
    """The versions of the objects of one bucket. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._client = client
        self._bucket = bucket

    def of_each_key(self, prefix: str = "") -> Iterator[list[Version]]:
        """Yield all versions of each object below a prefix, key by key. Raises StorageServiceError."""
        for _, versions in groupby(self._below(prefix), lambda one: one.key):
            yield list(versions)

    def _below(self, prefix: str) -> Iterator[Version]:
        with failing(f'The versions in the bucket "{self._bucket}" cannot be listed', storage=True):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                found = [self._version(one, one["Size"], one["ETag"]) for one in page.get("Versions", [])]
                found += [self._version(one, 0, "") for one in page.get("DeleteMarkers", [])]
                yield from sorted(found, key=lambda one: one.key)

    def _version(self, said: Any, size: int, etag: str) -> Version:  # S3's answer
        return Version(self._bucket, said["Key"], said["VersionId"], size, etag, said["IsLatest"] and bool(etag), not etag)

    def fetch(self, one: Version, path: Path) -> bool:
        """Write the bytes of a version to a file; False if it is gone. Raises StorageServiceError."""
        with failing(f'"{one}" cannot be read', storage=True):
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=one.key, VersionId=one.id)["Body"]
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
                return False
            with path.open("wb") as file:
                for chunk in body.iter_chunks(1 << 20):
                    file.write(chunk)
        return True

    def replace(self, one: Version, body: Path) -> str:
        """Let readers get other bytes in the place of a version from one moment to the next; the id of the new one.

        Raises GenerationConflictError if the object changed since it was listed, StorageServiceError.
        """
        with failing(f'"{one}" cannot be replaced', storage=True), body.open("rb") as file:
            try:
                answer = self._client.put_object(Bucket=self._bucket, Key=one.key, Body=file, IfMatch=one.etag)
            except ClientError as error:
                if not met_another(error) and code_of(error) not in ("NoSuchKey", "404"):
                    raise
                raise GenerationConflictError(f'"{one}" was changed by somebody else meanwhile: run the command once more.') from None
        return str(answer.get("VersionId", _UNVERSIONED))

    def put(self, key: str, body: Path) -> None:
        """Make a new object. Raises StorageServiceError."""
        with failing(f'The object "{key}" cannot be written to the bucket "{self._bucket}"', storage=True), body.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=file)

    def copy(self, one: Version, key: str) -> None:
        """Let the bytes of a version lie under another key too, copied by S3. Raises StorageServiceError."""
        with failing(f'"{one}" cannot be copied', storage=True):
            self._client.copy_object(Bucket=self._bucket, Key=key, CopySource={"Bucket": self._bucket, "Key": one.key, "VersionId": one.id})

    def remove(self, versions: Sequence[Version]) -> None:
        """Remove versions for good: those that nobody sees first, so that no older one is seen meanwhile. Raises StorageServiceError."""
        for some in ([one for one in versions if not one.is_seen and not one.is_marker], [one for one in versions if one.is_seen]):
            self._remove(some)
        self._remove([one for one in versions if one.is_marker])

    def _remove(self, versions: Sequence[Version]) -> None:
        for at in range(0, len(versions), _MOST):
            wanted = [{"Key": one.key, "VersionId": one.id} for one in versions[at : at + _MOST]]
            with failing(f'Versions cannot be removed from the bucket "{self._bucket}"', storage=True):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": wanted, "Quiet": True})
            for refused in answer.get("Errors", []):
                raise _refused(f"s3://{self._bucket}/{refused['Key']}", refused)


def _refused(name: str, said: Any) -> StorageServiceError:  # S3's answer
    return StorageServiceError(
        f'Old bytes of "{name}" cannot be removed ({said["Code"]}: {said.get("Message", "")}): it takes s3:DeleteObjectVersion, and a lock of the '
        "bucket must have ended; run the command again then.",
        said["Code"],
    )
