"""What is wrong with the SQL that sources declare: their detections with the tests beside them, and their saved queries. Called by `sources check`.

A file is read as everybody reads it, and its statement is asked of an empty lake with the usual values: so what is no SQL, or names what is not
there, is found though nothing came yet. Of what cannot be read nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.cases import read_cases
from eventlake.detections.detection import FOLDER, Detection, readable_detections
from eventlake.detections.evaluating import evaluate
from eventlake.errors import DeclarationError, EventlakeError
from eventlake.local.trial import trial_lake
from eventlake.model import Source
from eventlake.query.saved import SavedQuery, readable_saved, render
from eventlake.sources.samples import Mismatch

_MOMENT = datetime(2026, 11, 16, tzinfo=UTC)


def wrongs_in(chosen: Sequence[Source], sources: Sequence[Source]) -> list[Mismatch]:
    """Return what is wrong with the detections and saved queries of some sources. sources: all that there are, those among them."""
    names = {source.name for source in chosen}
    detections, unread = readable_detections(sources)
    saved, others = readable_saved(sources)
    wrong = [Mismatch(one.source, one.sentence) for one in (*unread, *others) if one.source in names]
    own = [one for one in detections.values() if one.source in names]
    asked = [one for one in saved.values() if one.source in names]
    if not own and not asked:
        return wrong
    with trial_lake(sources, ()) as engine:
        return [*wrong, *_wrong_detections(own, sources, engine), *_wrong_queries(asked, engine)]


def _wrong_detections(detections: Sequence[Detection], sources: Sequence[Source], engine: DuckDBEngine) -> Iterator[Mismatch]:
    for one in detections:
        try:
            read_cases(one, sources)
        except DeclarationError as error:
            yield Mismatch(one.source, str(error))
        try:
            evaluate(one, engine, _MOMENT)
        except EventlakeError as error:
            yield Mismatch(one.source, f"{one.source}/{FOLDER}/{one.name}.sql: {error}")


def _wrong_queries(saved: Sequence[SavedQuery], engine: DuckDBEngine) -> Iterator[Mismatch]:
    for one in saved:
        if any(parameter.default is None for parameter in one.parameters):
            continue
        try:
            engine.query(render(one))
        except EventlakeError as error:
            yield Mismatch(one.source, f"{one.source}/queries/{one.name.removeprefix(f'{one.source}/')}.sql: {error}")
