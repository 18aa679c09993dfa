"""How sources beat, worked out again from the moments of the events that lie in the lake."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from web.conftest import WINDOW, Browser

pytestmark = pytest.mark.slow
WINDOW_END = datetime(2026, 11, 20, 14, 38, tzinfo=UTC)
TABLES = {
    "auth0": ["auth0_logs"],
    "codepipeline": ["pipeline_execution_state_change", "stage_execution_state_change", "action_execution_state_change"],
}


def moments(browser: Browser, source: str) -> list[datetime]:
    """When each event of a source happened, in order."""
    found = [row[0] for name in TABLES[source] for row in browser.lake.engine.query(f"select event_time from {name}").rows]
    return sorted(moment.replace(tzinfo=UTC) for moment in found)


@pytest.mark.parametrize("source", sorted(TABLES))
def test_a_source_beats_as_its_events_came(browser: Browser, source: str) -> None:
    """How many, the last one, and the gaps between them in whole seconds."""
    (row,) = [row for row in browser.tile("pulse") if row["source"] == source]
    came = moments(browser, source)
    gaps = sorted(int((after - before).total_seconds()) for before, after in pairwise(came))

    assert row["events"] == len(came) == sum(one.rows or 0 for name in TABLES[source] for one in browser.lake.catalog.contents(name).hours)
    assert row["last_event"] == f"{came[-1]:%Y-%m-%d %H:%M:%S}.{came[-1].microsecond // 1000:03}"
    assert row["silent_seconds"] == int((WINDOW_END - came[-1]).total_seconds())
    assert row["longest_gap_seconds"] == gaps[-1]
    assert gaps[int(len(gaps) * 0.985)] <= row["usual_gap_seconds"] <= gaps[int(len(gaps) * 0.995)]


def test_the_last_hour_is_counted_by_five_minutes(browser: Browser) -> None:
    """Up to the window's end, the oldest first; a bar leads to the source's page in its minutes."""
    end = moments(browser, "auth0")[-1] + timedelta(minutes=3)
    window = WINDOW | {"to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    end = end.replace(microsecond=0)
    (row,) = [row for row in browser.get("/tiles/pulse.json", window).rows() if row["source"] == "auth0"]
    parts = [0] * 12
    for moment in moments(browser, "auth0"):
        back = int((end - moment).total_seconds() / 60) // 5
        if end > moment and back < 12:
            parts[11 - back] += 1

    assert row["last_hour"] == parts
    assert sum(parts) > 0
    links = re.findall(r'href="(/source/auth0\?[^"]*from=[^"]*)"', browser.get("/", window).text)
    assert len(links) == 1 + sum(part > 0 for part in parts)
