"""Statements that are asked together have the rows that each has alone, and what they share of a table is read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from closing_lake import FIRST, PAST, RUNS, SOURCES, TABLES, close, event, store
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.types.type import VARCHAR
from eventlake.errors import EventlakeError, NameNotFoundError, QueryLimitError
from eventlake.interfaces import Contents, LogObject, Result
from eventlake.layout import Hour
from eventlake.local.folder import open_lake
from eventlake.query.reading import Reading
from eventlake.query.sharing import Sharing

LATE = FIRST + timedelta(hours=30)
STATEMENTS = (
    f"select count(*) as n from {RUNS}",
    f'select cast("date" as varchar) as day, hour, "$path" as path, event_id from {RUNS} order by event_id',
    f"select a.event_id, b.pipeline from {RUNS} a join {RUNS} b on a.event_id = b.event_id order by 1",
    f"select event_id from {RUNS} where \"date\" = date '2026-06-30' order by 1",
    f"select max(event_id) as newest, count(distinct pipeline) as pipelines from {RUNS}",
    "select 1 as one",
    f"show columns from {RUNS}",
)


@pytest.fixture(scope="module", params=["parquet", pytest.param("json", marks=pytest.mark.slow)])
def engine(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> DuckDBEngine:
    """A closed hour and an open one, in a format."""
    folder = tmp_path_factory.mktemp("lake")
    store(folder, [(PAST, [event("a"), event("a")]), (LATE, [event("c"), event("d")])], request.param)
    close(folder, now=datetime(2026, 7, 30, tzinfo=UTC))
    return cast("DuckDBEngine", open_lake(folder, SOURCES).engine)


def rows(answers: Sequence[Result | EventlakeError]) -> list[object]:
    """The rows of each answer, or the kind of its error."""
    return [one.rows if isinstance(one, Result) else type(one) for one in answers]


def test_each_has_the_rows_that_it_has_alone(engine: DuckDBEngine) -> None:
    """Listings, joins, statements of no table and those of fewer hours among them; and tells what it read."""
    alone = [engine.query(sql) for sql in STATEMENTS]
    together = [one for one in engine.together(STATEMENTS) if isinstance(one, Result)]

    assert [(one.columns, one.types, one.rows) for one in together] == [(one.columns, one.types, one.rows) for one in alone]
    assert [(one.objects_read, one.bytes_read, one.open_hours) for one in together] == [
        (one.objects_read, one.bytes_read, one.open_hours) for one in alone
    ]
    assert all(one.processor_s > 0 for one in [*alone, *together])
    assert sum(one.processor_s for one in together) < sum(one.processor_s for one in alone)


def test_one_that_is_wrong_spoils_no_other(engine: DuckDBEngine) -> None:
    """Before it runs, or as it runs: the others have their rows, each by itself."""
    wrong = ("select count(*) as n from nowhere", f"select cast(event_id as integer) as x from {RUNS}")
    for one in wrong:
        found = list(engine.together([STATEMENTS[0], one, STATEMENTS[4]]))
        assert rows([found[0], found[2]]) == rows([engine.query(STATEMENTS[0]), engine.query(STATEMENTS[4])])
        assert isinstance(found[1], EventlakeError)
    assert rows(list(engine.together([wrong[0]]))) == [NameNotFoundError]
    assert list(engine.together([])) == []


def test_objects_of_the_same_hours_are_looked_up_once(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many statements read them; one that reads fewer hours asks for its own."""
    contents, asked = engine.catalog.contents, []

    def counted(name: str) -> Contents:
        found = contents(name)

        def objects(hours: Iterable[Hour] | None) -> Sequence[LogObject]:
            asked.append(hours)
            return found.objects(hours)

        return Contents(found.hours, objects)

    monkeypatch.setattr(engine.catalog, "contents", counted)
    list(engine.together(STATEMENTS))

    assert [hours and len(list(hours)) for hours in asked] == [None, 1]


def test_nobody_waits_for_the_rest(engine: DuckDBEngine) -> None:
    """Each says that it was cancelled."""
    assert rows(list(engine.together(STATEMENTS[:2], lambda: True))) == [QueryLimitError, QueryLimitError]


