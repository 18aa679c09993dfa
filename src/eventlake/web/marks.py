"""From a mark to its rows: what a mark stands for, as an address says it, and the SELECT of the rows of the table behind it.

`/tiles/countries/rows?from=...&to=...&is.country=DE`. `is.NAME` is a text of the tile's answer,
`at.NAME` a moment in UTC, `on.NAME` a day, `number.NAME` a number, `flag.NAME` true or false, `null` names those that are NULL, `series` a
column of it that counts, and `cell` a day of the week, from Monday as 1, and an hour of the page's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from eventlake.answers.values import as_text
from eventlake.dialect.text.lexicon import Token, spoken
from eventlake.dialect.text.parameters import literal, typed
from eventlake.errors import UsageError
from eventlake.web.filters import narrowed
from eventlake.web.scan import Reading, Scan, column_of, is_aggregate

IS, AT, ON, NUMBER, FLAG, NULL, SERIES, CELL = "is.", "at.", "on.", "number.", "flag.", "null", "series", "cell"
_KINDS = ((IS, "string"), (AT, "timestamp"), (ON, "date"), (NUMBER, "decimal"), (FLAG, "boolean"))
"""What the name of a value begins with, and as what the value is read."""
MOST = 100
"""How many rows a page shows."""
MOST_FILED = 10_000
"""How many rows a file holds."""
LONGEST = 200
"""How long a value of a mark is at most in its address; a longer one does not narrow."""

_CELL = re.compile(r"([1-7])-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark stands for. values: of the answer. series: a column that counts. cell: day of the week and hour."""

    values: Mapping[str, Any]  # values of an answer
    series: str = ""
    cell: tuple[int, int] | None = None


def address(name: str, window: Iterable[tuple[str, str]], row: Mapping[str, Any], series: str = "", cell: str = "") -> str:
    """Return where the rows behind a mark are shown. name: the tile's. window: what its page's address says. row: the mark's values."""
    texts = {_key_of(value) + column: _text(value) for column, value in row.items() if value is not None}
    pairs = [*window, *((key, text) for key, text in texts.items() if len(text) <= LONGEST)]
    nothing = ",".join(column for column, value in row.items() if value is None)
    pairs += [(key, value) for key, value in ((NULL, nothing), (SERIES, series), (CELL, cell)) if value]
    return f"/tiles/{quote(name)}/rows?{urlencode(pairs)}"


def mark_of(pairs: Sequence[tuple[str, str]]) -> Mark:
    """Read a mark from an address. Raises UsageError."""
    known = dict(pairs)
    values: dict[str, Any] = {}  # values of an answer
    for prefix, kind in _KINDS:
        names = (name for name in known if name.startswith(prefix))
        values |= {name.removeprefix(prefix): typed(name, kind, known[name]) for name in names}
    values |= dict.fromkeys(filter(None, known.get(NULL, "").split(",")))
    found = _CELL.fullmatch(known.get(CELL, "1-0"))
    if found is None or int(found[2]) > 23:
        raise UsageError(f'cell="{known[CELL][:20]}" is no hour of a week; write it as 1-14: Monday, from 14:00.')
    return Mark(values, known.get(SERIES, ""), (int(found[1]), int(found[2])) if CELL in known else None)


def narrows(reading: Reading, column: str) -> bool:
    """Return True if the rows behind a tile can be chosen by a column of its answer."""
    return has_rows(reading) and bool(_expression(reading, column) or _key(reading, column))


def has_rows(reading: Reading) -> bool:
    """Return True if the rows behind a mark of a tile are those of one table."""
    if any(token.word == "UNION" for scan in reading.scans[:1] if scan.is_inner for token in spoken(scan.whole)):
        return False  # gathered from several tables before anything is made of them
    return bool(reading.branches) or (
        bool(reading.scans) and reading.scans[0].is_plain and (len(reading.scans) == 1 or reading.scans[0].is_inner)
    )


def branch(reading: Reading, mark: Mark) -> Reading:
    """Return what the select reads that a mark of a union stands for: the first whose constants are the mark's; of no union, the same."""
    for scan, items in zip(reading.scans, reading.branches, strict=False):
        constants = {name: text for name, text in items.items() if name in mark.values and text.startswith("'") and len(spoken(text)) == 1}
        if all(literal("value", mark.values[name]) == text for name, text in constants.items()):
            return replace(reading, scans=(scan,), items=items, branches=())
    return reading


