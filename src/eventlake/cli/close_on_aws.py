"""`close` and `hours` for a lake on AWS: its own function closes, and is told what to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from eventlake.cli.going import Goes, going
from eventlake.cli.settings import Settings
from eventlake.cli.show import show
from eventlake.cli.tables import named_table
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.interfaces import HourContents
    from eventlake.layout import Hour
    from eventlake.model import Table

_DUE = ("table", "hour", "state", "objects", "bytes")
_CLOSED = ("table", "hour", "generation", "objects_before", "objects", "rows", "duplicates", "bytes_before", "bytes_after")


def close_on_aws(current: Settings, table: str | None, wanted: Hour | None, *, dry_run: bool, every: bool) -> int:
    """Let the lake's function close what is due, and show what it answers; 1 if an hour could not be closed."""
    from eventlake.cli.opening import noting_on_aws, open_deployment
    from eventlake.cloud import deployment as cloud
    from eventlake.cloud.closing import ClosingFunction

    if every:
        raise UsageError("--all is for a lake in a folder; on AWS every hour is closed that is over and holds something new.")
    deployment, session = open_deployment(current)
    chosen = None if table is None else named_table(table, cloud.open_catalog(deployment, session)).name
    function = ClosingFunction(deployment, session)
    with nullcontext() if dry_run else noting_on_aws(deployment, session, current):
        answers = [function.due(chosen, wanted)] if dry_run else list(function.close(chosen, wanted))
    names, kind = (_DUE, "due") if dry_run else (_CLOSED, "closed")
    show(names, [[one[name] for name in names] for answer in answers for one in answer[kind]], current.form)
    for one in answers[-1]["failed"]:
        current.say(f"{one['table']} {' '.join(one['hours'])}: {one['reason']}")
    return 1 if answers[-1]["failed"] else 0


def going_on_aws(current: Settings) -> Goes:
    """Return what tells when the hours of a lake on AWS go; the holds are read only where some go."""
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.retaining import HoldsOnAws

    deployment, session = open_deployment(current)
    return going(deployment.retention, [] if deployment.retention.is_for_ever else HoldsOnAws(deployment, session).read())


def states_on_aws(current: Settings, table: str | None) -> list[tuple[Table, Sequence[HourContents]]]:
    """Return how far the hours of each table are, or of one."""
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud import deployment as cloud
    from eventlake.cloud.closing import states

    deployment, session = open_deployment(current)
    catalog = cloud.open_catalog(deployment, session)
    chosen = catalog.tables() if table is None else [named_table(table, catalog)]
    return [(known, states(known, deployment, catalog, session)) for known in chosen]
