"""An answer as a table for people, as wide as the terminal allows.

Control characters are written as escapes: what a stranger typed as a user agent must not steer somebody's terminal.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from unicodedata import combining, east_asian_width

from eventlake.answers.values import Rows, as_text, visible


def as_table(columns: Sequence[str], rows: Rows) -> str:
    """Write a heading, a rule and a line for each row; numbers stand to the right."""
    headings = [visible(name) for name in columns]
    cells = [[visible(as_text(value)) for value in row] for row in rows]
    widths = _widths(headings, cells)
    numeric = [_is_numeric(row[index] for row in rows) for index in range(len(columns))]
    lines = [_line(headings, widths, [False] * len(columns)), "  ".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(row, widths, numeric) for row in cells])


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """Make each column as wide as its widest cell; on a terminal the widest give way until the line fits."""
    widths = [max([_width(name), *(_width(row[index]) for row in cells)]) for index, name in enumerate(columns)]
    if not sys.stdout.isatty():
        return widths
    room = shutil.get_terminal_size().columns
    widths = [min(width, room) for width in widths]
    while sum(widths) + 2 * (len(widths) - 1) > room and max(widths, default=0) > 12:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [_padded(_shortened(cell, width), width, numeric) for cell, width, numeric in zip(cells, widths, right, strict=True)]
    return "  ".join(padded).rstrip()


def _padded(cell: str, width: int, right: bool) -> str:
    room = " " * (width - _width(cell))
    return room + cell if right else cell + room


def _shortened(cell: str, width: int) -> str:
    if _width(cell) <= width:
        return cell
    cell = cell[: width - 1]
    while _width(cell) >= width:
        cell = cell[:-1]
    return f"{cell}…"


def _width(text: str) -> int:
    """Count the columns of a terminal that a text takes: two for wide characters, none for what stands over another."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _is_numeric(values: Iterable[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in present)
