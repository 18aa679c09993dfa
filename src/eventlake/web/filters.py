"""Filters of a page's address: `?type=fp` keeps, `?type=!fp` leaves out; a name that stands again keeps each of its values.

A filter is a condition on a table's column, so it goes to where a statement reads the table, its value as a literal. A tile that counts whole
executions would lie if some of their events were left out: there only what is the same for all of them filters, and the tile says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.dialect.text.lexicon import spoken
from eventlake.dialect.text.parameters import literal, typed
from eventlake.errors import UsageError
from eventlake.model import Table
from eventlake.web.scan import Reading, Scan, column_of, depths_of, is_aggregate

KINDS: Mapping[str, str] = {
    "string": "string",
    "int": "int",
    "bigint": "int",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "date": "date",
}
"""The types of columns that filter, and the types by which their values are read."""
RESERVED = frozenset({"from", "to", "tz", "q", "query", "show", "id", "execution", "user", "address", "null", "series", "cell"})
"""What else an address says."""
LONGEST = 2000
"""How long a value that filters may be."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition: the column has the value, or has it not."""

    column: str
    value: str
    is_not: bool = False

    @property
    def written(self) -> str:
        """Return it as an address has it; a value that begins with a sign of ours has an equals sign before it."""
        return f"!{self.value}" if self.is_not else f"={self.value}" if self.value[:1] in {"!", "="} else self.value


def filters_of(pairs: Iterable[tuple[str, str]], tables: Sequence[Table], wants: str = "") -> tuple[Filter, ...]:
    """Read the filters of an address: what it says by the name of a column. wants: the name that the page itself takes."""
    known = {column.stored_name for table in tables for column in table.columns if column.type in KINDS} - RESERVED - {wants}
    return tuple(dict.fromkeys(_filter(name, value) for name, value in pairs if name in known and value))


def _filter(name: str, value: str) -> Filter:
    if len(value) > LONGEST:
        raise UsageError(f"The filter {name} is longer than {LONGEST:,} characters; shorten it.")
    return Filter(name, value[1:] if value[0] in "!=" else value, value[0] == "!")


def filtered(reading: Reading, filters: Sequence[Filter], taken: Iterable[str] = ()) -> tuple[str, list[str]]:
    """Return a statement that keeps to the filters, and the columns by which it cannot be filtered.

    taken: what the statement has a parameter for, which holds the filter already. Raises UsageError for a value that the column cannot have.
    """
    by_column: defaultdict[str, list[Filter]] = defaultdict(list)
    for one in filters:
        by_column[one.column].append(one)
    for name in set(taken) & set(plain(filters)):
        del by_column[name]
    may = filtering(reading)
    kept = {name: found for name, found in by_column.items() if may(name)}
    sql = reading.sql
    for scan in reversed(reading.scans):
        conditions = [condition(scan.table, found) for found in kept.values()]
        sql = sql[: scan.start] + narrowed(sql[scan.start : scan.end], conditions) + sql[scan.end :]
    return sql, [name for name in by_column if name not in kept]


def plain(filters: Iterable[Filter]) -> Mapping[str, str]:
    """Return the value of each column that has to have one value, as a parameter takes it."""
    by_column: defaultdict[str, list[Filter]] = defaultdict(list)
    for one in filters:
        by_column[one.column].append(one)
    return {name: found[0].value for name, found in by_column.items() if len(found) == 1 and not found[0].is_not}


def filtering(reading: Reading) -> Callable[[str], bool]:
    """Return what tells whether a statement means the same of fewer rows, if they are chosen by a column."""

    def may(name: str) -> bool:
        if not reading.scans or not all(scan.is_plain and _has(scan, name) for scan in reading.scans):
            return False
        if reading.counts_rows:
            return True
        if reading.partitions is not None:
            return name in reading.partitions
        return all(not (scan.is_inner and scan.groups) or column_of(scan.items.get(name, "")) == name for scan in reading.scans)

    return may


def _has(scan: Scan, name: str) -> bool:
    column = scan.table.column(name)
    return column is not None and column.type in KINDS


def narrowed(conditions: str, more: Sequence[str]) -> str:
    """Return conditions with more of them, all of which hold."""
    if not more:
        return conditions
    words = spoken(conditions)
    is_either = any(token.word == "OR" and depth == 0 for token, depth in zip(words, depths_of(words), strict=True))
    before = f" ({conditions.strip()})" if is_either else conditions
    return " and ".join([before, *more])


def condition(table: Table, filters: Sequence[Filter]) -> str:
    """Write filters of one column as a condition: any of those that keep, none of those that leave out. A NULL is left in by the latter."""
    name = filters[0].column
    quoted = '"' + name.replace('"', '""') + '"'
    kept, left = (", ".join(value_of(table, one.column, one.value) for one in filters if one.is_not == is_not) for is_not in (False, True))
    parts = [f"{quoted} in ({kept})" if ", " in kept else f"{quoted} = {kept}"] if kept else []
    if left:
        parts.append(f"({quoted} is null or {quoted} not in ({left}))")
    return " and ".join(parts)


def value_of(table: Table, name: str, text: str) -> str:
    """Write a column's value as a literal. Raises UsageError for one that it cannot have."""
    column = table.column(name)
    kind = KINDS.get(column.type, "string") if column else "string"
    value: Any = typed(f'The filter "{name}"', kind, text)
    return literal(name, value)


def filter_column(expression: str) -> tuple[str, str]:
    """Return the column whose value an expression shows, and the text that it shows for NULL; nothing if it shows more than a column."""
    name = column_of(expression)
    if name or is_aggregate(expression):
        return name, ""
    words = spoken(expression)
    if [one.word for one in words[:2]] == ["COALESCE", "("] and len(words) == 6 and words[4].text.startswith("'"):
        return words[2].name.lower(), words[4].value
    return "", ""
