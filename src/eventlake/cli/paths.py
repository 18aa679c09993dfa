"""A file or folder as a person names it on the command line."""

from __future__ import annotations

from pathlib import Path

from eventlake.errors import UsageError


def path_of(named: str) -> Path:
    """Return the path that a person names. Raises UsageError for an empty one, which Path takes for the folder that one works in."""
    if not named:
        raise UsageError('"" names no file and no folder: a variable may be empty; write . for the folder that you work in.')
    return Path(named)
