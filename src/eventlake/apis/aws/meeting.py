"""Where the history of an API meets what a lake was sent live: before the first event of its source from the same account and region.

A derived event and the one that EventBridge sent have different ids, so that nothing would tell them for the same afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from eventlake.apis.aws.derived import Place
from eventlake.interfaces import Engine
from eventlake.model import Table


def first_live(engine: Engine, tables: Iterable[Table], place: Place) -> datetime | None:
    """Return when the first event happened that came from a place as it was sent, None if none has. Raises QueryError."""
    first = [_first(engine, table, place) for table in tables]
    return min((moment for moment in first if moment is not None), default=None)


def _first(engine: Engine, table: Table, place: Place) -> datetime | None:
    answer = engine.query(
        f"select min(event_time) from {table.database}.{table.name} "
        "where event_origin is null and account = :account and event_region = :region",
        {"account": place.account, "region": place.region},
    )
    moment: datetime | None = answer.rows[0][0]
    return moment.replace(tzinfo=UTC) if moment is not None else None
