"""What Grafana would ask, answered by the lake: the numbers are those of the page."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from by_day import one_in
from eventlake.errors import UsageError
from eventlake.sources import load
from eventlake.web.grafana import DASHBOARDS, PLUGINS, dashboard_text, panel_sql
from eventlake.web.pages import BY_PATH
from eventlake.web.tile import Tile, statement
from eventlake.web.window import Window
from web.conftest import END, START, Browser

SOURCES = {source.name: source for source in load()}
SHOWN = [(name, tile) for name in DASHBOARDS for tile in BY_PATH[f"/{name}"].tiles if tile.chart not in {"waterfall", "sparks"}]
COMMITTED = Path(__file__).parents[2] / "docs" / "grafana"
PANELS = {(name, engine): json.loads(dashboard_text(name, engine, list(SOURCES.values()))) for name in DASHBOARDS for engine in PLUGINS}


def asked(sql: str, start: datetime, end: datetime) -> str:
    """What Grafana sends: its variables filled in as it fills them in, in bars of an hour."""
    values = {"__from": f"{start.timestamp() * 1000:.0f}", "__to": f"{end.timestamp() * 1000:.0f}", "__interval_ms": "3600000"}
    filled = re.sub(r"\$\{(\w+):sqlstring\}", "''", sql)
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], filled)


@pytest.mark.parametrize(("name", "tile"), one_in(10, SHOWN), ids=[f"{name}-{tile.name}" for name, tile in SHOWN])
def test_a_panel_shows_the_numbers_of_its_tile(browser: Browser, name: str, tile: Tile) -> None:
    """Rows are the same; what is drawn over time has the same sums, in wider bars."""
    start, end = START.replace(microsecond=0), END
    engine = browser.lake.engine
    on_page = engine.query(statement(tile.query, Window(start, end, ZoneInfo("UTC"), {}, end)))

    found = engine.query(asked(panel_sql(tile, "athena", SOURCES[DASHBOARDS[name]]), start, end))

    if found.columns[0] != "time":
        assert (found.columns, found.rows) == (on_page.columns, on_page.rows)
        return
    assert found.columns[1:] == on_page.columns[1:]
    assert 0 < len(found.rows) <= len(on_page.rows)
    assert sums(found.rows) == sums(on_page.rows)
    assert all(moment.minute == 0 and start - timedelta(hours=1) < moment.replace(tzinfo=start.tzinfo) < end for moment, *_ in found.rows)


def sums(rows: Any) -> dict[tuple[Any, ...], list[int]]:
    """The sum of each column of numbers, by what else a row says."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for _, *values in rows:
        numbers = [value for value in values if isinstance(value, int)]
        known = found.setdefault(tuple(value for value in values if not isinstance(value, int)), [0] * len(numbers))
        for place, number in enumerate(numbers):
            known[place] += number
    return found


@pytest.mark.parametrize(("name", "engine"), PANELS)
def test_a_dashboard_asks_the_data_source_that_was_chosen(name: str, engine: str) -> None:
    """Each panel, with an id and a place of its own; text that people type is quoted by Grafana."""
    dashboard = PANELS[name, engine]
    panels = dashboard["panels"]

    assert {panel["datasource"]["type"] for panel in panels} == {PLUGINS[engine]} == {dashboard["__inputs"][0]["pluginId"]}
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {"${DS_EVENTLAKE}"}
    assert len({panel["id"] for panel in panels}) == len(panels) == len([one for one, _ in SHOWN if one == name])
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    known = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__from", "__to", "__interval_ms"}
    used = {word for panel in panels for word in re.findall(r"\$\{(\w+)", json.dumps(panel["targets"]).replace("DS_EVENTLAKE", "__to"))}
    assert used <= known


def test_trino_is_told_where_the_tables_are() -> None:
    """Each by a name of its own in front of the statement, also where that begins with others."""
    running = next(tile for _, tile in SHOWN if tile.name == "running")
    sql = panel_sql(running, "trino", SOURCES["codepipeline"])

    begin = (
        "with pipeline_execution_state_change as (select * from ${catalog}.${database}.pipeline_execution_state_change), executions as ("
    )
    assert sql.startswith(begin)


@pytest.mark.parametrize(("name", "engine"), PANELS)
def test_what_is_committed_is_what_the_command_writes(name: str, engine: str) -> None:
    """`eventlake grafana NAME --engine ENGINE > docs/grafana/NAME-ENGINE.json`."""
    assert json.loads((COMMITTED / f"{name}-{engine}.json").read_text("utf-8")) == PANELS[name, engine]


@pytest.mark.parametrize(("name", "engine"), [("login", "athena"), ("logins", "presto")])
def test_another_name_is_refused(name: str, engine: str) -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=r'There is no "(login|presto)" for Grafana'):
        dashboard_text(name, engine, list(SOURCES.values()))
