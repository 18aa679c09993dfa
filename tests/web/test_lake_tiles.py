"""The page of the lake: what its tiles say against what was put in, and against the catalog's own sums."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eventlake.cli import run
from eventlake.history import Truth
from eventlake.local.closing.closer import Closer
from eventlake.local.folder import OBJECTS, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.model import Table
from eventlake.sources import load
from eventlake.web.lake_tiles import lake_page
from web.conftest import END, Browser

pytestmark = pytest.mark.slow

SOURCES = load()
TABLE = "pipeline_execution_state_change"
DECLARED = next(table for source in SOURCES for table in source.tables if table.name == TABLE)
TILES = [tile.name for tile in lake_page([table for source in SOURCES for table in source.tables]).tiles]
NOTHING = {"lake_columns"}
"""Tiles that have nothing to say of a lake that is as it is declared."""
FIRST = END.replace(minute=5, second=0) - timedelta(hours=30)
ARRIVALS = {0: [0, 1, 2, 1], 1: [3], 4: [4, 5, 4], 27: [6]}
"""Which events came how many hours after the first; one twice within an hour is a duplicate."""


def event(number: int, at: datetime) -> bytes:
    """An execution that began, with a field that no column keeps."""
    detail = {"pipeline": "shop", "execution-id": f"e-{number}", "state": "STARTED", "start-time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    kind = "CodePipeline Pipeline Execution State Change"
    whole = {"id": f"one-{number}", "source": "aws.codepipeline", "detail-type": kind, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps(whole | {"detail": detail | {"version": 1, "mood": "calm"}}).encode()


def put(folder: Path, at: datetime, bodies: list[bytes]) -> None:
    """Have events arrive at a moment."""
    with Importer(folder, SOURCES, now=lambda: at, log_format="parquet") as importer:
        importer.accept([Item(number, body) for number, body in enumerate(bodies, 1)])
        importer.deliver()


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Four hours of arrival: the first two closed, of which one had more come in later, one open, one a day after; and some that failed."""
    folder = tmp_path_factory.mktemp("hours")
    for after, numbers in ARRIVALS.items():
        at = FIRST + timedelta(hours=after)
        put(folder, at, [event(number, at) for number in numbers] + [b'{"no": %d}' % place for place in range(after)])
    with Importer(folder, SOURCES) as importer, Closer(importer.catalog, folder / OBJECTS, now=lambda: END) as closer:
        for state in importer.catalog.contents(TABLE).hours[:3]:
            assert closer.close(DECLARED, state).problem == ""
    put(folder, FIRST + timedelta(hours=1), [event(9, FIRST)])
    return Browser(folder, open_lake(folder, SOURCES), Truth(0))


@pytest.mark.parametrize("name", TILES)
def test_each_tile_says_something_in_each_form(hours: Browser, name: str) -> None:
    """As picture, JSON, CSV, and as a statement with the same rows."""
    rows = hours.get(f"/tiles/{name}.json").rows()
    sql = hours.get(f"/tiles/{name}.sql").text

    assert bool(rows) == (name not in NOTHING)
    ElementTree.fromstring(hours.get(f"/tiles/{name}.svg").text)
    assert hours.get(f"/tiles/{name}.csv").text.count("\n") >= len(rows)
    answered = hours.lake.engine.query(sql)
    assert answered.columns == tuple(rows[0]) if rows else answered.rows == []
    assert len(answered.rows) == len(rows)
    assert hours.get(f"/tiles/{name}").status == 200


def test_hours_have_their_states(hours: Browser) -> None:
    """Those between the first and the last in which nothing came are missing."""
    rows = hours.get("/tiles/lake_hours.json").rows()
    said = {datetime.fromisoformat(row["hour"]): row["state"] for row in rows}
    begin = FIRST.replace(minute=0, tzinfo=None)

    assert said[begin] == "closed"
    assert said[begin + timedelta(hours=1)] == "re-opened"
    assert said[begin + timedelta(hours=4)] == "closed"
    assert said[begin + timedelta(hours=27)] == "open"
    assert Counter(said.values())["missing"] == 28 - len(ARRIVALS)
    assert len(rows) == len(said) == 28


def test_a_table_has_what_came_but_for_its_duplicates(hours: Browser) -> None:
    """Rows, objects, bytes and hours are the catalog's own."""
    (row,) = hours.get("/tiles/lake_tables.json").rows()
    held = hours.lake.catalog.contents(TABLE)

    assert row["rows_held"] == len({number for numbers in ARRIVALS.values() for number in numbers}) + 1
    assert (row["objects"], row["bytes"], row["hours"]) == (held.count, held.size_bytes, 4)
    assert (row["open"], row["re_opened"], row["missing"], row["duplicates_left_out"]) == (1, 1, 24, 2)


