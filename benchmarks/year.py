"""A year of a large company on one machine: `python benchmarks/year.py [EVENTS] FOLDER`.

EVENTS (100,000,000) of CodePipeline and Auth0 in 364 days. Those of the first week are made, brought in with `backfill files` and closed with `close`,
each a command in a process of its own, as a user starts it. The other 51 weeks are the objects of the first with every `event_time` and every key
moved, written by DuckDB and registered as a history is; texts of times within an event stay those of the first week. Then they are closed, and come
the lake's size, `tables`, `doctor`, and questions of an hour, a day, a week, a month and the year. FOLDER keeps the lake: a run that was ended goes on
with the week after the last whole one. What comes out is counted.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import duckdb
from backfill import Cost, command

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.parquet_copy import copy_statement
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import LINES, Description
from eventlake.dialect.sql import quoted_name, quoted_text
from eventlake.history import sized_history
from eventlake.interfaces import LogObject
from eventlake.layout import Hour, object_key, object_name
from eventlake.local.additions import Additions, Staged
from eventlake.local.folder import CATALOG, OBJECTS
from eventlake.model import Table

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
WEEKS = 52
DAY, MONTH = "\"date\" = date '2025-06-03'", "\"date\" between date '2025-06-01' and date '2025-06-28'"
QUESTIONS = (
    ("types in an hour", f"select type, count(*) from auth0_logs where {DAY} and hour = '12' group by 1"),
    ("failed logins of each address in a day", f"select ip, count(*) from auth0_logs where {DAY} and type = 'fp' group by 1"),
    (
        "a field of details in a week",
        "select json_extract_scalar(details, '$.prompts[0].name'), count(*) from auth0_logs "
        "where \"date\" between date '2025-06-02' and date '2025-06-08' group by 1",
    ),
    (
        "one user in four weeks",
        f"select event_time, type, ip from auth0_logs where {MONTH} and user_name = (select max(user_name) from auth0_logs where {DAY}) order by 1",
    ),
    (
        "failed executions of each pipeline in four weeks",
        f"select pipeline, count(*) from pipeline_execution_state_change where {MONTH} and state = 'FAILED' group by 1",
    ),
    ("types in the year", "select type, count(*) from auth0_logs group by 1"),
    ("states of each pipeline in the year", "select pipeline, state, count(*) from pipeline_execution_state_change group by 1, 2"),
    ("addresses of each month", "select month(event_time), count(distinct ip) from auth0_logs group by 1"),
)


class Copies:
    """Writes the objects of the first week again for other weeks, and registers them."""

    def __init__(self, lake: Path) -> None:
        self.catalog = SqliteCatalog(lake / CATALOG)
        self._store = DirectoryStore(lake / OBJECTS)
        self._additions = Additions(self.catalog, lake / OBJECTS)
        self._connection = duckdb.connect(config={"threads": 2})

    def __enter__(self) -> Copies:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the catalog."""
        self._connection.close()
        self.catalog.close()

    def write(self, table: Table, week: int) -> None:
        """Write and register a week of a table, if it is not there yet."""
        begin, end = (Hour.of(FIRST + timedelta(weeks=number)) for number in (week, week + 1))
        objects = self.catalog.objects(table.name)
        if not any(begin <= one.hour < end for one in objects):
            first, before = [one for one in objects if one.hour < Hour.of(FIRST + timedelta(weeks=1))], self.catalog.before_all()
            self._additions.register([self._copied(table, one, week, before - place) for place, one in enumerate(first, 1)])

    def _copied(self, table: Table, one: LogObject, week: int, position: int) -> Staged:
        hour, unique = Hour.of(one.hour.start + timedelta(weeks=week)), f"{position:x}"
        path = self._store.staged(f"added-{unique}.parquet")
        said = Description(self.catalog.lake_id, table.name, LINES, hour, position, position + 1, one.rows or 0, time.time_ns() // 1000)
        key = quoted_name(table.key)
        rows = (
            f"SELECT * REPLACE (event_time + INTERVAL {week * 7} DAY AS event_time, {key} || '-{week}' AS {key}) "
            f"FROM read_parquet({quoted_text(str(self._store.path(one.key)))})"
        )
        self._connection.execute(copy_statement(rows, path, said.encode()))
        name = object_name(table.stream, 1, hour.start, unique, ".parquet")
        return Staged(object_key(table.prefix, hour, name), path, said, strict=tuple(one.strict))


def told(what: str, cost: Cost) -> None:
    """Print what a command took."""
    print(f"{what}: {cost.wall_s:,.1f} s, {cost.cpu_s:,.1f} s of the processor, {cost.memory_mb} MB", flush=True)


def first_week(folder: Path, events: int) -> None:
    """Bring in and close the first week, as a user does."""
    file = folder / "week.jsonl"
    with file.open("wb") as lines:
        lines.writelines(islice(sized_history(events, 7, FIRST + timedelta(weeks=1)).lines(), events))
    told(f"{events:,} events of a week brought in", command("backfill", "files", str(file), "--lake", str(folder / "lake")))
    told("closed", command("close", "--lake", str(folder / "lake")))
    file.unlink()


def main(folder: Path, events: int) -> None:
    """Print what the year takes."""
    folder.mkdir(parents=True, exist_ok=True)
    lake = folder / "lake"
    if not (lake / CATALOG).exists():
        first_week(folder, events // WEEKS)
    with Copies(lake) as copies:
        for week in range(1, WEEKS):
            for table in copies.catalog.tables():
                copies.write(table, week)
            print(f"\r{week + 1} weeks", end="", file=sys.stderr, flush=True)
    told("\nthe other weeks closed", command("close", "--lake", str(lake)))
    with closing(SqliteCatalog(lake / CATALOG, read_only=True)) as catalog:
        hours = [hour for table in catalog.tables() for hour in catalog.contents(table.name).hours]
    rows, states = sum(one.rows or 0 for one in hours), sorted({f"{one.state}, {one.objects} object" for one in hours})
    print(f"{rows:,} rows in {len(hours):,} hours: {'; '.join(states)}")
    sizes = [file.stat().st_size for file in lake.rglob("*") if file.is_file()]
    print(f"on disk: {sum(sizes) / 1e9:,.1f} GB in {len(sizes):,} files, the catalog {(lake / CATALOG).stat().st_size / 1e6:,.0f} MB")
    for command_line in ("tables", "doctor"):
        told(command_line, command(command_line, "--lake", str(lake), fails=True))
    for title, sql in QUESTIONS:
        told(title, command("query", sql, "--lake", str(lake)))


if __name__ == "__main__":
    main(Path(sys.argv[-1]), int(sys.argv[1]) if len(sys.argv) == 3 else 100_000_000)