def elsewhere(one: Reading) -> Reading:
    """A reading of other objects."""
    return replace(one, objects=tuple(replace(item, key=f"elsewhere/{item.key}") for item in one.objects))


def reading(name: str, *used: str, size: int = 100, objects: int = 2) -> Reading:
    """A reading of a table's columns."""
    hour = Hour("2026-06-30", "10")
    found = tuple(LogObject(name, hour, f"{name}/{number}.parquet", "parquet", size) for number in range(objects))
    return Reading(Scan(TABLES[name], dict.fromkeys(used, VARCHAR), used=set(used)), found, objects, size * objects, Path("/lake"), "lake")


def test_what_is_read_once_or_is_too_large_is_not_kept() -> None:
    """Nor what is empty, nor objects that the other does not read."""
    one, other = reading(RUNS, size=100), elsewhere(reading(RUNS, size=100, objects=3))
    large, empty = reading(RUNS, size=200 << 20), reading(RUNS, objects=0)

    assert Sharing.of([one, other], 1024).keeps == ()
    assert Sharing.of([large, large], 1024).keeps == ()
    assert Sharing.of([empty, empty], 1024).keeps == ()
    assert len(Sharing.of([one, one, other, other], 1024).keeps) == 2
    assert Sharing().sql(one) == one.sql()
    assert Sharing.of([one, replace(one)], 1024).sql(one) == "(SELECT NULL FROM el_shared_0)"


def test_what_reads_fewer_objects_reads_what_is_kept_of_more() -> None:
    """Where the columns that it adds cost less than opening its objects again; otherwise not."""
    few, many = reading(RUNS, "state", "event_id"), reading(RUNS, "pipeline", "event_id", objects=3)
    sharing = Sharing.of([few, many], 1024)
    assert sharing.sql(few) == '(SELECT "event_id", "state" FROM el_shared_0)'
    assert sharing.keeps[0][1].count(".parquet") == 3

    few, many = reading(RUNS, "event_id", size=10 << 20), reading(RUNS, "pipeline", size=10 << 20, objects=3)
    assert Sharing.of([few, many], 1024).keeps == ()
    assert len(Sharing.of([few, reading(RUNS, "event_id", "pipeline", size=10 << 20, objects=3)], 1024).keeps) == 1


def test_every_column_that_one_uses_is_kept() -> None:
    """Each reads its own of them."""
    first, second = reading(RUNS, "state", "pipeline"), reading(RUNS, "event_id")
    sharing = Sharing.of([first, second], 1024)

    assert all(f'"{name}"' in sharing.keeps[0][1] for name in ("state", "pipeline", "event_id"))
    assert sharing.sql(first) == '(SELECT "pipeline", "state" FROM el_shared_0)'
    assert sharing.sql(second) == '(SELECT "event_id" FROM el_shared_0)'


def test_rows_that_none_of_them_needs_are_not_kept(engine: DuckDBEngine) -> None:
    """Where each says which texts it looks for; one that does not say so needs all."""
    one, other, all_rows = (reading(RUNS, "state", "event_id") for _ in range(3))
    one.scan.choose("state", frozenset(["FAILED", "it's"]))
    other.scan.choose("state", frozenset(["STARTED"]))
    other.scan.choose("event_id", frozenset(["a"]))

    condition = """ WHERE ("state" IN ('FAILED', 'it''s')) OR ("event_id" IN ('a') AND "state" IN ('STARTED'))"""
    assert Sharing.of([one, other, one], 1024).keeps[0][1].endswith(condition)
    assert "WHERE" not in Sharing.of([one, all_rows], 1024).keeps[0][1]

    statements = [f"select count(*) as n from {RUNS} where state = '{state}' and event_id <> 'd'" for state in ("STARTED", "FAILED")]
    found = [list(one.rows) for one in engine.together(statements) if isinstance(one, Result)]
    assert found == [list(engine.query(sql).rows) for sql in statements]
    assert found[0] != found[1]
