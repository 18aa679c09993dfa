"""Numbers and moments as programs write them: ISO 8601 with offsets, epoch seconds, CodeBuild's American dates, the dates of HTTP, numbers in text.

Called by `eventlake.pipeline.values` for the values that are not in the form nearly all have, and imported only then.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_AMERICAN = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}:\d\d:\d\d)[ \u202f]([AP]M)", re.ASCII)
_HTTP = re.compile(r"[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) (?:GMT|UTC|[+]0000)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH_MS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would lie after the year 5138."""


def number(text: str) -> float | None:
    """Return the finite double that a text writes in JSON's way, None if it writes none."""
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    return None if value in (float("inf"), float("-inf")) else value


def midnight(value: Any) -> datetime | None:  # any JSON value
    """Return the first instant of the day that a text `YYYY-MM-DD` names; None for anything else."""
    return moment(f"{value}T00:00:00Z") if value.__class__ is str and _DATE.fullmatch(value) else None


def moment(value: Any) -> datetime | None:  # any JSON value
    """Return the instant in UTC that a text or a number names, None if it names none.

    `Sep 1, 2017 4:12:29 PM` may have the comma and the narrow blank that newer Java versions put into it. `Wed, 27 Jan 2021 22:00:00 GMT`
    is read too, as AWS Health writes it; whether the day of the week is right is not asked.
    """
    try:
        if value.__class__ is str:
            return _utc(datetime.fromisoformat(value)) if _ISO.fullmatch(value) else _american(value) or _of_http(value)
        if value.__class__ is int or value.__class__ is float:
            seconds = value / 1000 if abs(value) >= _EPOCH_MS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _american(value: str) -> datetime | None:
    match = _AMERICAN.fullmatch(value)
    if match is None or match[1] not in _MONTHS:
        return None
    hour, minute, second = map(int, match[4].split(":"))
    if not 1 <= hour <= 12:
        return None
    return datetime(
        int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2]), hour % 12 + 12 * (match[5] == "PM"), minute, second, tzinfo=UTC
    )


def _of_http(value: str) -> datetime | None:
    match = _HTTP.fullmatch(value)
    if match is None or match[2] not in _MONTHS:
        return None
    hour, minute, second = map(int, match[4].split(":"))
    return datetime(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]), hour, minute, second, tzinfo=UTC)


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo is None or instant.tzinfo is UTC else instant.astimezone(UTC)
