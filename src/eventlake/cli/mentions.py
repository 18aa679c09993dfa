"""`mentions`: where a lake names a person."""

from __future__ import annotations

import click

from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError


@click.command(short_help="Where the lake names a person.")
@click.option("--user", "users", multiple=True, metavar="ID", help="An id of the person, such as 'auth0|5f7c'; may be repeated.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An e-mail address of the person; may be repeated.")
@global_options
def mentions(users: tuple[str, ...], emails: tuple[str, ...]) -> None:
    """List every file of the lake that names a person: objects, failed records, the spool, the catalog and what else lies in its folder.

    Ids and addresses are found in any case, URL-encoded, escaped as JSON and in base64. Nothing is changed.
    """
    from eventlake.local.mentions import mentions as found_in

    current = settings()
    if not users and not emails:
        raise UsageError("Say whom to look for: --user ID, --email ADDRESS, or both.")
    rows = [[one.path, one.of, one.count, one.size_bytes] for one in found_in(current.lake_folder, (*users, *emails))]
    show(("file", "of", "count", "bytes"), rows, current.form)
    current.say(f"{len(rows):,} file{'' if len(rows) == 1 else 's'} of the lake name{'s' if len(rows) == 1 else ''} the person.")
