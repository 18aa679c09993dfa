"""Values seen at one place of several events -> the column type that holds them all.

Called by `draft` for every field of pasted events. A type is offered only if its converter takes every value that was seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eventlake.pipeline import values as converters

JSON = "json"
"""What is no scalar: a column of type string with `as = "json"`."""

_EXACT_IN_DOUBLE = 1 << 53
_MOMENT_KEY = re.compile(r"(^|[a-z0-9_-])([Tt]ime|[Tt]imestamp|[Dd]ate|At|[_-](at|ts|on))$|^(ts|at)$", re.ASCII)
_EPOCH_S = range(1_000_000_000, 4_100_000_000)
_EPOCH_MS = range(1_000_000_000_000, 4_100_000_000_000)
"""The years 2001 to 2099, as seconds and as milliseconds since 1970."""


def infer_type(key: str, values: Sequence[Any]) -> str:  # any JSON values
    """Choose a Glue type, or JSON, for the values seen under a key; null says nothing of a type, and a key without values is a string.

    Whole numbers under a key such as `createdAt` are moments if they are seconds or milliseconds of this century.
    """
    present = [value for value in values if value is not None]
    if any(isinstance(value, dict | list) for value in present):
        return JSON
    if not present:
        return "string"
    if all(isinstance(value, bool) for value in present):
        return "boolean"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return _number(key, present)
    if all(isinstance(value, str) for value in present):
        return _text(present)
    return "string"


def _number(key: str, values: Sequence[int | float]) -> str:
    if any(isinstance(value, float) and not value.is_integer() for value in values):
        return "double" if all(abs(value) <= _EXACT_IN_DOUBLE for value in values) else "string"
    if _MOMENT_KEY.search(key) and any(all(value in epoch for value in map(int, values)) for epoch in (_EPOCH_S, _EPOCH_MS)):
        return "timestamp"
    for kind, bits in (("int", 32), ("bigint", 64)):
        if all(-(1 << bits - 1) <= value < 1 << bits - 1 for value in values):
            return kind
    return "double" if all(isinstance(value, float) for value in values) else "string"


def _text(values: Sequence[str]) -> str:
    if all(converters.timestamp(value) is not converters.MISFIT for value in values):
        return "timestamp"
    if all(len(value) == len("2026-11-20") and converters.day(value) is not converters.MISFIT for value in values):
        return "date"
    return "string"
