"""SQL that fails with a sentence of ours when, and only when, it is evaluated; and how that sentence is found again in a message.

What the data decided is a cast of a text beginning with `eventlake:` to BOOLEAN. What TRY must not hide, a refusal above all, is a time zone of
such a name: DuckDB's TRY makes NULL of wrong values and lets what is not implemented through. As the begin of a slice of `[NULL]`, of which the
first is taken, either has whatever type its surroundings want; as a mere subscript it was not asked for at all where DuckDB saw that no
element can be but NULL, as in COALESCE. Unlike error() neither is volatile, so DuckDB still moves filters past it and TRY may stand around it.
"""

from __future__ import annotations

import re

from eventlake.dialect.sql import Sql, emit, text
from eventlake.errors import QueryError, QueryFailedError, QueryRefusedError

MARK = "eventlake:"
"""Begins every text whose cast fails on purpose."""

REFUSAL = f"{MARK}refused:"
"""Begins the text of a failure that means: DuckDB would answer otherwise than Athena."""
_OWN = re.compile(
    rf"(?:[A-Za-z ]+ Error: Could not convert string|Not implemented Error: Unknown TimeZone) '{MARK}(?P<refused>refused:)?(?P<said>.*)'(?: to BOOL|!)",
    re.DOTALL,
)
"""How DuckDB tells that such a cast or zone failed. A value that is quoted elsewhere in a message, or cast to another type, is not looked at."""
_SHOWN = 200
"""How many characters of a value a refusal shows: DuckDB looks for zones with names alike, which takes long for a long one."""


def failure(message: str, shown: Sql | None = None) -> Sql:
    """Make SQL that fails with the message and the value of the SQL `shown`: the data decided, and TRY makes NULL of it."""
    return emit("(([NULL])[CAST(CAST({} AS BOOLEAN) AS BIGINT):])[1]", _said(f"{MARK}{message}", shown))


def failing(message: str, shown: Sql) -> Sql:
    """Make a condition that fails with the message and the value of the SQL `shown` for every row that it is asked of."""
    return emit("CAST({} AS BOOLEAN)", _said(f"{MARK}{message}", shown))


def lasting_failure(message: str) -> Sql:
    """Make SQL that fails with the message even inside TRY, which in Trino hides wrong values only."""
    return _beyond_try(_said(f"{MARK}{message}", None))


def refusal(what: str, shown: Sql | None = None) -> Sql:
    """Make SQL that fails because this value cannot be answered as Athena does, inside TRY too."""
    return _beyond_try(_said(REFUSAL + what, None if shown is None else emit("substring(CAST({} AS VARCHAR), 1, {})", shown, _SHOWN)))


def own_error(message: str) -> QueryError | None:
    """Return the error that a message of DuckDB's carries from `failure` or `refusal`; None if it carries none."""
    found = _OWN.match(message)
    if found is None:
        return None
    said = found["said"].partition("\n")[0].rstrip("'! ")
    if found["refused"]:
        return QueryRefusedError(f"{said} cannot be answered here as Athena does.")
    return QueryFailedError(f"{said}.")


def _said(message: str, shown: Sql | None) -> Sql:
    return text(message) if shown is None else emit("{} || coalesce(CAST({} AS VARCHAR), 'NULL')", text(message), shown)


def _beyond_try(name: Sql) -> Sql:
    return emit("(([NULL])[CAST(epoch(timezone({}, TIMESTAMP '2000-01-01')) AS BIGINT):])[1]", name)
