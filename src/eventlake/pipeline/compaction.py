"""Hours that are over -> one sorted object each, without duplicates: which are due, what a closing reads, and the SELECT that it is.

Pure decisions; an adapter carries the statement out (DuckDB here, Athena's UNLOAD on AWS), and the catalog swaps. A row whose key another
closed hour holds already is left out, so whoever closes first keeps it; a NULL key is never a duplicate.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from eventlake.interfaces import HourContents
from eventlake.layout import Hour, moved
from eventlake.model import Table
from eventlake.pipeline.athena_sql import not_in, place, quoted, stored, within

WINDOW = timedelta(hours=48)
"""How far apart two deliveries of one event are looked for: EventBridge and Firehose each try again for 24 hours."""

GRACE = timedelta(hours=24)
"""How long replaced objects stay: longer than any query runs, and than a copy of the lake takes."""

MANY = 40
"""So many objects of an open hour are too many."""
TOGETHER = 24
"""So many of them become one, at least."""
LARGE_BYTES = 512 << 20
"""So much at most is written again at once. What comes in such masses is no trickle, and stays as it is until its hour is closed."""

ROWS_TOGETHER = 200_000
HOURS_TOGETHER = 500
"""So many rows and hours at most are surveyed together."""
READY_BYTES = 16 << 20
"""An object that is larger is written again in any case: its row groups may be too large for readers."""

Stretch = tuple[int, int]
"""A stretch of the spool, its end left out."""


def due(hours: Iterable[HourContents], now: datetime, slack: timedelta = timedelta()) -> list[HourContents]:
    """Return the hours to close, the oldest first: over for as long as the slack, and not closed with all they hold.

    now: aware. What arrived in an hour must be delivered when the slack has passed.
    """
    return sorted((one for one in hours if one.state != "closed" and one.hour.end <= now - slack), key=lambda one: one.hour)


def small(sizes: Sequence[int]) -> list[int]:
    """Choose the objects of an open hour to make one of, by their places; none as long as there are few.

    The smallest ones, and then each that is no larger than those before it together: so a row is written again a few times at most. None where
    these would be masses.
    """
    if len(sizes) < MANY:
        return []
    places = sorted(range(len(sizes)), key=lambda at: sizes[at])
    chosen, total = places[:TOGETHER], sum(sizes[at] for at in places[:TOGETHER])
    for at in places[TOGETHER:]:
        if sizes[at] > total or total + sizes[at] > LARGE_BYTES:
            break
        chosen.append(at)
        total += sizes[at]
    return chosen if total <= LARGE_BYTES else []


def together(hours: Iterable[HourContents]) -> Iterator[list[HourContents]]:
    """Yield hours, given in order, in groups that are surveyed together; one that is too large for that stands alone."""
    group: list[HourContents] = []
    rows = 0
    for one in hours:
        rows += one.rows or 0
        if group and (rows > ROWS_TOGETHER or len(group) == HOURS_TOGETHER):
            yield group
            group, rows = [], one.rows or 0
        group.append(one)
    if group:
        yield group


def may_be_ready(one: HourContents) -> bool:
    """Return True if what an hour holds may be what its closing would write: one object of moderate size, not closed before."""
    return one.objects == 1 and not one.generation and one.size_bytes <= READY_BYTES and (one.rows or 0) <= ROWS_TOGETHER


def neighbours(hour: Hour, events: Collection[Hour], closed: Sequence[Hour]) -> list[Hour]:
    """Return the closed hours that may hold a row of this one already: up to two days around it, and after the hours of its events.

    events: the hours in which what it holds happened. closed: in order, each once.
    """
    spans = [(moved(hour.start, -WINDOW), moved(hour.start, WINDOW)), *((one.start, moved(one.start, WINDOW)) for one in events)]
    within = [(bisect_left(closed, Hour.of(first)), bisect_right(closed, Hour.of(last))) for first, last in spans]
    return sorted({one for first, end in within for one in closed[first:end]} - {hour})


def merged(own: Sequence[Stretch], of_stream: Sequence[Stretch], delivered: int) -> tuple[Stretch, ...]:
    """Merge stretches of the spool between which no other object of the stream lies; nothing of the stream is in their gaps then.

    own: of one hour. of_stream: of every object of the stream, those of the hour among them. delivered: before this position everything is,
    so that no gap behind it hides what is still to come.
    """
    foreign = sorted(start for start, _ in set(of_stream) - set(own))
    found: list[Stretch] = []
    for start, end in sorted(own):
        is_empty = found and (start <= delivered or start <= found[-1][1])
        if is_empty and bisect_left(foreign, found[-1][1]) == bisect_left(foreign, start):
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def closing(table: Table, hour: Hour, others: Sequence[Hour]) -> str:
    """Write Athena's SELECT of the rows that a closed hour holds, each column by its stored name, sorted.

    others: the hours whose rows count as there already.
    """
    columns = ", ".join(quoted(column.stored_name) for column in table.columns)
    key, order = quoted(stored(table, table.key)), ", ".join(_order(table))
    first = f'row_number() OVER (PARTITION BY {key} ORDER BY {order}, "$path") AS el_copy'
    kept = f"{key} IS NULL OR (el_copy = 1{not_in(table, key, others, own=_own(table, hour))})"
    return f"SELECT {columns} FROM (SELECT {columns}, {first} FROM {place(table)} WHERE {within([hour])}) WHERE {kept} ORDER BY {order}"


def choosing(table: Table, hour: Hour, others: Sequence[Hour], number: str) -> str:
    """Write the SELECT of which rows a closed hour holds, without the rows: `el_path`, `el_row`, `el_key`, and by what they are sorted.

    What sorts is `el_order_0`, `el_order_1` and so on. number: the column that numbers the rows of an object. It reads the hour three times and,
    if there are others, those and the hour again.
    Only rows of a key that is there twice are numbered; they are few, and the others need not be kept for that.
    """
    key = quoted(stored(table, table.key))
    names = {f"el_order_{at}": one for at, one in enumerate(_order(table))}
    order = ", ".join(names)
    found = {"el_path": '"$path"', "el_row": quoted(number), "el_key": key, **names}
    shown = ", ".join(f"{one} AS {name}" for name, one in found.items())
    rows = f"SELECT {shown} FROM {place(table)} WHERE {within([hour])}"
    twice = f"SELECT {key} AS el_twice FROM {place(table)} WHERE {within([hour])} AND {key} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    once = f"{rows} AND ({key} IS NULL OR {key} NOT IN (SELECT el_twice FROM twice))"
    copies = f"SELECT *, row_number() OVER (PARTITION BY el_key ORDER BY {order}, el_path) AS el_copy FROM ({rows} AND {key} IN (SELECT el_twice FROM twice))"
    kept = f"{once} UNION ALL SELECT {', '.join(found)} FROM ({copies}) WHERE el_copy = 1"
    foreign = f"el_key IS NULL OR (true{not_in(table, 'el_key', others, held=key, own=_own(table, hour))})"
    return f"WITH twice AS ({twice}) SELECT {', '.join(found)} FROM ({kept}) WHERE {foreign}"


def _order(table: Table) -> list[str]:
    """Return the columns that sort a closed hour."""
    return list(map(quoted, table.order))


def merging(table: Table, hour: Hour) -> str:
    """Write Athena's SELECT of all rows of an hour, each column by its stored name."""
    columns = ", ".join(quoted(column.stored_name) for column in table.columns)
    return f"SELECT {columns} FROM {place(table)} WHERE {within([hour])}"


