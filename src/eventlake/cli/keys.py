"""`keys`: the keys under which personal data becomes pseudonyms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Suggesting
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.pipeline.pseudonyms import KeyRing


@click.group(cls=Suggesting, invoke_without_command=True, short_help="The keys of pseudonyms: all, or a new one.")
@global_options
@click.pass_context
def keys(context: click.Context) -> None:
    """List the keys of the lake's pseudonyms: name, the day of events from which it holds, and a fingerprint. No key is shown."""
    if context.invoked_subcommand is not None:
        return
    from eventlake.local.keys import read_keys

    _show(read_keys(settings().lake_folder))


@keys.command(short_help="Make a key.")
@click.option("--since", metavar="DAY", help="The first day of the events it is for, YYYY-MM-DD in UTC; default: today.")
@global_options
def new(since: str | None) -> None:
    """Make a key: events from that day on have new pseudonyms, earlier ones keep theirs.

    The file is pseudonyms.json in the lake's folder. Copy it apart from the lake: without it nobody joins old events with new ones, and who
    has both can find a person again.
    """
    from eventlake.local.keys import add_key

    folder = settings().lake_folder
    folder.mkdir(parents=True, exist_ok=True)
    _show(add_key(folder, _day(since)))
    settings().say(f"Keep {folder}/pseudonyms.json safe, and apart from copies of the lake.")


def _day(since: str | None) -> str:
    """Return a day as YYYY-MM-DD. Raises UsageError."""
    if since is None:
        return f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        return f"{datetime.strptime(since, '%Y-%m-%d').replace(tzinfo=UTC):%Y-%m-%d}"
    except ValueError:
        raise UsageError(f'--since is "{since}", expected a day such as 2026-11-29.') from None


def _show(ring: KeyRing | None) -> None:
    rows = [] if ring is None else [[key.name, key.since, key.fingerprint] for key in ring.keys]
    show(("name", "since", "fingerprint"), rows, settings().form)
