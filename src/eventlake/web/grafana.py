"""Grafana dashboards that show the page's tiles: the same queries, asked of Athena or of Trino by Grafana itself.

A dashboard is JSON as Grafana imports it. The window comes from Grafana's `${__from}` and `${__to}`, milliseconds that every data source fills
in; tiles over time are summed over the widths of bars that Grafana asks for. What cannot be drawn by it (waterfalls, sparklines) stays on the page.
Model: https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/
Queries of the data sources: https://github.com/grafana/athena-datasource 3.3.3 and https://github.com/trinodb/grafana-trino 1.1.1, src/types.ts
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.dialect.text.lexicon import BLANK, COMMENT, tokens
from eventlake.dialect.text.parameters import replaced
from eventlake.errors import UsageError
from eventlake.model import Source
from eventlake.naming import nearest_or_all
from eventlake.web.pages import BY_PATH, Page
from eventlake.web.scan import reading_of
from eventlake.web.tile import Tile

PLUGINS = {"athena": "grafana-athena-datasource", "trino": "trino-datasource"}
"""The engines that Grafana can ask, and its plugin for each."""
DASHBOARDS = {"deliveries": "codepipeline", "logins": "auth0"}
"""The pages that are dashboards, and the source that each reads."""

_INPUT = "DS_EVENTLAKE"
_TIME_SERIES, _TABLE = 0, 1
_PANELS = {
    "bars": "timeseries",
    "heat": "timeseries",
    "ranked": "bargauge",
    "numbers": "stat",
    "table": "table",
    "outcomes": "table",
    "changes": "table",
}
"""How each kind of the page's charts is drawn by Grafana."""
_SERIES = {"deployments": "pipeline", "blocks": "type"}
"""The tiles over time that have a row for each of these, and what else they have is a number."""
_NUMBERS = {
    "logins": ("succeeded", "failed"),
    "outcomes": ("succeeded", "failed", "ended_otherwise"),
    "signups": ("succeeded", "failed"),
    "deployments": ("deployments",),
    "blocks": ("entries",),
    "login_heat": ("failed",),
    "delivery_heat": ("deployments",),
}
"""The tiles over time, and the columns that are summed."""

_START = "cast(from_unixtime(${__from} / 1e3) at time zone 'UTC' as timestamp)"
_END = "cast(from_unixtime(${__to} / 1e3) at time zone 'UTC' as timestamp)"
_SINCE = "date_add('day', -1, cast(from_unixtime(${__from} / 1e3) at time zone 'UTC' as date))"
_STEP = "greatest(900, ${__interval_ms} / 1000)"
_PLACES = {"since": _SINCE, "start": _START, "end": _END}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks: one of `PLUGINS`, of which source's tables."""

    engine: str
    source: Source

    @property
    def data_source(self) -> dict[str, str]:
        """Return which data source a panel asks; people choose theirs when they import the dashboard."""
        return {"type": PLUGINS[self.engine], "uid": f"${{{_INPUT}}}"}

    def target(self, sql: str, form: int) -> dict[str, Any]:
        """Return a panel's query."""
        common = {"refId": "A", "datasource": self.data_source, "rawSQL": sql, "format": form}
        if self.engine == "trino":
            return common
        chosen = {"region": "__default", "catalog": "${catalog}", "database": "${database}", "resultReuseEnabled": False}
        return common | {"connectionArgs": chosen}


def dashboard_text(name: str, engine: str, sources: Sequence[Source]) -> str:
    """Return the JSON of a dashboard for one of `PLUGINS`, with a newline at its end. Raises UsageError for a name it does not know."""
    for given, known in ((name, DASHBOARDS), (engine, PLUGINS)):
        if given not in known:
            raise UsageError(f'There is no "{given}" for Grafana.{nearest_or_all(given, list(known))}')
    source = next(source for source in sources if source.name == DASHBOARDS[name])
    return json.dumps(_dashboard(BY_PATH[f"/{name}"], _Asked(engine, source)), indent=1) + "\n"


def _dashboard(page: Page, asked: _Asked) -> dict[str, Any]:
    plugin = PLUGINS[asked.engine]
    name = page.title.lower()
    return {
        "__inputs": [
            {"name": _INPUT, "label": "The lake", "description": "", "type": "datasource", "pluginId": plugin, "pluginName": asked.engine}
        ],
        "__requires": [{"type": "datasource", "id": plugin, "name": asked.engine, "version": "1.0.0"}],
        "uid": f"eventlake-{name}-{asked.engine}",
        "title": f"eventlake: {page.title}",
        "tags": ["eventlake"],
        "schemaVersion": 39,
        "editable": True,
        "timezone": "browser",
        "time": {"from": f"now{page.default}", "to": "now"},
        "refresh": "",
        "templating": {"list": list(_variables(page, asked))},
        "panels": list(_panels(page, asked)),
    }


