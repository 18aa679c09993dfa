"""`close` and `hours`: one sorted object without duplicates for every hour that is over, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from eventlake.cli.close_on_aws import close_on_aws, going_on_aws, states_on_aws
from eventlake.cli.gaps import gaps
from eventlake.cli.going import Goes, going
from eventlake.cli.opening import noting, taken_lake
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.cli.tables import named_table
from eventlake.errors import LayoutError, UsageError
from eventlake.layout import Hour
from eventlake.pipeline.compaction import due

if TYPE_CHECKING:
    from eventlake.backends.sqlite_catalog import SqliteCatalog
    from eventlake.interfaces import HourContents
    from eventlake.local.closing.closer import Closed, Closer
    from eventlake.model import Table

_COLUMNS = ("table", "hour", "generation", "objects_before", "rows", "duplicates", "bytes_before", "bytes_after", "problem")
_STATE = ("table", "date", "hour", "state", "generation", "objects", "rows", "bytes", "duplicates", "problem")
_HOURS = (*_STATE, "goes", "hold", "until", "hours")


@click.command(short_help="Close the hours that are over: one sorted object each, without duplicates.")
@click.option("--table", "table", help="Only this table.", metavar="TABLE")
@click.option("--hour", "hour", help="Only this hour, YYYY-MM-DDTHH in UTC; closed again if it is closed.", metavar="HOUR")
@click.option("--all", "every", is_flag=True, help="Closed hours again too, as after a change of `sort` or of columns.")
@click.option("--dry-run", is_flag=True, help="Show what would be closed, and change nothing.")
@global_options
def close(table: str | None, hour: str | None, every: bool, dry_run: bool) -> int:
    """Deliver what is accepted, then close each hour that is over: its objects become one, sorted, each event once.

    `eventlake serve` does that by itself. Without --all, closed hours to which nothing came are left as they are.

    An event that an hour of the two days before or after holds is left out too. Ends with 1 if an hour could not be closed.
    """
    current = settings()
    if every and hour is not None:
        raise UsageError("--all is every hour that is over, and --hour is one of them: leave one out.")
    wanted = None if hour is None else _typed(hour)
    if current.is_on_aws:
        return close_on_aws(current, table, wanted, dry_run=dry_run, every=every)
    if dry_run:
        return _shown(current, table, wanted, every=every)
    with _closer(current) as (closer, catalog):
        chosen = [(known, _states(catalog, known, wanted, every=every)) for known in _tables(table, catalog)]
        closed, count = [], sum(len(states) for _, states in chosen)
        with noting(current):
            for known, states in chosen:
                for one in closer.close_all(known, states):
                    closed.append(one)
                    current.progress(f"{len(closed):,} of {count:,} hours", is_done=len(closed) == count)
            closer.remove_replaced()
    show(_COLUMNS, [_row(one) for one in closed], current.form)
    if not closed:
        current.say("Nothing is to be closed: no hour is over that got something since it was closed.")
    return 1 if any(one.problem for one in closed) else 0


@click.command(short_help="The hours of a table: open, closed, dirty, missing.")
@click.argument("table", required=False)
@global_options
def hours(table: str | None) -> None:
    """List the hours of TABLE, or of every table: open, closed, dirty (something arrived after it was closed) or missing.

    An open or dirty hour may hold an event twice; duplicates are the rows that its closings left out; a problem is why it could not be closed.
    More than 48 hours in a row that are missing are one row: the first of them, the last in until, and in hours how many they are, else 1.
    From when on an hour goes stands in goes, in UTC, where the table is not kept for ever; hold is the legal hold that keeps it.
    """
    from eventlake.local.folder import open_catalog

    current = settings()
    goes: Goes
    if current.is_on_aws:
        states = states_on_aws(current, table)
        goes = going_on_aws(current)
    else:
        catalog = open_catalog(current.lake_folder)
        states = [(known, catalog.contents(known.name).hours) for known in _tables(table, catalog)]
        goes = _going(current, catalog)
    rows = [row for known, found in states for row in _hours(known, found, goes)]
    show(_HOURS, rows, current.form)
    if not rows:
        current.say(f"{'The lake' if table is None else states[0][0].name} has no hour yet: nothing has come into it.")


@contextmanager
def _closer(current: Settings) -> Iterator[tuple[Closer, SqliteCatalog]]:
    """Take the lake, deliver what its spool holds, and give what closes its hours. Raises LakeLockedError."""
    from eventlake.local.closing.closer import Closer
    from eventlake.local.folder import OBJECTS, require_lake

    require_lake(current.lake_folder)
    with taken_lake(current) as catalog, Closer(catalog, current.lake_folder / OBJECTS) as closer:
        yield closer, catalog


def _tables(written: str | None, catalog: SqliteCatalog) -> Sequence[Table]:
    return catalog.tables() if written is None else [named_table(written, catalog)]


def _shown(current: Settings, table: str | None, wanted: Hour | None, *, every: bool) -> int:
    """Show what would be closed of what is delivered, also beside a bus, and in a lake that may only be read."""
    from eventlake.local.folder import open_catalog

    catalog = open_catalog(current.lake_folder)
    rows = [
        [known.name, str(state.hour), state.state, state.objects, state.rows, state.size_bytes]
        for known in _tables(table, catalog)
        for state in _states(catalog, known, wanted, every=every)
    ]
    show(("table", "hour", "state", "objects", "rows", "bytes"), rows, current.form)
    return 0


def _states(catalog: SqliteCatalog, table: Table, wanted: Hour | None, *, every: bool) -> list[HourContents]:
    """Return the hours to close: those that are due, all that are over, or the one that is named. Raises UsageError for one that is not over."""
    now = datetime.now(UTC)
    if wanted is None and not every:
        return due(catalog.contents(table.name).hours, now)
    if wanted is None:
        return [one for one in catalog.contents(table.name).hours if one.hour.end <= now]
    if wanted.end > now:
        raise UsageError(f"The hour {wanted} is not over yet: it can be closed from {wanted.end:%Y-%m-%d %H:%M} UTC on.")
    return [one for one in catalog.contents(table.name).hours if one.hour == wanted]


def _going(current: Settings, catalog: SqliteCatalog) -> Goes:
    """Return what tells when hours go from a lake on this machine. Raises ConfigurationError."""
    from eventlake.local.retaining.holds import HoldsFile
    from eventlake.local.retaining.settings import as_declared, read_retention

    retention = read_retention(current.lake_folder, as_declared(catalog.tables(), current.load_sources()))
    return going(retention, HoldsFile(current.lake_folder).read())


def _row(one: Closed) -> list[object]:
    sizes = one.bytes_before, one.bytes_after
    return [one.table, str(one.hour), one.generation, one.objects_before, one.rows, one.duplicates, *sizes, one.problem or None]


def _typed(hour: str) -> Hour:
    """Return the hour that was typed. Raises UsageError."""
    try:
        return Hour.parse(hour)
    except LayoutError as error:
        raise UsageError(str(error)) from None


def _hours(table: Table, known: Sequence[HourContents], goes: Goes) -> Iterator[list[object]]:
    """Yield a row for each hour from the first to the last, those without anything too; of many in a row one."""
    between = {gap.first: gap for gap in gaps(one.hour for one in known)}
    for one in known:
        counts = one.generation, one.objects, one.rows, one.size_bytes, one.duplicates, one.problem or None
        yield [table.name, *one.hour.values, one.state, *counts, *goes(table.name, one.hour), None, 1]
        gap = between.get(Hour.of(one.hour.end))
        for part in gap.listed() if gap else ():
            until, told = (str(part.last), (None, None)) if part.count > 1 else (None, goes(table.name, part.first))
            yield [table.name, *part.first.values, "missing", 0, 0, 0, 0, 0, None, *told, until, part.count]
