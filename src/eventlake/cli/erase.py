"""`erase`: one person, from every file of a lake."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.opening import noting, taken_lake
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import LakeLockedError, UsageError

if TYPE_CHECKING:
    from eventlake.backends.sqlite_catalog import SqliteCatalog
    from eventlake.local.erasing.certificate import Certificate
    from eventlake.local.erasing.finding import Found
    from eventlake.pipeline.erasing import Person


_LEFT = (
    "No file of the lake names the person any more but the spool, with what the bus took meanwhile: it makes no row, and is removed an hour "
    "after it was delivered."
)


@click.command(short_help="Erase a person from the lake.")
@click.option("--user", "users", multiple=True, metavar="ID", help="An id of the person, such as 'auth0|5f7c'; may be repeated.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An e-mail address of the person; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what would be erased, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask whether to go on.")
@click.option(
    "--wait",
    type=click.IntRange(0, 24 * 60),
    metavar="MINUTES",
    help="On AWS: leave old bytes for so long to queries that read them; default: 0.",
)
@global_options
def erase(users: tuple[str, ...], emails: tuple[str, ...], dry_run: bool, yes: bool, wait: int | None) -> None:
    """Erase a person: their own rows go, and every other mention becomes [erased], in objects, failed records, and whatever else the lake keeps.

    Give every id and address of the person at once: each is looked for in any case, URL-encoded, escaped as JSON and in base64. Whoever is
    erased stays erased: events of theirs that come again are left out. Where `eventlake serve` runs, it delivers what it has accepted, and goes
    on accepting; nothing else comes into the lake meanwhile. What was done is attested in a file of `erasures/` in the lake's folder.

    One that is ended with Ctrl-C leaves each object as it was or without the person; the next erasure finishes.

    On AWS every version of every object of the lake's buckets is looked at, and the lake goes on meanwhile; the certificate lies below `erased/`.
    """
    from eventlake.local.erasing.eraser import Eraser
    from eventlake.local.folder import require_lake
    from eventlake.local.lock import read_holder

    current = settings()
    identifiers = (*users, *emails)
    if not identifiers:
        raise UsageError("Say whom to erase: --user ID, --email ADDRESS, or both.")
    if current.is_on_aws:
        from eventlake.cli.erase_on_aws import erase_on_aws

        erase_on_aws(current, identifiers, dry_run=dry_run, is_agreed=partial(is_agreed, yes), wait=wait or 0)
        return
    if wait:
        raise UsageError("--wait is for a lake on AWS; in a folder nobody reads what is being rewritten.")
    folder = current.lake_folder
    require_lake(folder)
    person = _person(identifiers, folder)
    if dry_run:
        _show_found(_looked_for(folder, person, current), current)
        return
    asks_first = not yes and bool(read_holder(folder).get("shares"))  # no delivery waits while somebody thinks about an answer
    if asks_first and not _is_wanted(_looked_for(folder, person, current), yes, current):
        return
    with _lake_to_itself(current) as catalog, noting(current):
        eraser = Eraser(folder, catalog, person, identifiers)
        found = eraser.find(partial(_tell_found, current))
        if not asks_first and not _is_wanted(found, yes, current):
            return
        certificate, path = eraser.erase(found, partial(_tell_rewritten, current, len(found.objects)))
        is_gone = eraser.require_gone()
    _say_done(certificate, path, is_gone, current)


@contextmanager
def _lake_to_itself(current: Settings) -> Iterator[SqliteCatalog]:
    """Take the lake, or have the bus that writes it make room. Raises LakeLockedError."""
    from eventlake.local.joining import alone_in
    from eventlake.local.lock import read_holder

    with ExitStack() as opened:
        try:
            catalog = opened.enter_context(taken_lake(current))
        except LakeLockedError:
            if not read_holder(current.lake_folder).get("shares"):
                raise
            current.progress("The bus delivers what it has accepted", is_done=False)
            catalog = opened.enter_context(alone_in(current.lake_folder, current.load_sources()))
        yield catalog


def _is_wanted(found: Found, yes: bool, current: Settings) -> bool:
    """Show what was found; whether it is to be erased. Raises UsageError where nobody can be asked."""
    _show_found(found, current)
    if not found.is_any:
        current.say("Nothing in the lake names the person, and nothing is changed.")
        return False
    if not is_agreed(yes):
        current.say("Nothing is changed.")
        return False
    return True


def _looked_for(folder: Path, person: Person, current: Settings) -> Found:
    """Find what names the person in a lake that others may write meanwhile."""
    from eventlake.local.erasing.finding import Finder
    from eventlake.local.folder import open_catalog

    catalog = open_catalog(folder)
    try:
        return Finder(folder, catalog, person).find(partial(_tell_found, current))
    finally:
        catalog.close()


def _tell_found(current: Settings, count: int) -> None:
    current.progress(f"{count:,} files name the person", is_done=False)


def _tell_rewritten(current: Settings, total: int, count: int) -> None:
    current.progress(f"{count:,} of {total:,} objects rewritten", is_done=count == total)


def _person(identifiers: tuple[str, ...], folder: Path) -> Person:
    """Return whom the identifiers name, under their pseudonyms too."""
    from eventlake.local.keys import read_keys
    from eventlake.pipeline.erasing import Person

    keys = read_keys(folder)
    return Person([*identifiers, *(pseudonym for one in identifiers for pseudonym in (keys.all_of(one) if keys is not None else ()))])


def is_agreed(yes: bool) -> bool:
    """Return True if the erasure is to go on. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("What is erased does not come back: add --yes to go on, or --dry-run to look first.")
    return click.confirm("Erase all of this? It does not come back.", err=True)


def _show_found(found: Found, current: Settings) -> None:
    rows: list[list[object]] = [
        [one.object.table, str(one.object.hour), one.object.key, one.named.own, one.named.mentions] for one in found.objects
    ]
    rows += [[one.object.stream, str(one.hour), one.object.key, one.count, 0] for one in found.failures]
    rows += [[None, None, key, None, None] for key in found.old]
    rows += [[None, None, str(path.relative_to(current.lake_folder)), None, None] for path in (*found.aside, *found.spool)]
    rows += [[None, None, one.path, None, one.count] for one in found.others]
    show(("table", "hour", "file", "own_rows", "mentions"), rows, current.form)


def _say_done(certificate: Certificate, path: Path, is_gone: bool, current: Settings) -> None:
    left = "No file of the lake names the person any more." if is_gone else _LEFT
    current.say(f'{certificate.summary} {left} The certificate is "{path}".')
