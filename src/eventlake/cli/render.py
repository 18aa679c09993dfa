"""Rows as a table, JSON, JSON lines, CSV or Markdown, on stdout.

Text in a table has its control characters escaped: what a stranger typed as a user agent must not steer somebody's terminal.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import click

Rows = Sequence[Sequence[Any]]
"""Python values as `interfaces.Result` describes them."""


def show(columns: Sequence[str], rows: Rows, form: str) -> None:
    """Print rows in one of the forms."""
    text = _FORMS[form](columns, rows)
    if text:
        click.echo(text)


def show_records(records: Sequence[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print records of the same keys in one of the forms."""
    show(columns, [[record.get(column) for column in columns] for record in records], form)


def plain(value: Any) -> Any:  # a value of a row in, JSON out
    """The value as JSON has it: timestamps and decimals as Athena prints them."""
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
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
        case datetime():
            return f"{value.replace(tzinfo=None).isoformat(' ', 'milliseconds')}{_zone(value)}"
        case date() | time() | Decimal():
            return str(value)
        case bytes():
            return value.hex(" ")
        case dict() | list() | tuple():
            return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


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
    widths = [max([len(name), *(len(row[index]) for row in cells)]) for index, name in enumerate(columns)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else sum(widths) + 2 * len(widths)
    while sum(widths) + 2 * (len(widths) - 1) > room and max(widths, default=0) > 12:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    shortened = [cell if len(cell) <= width else cell[: width - 1] + "…" for cell, width in zip(cells, widths, strict=True)]
    padded = [cell.rjust(width) if numeric else cell.ljust(width) for cell, width, numeric in zip(shortened, widths, right, strict=True)]
    return "  ".join(padded).rstrip()


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
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([as_text(value) for value in row] for row in rows)
    return written.getvalue().rstrip("\n")


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
