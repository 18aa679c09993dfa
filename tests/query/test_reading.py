"""Hours are told by where their objects lie, open and closed ones alike, and joined by path only where that does not tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from closing_lake import FIRST, PAST, RUNS, SOURCES, close, event, store
from eventlake.interfaces import LogObject
from eventlake.lake import Lake
from eventlake.layout import Hour
from eventlake.local.closing.closer import Closer
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.mentions import mentions
from eventlake.query.reading import _MOST_KINDS, Reading
from eventlake.sources.declaration import parse_source

LATE = FIRST + timedelta(hours=30)
SQL = f'select cast("date" as varchar) as day, hour, "$path" as path, event_id from {RUNS} order by event_id'


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A closed hour and an open one, in a folder that is called like an hour."""
    folder = tmp_path_factory.mktemp("lakes") / "2026" / "12" / "30" / "10"
    store(folder, [(PAST, [event("a"), event("a")]), (LATE, [event("c")])], "parquet")
    close(folder, now=datetime(2026, 7, 30, tzinfo=UTC))
    return open_lake(folder, SOURCES)


def test_open_and_closed_hours_tell_themselves(lake: Lake) -> None:
    """Both by their paths, which no row is joined for; a condition on them keeps the right ones."""
    rows = lake.engine.query(SQL).rows
    explained = lake.engine.explain(SQL)

    assert [(day, hour, name) for day, hour, _, name in rows] == [("2026-06-30", "10", "a"), ("2026-12-31", "16", "c")]
    assert "/closed/" in rows[0][2]
    assert "/closed/" not in rows[1][2]
    assert "el_h" not in explained
    assert explained.count('substring("$file"') >= 4
    assert len(lake.engine.query(SQL.replace("order", "where \"date\" = date '2026-06-30' and hour = '10' order")).rows) == 1


def test_sizes_are_joined(lake: Lake) -> None:
    """A path does not tell them."""
    sql = f'select "$file_size" as size, cast("date" as varchar) as day, hour from {RUNS} order by day'
    (closed, day, hour), (opened, *_) = lake.engine.query(sql).rows

    assert "el_h" in lake.engine.explain(sql)
    assert (day, hour) == ("2026-06-30", "10")
    sizes = {one.size_bytes for one in lake.catalog.objects(RUNS)}
    assert {closed, opened} == sizes


def test_many_kinds_of_places_are_joined(lake: Lake) -> None:
    """One scan for each would cost more; objects that lie elsewhere than under their hour are joined too."""
    hour = Hour("2026-12-30", "10")
    plain = LogObject(RUNS, hour, f"x/{hour.path}/a.parquet", "parquet", 1)
    seen: list[Reading] = []
    reading = Reading(None, (plain,), 1, 1, Path("/lake"), "lake")  # type: ignore[arg-type]  # what is asked of it needs no scan

    def kinds(objects: list[LogObject]) -> int:
        seen.append(replace(reading, objects=tuple(objects)))
        return len(seen[-1]._groups({"hour": None}))  # type: ignore[dict-item]  # names alone count

    several = [replace(plain, key=f"{'x' * place}/{hour.path}/a.parquet") for place in range(1, _MOST_KINDS + 2)]
    assert kinds(several[:2]) == 2
    assert kinds([*several[:2], replace(plain, key="elsewhere/a.parquet")]) == 3
    assert kinds(several) == 1


NAMES = ("filename", "file_index", "size", "path", "generation", "select")
"""Columns that DuckDB, or a statement of ours, may call something of its own so."""
TAKEN = parse_source(
    'name = "taken"\ntitle = "t"\ndoc = "d"\nreference = "r"\ndatabase = "taken_logs"\n[[table]]\nname = "class"\ndoc = "d"\n'
    'pattern = { source = ["taken"] }\nsort = ["filename"]\ncolumns = [\n'
    + "".join(f'{{ name = "{name}", type = "string", from = "$.detail.{name}", doc = "d" }},\n' for name in NAMES)
    + "]"
)


@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_names_that_readers_use_may_be_columns(tmp_path: Path, log_format: str) -> None:
    """In open hours and closed ones, beside what is told by the objects, and where a person is looked for."""

    def named(name: str, said: str) -> Item:
        envelope = {"id": name, "source": "taken", "detail-type": "x", "time": "2026-06-30T10:05:00Z"}
        return Item(1, json.dumps({**envelope, "detail": dict.fromkeys(NAMES, said)}).encode())

    sources = (*SOURCES, TAKEN)
    with Importer(tmp_path, sources, now=lambda: PAST, log_format=log_format) as importer:
        importer.accept([named("1", "anna@example.org"), named("1", "anna@example.org"), named("2", "b")])
        importer.deliver()
    listed = ", ".join(f'"{name}"' for name in NAMES)
    sql = f'select {listed}, "$file_size" > 0, length("$path") > 0, hour from taken_logs.class order by filename'

    before = open_lake(tmp_path, sources).engine.query(sql).rows
    with Importer(tmp_path, sources) as importer, Closer(importer.catalog, tmp_path / "objects", lambda: LATE) as closer:
        list(closer.close_all(TAKEN.tables[0], closer.waiting(TAKEN.tables[0], Hour.of(LATE))))
    rows = open_lake(tmp_path, sources).engine.query(sql).rows

    assert [row[:-1] for row in before] == [("anna@example.org",) * 6 + (True, True)] * 2 + [("b",) * 6 + (True, True)]
    assert rows == [before[0], before[2]]
    assert sum(one.count for one in mentions(tmp_path, ["anna@example.org"]) if one.path.startswith("objects/closed/")) == 1
