"""When the hours of tables go, and what keeps them: two cells beside each hour that is listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventlake.layout import Hour
    from eventlake.pipeline.holds import Hold
    from eventlake.pipeline.retention import Retention

Goes = Callable[[str, "Hour"], tuple[str | None, str | None]]
"""Tells from when on an hour of a table goes, in UTC, and the legal hold that keeps it."""


def going(retention: Retention, holds: Sequence[Hold]) -> Goes:
    """Return what tells it of a lake that keeps so long, under these holds."""
    from eventlake.pipeline.holds import held

    def told(table: str, hour: Hour) -> tuple[str | None, str | None]:
        goes = retention.goes(table, hour)
        return f"{goes.date()}T{goes:%H:%M:%SZ}" if goes else None, held(holds, table, hour)

    return told
