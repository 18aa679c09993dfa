"""Several runs of detections -> one statement of Athena's, and its rows -> what each run found.

Athena charges each statement for 10 MB at least, so that asking one by one costs a multiple: https://aws.amazon.com/athena/pricing/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from eventlake.detections.detection import Detection
from eventlake.detections.evaluating import COLUMNS, Asked
from eventlake.detections.found import Found
from eventlake.dialect.sql import quoted_name
from eventlake.dialect.translate import translate
from eventlake.errors import QueryError
from eventlake.model import Table

CAUGHT_UP = timedelta(hours=24)
"""How far back it is looked for what nobody looked for then."""

_AS_JSON = ("array", "map", "row", "json")
"""Types whose values have no text."""


def moments(detection: Detection, before: datetime | None, now: datetime) -> Iterator[datetime]:
    """Yield up to which moments is to be looked: now, and before that those at which nobody looked, a window apart.

    before: up to which was looked last; None if never.
    """
    if before is not None:
        stride = max(detection.window, detection.every)
        missed = max(before, now - CAUGHT_UP) + stride
        while missed < now - detection.lateness:
            yield missed
            missed += stride
    yield now


def statement_of(runs: Sequence[Asked], tables: Sequence[Table], contexts: Mapping[str, Sequence[str]]) -> str:
    """Return one statement for all runs: number of the run, key, events, first and last event, context as JSON.

    tables: with the databases that they have there. contexts: the expressions of each detection's context, by `context_of`.
    """
    named = {name for run in runs for name in run.detection.tables}
    known = ", ".join(
        f"{quoted_name(table.name)} as (select * from {quoted_name(table.database)}.{quoted_name(table.name)})"
        for table in tables
        if table.name in named
    )
    arms = [_arm(number, run, contexts[run.detection.name]) for number, run in enumerate(runs)]
    return f"with {known}\n" + "\nunion all\n".join(arms)


def context_of(detection: Detection, tables: Sequence[Table]) -> tuple[str, ...]:
    """Return what the context of a detection is made of, name and text in turns. Raises QueryError if it cannot run, or has no such columns."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = translate(detection.statement(now - detection.reach, now), tables, now)
    missing = [column for column in COLUMNS if column not in found.names]
    if missing:
        raise QueryError(f'The detection "{detection.name}" has no column "{missing[0]}": its rows are {", ".join(COLUMNS)}, and context.')
    others = [(name, str(kind)) for name, kind in zip(found.names, found.types, strict=True) if name not in COLUMNS]
    return tuple(text for name, kind in others for text in (f"'{name.replace(chr(39), chr(39) * 2)}'", _text(name, kind)))


def found_together(runs: Sequence[Asked], rows: Iterable[Sequence[Any]]) -> list[list[Found]]:
    """Return what each run found, from the rows of the statement; a row without a key is about nobody."""
    found: list[list[Found]] = [[] for _ in runs]
    for number, key, events, first, last, context in rows:
        if key is not None:
            said = {name: value for name, value in json.loads(context).items() if value is not None}
            found[int(number)].append(Found(key, int(events or 0), _moment(first), _moment(last), said))
    return found


def _arm(number: int, run: Asked, context: Sequence[str]) -> str:
    names, values = ", ".join(context[::2]), ", ".join(context[1::2])
    said = f"json_format(cast(map(array[{names}], array[{values}]) as json))" if context else "'{}'"
    columns = "cast(d.key as varchar), cast(d.events as bigint), cast(d.first_event as timestamp), cast(d.last_event as timestamp)"
    return f"select {number}, {columns}, {said} from (\n{run.statement}\n) d"


def _text(name: str, kind: str) -> str:
    column = f"d.{quoted_name(name)}"
    return f"json_format(cast({column} as json))" if kind.startswith(_AS_JSON) else f"cast({column} as varchar)"


def _moment(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