def rows_statement(reading: Reading, mark: Mark, zone: str, limit: int) -> tuple[str, list[str]]:
    """Return the SELECT of the rows behind a mark, and which of its values do not narrow them. Raises UsageError."""
    if not has_rows(reading):
        raise UsageError("This tile reads no table of its own, so there are no rows to show; its SQL says what it counts.")
    scan, left, more = reading.scans[0], [], []
    for name, value in mark.values.items():
        if expression := _expression(reading, name):
            more.append(_is(expression, value))
        elif key := _key(reading, name):
            more.append(f"{key} in (select {key} from ({scan.whole}) where {_is(name, value)})")
        else:
            left.append(name)
    if mark.series:
        expression = reading.items.get(mark.series, "")
        if counted := _counted(expression):
            more.append(f"({counted})" if " or " in counted.lower() else counted)
        elif not _counts_all(expression):
            left.append(mark.series)
    if mark.cell:
        more += _within_week(mark.cell, zone)
    conditions = narrowed(reading.sql[scan.start : scan.end], more).strip()
    order = "\norder by event_time desc" if scan.table.column("event_time") else ""
    return f"select *\nfrom {scan.table.name}\nwhere {conditions}{order}\nlimit {limit}", left


def _key_of(value: Any) -> str:  # a value of an answer
    kinds = ((bool, FLAG), (datetime, AT), (date, ON), (int | float | Decimal, NUMBER))  # a truth is a number too, a moment a day
    return next((key for kind, key in kinds if isinstance(value, kind)), IS)


def _text(value: Any) -> str:  # a value of an answer
    return value.isoformat(" ") if isinstance(value, datetime) else as_text(value)


def _expression(reading: Reading, name: str) -> str:
    """Return what a column of the answer is made of, over the columns of the first table; nothing if it is made of many rows."""
    scan, outer = reading.scans[0], reading.items.get(name, "")
    if not outer or is_aggregate(outer):
        return ""
    if not scan.is_inner:
        return outer
    if column := column_of(outer):
        inner = scan.items.get(column, "")
        return "" if is_aggregate(inner) else inner
    return outer if _is_over_columns(outer, scan) else ""


def _key(reading: Reading, name: str) -> str:
    """Return the column by which the inner select gathers the rows that it makes a value of; nothing if there is none alone."""
    scan = reading.scans[0]
    made = scan.is_inner and scan.groups and column_of(reading.items.get(name, "")) == name and is_aggregate(scan.items.get(name, ""))
    keys = [key for key, expression in scan.items.items() if column_of(expression) == key]
    return keys[0] if made and len(keys) == 1 else ""


def _is_over_columns(expression: str, scan: Scan) -> bool:
    """Return True if all that an expression names and the inner select makes are the table's columns as they are."""
    named = {token.name.lower() for token in spoken(expression) if token.name.lower() in scan.items}
    return bool(named) and all(column_of(scan.items[name]) == name for name in named)


def _is(expression: str, value: Any) -> str:  # a value of an answer
    return f"{_grouped(expression)} is null" if value is None else f"{_grouped(expression)} = {literal('value', value)}"


def _grouped(expression: str) -> str:
    return f"({expression})" if any(token.word in {"||", "+", "-", "*", "/", "OR", "AND"} for token in spoken(expression)) else expression


def _counted(expression: str) -> str:
    """Return the condition of what `count(case when CONDITION then ...)` counts; nothing of other expressions."""
    words = spoken(expression)
    start = next((at for at, token in enumerate(words[:5]) if token.word == "WHEN"), None)
    if start is None or words[0].word not in {"COUNT", "SUM"}:
        return ""
    stop = next(_thens(words, start), None)
    return expression[words[start + 1].start : words[stop - 1].end] if stop else ""


def _counts_all(expression: str) -> bool:
    """Return True if an expression counts every row, or every different value of a column, without a condition."""
    words = [token.word for token in spoken(expression)]
    return words[:1] == ["COUNT"] and "WHEN" not in words and words[-1:] == [")"]


def _thens(words: Sequence[Token], start: int) -> Iterator[int]:
    return (at for at in range(start + 1, len(words)) if words[at].word == "THEN")


def _within_week(cell: tuple[int, int], zone: str) -> list[str]:
    here = f"with_timezone(event_time, 'UTC') at time zone {literal('tz', zone)}"
    return [f"day_of_week({here}) = {cell[0]}", f"hour({here}) = {cell[1]}"]
