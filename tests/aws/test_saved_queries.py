"""Every saved query answers alike on three engines: DuckDB on one machine, a real Trino, and Athena's API, from the same events.

And a real Trino answers it alike of events that came three times, beside a copy of all of them that is a year older.

The events are the generator's, put on the buses of a deployed lake; what its raw backup kept of them goes into a lake in a folder, so that both hold
the same ids. `current_date` and its like become one moment for all, the only change that is made to a query.
What DuckDB answers equals the generator's truth: tests/sources/saved_queries/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aws.client import eventually
from aws.events import samples, tables_of
from aws.lake import AUTH0_BUS, EVERY_SOURCE, Lake, batches, deployed, entry
from aws.serving import Emulator
from eventlake.backends.athena import AthenaEngine
from eventlake.backends.aws import Session
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.trino import TrinoEngine
from eventlake.cloud.deployment import find
from eventlake.cloud.looking import lake_to_look_at
from eventlake.history import History, Truth
from eventlake.history.history import SYSTEMS
from eventlake.interfaces import Engine, Result
from eventlake.lake import Lake as LakeToAsk
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import open_lake
from eventlake.local.importing import store
from eventlake.local.item import Item
from eventlake.model import Source
from eventlake.query.saved import SavedQuery, load_saved, render
from eventlake.sources import load
from eventlake.stack_names import database_name
from eventlake.web.grafana import DASHBOARDS, panel_sql
from eventlake.web.pages import BY_PATH
from eventlake.web.site import Site
from eventlake.web.tile import Tile, statement
from eventlake.web.window import Window
from web.conftest import Browser

pytestmark = pytest.mark.java

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCES = load()
SAVED = load_saved(SOURCES)
DATABASES = {source.name: f"questions_{source.name}" for source in SOURCES}
PANELS = [(name, tile) for name in DASHBOARDS for tile in BY_PATH[f"/{name}"].tiles if tile.chart not in {"waterfall", "sparks"}]


@dataclass(frozen=True)
class Engines:
    """The three engines over the same events. given: a value that occurs in them for each parameter without a default. raw: the events.

    folder: of the lake on this machine. answers: of Trino, to what it was asked before.
    """

    duckdb: Engine
    trino: Engine
    athena: Engine
    given: dict[str, str]
    raw: list[dict[str, Any]]
    folder: Path
    answers: dict[str, Result] = field(default_factory=dict)

    def of_trino(self, sql: str) -> Result:
        """What Trino answers; two tests want to know it of each saved query."""
        if sql not in self.answers:
            self.answers[sql] = self.trino.query(sql)
        return self.answers[sql]


@pytest.fixture(scope="module")
def engines(emulator: Emulator, trino: str, tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """A lake on AWS and one in a folder, with the same history of ten days."""
    aws, folder = emulator.aws, tmp_path_factory.mktemp("questions")
    if AUTH0_BUS not in {bus["Name"] for bus in aws("events", "list-event-buses")["EventBuses"]}:
        aws("events", "create-event-bus", "--name", AUTH0_BUS)
    names = {database_name(source): DATABASES[source.name] for source in SOURCES}
    wanted = {**EVERY_SOURCE, **names, "KeepRawEvents": "yes", "BufferingHintsIntervalInSeconds": "300", "Alarms": "off"}
    lake = deployed(aws, "questions", folder, wanted)
    history = [event for _, event in History(7, NOW - timedelta(days=10), NOW, scale=0.2, users=60, duplicates=0.01).events()]
    events = [*history, *_of_other_sources()]
    bus = aws.service("events")
    with lake.alone():
        for some in batches(events, 10):
            assert bus.put_events(Entries=[entry(event) for event in some])["FailedEntryCount"] == 0
    raw = _kept(lake, len(events))
    execution = next(event["detail"]["execution-id"] for event in history if "execution-id" in event["detail"])
    login = next(event["detail"]["data"] for event in history if event["detail"].get("data", {}).get("user_name"))
    given = {"deployment": "d-Z9Y8X7W6V", "execution": execution, "user": login["user_name"], "ip": login["ip"]}
    on_aws = [_in_database(source, DATABASES[source.name]) for source in SOURCES]
    tables = [table for source in on_aws for table in source.tables]
    outcomes = list(store([Item(place, json.dumps(event).encode()) for place, event in enumerate(raw, 1)], folder / "local", SOURCES))
    assert len(outcomes) == len(events)
    local = open_lake(folder / "local", SOURCES)
    return Engines(
        local.engine,
        TrinoEngine(trino, "lake", tables),
        AthenaEngine(aws.service("athena"), "questions", tables),
        given,
        raw,
        folder / "local",
    )


def _of_other_sources() -> Iterator[dict[str, Any]]:
    """The samples of the sources that the generator does not tell of, as if they had happened in the last hours, a minute apart."""
    wanted = {table.name for source in SOURCES if source.name not in SYSTEMS for table in source.tables}
    for minutes, event in enumerate(samples(), 60):
        if any(table.name in wanted for table in tables_of(event)):
            yield {**event, "time": f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"}


def _in_database(source: Source, name: str) -> Source:
    return replace(source, database=name, tables=tuple(replace(table, database=name) for table in source.tables))


def _kept(lake: Lake, count: int) -> list[dict[str, Any]]:
    """The events as they came, once all of them are in the raw backup and in partitions."""
    tables = [table for source in SOURCES for table in source.tables]

    def look() -> list[dict[str, Any]] | None:
        found = [event for table in tables for event in lake.raw_events(table.name)]
        rows = sum(len(some) for some in lake.rows(key for table in tables for key in lake.bucket.keys(f"{table.prefix}/")).values())
        ready = all(lake.partitions(table.name, DATABASES[table.source]) for table in tables)
        return found if len(found) == count == rows and ready else None

    found = eventually(look)
    assert found
    return found


@pytest.fixture(scope="module")
def repeated(engines: Engines, emulator: Emulator, trino: str, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Trino over the same events three times and a copy of a year before, as a lake in a folder stores them."""
    folder = tmp_path_factory.mktemp("repeated")
    events = [*engines.raw, *map(_a_year_older, engines.raw), *reversed(engines.raw), *engines.raw]
    list(store([Item(place, json.dumps(event).encode()) for place, event in enumerate(events, 1)], folder, SOURCES))
    here = open_lake(folder, SOURCES)
    s3, glue = emulator.aws.service("s3"), emulator.aws.service("glue")
    s3.create_bucket(Bucket="repeated")
    for file in sorted(path for path in (folder / "objects").rglob("*") if path.is_file()):
        s3.upload_file(str(file), "repeated", str(file.relative_to(folder / "objects")))
    on_aws = [_in_database(source, f"repeated_{source.name}") for source in SOURCES]
    tables = [table for source in on_aws for table in source.tables]
    catalog = GlueCatalog(glue, tables, "repeated")
    for source in on_aws:
        glue.create_database(DatabaseInput={"Name": source.database})
        for table in source.tables:
            known = glue.get_table(DatabaseName=DATABASES[source.name], Name=table.name)["Table"]
            glue.create_table(DatabaseName=source.database, TableInput=_moved(known, f"s3://repeated/{table.prefix}/"))
            assert all(map(catalog.add_partition, here.catalog.partitions(table.name)))
    return TrinoEngine(trino, "lake", tables)


