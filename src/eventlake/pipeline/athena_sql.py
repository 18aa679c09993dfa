"""Pieces of Athena's SQL that the statements of a closing and of a replay are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventlake.layout import Hour
from eventlake.model import Table


def quoted(name: str) -> str:
    """Write a name as SQL takes any."""
    inner = name.replace('"', '""')
    return f'"{inner}"'


def text(value: str) -> str:
    """Write a text as a literal."""
    inner = value.replace("'", "''")
    return f"'{inner}'"


def texts(values: Iterable[str]) -> str:
    """Write texts as the list of an IN."""
    return f"({', '.join(map(text, values))})"


def place(table: Table) -> str:
    """Name a table with its database."""
    return f"{quoted(table.database)}.{quoted(table.name)}"


def stored(table: Table, name: str) -> str:
    """Return the name that a column has in the catalog."""
    column = table.column(name)
    return name if column is None else column.stored_name


def within(hours: Sequence[Hour]) -> str:
    """Write the condition on the partition keys that leaves these hours, a day at a time."""
    by_day: dict[str, list[str]] = {}
    for one in hours:
        by_day.setdefault(one.date, []).append(one.hour)
    parts = [f"(date = DATE '{day}' AND hour IN {texts(found)})" for day, found in by_day.items()]
    return f"({' OR '.join(parts)})"


def not_in(table: Table, key: str, others: Sequence[Hour], held: str = "", own: str = "") -> str:
    """Write the condition that no other hour holds the key, with an AND before it; nothing if there is no other.

    held: how the others give their key, where that is not as it is asked for. own: a SELECT of the keys that are asked for; of the others',
    which are many, only those are kept in memory then.
    """
    if not others:
        return ""
    given = held or key
    asked = f"{given} IN ({own})" if own else f"{given} IS NOT NULL"
    return f" AND {key} NOT IN (SELECT {given} FROM {place(table)} WHERE {within(others)} AND {asked})"
