"""A small lake that is made for one question and thrown away: events in, an engine out. Detections are tried on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.detection import Detection
from eventlake.detections.trying import Outcome, Try, outcomes
from eventlake.local.folder import OBJECTS, open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.model import Source
from eventlake.sources.privacy import all_kept


@contextmanager
def trial_lake(sources: Sequence[Source], events: Iterable[bytes]) -> Iterator[DuckDBEngine]:
    """Give an engine over a lake that holds these events, all of which arrived just now, and their personal data; the lake is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="eventlake-trial-") as folder:
        with Importer(Path(folder), all_kept(sources)) as importer:
            importer.accept([Item(number, body) for number, body in enumerate(events, 1)])
            importer.deliver()
        engine = DuckDBEngine(open_catalog(Path(folder)), Path(folder) / OBJECTS, threads=1)
        try:
            yield engine
        finally:
            engine.close()


def tried(detection: Detection, tries: Sequence[Try], sources: Sequence[Source]) -> list[Outcome]:
    """Try a detection on a lake of its tries' events. Raises QueryError for a statement that does not run."""
    if not tries:
        return []
    with trial_lake(sources, (event for one in tries for event in one.events)) as engine:
        return outcomes(detection, tries, engine)
