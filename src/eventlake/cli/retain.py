"""`retain`, `hold` and `holds`: what goes after its days, and what must not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from eventlake.cli.opening import noting, shared_lake
from eventlake.cli.retain_on_aws import open_holds, place_on_aws, release_on_aws, retain_on_aws
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.cli.tables import named_table
from eventlake.errors import LayoutError, UsageError
from eventlake.layout import Hour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlake.local.retaining.retainer import Over
    from eventlake.pipeline.holds import Hold

_RELEASE = "release"


@click.command(short_help="Remove the hours that were kept long enough.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@global_options
def retain(dry_run: bool) -> int:
    """Remove whole hours of tables, and failed records, that were kept as many days as their declarations or retention.toml in the lake's folder say.

    `eventlake serve` does that by itself, once an hour. Queries see an hour wholly or not at all; its bytes are removed a day later.
    What a legal hold keeps stays, and is shown with the name of the hold. What nobody says days of is kept for ever.

    Of a lake on AWS its own function does it, once a day, where the deployment's Retention is not off; this calls it now. Ends with 1 if
    something could not be removed.
    """
    current = settings()
    if current.is_on_aws:
        return retain_on_aws(current, dry_run=dry_run)
    if dry_run:
        _show_over(_over(current), current, "would go")
        return 0
    from eventlake.local.closing.closer import Closer
    from eventlake.local.folder import OBJECTS, require_lake
    from eventlake.local.retaining.retainer import Retainer

    require_lake(current.lake_folder)
    with shared_lake(current) as catalog:
        found = Retainer(catalog, current.lake_folder).remove()
        with Closer(catalog, current.lake_folder / OBJECTS) as closer:
            closer.remove_replaced()
    _show_over(found, current, "removed")
    return 0


@click.command(short_help="Place a legal hold, or release one.")
@click.argument("words", nargs=-1, required=True, metavar="NAME | release NAME")
@click.option("--table", metavar="TABLE", help="Keep only this table; default: all.")
@click.option("--from", "start", metavar="WHEN", help="Keep from this day or hour of arrival on, YYYY-MM-DD or YYYY-MM-DDTHH in UTC.")
@click.option("--to", "end", metavar="WHEN", help="Keep up to this day or hour, which is kept too.")
@click.option(
    "--user", default="", metavar="ID", help="Whom it is about; every hour of the tables and times is kept, as any may hold the user."
)
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads `eventlake holds`.")
@global_options
def hold(words: tuple[str, ...], table: str | None, start: str | None, end: str | None, user: str, reason: str) -> None:
    """Keep what the legal hold NAME is about: none of its hours is removed, whatever the settings say, until `eventlake hold release NAME`."""
    current = settings()
    if words[0] == _RELEASE:
        if len(words) != 2 or table or start or end or user or reason:
            raise UsageError("To release a hold, name it and nothing else: `eventlake hold release NAME`.")
        _release(current, words[1])
        current.say(f'The hold "{words[1]}" is released: what only it kept goes when its days are over.')
        return
    if len(words) != 1:
        raise UsageError(f'A hold has one name, not {len(words)}: put it in quotes if it has spaces, for example "case 17".')
    first, last = _hour("--from", start, "00"), _hour("--to", end, "23")
    placed = _hold(words[0], _known(current, table) if table else "", first, last, user, reason)
    _place(current, placed)
    current.say(f'The hold "{placed.name}" is placed: {_kept(placed)} stays until `eventlake hold release "{placed.name}"`.')


@click.command(short_help="The legal holds of the lake.")
@global_options
def holds() -> None:
    """List the legal holds: name, table, first and last hour, user, reason, and since when each holds; empty is all, or without an end."""
    from eventlake.local.folder import require_lake
    from eventlake.local.retaining.holds import HoldsFile

    current = settings()
    if current.is_on_aws:
        found = open_holds(current).read()
    else:
        require_lake(current.lake_folder)
        found = HoldsFile(current.lake_folder).read()
    if not found:
        current.say("There is no hold: nothing is kept longer than its table says.")
    show(("name", "table", "from", "to", "user", "reason", "since"), [_row(one) for one in found], current.form)


def _place(current: Settings, placed: Hold) -> None:
    """Add a hold, here or on AWS."""
    from eventlake.local.folder import require_lake
    from eventlake.local.retaining.holds import HoldsFile

    if current.is_on_aws:
        place_on_aws(current, placed)
        return
    require_lake(current.lake_folder)
    with noting(current, f"hold {placed.name}"):
        HoldsFile(current.lake_folder).place(placed)


def _release(current: Settings, name: str) -> None:
    """Release a hold, here or on AWS."""
    from eventlake.local.folder import require_lake
    from eventlake.local.retaining.holds import HoldsFile

    if current.is_on_aws:
        release_on_aws(current, name)
        return
    require_lake(current.lake_folder)
    with noting(current, f"hold release {name}"):
        HoldsFile(current.lake_folder).release(name)


def _known(current: Settings, table: str) -> str:
    """Return the name of a table of the lake. Raises NameNotFoundError."""
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud import deployment as cloud
    from eventlake.local.folder import open_catalog, require_lake

    if current.is_on_aws:
        return named_table(table, cloud.open_catalog(*open_deployment(current))).name
    require_lake(current.lake_folder)
    return named_table(table, open_catalog(current.lake_folder)).name


def _over(current: Settings) -> list[Over]:
    from eventlake.local.folder import open_catalog
    from eventlake.local.retaining.retainer import Retainer

    folder = current.lake_folder
    return Retainer(open_catalog(folder), folder, sources=current.load_sources()).over()


def _show_over(found: Sequence[Over], current: Settings, becomes: str) -> None:
    rows = [[one.table, one.kind, str(one.hour), one.rows, one.size_bytes, f"held by {one.hold}" if one.hold else becomes] for one in found]
    show(("table", "kind", "hour", "rows", "bytes", "state"), rows, current.form)
    if not rows:
        current.say("Nothing is over: what neither a declaration nor retention.toml in the lake's folder gives days is kept for ever.")


def _hold(name: str, table: str, first: Hour | None, last: Hour | None, user: str, reason: str) -> Hold:
    """Return a hold that is placed now. Raises UsageError."""
    from eventlake.pipeline.holds import Hold

    if not name.strip() or not name.isprintable() or name == _RELEASE:
        raise UsageError(f'"{name}" is no name of a hold: choose a word or a line of text, for example "case 17".')
    if first is not None and last is not None and last < first:
        raise UsageError(f"The hold would end at {last}, before it begins at {first}: exchange --from and --to.")
    return Hold(name, table, first, last, user, reason, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _hour(option: str, written: str | None, of_day: str) -> Hour | None:
    """Read a day, which stands for this hour of it, or an hour. Raises UsageError."""
    if written is None:
        return None
    try:
        return Hour(date.fromisoformat(written).isoformat(), of_day) if "T" not in written else Hour.parse(written)
    except (ValueError, LayoutError):
        raise UsageError(f'{option} is "{written}", expected a day or an hour in UTC, such as 2026-11-20 or 2026-11-20T09.') from None


def _kept(hold: Hold) -> str:
    span = f" from {hold.first or 'the first hour'} to {hold.last or 'now and later'}" if hold.first or hold.last else ""
    return f"{hold.table or 'every table'}{span}"


def _row(hold: Hold) -> list[object]:
    first, last = (str(one) if one else None for one in (hold.first, hold.last))
    return [hold.name, hold.table or None, first, last, hold.user or None, hold.reason or None, hold.since]
