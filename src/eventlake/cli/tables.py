"""`tables` and `partitions`: what the catalog knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eventlake.cli.gaps import missing
from eventlake.cli.opening import open_catalog
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import NameNotFoundError, UsageError

if TYPE_CHECKING:
    from eventlake.interfaces import Catalog, HourContents
    from eventlake.model import Table


@click.command(short_help="The tables of the lake: rows, bytes, objects, freshness.")
@global_options
def tables() -> None:
    """List the tables of the lake: rows, bytes, objects, partitions, formats, the hours they reach from and to (UTC, by arrival).

    And how many of the hours are open, closed, dirty (something arrived after they were closed) and missing, and the duplicates left out.

    Missing are the hours between two that hold something, unless more than 31 days lie between these, as beside a history that was brought in.
    """
    current = settings()
    catalog = open_catalog(current)
    rows = [_row(table, catalog) for table in catalog.tables()]
    for error in getattr(catalog, "denied", ()):  # databases on AWS that this user may not look into
        current.say(str(error))
    show(
        ("database", "table", "rows", "bytes", "objects", "partitions", "format", "first_hour", "last_hour", *_CLOSING), rows, current.form
    )


def _row(table: Table, catalog: Catalog) -> list[object]:
    hours = catalog.contents(table.name).hours
    formats = ", ".join(sorted({part.format for part in catalog.partitions(table.name)}))
    bounds = [str(hours[0].hour), str(hours[-1].hour)] if hours else [None, None]
    return [table.database, table.name, *_sums(hours), len(hours), formats, *bounds, *_closing(hours)]


_CLOSING = ("open", "closed", "dirty", "missing", "duplicates")


def _closing(hours: Sequence[HourContents]) -> list[int]:
    """Count the hours by how they are, those without anything between others too; and the rows that closings left out."""
    states = [one.state for one in hours]
    between = missing(one.hour for one in hours)
    return [*map(states.count, ("open", "closed", "dirty")), between, sum(one.duplicates for one in hours)]


def _sums(hours: Sequence[HourContents]) -> list[int | None]:
    """Sum the rows, bytes and objects of these hours; no rows where the catalog does not know them."""
    rows = [one.rows for one in hours if one.rows is not None]
    return [sum(rows) if len(rows) == len(hours) else None, sum(one.size_bytes for one in hours), sum(one.objects for one in hours)]


@click.command(short_help="The partitions of one table.")
@click.argument("table")
@click.option("--register", is_flag=True, help="Register the hours on AWS that hold objects and are no partition yet.")
@global_options
def partitions(table: str, register: bool) -> None:
    """List the partitions of TABLE (or database.table): date, hour, location, format, rows, bytes, objects, and how far each is closed."""
    current = settings()
    if register:
        _register(table, current)
        return
    catalog = open_catalog(current)
    known = named_table(table, catalog)
    contents = {one.hour: [one] for one in catalog.contents(known.name).hours}
    rows = [
        [*part.hour.values, part.location, part.format, *_sums(contents.get(part.hour, [])), *_state(contents.get(part.hour, []))]
        for part in catalog.partitions(known.name)
    ]
    columns = ("date", "hour", "location", "format", "rows", "bytes", "objects", "state", "generation", "duplicates")
    show(columns, rows, current.form)
    if not rows:
        current.say(f"{known.name} has no partition yet: nothing has come into it.")


def _state(found: Sequence[HourContents]) -> list[object]:
    """Return state, generation and left-out duplicates of an hour; of one without objects, that it is missing."""
    return [found[0].state, found[0].generation, found[0].duplicates] if found else ["missing", 0, 0]


def _register(written: str, current: Settings) -> None:
    """Register what is missing of a table on AWS, hour by hour. Raises UsageError for a lake in a folder."""
    if not current.is_on_aws:
        raise UsageError("--register is for a lake on AWS; in a folder every object is registered as it is delivered.")
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud import deployment as cloud
    from eventlake.cloud.registering import register

    deployment, session = open_deployment(current)
    catalog, store = cloud.open_catalog(deployment, session), cloud.open_store(deployment, session)
    known = named_table(written, catalog)
    count = register(
        known,
        catalog,
        store,
        deployment.retention,
        lambda hour, objects: current.say(f"{hour}: {objects:,} object{'s' if objects > 1 else ''}"),
    )
    current.say(f"{count:,} partition{'' if count == 1 else 's'} of {known.name} registered.")


def named_table(written: str, catalog: Catalog) -> Table:
    """Find the table that a person names, with or without its database. Raises NameNotFoundError with the nearest."""
    from eventlake.naming import nearest

    known = list(catalog.tables())
    for table in known:
        if written.lower() in {table.name, f"{table.database}.{table.name}"}:
            return table
    names = [table.name for table in known]
    raise NameNotFoundError(
        f'There is no table "{written}" in this lake.{nearest(written.split(".")[-1], names)} `eventlake tables` lists them.'
    )
