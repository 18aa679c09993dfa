"""The tiles of the page of the lake itself: its hours, objects and bytes from the catalog, what failed, and what drifts from the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from eventlake.interfaces import HourContents, Result
from eventlake.model import Table
from eventlake.query.cost import PRICE_DATE, athena_cost
from eventlake.query.saved import Parameter, SavedQuery
from eventlake.web.pages import Page
from eventlake.web.tile import Tile
from eventlake.web.told import Known, rows_told
from eventlake.web.window import HOUR, Window

MOST_FAILED = 20_000
"""How many failed records are counted at most, the newest."""
_TABLE = "/source/{source}/{table_name}"
_EMPTY = (
    "Nothing arrived in this window. Send events: eventlake send FILE --bus with this page's address, or eventlake demo for invented ones."
)
_HELD = "Rows, objects and bytes of each table, and the states of its hours of arrival."
_STATES_SAID = "Of arrival, in UTC: open, closed, re-opened by what came late, and missing: nothing came, between others."
_COSTS = f"Reading every column of a table in this window, at Athena's prices of {PRICE_DATE}."
_OTHERWISE = "Where the catalog has not what the declarations say now."
_ALL_AS_DECLARED = "Every table has the columns that its declaration says."
_WHEN = "timestamp(3)"
_SINCE = Parameter("since", "date", None, "the first day of arrival")
WINDOW = (_SINCE, Parameter("start", "timestamp", None, "the window's beginning"), Parameter("end", "timestamp", None, "its end"))
Tells = Callable[[Known, Window], Result]
Held = tuple[Table, list[HourContents]]
"""A table, and its hours within a window that hold something, in order."""


def lake_page(tables: Sequence[Table]) -> Page:
    """Return the page of a lake with these tables."""
    tiles = (
        _told("lake_tables", "table", _tables, f"What lies in it\n{_HELD}", _TABLE),
        _told("lake_hours", "calendar", _hours, f"Hours\n{_STATES_SAID}"),
        _told("lake_bytes", "bars", _bytes, "Bytes over time\nOf the objects of each hour of arrival, by table.", narrow=True),
        _told("lake_objects", "ranked", _objects, "Objects by table\nClosing an hour makes one of many.", _TABLE, narrow=True),
        _told("lake_sizes", "ranked", _sizes, "Bytes by table\nAs they lie in the lake, compressed.", _TABLE, narrow=True),
        _told("lake_duplicates", "ranked", _duplicates, "Duplicates left out\nRows that closing an hour left out.", _TABLE, narrow=True),
        FAILED,
        _told("lake_cost", "table", _cost, f"What a question costs\n{_COSTS}", _TABLE),
        _drift(tables),
        _told("lake_columns", "table", _columns, f"Columns declared otherwise\n{_OTHERWISE}", _TABLE, _ALL_AS_DECLARED),
    )
    return Page("/lake", "Lake", tiles)


def _told(name: str, chart: str, told: Tells, doc: str, link: str = "", empty: str = _EMPTY, *, narrow: bool = False) -> Tile:
    return Tile(name, chart, link, empty, wide=not narrow, own=SavedQuery(name, "lake", doc, (), ""), told=told)


def _held(known: Known, window: Window) -> Iterator[Held]:
    """Yield what each table holds in the hours of a window; a table that holds nothing there is left out."""
    for table in known.lake.tables:
        hours = [
            one for one in known.lake.catalog.contents(table.name).hours if one.hour.end > window.start and one.hour.start < window.end
        ]
        if hours:
            yield table, sorted(hours, key=lambda one: one.hour)


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _missing(hours: Sequence[HourContents]) -> list[datetime]:
    """Return the hours between the first and the last in which nothing arrived."""
    there = {one.hour.start for one in hours}
    first, last = min(there), max(there)
    return [at for at in (first + place * HOUR for place in range((last - first) // HOUR)) if at not in there]


def _hours(known: Known, window: Window) -> Result:
    rows: list[tuple[Any, ...]] = []
    for table, hours in _held(known, window):
        of_table = [
            (
                _at(one.hour.start),
                table.source,
                table.name,
                _STATES.get(one.state, one.state),
                one.objects,
                one.rows,
                one.size_bytes,
                one.problem,
            )
            for one in hours
        ]
        of_table += [(_at(at), table.source, table.name, "missing", 0, 0, 0, "") for at in _missing(hours)]
        rows += sorted(of_table)
    columns = {"hour": _WHEN, "source": "varchar", "table_name": "varchar", "state": "varchar", "objects": "bigint", "rows_held": "bigint"}
    return rows_told(columns | {"bytes": "bigint", "problem": "varchar"}, rows)


_STATES = {"dirty": "re-opened"}


def _tables(known: Known, window: Window) -> Result:
    columns = {"table_name": "varchar", "source": "varchar", "rows_held": "bigint", "objects": "bigint", "bytes": "bigint"}
    states = ("hours", "open", "re_opened", "missing", "duplicates_left_out")
    rows = [
        (
            table.name,
            table.source,
            None if None in (counts := [one.rows for one in hours]) else sum(one or 0 for one in counts),
            sum(one.objects for one in hours),
            sum(one.size_bytes for one in hours),
            len(hours),
            sum(one.state == "open" for one in hours),
            sum(one.state == "dirty" for one in hours),
            len(_missing(hours)),
            sum(one.duplicates for one in hours),
            _at(hours[-1].hour.start),
        )
        for table, hours in _held(known, window)
    ]
    return rows_told(columns | dict.fromkeys(states, "bigint") | {"last_hour": _WHEN}, rows)


def _bytes(known: Known, window: Window) -> Result:
    rows = sorted((_at(one.hour.start), table.name, one.size_bytes) for table, hours in _held(known, window) for one in hours)
    return rows_told({"hour": _WHEN, "table_name": "varchar", "bytes": "bigint"}, rows)


def _by_table(measure: str, of_hour: Callable[[HourContents], int]) -> Callable[[Known, Window], Result]:
    """Return what tells the sum of a number of each hour for each table, the largest first."""

    def told(known: Known, window: Window) -> Result:
        rows = [(table.name, sum(map(of_hour, hours)), table.source) for table, hours in _held(known, window)]
        return rows_told({"table_name": "varchar", measure: "bigint", "source": "varchar"}, sorted(rows, key=lambda row: (-row[1], row[0])))

    return told


_objects = _by_table("objects", lambda one: one.objects)
_sizes = _by_table("bytes", lambda one: one.size_bytes)
_duplicates = _by_table("duplicates", lambda one: one.duplicates)


def _failed(known: Known, window: Window) -> Result:
    entries, _ = known.open_failed().newest(MOST_FAILED)
    counts = Counter(
        (_at(one.arrival.replace(minute=0, second=0, microsecond=0)), one.code)
        for one in entries
        if window.start <= one.arrival < window.end
    )
    return rows_told({"hour": _WHEN, "code": "varchar", "records": "bigint"}, [(*key, count) for key, count in sorted(counts.items())])


def _cost(known: Known, window: Window) -> Result:
    sizes = [(table.name, table.source, sum(one.size_bytes for one in hours)) for table, hours in _held(known, window)]
    rows = [(*row, Decimal(f"{athena_cost(row[2]).dollars:.6f}")) for row in sorted(sizes, key=lambda row: (-row[2], row[0]))]
    return rows_told({"table_name": "varchar", "source": "varchar", "bytes": "bigint", "dollars": "decimal(18,6)"}, rows)


def _columns(known: Known, _window: Window) -> Result:
    stored = {table.name: table for table in known.lake.catalog.tables()}
    rows = [row for table in known.lake.tables if (there := stored.get(table.name)) for row in _differing(table, there)]
    names = ("table_name", "source", "column_name", "declared", "in_the_catalog")
    return rows_told(dict.fromkeys(names, "varchar"), rows)


def _differing(declared: Table, stored: Table) -> Iterator[tuple[str, str, str, str | None, str | None]]:
    now, then = ({column.stored_name: column.type for column in table.columns} for table in (declared, stored))
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            yield declared.name, declared.source, name, now.get(name), then.get(name)


def _drift(tables: Sequence[Table]) -> Tile:
    """Return the tile of the fields that no column of a table keeps."""
    each = "\n  union all\n".join(_extra(table) for table in tables if any(column.stored_name == "extra" for column in table.columns))
    sql = f"select table_name, field, events, last_event\nfrom (\n{each}\n)\norder by events desc, table_name, field\nlimit 200"
    doc = "Fields without a column\nWhat events hold in extra: a provider's new fields, by table. What was delivered twice counts twice."
    query = SavedQuery("lake_drift", "lake", doc, WINDOW, sql)
    return Tile("lake_drift", "table", empty="Every field of every event has a column.", wide=True, own=query)


def _extra(table: Table) -> str:
    return f"""\
  select '{table.name}' as table_name, field, count(*) as events, max(event_time) as last_event
  from {table.name}
  cross join unnest(map_keys(cast(json_parse(extra) as map(varchar, json)))) as fields (field)
  where "date" >= :since and event_time >= :start and event_time < :end and extra is not null
  group by field"""


FAILED = _told(
    "lake_failed", "bars", _failed, "Failed records\nBy arrival and reason.", empty="Nothing failed in this window.", narrow=True
)
"""What failed, which the page Now shows too."""
