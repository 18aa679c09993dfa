"""What the saved queries about the lake's own alerts answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventlake.lake import Lake
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.query.saved import load_saved, render
from eventlake.sources import load
from eventlake.sources.samples import read_sample

SOURCES = load()
SAVED = load_saved(SOURCES)
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
TOLD = [
    # alert, severity, state, minutes before now, events; the grown one came before the opening, the last one twice
    ("a", "high", "grown", 20, 30),
    ("a", "high", "opened", 30, 12),
    ("b", "critical", "opened", 25, 1),
    ("c", "low", "opened", 50, 3),
    ("c", "low", "resolved", 10, 3),
    ("c", "low", "resolved", 10, 3),
]


class _Clock:
    def now(self) -> datetime:
        """The moment of the question."""
        return NOW


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with alerts in it."""
    folder = tmp_path_factory.mktemp("alerts")
    sample = next(source for source in SOURCES if source.name == "eventlake")
    made = json.loads(read_sample(sample, "alert-opened").event)
    with Importer(folder, SOURCES, now=lambda: NOW - timedelta(minutes=5)) as importer:
        assert all(outcome.code is None for outcome in importer.accept([Item(1, _event(made, *told)) for told in TOLD]))
        importer.deliver()
    return open_lake(folder, SOURCES, _Clock())


def _event(made: dict[str, Any], alert: str, severity: str, state: str, minutes: int, events: int) -> bytes:
    time = (NOW - timedelta(minutes=minutes)).isoformat()
    detail = made["detail"] | {"alert-id": alert, "severity": severity, "state": state, "events": events}
    return json.dumps(made | {"id": f"{alert} {state}", "time": time, "detail": detail}).encode()


def _asked(lake: Lake, name: str, **parameters: str | int) -> list[dict[str, Any]]:
    result = lake.engine.query(render(SAVED[name], parameters))
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def test_open_alerts_are_those_not_resolved_the_most_severe_first(lake: Lake) -> None:
    """Each alert stands once, as it was told last, whatever came twice or in another order."""
    found = [(one["alert_id"], one["severity"], one["events"], one["tellings"]) for one in _asked(lake, "alerts_open")]
    assert found == [("b", "critical", 1, 1), ("a", "high", 30, 2)]


def test_history_says_when_an_alert_was_resolved(lake: Lake) -> None:
    """An alert that is open has no such moment."""
    found = {one["alert_id"]: (one["resolved"], one["tellings"]) for one in _asked(lake, "alerts_history")}
    assert found == {"a": (None, 2), "b": (None, 1), "c": (datetime(2026, 11, 17, 8, 50), 2)}  # noqa: DTZ001  Athena's timestamp has no zone


def test_history_of_one_key_or_detection(lake: Lake) -> None:
    """Both narrow the answer."""
    assert len(_asked(lake, "alerts_history", key="203.0.113.7", detection="credential_stuffing")) == 3
    assert _asked(lake, "alerts_history", key="198.51.100.1") == []
    assert _asked(lake, "alerts_history", detection="another") == []
