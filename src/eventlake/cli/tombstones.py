"""`tombstones`: who was erased, as far as anybody can tell, and how somebody who comes back is kept again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Suggesting
from eventlake.cli.moments import moment
from eventlake.cli.opening import noting
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.pipeline.tombstones import Tombstones


@click.group(cls=Suggesting, invoke_without_command=True, short_help="Who stays erased: all tombstones, or the end of one.")
@click.pass_context
@global_options
def tombstones(ctx: click.Context) -> None:
    """List the tombstones of the lake: since when each keeps events out, until when they must have happened, and its certificate.

    None of them tells a name.
    """
    if ctx.invoked_subcommand is not None:
        return
    current = settings()
    found = _read(current)
    rows = [[one.mac[:16], one.since, one.until or None, one.certificate or None] for one in (found.stones if found else ())]
    show(("tombstone", "since", "until", "certificate"), rows, current.form)
    if not rows:
        current.say("Nobody was erased from this lake.")


@tombstones.command(short_help="Keep what happens to a person from a moment on.")
@click.option("--user", "users", multiple=True, metavar="ID", help="An id of the person; may be repeated.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An e-mail address of the person; may be repeated.")
@click.option("--from", "start", metavar="TIME", help="From this moment on: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC; default: now.")
@global_options
def remove(users: tuple[str, ...], emails: tuple[str, ...], start: str | None) -> None:
    """Let somebody who was erased and has come back be kept: events that happen from a moment on are taken in again.

    What happened before stays out, so the tombstone stays. Name every id and address that may be kept; the pseudonyms of them are kept with them.
    """
    current = settings()
    if not (users or emails):
        raise UsageError("Say whose tombstones are to end: --user ID, --email ADDRESS, or both.")
    until = f"{moment(start) if start else datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    _end(current, (*users, *emails), until)
    current.say(
        f"What happens to {len(users) + len(emails):,} of the names from {until} on is kept again; what happened before stays erased."
    )


def _read(current: Settings) -> Tombstones | None:
    if current.is_on_aws:
        from eventlake.cli.opening import open_deployment
        from eventlake.cloud.tombstones import read_tombstones as read_on_aws

        return read_on_aws(*open_deployment(current))
    from eventlake.local.folder import require_lake
    from eventlake.local.tombstones import read_tombstones

    require_lake(current.lake_folder)
    return read_tombstones(current.lake_folder)


def _end(current: Settings, identifiers: tuple[str, ...], until: str) -> None:
    if current.is_on_aws:
        from eventlake.cli.opening import noting_on_aws, open_deployment
        from eventlake.cloud.tombstones import end_tombstones as end_on_aws

        deployment, session = open_deployment(current)
        with noting_on_aws(deployment, session, current, "tombstones remove"):
            end_on_aws(deployment, session, identifiers, until)
        return
    from eventlake.local.folder import require_lake
    from eventlake.local.tombstones import end_tombstones

    require_lake(current.lake_folder)
    with noting(current):
        end_tombstones(current.lake_folder, identifiers, until)
