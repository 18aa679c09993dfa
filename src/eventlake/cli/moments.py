"""Moments as a person writes them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from eventlake.errors import UsageError


def moment(written: str) -> datetime:
    """Read a moment, in UTC if it names no other zone. Raises UsageError."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise UsageError(f'"{written}" is no time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC.') from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
