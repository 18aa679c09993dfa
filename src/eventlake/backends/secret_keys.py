"""The keys of pseudonyms in a secret of AWS Secrets Manager: the same JSON that `pseudonyms.json` in the folder of a lake holds.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing
from eventlake.errors import ConfigurationError, UsageError
from eventlake.pipeline.pseudonyms import KeyRing, read, written

_MISSING = "ResourceNotFoundException"
"""There is no such secret, or none of its versions has a value."""


class SecretKeys:
    """The keys in one secret. client: boto3's for Secrets Manager. secret: its ARN, or its name."""

    def __init__(self, client: Any, secret: str) -> None:  # boto3's client has no types
        self._client = client
        self._secret = secret

    def read(self) -> KeyRing:
        """Return the keys. Raises ServiceError, ConfigurationError for a secret that holds none."""
        with failing(f'The secret "{self._secret}", which holds the keys of pseudonyms, cannot be read'):
            answer = self._client.get_secret_value(SecretId=self._secret)
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise ConfigurationError(
                f'The secret "{self._secret}" holds bytes where keys of pseudonyms are a text: put them with `keys push`.'
            )
        return read(text, f'The secret "{self._secret}"')

    def push(self, ring: KeyRing, *, forget: bool = False) -> str:
        """Put keys into the secret, which is made if a name was given that nobody has; its ARN.

        forget: whether keys that it holds and `ring` does not may go. Raises UsageError if they may not and would, ServiceError, ConfigurationError.
        """
        with failing(f'The keys cannot be put into the secret "{self._secret}"'):
            lost = self._lost(ring)
            if lost and not forget:
                raise UsageError(
                    f'The secret "{self._secret}" holds the key {", ".join(lost)}, which would be lost, and nobody could join its pseudonyms any more: '
                    "add it to the file, or say --forget."
                )
            arn = self._put(ring)
            if lost:  # the version before this one stays readable under its label, until another takes it
                self._put(ring)
            return arn

    def _lost(self, ring: KeyRing) -> list[str]:
        """Return the names of the keys that the secret holds now and would not hold then."""
        try:
            text = self._client.get_secret_value(SecretId=self._secret).get("SecretString", "")
        except ClientError as error:
            if code_of(error) != _MISSING:
                raise
            return []
        kept = {(key.name, key.secret) for key in ring.keys}
        return [key.name for key in read(text, f'The secret "{self._secret}"').keys if (key.name, key.secret) not in kept]

    def _put(self, ring: KeyRing) -> str:
        """Write a version, or the first of a new secret; its ARN."""
        try:
            answer = self._client.put_secret_value(SecretId=self._secret, SecretString=written(ring))
        except ClientError as error:
            if code_of(error) != _MISSING or self._secret.startswith("arn:"):
                raise
            answer = self._client.create_secret(
                Name=self._secret, SecretString=written(ring), Description="Keys of the pseudonyms in an eventlake."
            )
        return str(answer["ARN"])
