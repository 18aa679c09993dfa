"""Timestamps as Athena prints them."""

from __future__ import annotations


def moment_text(sql: str, digits: int) -> str:
    """`2026-11-07 10:00:00.123` of a timestamp, with that many digits."""
    if not digits:
        return f"strftime({sql}, '%Y-%m-%d %H:%M:%S')"
    if digits == 6:
        return f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%f')"
    return f"substring(strftime({sql}, '%Y-%m-%d %H:%M:%S.%f'), 1, {20 + digits})"
