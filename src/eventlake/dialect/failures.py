"""SQL that fails with a sentence of ours when, and only when, it is evaluated; and how that sentence is found again in a message.

The cast of a text beginning with `eventlake:` to BOOLEAN fails; as a subscript of `[NULL]` it has whatever type its surroundings want. Unlike
error() it is not volatile, so DuckDB still moves filters past it and TRY may stand around it.
"""

from __future__ import annotations

import re

from eventlake.dialect.sql import Sql, emit, text
from eventlake.errors import QueryError, QueryFailedError, QueryRefusedError

MARK = "eventlake:"
"""Begins every text whose cast fails on purpose."""

REFUSAL = f"{MARK}refused:"
"""Begins the text of a failure that means: DuckDB would answer otherwise than Athena."""
_OWN = re.compile(rf"[A-Za-z ]+ Error: Could not convert string '{MARK}(?P<refused>refused:)?(?P<said>.*)' to BOOL", re.DOTALL)
"""How DuckDB tells that such a cast failed. A value that is quoted elsewhere in a message, or cast to another type, is not looked at."""


def failure(message: str, shown: Sql | None = None) -> Sql:
    """Make SQL that fails with the message and the value of the SQL `shown`: the data decided."""
    return _raising(f"{MARK}{message}", shown)


def refusal(what: str, shown: Sql | None = None) -> Sql:
    """Make SQL that fails because this value cannot be answered as Athena does."""
    return _raising(REFUSAL + what, shown).refusing()


def own_error(message: str) -> QueryError | None:
    """Return the error that a message of DuckDB's carries from `failure` or `refusal`; None if it carries none."""
    found = _OWN.match(message)
    if found is None:
        return None
    said = found["said"].partition("\n")[0].rstrip("' ")
    if found["refused"]:
        return QueryRefusedError(f"{said} cannot be answered here as Athena does.")
    return QueryFailedError(f"{said}.")


def _raising(message: str, shown: Sql | None) -> Sql:
    value = emit("{}", text(message)) if shown is None else emit("{} || coalesce(CAST({} AS VARCHAR), 'NULL')", text(message), shown)
    return emit("([NULL])[CAST(CAST({} AS BOOLEAN) AS BIGINT)]", value)