def counting(table: Table, hour: Hour, others: Sequence[Hour]) -> str:
    """Write Athena's SELECT that counts an hour by another way than `closing`: all rows, and those that are to stay."""
    key = quoted(stored(table, table.key))
    kept = f"{key} IS NOT NULL{not_in(table, key, others, own=_own(table, hour))}"
    return f"SELECT count(*), count_if({key} IS NULL) + count(DISTINCT CASE WHEN {kept} THEN {key} END) FROM {place(table)} WHERE {within([hour])}"


def happened(table: Table, hour: Hour) -> str:
    """Write Athena's SELECT of the hours in which the events of an hour happened, `YYYY-MM-DDTHH`."""
    if table.column("event_time") is None:
        return "SELECT CAST(NULL AS varchar) WHERE false"
    shown = "date_format(CAST(event_time AS timestamp), '%Y-%m-%dT%H')"  # the cast is for lines, whose times are texts
    return f"SELECT DISTINCT {shown} FROM {place(table)} WHERE {within([hour])} AND event_time IS NOT NULL"


def surveying(table: Table, number: str) -> str:
    """Write the SELECT that tells of each object its rows, whether they lie in the order of a closed hour, and the hours of its events.

    An hour is `YYYY-MM-DDTHH`, with one blank between two. number: the column that numbers the rows of an object.
    """
    event = "event_time" if table.column("event_time") else "CAST(NULL AS timestamp)"
    order = ", ".join([*_order(table), quoted(number)])
    placed = f'row_number() OVER (PARTITION BY "$path" ORDER BY {order}) - 1 AS el_place'
    happened_in = "array_join(array_agg(DISTINCT date_format(date_trunc('hour', el_event), '%Y-%m-%dT%H')), ' ')"
    return (
        f"SELECT el_path, count(*), bool_and(el_place = el_row), {happened_in} FROM "
        f'(SELECT "$path" AS el_path, {quoted(number)} AS el_row, {event} AS el_event, {placed} FROM {place(table)}) GROUP BY el_path'
    )


def clashing(table: Table, *, has_others: bool) -> str:
    """Write the SELECT of the objects that hold a key which is there twice, in one of them, in two, or in one of the others.

    It reads the objects, and if there are others, those then.
    """
    key = quoted(stored(table, table.key))
    own = f'WITH own AS (SELECT "$path" AS el_path, {key} AS el_key FROM {place(table)} WHERE {key} IS NOT NULL)'
    twice = "el_key IN (SELECT el_key FROM own GROUP BY el_key HAVING count(*) > 1)"
    there = f" OR el_key IN (SELECT {key} FROM {place(table)} WHERE {key} IN (SELECT el_key FROM own))" if has_others else ""
    return f"{own} SELECT DISTINCT el_path FROM own WHERE {twice}{there}"


def _own(table: Table, hour: Hour) -> str:
    return f"SELECT {quoted(stored(table, table.key))} FROM {place(table)} WHERE {within([hour])}"