def _a_year_older(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its ids, a year before: what a replayed archive or a late export brings."""
    detail = dict(event["detail"])
    if "data" in detail:
        detail["data"] = {**detail["data"], "date": _last_year(detail["data"]["date"])}
    return {**event, "time": _last_year(event["time"]), "detail": detail}


def _last_year(moment: str) -> str:
    return f"{int(moment[:4]) - 1}{moment[4:]}"


def _moved(table: dict[str, Any], location: str) -> dict[str, Any]:
    """What makes a table like this one, with its objects elsewhere."""
    kept: dict[str, Any] = {key: table[key] for key in ("Name", "PartitionKeys", "TableType", "Parameters") if key in table}
    return {**kept, "StorageDescriptor": {**table["StorageDescriptor"], "Location": location}}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_events_that_came_again_and_old_ones_change_no_answer(engines: Engines, repeated: Engine, saved: SavedQuery) -> None:
    """Every event counts once on a real Trino too, wherever its copies came in, and none that is older than was asked for."""
    values = {parameter.name: engines.given[parameter.name] for parameter in saved.parameters if parameter.default is None}
    sql = _at(NOW, render(saved, values))

    assert repeated.query(sql).rows == engines.of_trino(sql).rows


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_a_saved_query_answers_alike_everywhere(engines: Engines, saved: SavedQuery) -> None:
    """Names, types and rows, in the query's own order and to the last digit; of arrays, maps and rows Athena prints a text of its own."""
    values = {parameter.name: engines.given[parameter.name] for parameter in saved.parameters if parameter.default is None}
    sql = _at(NOW, render(saved, values))
    here, trino, athena = engines.duckdb.query(sql), engines.of_trino(sql), engines.athena.query(sql)
    assert (here.columns, _without_lengths(here.types)) == (trino.columns, _without_lengths(trino.types))
    assert here.rows == trino.rows
    assert athena.columns == here.columns
    plain = [place for place, kind in enumerate(here.types) if not kind.startswith(("array", "map", "row"))]
    assert [[row[place] for place in plain] for row in athena.rows] == [[row[place] for place in plain] for row in here.rows]


@pytest.mark.parametrize(("name", "tile"), PANELS, ids=[f"{name}-{tile.name}" for name, tile in PANELS])
def test_a_panel_of_grafana_is_understood_by_trino(engines: Engines, trino: str, name: str, tile: Tile) -> None:
    """Its variables filled in as Grafana does, and no schema given; what is not drawn over time has the rows of the page's tile."""
    start, source = NOW - timedelta(days=10), next(source for source in SOURCES if source.name == DASHBOARDS[name])
    filled = {"__from": f"{start.timestamp():.0f}000", "__to": f"{NOW.timestamp():.0f}000", "__interval_ms": "3600000"}
    places = filled | {"catalog": "lake", "database": DATABASES[source.name]}
    sql = re.sub(r"\$\{\w+:sqlstring\}", "''", panel_sql(tile, "trino", source))
    found = TrinoEngine(trino, "lake").query(re.sub(r"\$\{(\w+)\}", lambda place: places[place[1]], sql))

    on_page = engines.duckdb.query(statement(tile.query, Window(start, NOW, ZoneInfo("UTC"), {}, NOW)))
    assert found.columns[1:] == on_page.columns[1:]
    if tile.name == "measures":  # a median of so many values is Trino's approximation, and differs with how it reads its files
        assert [one or 0 for one in found.rows[0]] == pytest.approx([one or 0 for one in on_page.rows[0]], rel=0.05, abs=1)
    elif found.columns[0] != "time":
        assert found.rows == on_page.rows
    else:
        assert sum(row[-1] for row in found.rows) == sum(row[-1] for row in on_page.rows)


@pytest.mark.parametrize("path", ["/logins", "/changes", "/source/auth0", "/source/codebuild"])
def test_a_page_over_athena_is_the_page_of_one_machine(
    engines: Engines, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The same numbers in the same places, as a browser gets them; asked again, Athena is not."""
    for name, value in emulator.aws.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    session = Session()
    athena = session.client("athena")
    asked: list[str] = []
    athena.meta.events.register("before-call.athena.StartQueryExecution", lambda params, **_: asked.append(str(params)))
    deployment = find("aws:questions", SOURCES, session)
    there = _looking(engines.folder, lake_to_look_at(deployment, session, lambda: NOW))
    here = _looking(engines.folder, open_lake(engines.folder, SOURCES))
    window = {"from": f"{NOW - timedelta(days=11):%Y-%m-%dT%H:%M:%SZ}", "to": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}

    over_athena, on_one_machine = there.get(path, window), here.get(path, window)
    times = len(asked)
    there.get(path, window)

    assert over_athena.status == 200
    assert 'class="problem"' not in over_athena.text
    assert _tiles(over_athena.text) == _tiles(on_one_machine.text)
    assert len(asked) == times > 0


def _looking(folder: Path, lake: LakeToAsk) -> Browser:
    """A browser that looks at a lake now."""
    browser = Browser(folder, lake, Truth(0))
    browser.site = Site(lambda: lake, lambda: LocalFailedRecords(folder), lambda: NOW, lambda: False)
    return browser


def _tiles(text: str) -> list[str]:
    """The tiles of a page, as they are written."""
    return re.findall(r'<section class="tile.*?</section>', text, re.DOTALL)


def _without_lengths(types: tuple[str, ...]) -> list[str]:
    """Types as they matter to rows: how long a text may be, Trino works out from literals alone."""
    return [re.sub(r"varchar\(\d+\)", "varchar", kind) for kind in types]


def _at(now: datetime, sql: str) -> str:
    """The query with one moment in place of the engines' own clocks."""
    moment = f"{now:%Y-%m-%d %H:%M:%S}.000"
    replaced = re.sub(r"\blocaltimestamp\b", f"TIMESTAMP '{moment}'", sql, flags=re.IGNORECASE)
    replaced = re.sub(r"\b(current_timestamp|now\(\))", f"TIMESTAMP '{moment} UTC'", replaced, flags=re.IGNORECASE)
    return re.sub(r"\bcurrent_date\b", f"DATE '{now:%Y-%m-%d}'", replaced, flags=re.IGNORECASE)
