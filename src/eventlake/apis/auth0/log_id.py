"""Ids of log entries: `900`, the moment in UTC to the millisecond (17 digits), and what tells entries of one moment apart.

So they grow with time, as texts do, and an id made of a moment stands before every entry of it. The API takes one that no entry has for the
place from which to read on.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_LENGTH = 56
_ID = re.compile(r"900(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})\d+", re.ASCII)

FIRST = "900".ljust(_LENGTH, "0")
"""Before every entry."""


def log_id_of(moment: datetime) -> str:
    """Return what stands before every entry of a moment (aware), and behind those of all before."""
    when = moment.astimezone(UTC)
    return f"900{when:%Y%m%d%H%M%S}{when.microsecond // 1000:03}".ljust(_LENGTH, "0")


def moment_of(log_id: str) -> datetime | None:
    """Return the moment of an id, in UTC; None if it is of another form."""
    if not (found := _ID.fullmatch(log_id)):
        return None
    *whole, milliseconds = map(int, found.groups())
    try:
        return datetime(*whole, milliseconds * 1000, tzinfo=UTC)  # type: ignore[arg-type,misc]  # six numbers
    except ValueError:
        return None
