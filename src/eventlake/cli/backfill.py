"""`backfill`: history is brought into the hours in which it happened, and goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eventlake.cli.backfill_auth0 import auth0
from eventlake.cli.backfill_aws import codebuild, codedeploy, codepipeline
from eventlake.cli.group import Suggesting
from eventlake.cli.history import followed
from eventlake.cli.opening import backfiller
from eventlake.cli.paths import path_of
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import StorageError, UsageError
from eventlake.stack_names import BUCKET

if TYPE_CHECKING:
    from eventlake.local.backfilling import Backfiller
    from eventlake.local.history_files import HistoryFile

_COLUMNS = ("file", "state", "events", "rows", "failed")


@click.group(cls=Suggesting, short_help="Bring in history, each event into the hour in which it happened.")
@global_options
def backfill() -> None:
    """Bring in history: each event becomes a row in the hour in which it happened, not in which it comes in."""


@backfill.command(short_help="History from files, in every form that `send` takes.")
@click.argument("places", nargs=-1, required=True, metavar="PATH|s3://BUCKET/PREFIX...")
@global_options
def files(places: tuple[str, ...]) -> int:
    """Bring in the events of files, or of every file below a folder or of every object below a prefix in S3.

    Each becomes a row in the hour of its own event_time. Stopped by Ctrl-C or a kill, the same command goes on where it was. A file that was
    read to its end is known by its bytes, an object in S3 by its place and ETag, and neither is read again. Ends with 1 if something failed.
    """
    current = settings()
    found = [file for place in places for file in _below(place, current)]
    if not found:
        raise UsageError(f'There is no file below "{places[0]}".')
    with backfiller(current) as opened:
        rows = [_brought_in(file, opened, current) for file in found]
    show(_COLUMNS, rows, current.form)
    if any(row[-1] != (row[1] == "unfinished") for row in rows):
        current.say("What failed is kept; `eventlake failed` lists it, each with its reason.")
    return 1 if any(row[-1] for row in rows) else 0


for told in (auth0, codepipeline, codebuild, codedeploy):
    backfill.add_command(told)


def _below(named: str, current: Settings) -> Sequence[HistoryFile]:
    """Return a file, or the files below a folder or a prefix in S3. Raises UsageError for a place where nothing is."""
    from eventlake.local import history_files

    if named.startswith(BUCKET):
        from eventlake.backends.aws import Session
        from eventlake.cloud import object_files

        return object_files.below(named, Session(current.profile, current.region, current.endpoint_url))
    path = path_of(named)
    if not path.exists():
        raise UsageError(f'There is no file or folder "{named}".')
    if not (path.is_file() or path.is_dir()):
        raise UsageError(f'"{named}" {history_files.NO_FILE}')
    if (lake := history_files.lake_around(path)) is not None:
        raise UsageError(
            f'"{named}" lies in a lake, whose lines are no events any more: `eventlake replay --lake {lake} --from ... --to FILE` '
            "gives its events again."
        )
    return history_files.below(path, lambda lake: current.say(f'"{lake}" is a lake, and left out.'))


def _brought_in(file: HistoryFile, opened: Backfiller, current: Settings) -> list[object]:
    """Bring in a file; its row of the answer. One that ends too early has a row too, and what was read of it stays."""
    try:
        history = file.history
    except StorageError as unread:
        current.say(str(unread))
        return [str(file), "unfinished", 0, 0, 1]
    if opened.is_done(history):
        return [str(file), "known", 0, 0, 0]
    progress, error = followed(opened.items(history, file.stretches, file.size_bytes), file.name, current)
    if error is None:
        return [str(file), "done", progress.events, progress.rows, progress.failed]
    current.say(str(error))
    return [str(file), "unfinished", progress.events, progress.rows, progress.failed + 1]