def _variables(page: Page, asked: _Asked) -> Iterator[dict[str, Any]]:
    yield _text_box("catalog", "Catalog", "AwsDataCatalog" if asked.engine == "athena" else "lake")
    yield _text_box("database", "Database", asked.source.database)
    if any(parameter.name == "pipeline" for tile in page.tiles for parameter in tile.query.parameters):
        yield _text_box("pipeline", "Pipeline (empty: all)", "")


def _text_box(name: str, label: str, default: str) -> dict[str, Any]:
    chosen = {"text": default, "value": default, "selected": True}
    return {"name": name, "label": label, "type": "textbox", "query": default, "current": chosen, "options": [chosen], "hide": 0}


def _panels(page: Page, asked: _Asked) -> Iterator[dict[str, Any]]:
    across, down = 0, 0
    for number, tile in enumerate((tile for tile in page.tiles if tile.chart in _PANELS), 1):
        width, height = 24 if tile.wide else 12, 5 if tile.chart == "numbers" else 9
        if across + width > 24:
            across, down = 0, down + 9
        yield _panel(tile, asked) | {"id": number, "gridPos": {"x": across, "y": down, "w": width, "h": height}}
        across += width


def _panel(tile: Tile, asked: _Asked) -> dict[str, Any]:
    kind = _PANELS[tile.chart]
    return {
        "type": kind,
        "title": tile.title or tile.query.title,
        "description": tile.query.doc.partition("\n")[2],
        "datasource": asked.data_source,
        "targets": [asked.target(panel_sql(tile, asked.engine, asked.source), _TIME_SERIES if kind == "timeseries" else _TABLE)],
        "fieldConfig": {"defaults": _defaults(kind) | {"noValue": tile.empty}, "overrides": []},
        "options": _options(kind),
    }


def _defaults(kind: str) -> dict[str, Any]:
    if kind != "timeseries":
        return {}
    return {"custom": {"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "stacking": {"mode": "normal", "group": "A"}}}


def _options(kind: str) -> dict[str, Any]:
    every_row = {"reduceOptions": {"values": True, "calcs": [], "fields": "", "limit": 25}}
    return {
        "bargauge": every_row | {"orientation": "horizontal", "displayMode": "basic"},
        "stat": every_row | {"textMode": "value_and_name"},
    }.get(kind, {})


def panel_sql(tile: Tile, engine: str, source: Source) -> str:
    """Return the SQL that Grafana sends for a tile, with its variables: over the tables of `${catalog}.${database}` where Trino is asked."""
    places = {name: f"${{{name}:sqlstring}}" for name in (parameter.name for parameter in tile.query.parameters)} | _PLACES
    sql = replaced(tile.query.sql, places)
    if tile.name in _NUMBERS:
        sql = _summed(sql, _SERIES.get(tile.name), _NUMBERS[tile.name])
    return sql if engine == "athena" else _qualified(sql, source)


def _summed(sql: str, series: str | None, numbers: Sequence[str]) -> str:
    """Sum the quarters of an hour up to the bars that Grafana asks for."""
    others = [series] if series else []
    columns = ", ".join([*others, *(f"sum({name}) as {name}" for name in numbers)])
    keys = ", ".join(["1", *others])
    moment = f"cast(from_unixtime(floor(to_unixtime(quarter) / ({_STEP})) * ({_STEP})) at time zone 'UTC' as timestamp)"
    return f"select {moment} as time, {columns}\nfrom (\n{sql}\n)\ngroup by {keys}\norder by {keys}"


def _qualified(sql: str, source: Source) -> str:
    """Say where the tables are that a statement names, by names of its own for them: Grafana's data source for Trino has no default schema."""
    read = {scan.table.name for scan in reading_of(sql, source.tables).scans}
    named = [table.name for table in source.tables if table.name in read]
    own = ",\n".join(f"{name} as (select * from ${{catalog}}.${{database}}.{name})" for name in named)
    first = next(token for token in tokens(sql) if token.kind not in {BLANK, COMMENT})
    return f"with {own},{sql[first.end :]}" if first.word == "WITH" else f"with {own}\n{sql}"
