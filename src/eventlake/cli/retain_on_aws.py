"""`retain`, `hold` and `holds` for a lake on AWS: its own function removes, holds lie in its bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from eventlake.cli.settings import Settings
from eventlake.cli.show import show

if TYPE_CHECKING:
    from eventlake.cloud.retaining import HoldsOnAws
    from eventlake.pipeline.holds import Hold
    from eventlake.pipeline.removals import Removal

_COLUMNS = ("table", "kind", "hour", "objects", "bytes", "state")
_STATES = {
    "due": "would go",
    "hidden": "removed",
    "removed": "bytes removed",
    "held": "held by {note}",
    "back": "back, held by {note}",
    "kept": "stays for now: {note}",
    "elsewhere": "not removed, lies in {note}",
}


def retain_on_aws(current: Settings, *, dry_run: bool) -> int:
    """Let the lake's function remove what is over, and show what it answers; 1 if something could not be removed."""
    from eventlake.cli.opening import noting_on_aws, open_deployment
    from eventlake.cloud.retaining import RetentionFunction

    deployment, session = open_deployment(current)
    function = RetentionFunction(deployment, session)
    with nullcontext() if dry_run else noting_on_aws(deployment, session, current):
        answers = [function.due()] if dry_run else list(function.remove())
    rows = [[*(one[name] for name in _COLUMNS[:-1]), _STATES[one["state"]].format(**one)] for answer in answers for one in answer["hours"]]
    show(_COLUMNS, rows, current.form)
    if answers[-1]["left"]:
        current.say("There was no time for all of it: the rest comes the next time.")
    elif not rows:
        current.say("Nothing is over.")
    if more := sum(answer["more"] for answer in answers):
        current.say(f"{more:,} hours more than are shown here.")
    for one in answers[-1]["failed"]:
        current.say(f"{one['table']}: {one['reason']}")
    return 1 if answers[-1]["failed"] else 0


def open_holds(current: Settings) -> HoldsOnAws:
    """Open the legal holds of the lake on AWS that the options name."""
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.retaining import HoldsOnAws

    return HoldsOnAws(*open_deployment(current))


@contextmanager
def _held(current: Settings, action: str) -> Iterator[HoldsOnAws]:
    """Open the holds to change them, and have that noted."""
    from eventlake.cli.opening import noting_on_aws, open_deployment
    from eventlake.cloud.retaining import HoldsOnAws

    deployment, session = open_deployment(current)
    with noting_on_aws(deployment, session, current, action):
        yield HoldsOnAws(deployment, session)


def release_on_aws(current: Settings, name: str) -> None:
    """Release a hold."""
    with _held(current, f"hold release {name}") as holds:
        holds.release(name)


def place_on_aws(current: Settings, placed: Hold) -> None:
    """Add a hold, and tell what of it was on its way out."""
    with _held(current, f"hold {placed.name}") as holds:
        leaving = holds.place(placed)
    if leaving:
        current.say(_told(leaving))


def _told(leaving: list[Removal]) -> str:
    begun = [f"{one.table} {one.hour}" for one in leaving if one.is_removing or one.kind == "failed"]
    hidden = len(leaving) - len(begun)
    back = f"{hidden:,} hours were found no more: `eventlake retain` brings back now what had a partition. " if hidden else ""
    late = f"Of {len(begun):,} some bytes were being removed and may be gone, such as {begun[0]}." if begun else ""
    return (back + late).strip()
