"""The transforms of tables that ask for pseudonyms: their keys come from a secret, are remembered while the container lives, and read again.

Called by `eventlake.functions.transform` for such tables alone, because boto3 costs more than all the rest of a cold start. Without keys no
record of such a table becomes a log line: it fails by name, and Firehose keeps it as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from os import environ
from typing import Any

from eventlake.backends.secret_keys import SecretKeys
from eventlake.errors import EventError
from eventlake.functions.fresh import Fresh, quick_client
from eventlake.pipeline.masking import Masking
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.transform import LineTransform

SECRET = "PSEUDONYM_KEYS_SECRET_ARN"
"""The setting that names the secret."""
NO_KEYS = "NoPseudonymKeys"
"""The reason of records that fail because there are no keys."""
FRESH_S = 300
"""After so many seconds keys are read again, so that a new one is known everywhere soon."""

_transforms: dict[str, tuple[KeyRing, LineTransform]] = {}
"""The transforms of this container's tables, each with the keys that it was made with."""


def keyed_transform(table: str, declared: Any) -> LineTransform:  # the module of a table
    """Return the transform of a table with the keys of now. Raises EventError if there are none to be had."""
    ring = _keys().value()
    known = _transforms.get(table)
    if known is None or known[0] is not ring:
        known = _transforms[table] = ring, _transform(table, declared.PERSONAL, declared.TIMES, declared.log_line, ring)
    return known[1]


def _transform(table: str, places: Sequence[tuple[str, str]], times: Sequence[str], log_line: Any, ring: KeyRing) -> LineTransform:
    return LineTransform(log_line, masking=Masking(table, places, times, ring))


@cache
def _keys() -> Fresh[KeyRing]:
    """Return the keys that the settings of the function name. Raises EventError if they name none."""
    arn = environ.get(SECRET, "")
    if not arn:
        raise EventError(NO_KEYS, "The deployment names no secret with keys of pseudonyms: deploy it again with PseudonymKeysSecretArn.")
    return Fresh(SecretKeys(quick_client("secretsmanager"), arn).read, NO_KEYS, FRESH_S)
