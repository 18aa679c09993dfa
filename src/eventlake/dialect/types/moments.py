"""Timestamps as Athena prints them."""

from __future__ import annotations

from eventlake.dialect.sql import Sql, emit


def moment_text(sql: Sql, digits: int) -> Sql:
    """Write a timestamp as `2026-11-07 10:00:00.123`, with that many digits."""
    if not digits:
        return emit("strftime({}, '%Y-%m-%d %H:%M:%S')", sql)
    if digits == 6:
        return emit("strftime({}, '%Y-%m-%d %H:%M:%S.%f')", sql)
    if digits == 3:  # in half of the time
        return emit("strftime({}, '%Y-%m-%d %H:%M:%S.%g')", sql)
    return emit("substring(strftime({}, '%Y-%m-%d %H:%M:%S.%f'), 1, {})", sql, 20 + digits)
