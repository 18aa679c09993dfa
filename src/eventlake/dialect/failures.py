"""SQL that fails with a sentence of ours when, and only when, it is evaluated.

The cast of a text beginning with `eventlake:` to BOOLEAN fails; as a subscript of `[NULL]` it has whatever type its surroundings want. Unlike
error() it is not volatile, so DuckDB still moves filters past it and TRY may stand around it.
"""

from __future__ import annotations

from eventlake.dialect.types.type import text

REFUSAL = "eventlake:refused:"
"""Begins the text of a failure that means: DuckDB would answer otherwise than Athena."""


def failure(message: str, shown: str = "") -> str:
    """SQL that fails with the message and the value of the SQL `shown`: the data decided."""
    return _raising(f"eventlake:{message}", shown)


def refusal(what: str, shown: str = "") -> str:
    """SQL that fails because this value cannot be answered as Athena does."""
    return _raising(REFUSAL + what, shown)


def _raising(message: str, shown: str) -> str:
    value = f" || coalesce(CAST({shown} AS VARCHAR), 'NULL')" if shown else ""
    return f"([NULL])[CAST(CAST({text(message)}{value} AS BOOLEAN) AS BIGINT)]"
