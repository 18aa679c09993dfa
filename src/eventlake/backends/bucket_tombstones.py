"""The tombstones of a lake on AWS: an object of its bucket, and their key in a secret of AWS Secrets Manager.

The first erasure makes both. Who may read the bucket alone can try no names; where the key cannot be had, nobody could tell who was erased.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing
from eventlake.errors import ConfigurationError
from eventlake.layout import TOMBSTONES
from eventlake.pipeline.tombstones import TombstoneKey, Tombstones, holds_any, read

_NO_SECRET = "ResourceNotFoundException"


class BucketTombstones:
    """The tombstones in one bucket. s3, secrets: boto3's clients. secret: the name of the secret with their key."""

    def __init__(self, s3: Any, secrets: Any, bucket: str, secret: str) -> None:  # boto3's clients have no types
        self._s3, self._secrets = s3, secrets
        self._bucket, self.secret = bucket, secret

    def read(self) -> Tombstones | None:
        """Read them, None if nobody was erased. Raises ConfigurationError if they cannot be told, ServiceError."""
        return self.told(self.text()[0])

    def told(self, text: str | None) -> Tombstones | None:
        """Return those of a text that `text` gave, None if nobody was erased. Raises as `read` does."""
        if text is None or not holds_any(text):
            return None
        key = self.key()
        if key is None:
            raise ConfigurationError(
                f'The secret "{self.secret}" is missing, without which nobody can tell who was erased: restore it (Secrets Manager keeps what is '
                f"deleted for some days). Until then nothing is brought in; if it is lost, delete {TOMBSTONES} too, and erase again whoever is to stay erased."
            )
        return self.of(text, key)

    def of(self, text: str, key: TombstoneKey) -> Tombstones:
        """Read them from a text. Raises ConfigurationError if it holds none, or those of another key."""
        return read(text, key, f"s3://{self._bucket}/{TOMBSTONES}")

    def text(self) -> tuple[str | None, str]:
        """Return the text of the object and its ETag, None if there is none. Raises ServiceError, ConfigurationError."""
        with failing(f'The tombstones "{TOMBSTONES}" cannot be read', storage=True):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=TOMBSTONES)
            except ClientError as error:
                if code_of(error) == "NoSuchKey" or (code_of(error) == "AccessDenied" and self._is_missing()):
                    return None, ""
                raise
            return answer["Body"].read().decode("utf-8", "replace"), str(answer["ETag"])

    def _is_missing(self) -> bool:
        """Return True if a list shows that there is none: to who may not list the whole bucket, S3 refuses an object that is not there.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        return not self._s3.list_objects_v2(Bucket=self._bucket, Prefix=TOMBSTONES, MaxKeys=1).get("KeyCount")

    def key(self) -> TombstoneKey | None:
        """Read the key, None if there is none. Raises ConfigurationError for a secret that holds none, ServiceError."""
        with failing(f'The secret "{self.secret}", which holds the key of the tombstones, cannot be read'):
            try:
                said = self._secrets.get_secret_value(SecretId=self.secret).get("SecretString", "")
            except ClientError as error:
                if code_of(error) != _NO_SECRET:
                    raise
                return None
        try:
            return TombstoneKey(str(said).strip())
        except ValueError:
            raise ConfigurationError(
                f'The secret "{self.secret}" does not hold the key of the tombstones any more: put an older version of it back.'
            ) from None
