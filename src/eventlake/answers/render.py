"""Rows as a table, JSON, JSON lines, CSV or Markdown.

Text in a table has its control characters escaped, and in CSV what a spreadsheet would run as a formula is prefixed: what a stranger typed
as a user agent must steer neither somebody's terminal nor somebody's spreadsheet.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any
from unicodedata import combining, east_asian_width

import click

from eventlake.errors import UsageError

Rows = Sequence[Sequence[Any]]
"""Python values as `interfaces.Result` describes them."""


def show(columns: Sequence[str], rows: Rows, form: str) -> None:
    """Print rows in one of the forms. Raises UsageError for Parquet, which goes to a file."""
    text = in_form(columns, rows, form)
    if text:
        click.echo(text)


def in_form(columns: Sequence[str], rows: Rows, form: str) -> str:
    """Rows in one of the forms, without a line break at the end. Raises UsageError for Parquet."""
    if form not in _FORMS:
        raise UsageError("Parquet is no text: eventlake query ... --to FILE.parquet writes the answer of a query.")
    return _FORMS[form](columns, rows)


def show_records(records: Sequence[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print records of the same keys in one of the forms."""
    show(columns, [[record.get(column) for column in columns] for record in records], form)


def plain(value: Any) -> Any:  # a value of a row in, JSON out
    """The value as JSON has it: timestamps and decimals as Athena prints them."""
    if isinstance(value, Mapping):
        return {as_text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    return as_text(value)


def as_text(value: Any) -> str:  # a value of a row
    """The value as Athena prints it: `2026-11-07 10:00:00.000`, true, NULL as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return _floating(value)
        case datetime():
            return f"{value.replace(tzinfo=None).isoformat(' ', _digits(value))}{_zone(value)}"
        case time():
            return value.isoformat(_digits(value))
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex(" ")
        case dict() | list() | tuple():
            return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def _floating(value: float) -> str:
    """As Java prints a double: with an exponent below 0.001 and from 10,000,000 on."""
    if not isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    return f"{digits}{'' if '.' in digits else '.0'}E{int(exponent)}"


def _digits(value: datetime | time) -> str:
    return "microseconds" if value.microsecond % 1000 else "milliseconds"


def _zone(moment: datetime) -> str:
    return "" if moment.tzinfo is None else f" {moment.tzname()}"


def _table(columns: Sequence[str], rows: Rows) -> str:
    cells = [[visible(as_text(value)) for value in row] for row in rows]
    widths = _widths(columns, cells)
    numeric = [_is_numeric(row[index] for row in rows) for index in range(len(columns))]
    lines = [_line(columns, widths, [False] * len(columns)), "  ".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(row, widths, numeric) for row in cells])


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """Each column as wide as its widest cell; on a terminal the widest give way until the line fits."""
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
    """The columns of a terminal that a text takes: two for wide characters, none for what stands over another."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _is_numeric(values: Iterable[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in present)


def visible(text: str) -> str:
    """Text in which control characters are written as escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _json(columns: Sequence[str], rows: Rows) -> str:
    return json.dumps([_record(columns, row) for row in rows], ensure_ascii=False, indent=1)


def _jsonl(columns: Sequence[str], rows: Rows) -> str:
    return "\n".join(json.dumps(_record(columns, row), ensure_ascii=False) for row in rows)


def _record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, map(plain, row), strict=True))


def _csv(columns: Sequence[str], rows: Rows) -> str:
    lines = [",".join(_cell(value) for value in line) for line in [columns, *rows]]
    return "\n".join(line or _EMPTY for line in lines)


_EMPTY = '""'
"""An empty text; and the line of a single NULL, which readers would skip if it were empty."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: Any) -> str:  # a value of a row
    """A cell of CSV: NULL is nothing, an empty text `""`, and a text that a spreadsheet would run begins with an apostrophe.

    https://www.rfc-editor.org/rfc/rfc4180, https://owasp.org/www-community/attacks/CSV_Injection
    """
    if value is None:
        return ""
    text = as_text(value)
    if isinstance(value, str) and text.startswith(_FORMULA):
        text = f"'{text}"
    if not text or any(c in text for c in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _markdown(columns: Sequence[str], rows: Rows) -> str:
    lines = [columns, ["---"] * len(columns), *([visible(as_text(value)).replace("|", "\\|") for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


_FORMS: dict[str, Callable[[Sequence[str], Rows], str]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}
