"""How long a statement may be, checked before anything reads it."""

from __future__ import annotations

from eventlake.errors import QueryRefusedError

MAX_CHARACTERS = 65_536
"""A longer statement is refused; Athena takes 262,144 bytes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""


def require_length(sql: str) -> None:
    """Raise QueryRefusedError for a statement that is too long."""
    if len(sql) > MAX_CHARACTERS:
        raise QueryRefusedError(f"The statement has {len(sql):,} characters; at most {MAX_CHARACTERS:,} are taken.")
