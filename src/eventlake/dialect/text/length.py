"""How long a statement may be, and that it is text, checked before anything reads it."""

from __future__ import annotations

from eventlake.errors import QueryRefusedError, QuerySyntaxError

MAX_CHARACTERS = 65_536
"""A longer statement is refused; Athena takes 262,144 bytes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""


def require_length(sql: str) -> None:
    """Raise QueryRefusedError for a statement that is too long, QuerySyntaxError for one that is no text."""
    if len(sql) > MAX_CHARACTERS:
        raise QueryRefusedError(f"The statement has {len(sql):,} characters; at most {MAX_CHARACTERS:,} are taken.")
    require_characters(sql)


def require_characters(sql: str) -> None:
    """Raise QuerySyntaxError for a statement with half of a surrogate pair, which no encoding can hold."""
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        line, column = sql.count("\n", 0, error.start) + 1, error.start - sql.rfind("\n", 0, error.start)
        raise QuerySyntaxError(
            f"The statement holds U+{ord(sql[error.start]):04X}, which is half of a character (line {line}, column {column}): write it in UTF-8."
        ) from None
