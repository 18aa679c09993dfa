"""Values as a person reads them: moments in the page's zone, numbers with separators, long texts cut."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventlake.answers.values import as_text
from eventlake.web.window import Window

LONGEST = 300
"""How many characters of a text a page shows; the whole one is in the tile's .json."""


def cell(value: Any, window: Window) -> str:  # a value of a row
    """Write a value for a page."""
    if isinstance(value, datetime):
        return f"{window.local(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}".removesuffix(".0")
    return cut(as_text(value), LONGEST)


def cut(text: str, length: int) -> str:
    """Return a text that is at most so long, with an ellipsis where something was left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def heading(column: str) -> str:
    """Return the name of a column as words."""
    return column.replace("_", " ")


def number(value: Any) -> float:  # a value of a row
    """Return a value as a number; NULL counts nothing."""
    return 0.0 if value is None else float(value)
