"""What commands that bring in an API's history have in common: the stretch of time that is meant, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from eventlake.cli.moments import moment
from eventlake.cli.opening import backfiller
from eventlake.cli.settings import Settings
from eventlake.errors import StorageError, StorageFullError, UsageError

if TYPE_CHECKING:
    from eventlake.interfaces import History
    from eventlake.local.backfilling import Backfiller, Progress


def stretch(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read the begin and the end that a person wrote. Raises UsageError for what is no time, or ends before it begins."""
    begin, end = (moment(one) if one is not None else None for one in (since, until))
    if begin and end and begin >= end:
        raise UsageError(f'"{until}" is not after "{since}": --since names the begin, --until the end.')
    return begin, end


def brought_in(history: History, shown: str, current: Settings) -> Progress:
    """Bring an API's history into the lake, and tell how far it is. shown: what it is called there. Raises what the API raises."""
    with backfiller(current) as opened:
        return bring_in(history, shown, opened, current)


def bring_in(history: History, shown: str, opened: Backfiller, current: Settings) -> Progress:
    """Bring it into a lake that is open."""
    progress, error = followed(opened.pages(history), shown, current)
    if error is not None:
        raise error
    return progress


def followed(coming: Generator[Progress, None, None], shown: str, current: Settings) -> tuple[Progress, StorageError | None]:
    """Follow a history that comes in to its end, and tell how far it is; return how far it came, and what ended it too early."""
    from eventlake.local.backfilling import Progress

    progress, begun = Progress(), time.monotonic()
    with closing(coming):  # what is being stored is stored before the lake is closed
        try:
            for progress in coming:
                current.progress(_so_far(shown, progress, time.monotonic() - begun), is_done=False)
        except KeyboardInterrupt:
            current.say("What is stored stays; the same command goes on where it was.")
            raise
        except StorageFullError as full:
            goes_on = "What is stored stays; once there is room, the same command goes on where it was."
            return progress, StorageFullError(f"{shown}: {full} {goes_on}")
        except StorageError as error:
            return progress, error
    current.progress(f"{shown}: {progress.events:,} events", is_done=True)
    if progress.erased:
        current.say(f"{shown}: {progress.erased:,} of {progress.events:,} events are of somebody who was erased, and were left out.")
    return progress, None


def _so_far(shown: str, progress: Progress, seconds: float) -> str:
    """Say how far a history is, and for how long it goes on if it can tell."""
    said = f"{shown}: {progress.events:,} events"
    if not progress.done:
        return said
    return f"{said}, {100 * progress.done:.0f} %, about {seconds * (1 - progress.done) / progress.done:,.0f} s to go"
