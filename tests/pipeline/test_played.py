"""Events of a stretch that is played in pieces: all of them, each once, in their order, however little one answer may hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.msgspec_codec import FAST
from eventlake.errors import QueryLimitError
from eventlake.history.history import sized_history
from eventlake.lake import Lake
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.pipeline.played import Replay, Stretch
from eventlake.sources import load

END = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the events of a day."""
    folder = tmp_path_factory.mktemp("lake")
    with Importer(folder, load(), now=lambda: END) as importer:
        importer.accept([Item(number, line.rstrip()) for number, line in enumerate(sized_history(1_200, 1, END).lines(), 1)])
        importer.deliver()
    return open_lake(folder, load())


def stretch(lake: Lake) -> Stretch:
    """All of it."""
    return Stretch(END - timedelta(days=3), END + timedelta(days=1), lake.catalog.tables())


@pytest.mark.slow
def test_events_that_are_too_much_for_one_answer_come_in_several(lake: Lake, tmp_path: Path) -> None:
    """An answer of one megabyte; the same events in the same order as where all of them are one piece."""
    assert isinstance(lake.engine, DuckDBEngine)
    narrow = DuckDBEngine(lake.catalog, lake.engine.objects_folder, answer_mb=1)

    whole = [one.body for one in Replay(lake.engine, stretch(lake), FAST)]
    parted = [one.body for one in Replay(narrow, stretch(lake), FAST)]

    assert parted == whole
    assert len({json.loads(body)["id"] for body in whole}) == len(whole) >= 1_200
    assert sum(map(len, whole)) > 1 << 20


@pytest.mark.slow
def test_what_no_part_makes_smaller_is_told(lake: Lake) -> None:
    """As whoever asks would be told."""
    assert isinstance(lake.engine, DuckDBEngine)
    hurried = DuckDBEngine(lake.catalog, lake.engine.objects_folder, seconds=0.001)

    with pytest.raises(QueryLimitError, match="longer than"):
        list(Replay(hurried, stretch(lake), FAST))
