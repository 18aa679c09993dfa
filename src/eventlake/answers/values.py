"""Values of an answer as text and as JSON, as Athena prints them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any

from eventlake.dialect.types.java import java_double

Rows = Sequence[Sequence[Any]]
"""Python values as `interfaces.Result` describes them."""


def plain(value: Any) -> Any:  # a value of a row in, JSON out
    """Return the value as JSON has it: timestamps and decimals as Athena prints them."""
    if isinstance(value, Mapping):
        return {as_text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    return as_text(value)


def as_text(value: Any) -> str:  # a value of a row
    """Return the value as Athena prints it: `2026-11-07 10:00:00.000`, true, NULL as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return java_double(value)
        case datetime():
            return f"{value.replace(tzinfo=None).isoformat(' ', _digits(value))}{_zone(value)}"
        case time():
            return value.isoformat(_digits(value))
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex(" ")
        case dict() | list() | tuple():
            return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def _digits(value: datetime | time) -> str:
    return "microseconds" if value.microsecond % 1000 else "milliseconds"


def _zone(moment: datetime) -> str:
    return "" if moment.tzinfo is None else f" {moment.tzname()}"


def visible(text: str) -> str:
    """Return a text for one line of a terminal: control characters, and all else that has no print, are written as escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


STEERING = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u06dd\u070f\u180e\u200b-\u200c\u200e-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff"
)
"""Characters that steer a terminal or hide text, as a class of a regular expression: controls but for tab and line breaks, bidirectional
and invisible ones. The joiner of emoji is none."""
