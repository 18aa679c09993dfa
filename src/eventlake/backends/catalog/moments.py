"""Moments as the catalog keeps them: microseconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def microseconds(moment: datetime) -> int:
    """Return a moment, aware, as the catalog keeps it."""
    return round(moment.timestamp() * 1_000_000)


def moment(microseconds: int) -> datetime:
    """Return the moment that the catalog keeps so."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
