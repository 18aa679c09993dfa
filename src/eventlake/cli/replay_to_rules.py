"""`replay --to rules`: what EventBridge archived, played to the rules of a lake on AWS."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eventlake.cli.opening import open_deployment
from eventlake.cli.settings import Settings
from eventlake.errors import UsageError
from eventlake.naming import nearest

if TYPE_CHECKING:
    from eventlake.cloud.archives import Archived, Archives
    from eventlake.cloud.deployment import Deployment
    from eventlake.model import Table


def play_to_rules(begin: datetime, end: datetime, names: Sequence[str], current: Settings) -> int:
    """Have the events of a stretch played, those of these tables alone if any are named, and follow that to its end; the exit code.

    Ctrl-C ends what is played. Raises UsageError, ConfigurationError, ServiceError.
    """
    from eventlake.cloud.archives import SETTLED, Archives

    if not current.is_on_aws:
        raise UsageError("Rules are those of a lake on AWS: name it with --lake aws:STACK, or play to `bus`, a URL or a file.")
    deployment, session = open_deployment(current)
    archives = Archives(deployment, session)
    found = archives.found(_chosen(names, deployment))
    if datetime.now(UTC) - end < SETTLED:
        current.say("What happened in the last ten minutes may not lie in the archive yet: end the stretch before them, or play it again.")
    played = {f"{deployment.name}-{one.source.name[:20]}-{datetime.now(UTC):%Y%m%dT%H%M%S}": one for one in found}
    for name, one in played.items():
        archives.start(one, begin, end, name)
    for name, one in played.items():
        _follow(archives, one, name, current)
    return 0


def _chosen(names: Sequence[str], deployment: Deployment) -> Sequence[Table]:
    """Return the tables of these names, all without any. Raises UsageError."""
    known = {table.name: table for table in deployment.tables}
    for name in names:
        if name not in known:
            raise UsageError(f'The lake has no table "{name}".{nearest(name, known)}')
    return [known[name] for name in dict.fromkeys(names)] if names else deployment.tables


def _follow(archives: Archives, archived: Archived, name: str, current: Settings) -> None:
    state = ""
    try:
        for now in archives.followed(archived, name, time.sleep):
            state = now.state
            reached = f", to {now.reached.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if now.reached else ""
            current.progress(f"{now.source}: {now.state.lower()}{reached}", is_done=now.has_ended)
    except KeyboardInterrupt:
        archives.cancel(name)
        current.say(f'Ended the replay "{name}"; what it played is played, and known by its ids.')
        raise
    current.say(f'{archived.source.name}: the replay "{name}" is {state.lower()}; its events become rows as new ones do.')
