"""The transforms of tables that ask for pseudonyms: their keys come from a secret, are remembered while the container lives, and read again.

Called by `eventlake.functions.transform` for such tables alone, because boto3 costs more than all the rest of a cold start. Without keys no
record of such a table becomes a log line: it fails by name, and Firehose keeps it as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from os import environ
from time import time
from typing import Any

from eventlake.backends.aws import is_away
from eventlake.backends.secret_keys import SecretKeys
from eventlake.errors import ConfigurationError, EventError, ServiceError
from eventlake.pipeline.masking import Masking
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.transform import LineTransform

SECRET = "PSEUDONYM_KEYS_SECRET_ARN"
"""The setting that names the secret."""
NO_KEYS = "NoPseudonymKeys"
"""The reason of records that fail because there are no keys."""
FRESH_S = 300
"""After so many seconds keys are read again, so that a new one is known everywhere soon."""
USABLE_S = 3_600
"""For so long keys are used that cannot be read again because Secrets Manager is away; an answer that they are gone, or no right, counts at once."""

_TRIES = 3


class Keys:
    """The keys of one secret as this container knows them. now: seconds of a clock that goes on while a container is frozen."""

    def __init__(self, secret: SecretKeys, now: Callable[[], float] = time) -> None:
        self._secret, self._now = secret, now
        self._ring: KeyRing | None = None
        self._read_at = self._tried_at = float("-inf")

    def ring(self) -> KeyRing:
        """Return the keys. Raises EventError if there are none to be had."""
        now = self._now()
        if self._ring is None or now - self._tried_at >= FRESH_S:
            self._tried_at = now
            self._read(now)
        assert self._ring is not None
        return self._ring

    def _read(self, now: float) -> None:
        """Read the keys, and remember that they could not be."""
        try:
            self._ring, self._read_at = self._secret.read(), now
        except (ServiceError, ConfigurationError) as error:
            if not is_away(error) or now - self._read_at >= USABLE_S:
                self._ring = None
                raise EventError(NO_KEYS, str(error)) from None


_transforms: dict[str, tuple[KeyRing, LineTransform]] = {}
"""The transforms of this container's tables, each with the keys that it was made with."""


def keyed_transform(table: str, declared: Any) -> LineTransform:  # the module of a table
    """Return the transform of a table with the keys of now. Raises EventError if there are none to be had."""
    ring = _keys().ring()
    known = _transforms.get(table)
    if known is None or known[0] is not ring:
        known = _transforms[table] = ring, _transform(table, declared.PERSONAL, declared.TIMES, declared.log_line, ring)
    return known[1]


def _transform(table: str, places: Sequence[tuple[str, str]], times: Sequence[str], log_line: Any, ring: KeyRing) -> LineTransform:
    return LineTransform(log_line, masking=Masking(table, places, times, ring))


@cache
def _keys() -> Keys:
    """Return the keys that the settings of the function name. Raises EventError if they name none."""
    arn = environ.get(SECRET, "")
    if not arn:
        raise EventError(NO_KEYS, "The deployment names no secret with keys of pseudonyms: deploy it again with PseudonymKeysSecretArn.")
    return Keys(SecretKeys(_client(), arn))


def _client() -> Any:  # boto3's client has no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client("secretsmanager", config=ONCE.merge(Config(connect_timeout=3, read_timeout=5)))
    wait_between_tries(client, _TRIES)
    return client