def test_sums_by_table_and_hour_are_the_catalogs(hours: Browser) -> None:
    """Objects, bytes and duplicates; what a question costs follows from the bytes, 10 MB at least."""
    held = hours.lake.catalog.contents(TABLE)
    by_hour = {f"{one.hour.date} {one.hour.hour}:00:00.000": one.size_bytes for one in held.hours}

    assert {row["hour"]: row["bytes"] for row in hours.get("/tiles/lake_bytes.json").rows()} == by_hour
    for name, measure, expected in (
        ("lake_objects", "objects", held.count),
        ("lake_sizes", "bytes", held.size_bytes),
        ("lake_duplicates", "duplicates", 2),
        ("lake_cost", "bytes", held.size_bytes),
    ):
        assert [(row["table_name"], row[measure]) for row in hours.get(f"/tiles/{name}.json").rows()] == [(TABLE, expected)]
    assert float(hours.get("/tiles/lake_cost.json").rows()[0]["dollars"]) == pytest.approx(5 * 10 / 2**20, abs=1e-6)


def test_what_failed_is_counted_by_hour_and_reason(hours: Browser) -> None:
    """In the hour in which it arrived."""
    rows = hours.get("/tiles/lake_failed.json").rows()
    begin = FIRST.replace(minute=0, tzinfo=None)

    assert [(datetime.fromisoformat(row["hour"]), row["code"], row["records"]) for row in rows] == [
        (begin + timedelta(hours=after), "NotAnEvent", after) for after in ARRIVALS if after
    ]


def test_fields_without_a_column_are_counted(hours: Browser) -> None:
    """By table; what was not left out yet counts as often as it lies there."""
    (row,) = [row for row in hours.get("/tiles/lake_drift.json").rows() if row["field"] == "mood"]

    assert (row["table_name"], row["events"]) == (TABLE, 8)


def test_columns_declared_otherwise_are_named(hours: Browser) -> None:
    """With the type of the declaration, and the catalog's."""
    changed = [replace(source, tables=tuple(_redeclared(table) for table in source.tables)) for source in SOURCES]
    browser = Browser(Path(), replace(hours.lake, sources=changed), Truth(0))

    rows = browser.get("/tiles/lake_columns.json").rows()

    assert [(row["table_name"], row["column_name"], row["declared"], row["in_the_catalog"]) for row in rows] == [
        (TABLE, "pipeline", None, "string"),
        (TABLE, "version", "bigint", "string"),
    ]


def _redeclared(table: Table) -> Table:
    """The table of executions without its pipeline, and with another type for a number."""
    if table.name != TABLE:
        return table
    kept = [column for column in table.columns if column.stored_name != "pipeline"]
    return replace(table, columns=tuple(replace(one, type="bigint") if one.stored_name == "version" else one for one in kept))


def test_a_window_leaves_other_hours_out(hours: Browser) -> None:
    """The marks of an hour lead to its table in that hour."""
    shown = hours.get("/lake", {"from": "-4h"}).text
    (row,) = hours.get("/tiles/lake_tables.json", {"from": "-4h"}).rows()

    assert (row["hours"], row["open"], row["missing"]) == (1, 1, 0)
    assert re.findall(rf'href="(/source/codepipeline/{TABLE}\?from=[^"]+Z)"', shown)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A lake with an event of today, one of the first hour of the calendar, and one of the last."""
    folder = tmp_path_factory.mktemp("ends")
    bodies = [json.loads(event(number, FIRST)) for number in range(3)]
    bodies[0]["time"], bodies[1]["time"] = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    (folder / "events.jsonl").write_text("".join(json.dumps(body) + "\n" for body in bodies))
    assert run(["backfill", "files", str(folder / "events.jsonl"), "--lake", str(folder / "lake"), "--quiet"]) == 0
    return Browser(folder / "lake", open_lake(folder / "lake", SOURCES), Truth(0))


@pytest.mark.parametrize("name", TILES)
def test_each_tile_is_drawn_beside_hours_at_the_ends_of_the_calendar(ends: Browser, name: str) -> None:
    """Of what lies in the window, as ever."""
    for form in ("", ".svg", ".json"):
        assert ends.get(f"/tiles/{name}{form}").status == 200
    assert [row["hours"] for row in ends.get("/tiles/lake_tables.json").rows()] == [1]


def test_pages_are_shown_beside_hours_at_the_ends_of_the_calendar(ends: Browser) -> None:
    """In zones on both sides of Greenwich, rows of such events too."""
    for path in ("/", "/lake", "/source/codepipeline", f"/source/codepipeline/{TABLE}", "/failed", "/sources"):
        for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
            assert ends.get(path, {"tz": zone}).status == 200
            assert ends.get("/sql", {"tz": zone, "sql": f"select event_id, event_time from {TABLE}"}).status == 200
