"""Closed hours: one sorted object for each, every event once, whatever came late, twice, or in between."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.directory import STAGING, DirectoryStore
from eventlake.backends.disk import Disk
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.cli import run
from eventlake.layout import Hour
from eventlake.local import crash
from eventlake.local.closing.closer import Closer
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.lock import LakeLock
from eventlake.local.rebuilding import rebuild
from eventlake.pipeline.compaction import GRACE, MANY, TOGETHER

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import AFTER, FIRST, PAST, RUNS, SOURCES, TABLES, close, copied, event, rows, states, store
from oracle import examine


@pytest.fixture(params=["parquet", pytest.param("json", marks=pytest.mark.slow)])
def log_format(request: pytest.FixtureRequest) -> str:
    """Each format in turn."""
    return str(request.param)


def test_an_hour_becomes_one_sorted_object_with_each_event_once(tmp_path: Path, log_format: str) -> None:
    """The values of every column are those of the rows before."""
    items = [event(f"e{number}", FIRST + timedelta(seconds=97 * number % 50), version=number) for number in range(30)]
    store(tmp_path, [(FIRST + timedelta(minutes=turn), items[5 * turn : 5 * turn + 10]) for turn in range(6)], log_format)
    before = set(rows(tmp_path, "*"))

    (closed,) = close(tmp_path)

    assert (closed.objects_before, closed.rows, closed.duplicates, closed.problem) == (6, 30, 25, "")
    assert states(tmp_path) == [("2026-12-30T10", "closed", 1, 1, 30, 25)]
    after = rows(tmp_path, "*")
    assert len(after) == 30
    assert set(after) == before
    times = [row[0] for row in rows(tmp_path, "event_time")]
    assert times == sorted(times)
    assert close(tmp_path) == []
    assert examine(tmp_path, [f"e{number}" for number in range(30)]) is None


def test_a_closed_hour_holds_json_of_our_own_where_all_that_it_is_made_of_does(tmp_path: Path) -> None:
    """The column is known in the object that the hour becomes, unless one of its objects came without that; and when its events happened."""
    store(tmp_path, [(FIRST, [event("a")]), (FIRST + timedelta(hours=1), [event("b")]), (FIRST + timedelta(hours=1), [event("c")])])
    with closing(open_catalog(tmp_path)) as catalog:
        assert {one.strict for one in catalog.objects(RUNS)} == {frozenset({"executiontrigger", "extra"})}
        last, times = catalog.objects(RUNS)[-1].key, [one.times for one in catalog.objects(RUNS)]
    with closing(SqliteCatalog(tmp_path / CATALOG)) as writable:
        writable._file.connection.execute("update object set strict = null where key = ?", (last,))

    close(tmp_path)

    with closing(open_catalog(tmp_path)) as catalog:
        assert [one.strict for one in catalog.objects(RUNS)] == [{"executiontrigger", "extra"}, set()]
        assert [one.times for one in catalog.objects(RUNS)] == times[:2]
    assert None not in times


def test_rows_without_a_key_are_never_duplicates(tmp_path: Path, log_format: str) -> None:
    """All of them stay."""
    data = {"type": "s", "date": "2026-12-30T10:00:00.000Z"}
    log = {"id": "x", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com/example/auth0.logs", "time": "2026-12-30T10:00:00Z"}
    logs = [
        Item(1, json.dumps({**log, "detail": {"data": {**data, **more}}}).encode()) for more in ({}, {}, {"log_id": "a"}, {"log_id": "a"})
    ]
    store(tmp_path, [(FIRST, logs)], log_format)

    close(tmp_path, table="auth0_logs")

    found = open_lake(tmp_path, SOURCES).engine.query("select log_id from auth0_logs").rows
    assert Counter(row[0] for row in found) == {None: 2, "a": 1}


@pytest.mark.slow
def test_every_event_is_there_once_however_often_and_late_it_came(tmp_path: Path, log_format: str) -> None:
    """Three times each, up to 48 hours apart, over New Year; closed while more arrives, in any order; counts per hour of the event are the truth."""
    chance = random.Random(log_format)
    happened = {f"e{number}": FIRST + timedelta(minutes=chance.randrange(72 * 60)) for number in range(9)}
    came: dict[datetime, list[Item]] = {}
    for identity, time in happened.items():
        late = time + timedelta(minutes=chance.randrange(48 * 60))
        for _ in range(3):
            moment = late + timedelta(minutes=chance.randrange(48 * 60))
            came.setdefault(moment.replace(minute=5), []).append(event(identity, time))
    arrivals = sorted(came.items())
    middle = len(arrivals) // 2

    store(tmp_path, arrivals[:middle], log_format)
    close(tmp_path, arrivals[middle][0])
    store(tmp_path, chance.sample(arrivals[middle:], len(arrivals) - middle))
    close(tmp_path)

    assert Counter(row[0] for row in rows(tmp_path)) == Counter(dict.fromkeys(happened, 1))
    per_day = Counter(time.date().isoformat() for time in happened.values())
    asked = open_lake(tmp_path, SOURCES).engine.query(f"select cast(date(event_time) as varchar), count(*) from {RUNS} group by 1").rows
    assert dict(asked) == per_day
    assert {state for _, state, *_ in states(tmp_path)} == {"closed"}
    assert sum(duplicates for *_, duplicates in states(tmp_path)) == 18


@pytest.mark.slow
def test_a_late_object_makes_its_hour_dirty_until_it_is_closed_again(tmp_path: Path, log_format: str) -> None:
    """The next generation holds both; two months later too."""
    store(tmp_path, [(FIRST, [event("a"), event("b")])], log_format)
    close(tmp_path)
    store(tmp_path, [(FIRST + timedelta(minutes=9), [event("b"), event("c")])])
    assert states(tmp_path) == [("2026-12-30T10", "dirty", 1, 2, 4, 0)]

    close(tmp_path)
    store(tmp_path, [(FIRST + timedelta(days=60), [event("a"), event("d")])])
    close(tmp_path, FIRST + timedelta(days=61))

    assert [state[1:] for state in states(tmp_path)] == [("closed", 2, 1, 3, 1), ("closed", 1, 1, 1, 1)]
    assert Counter(row[0] for row in rows(tmp_path)) == Counter("abcd")


def test_replaced_objects_stay_for_their_grace(tmp_path: Path) -> None:
    """Whoever reads them still finds them; then they go, and the catalog forgets them."""
    store(tmp_path, [(FIRST, [event("a")]), (FIRST, [event("b")])])
    close(tmp_path)
    files = len(list(DirectoryStore(tmp_path / "objects").list("")))

    with Importer(tmp_path, SOURCES) as importer:
        assert Closer(importer.catalog, tmp_path / "objects", lambda: AFTER + GRACE - timedelta(seconds=1)).remove_replaced() == 0
        assert Closer(importer.catalog, tmp_path / "objects", lambda: AFTER + GRACE + timedelta(seconds=1)).remove_replaced() == 2

    assert (files, len(list(DirectoryStore(tmp_path / "objects").list("")))) == (3, 1)
    assert examine(tmp_path, ["a", "b"]) is None


def test_an_hour_with_a_damaged_object_stays_and_stops_no_other(tmp_path: Path, log_format: str) -> None:
    """It is named."""
    store(tmp_path, [(FIRST, [event("a")]), (FIRST + timedelta(hours=1), [event("b")])], log_format)
    with closing(open_catalog(tmp_path)) as catalog:
        damaged = catalog.objects(RUNS)[0]
    path = tmp_path / "objects" / damaged.key
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    first, second = close(tmp_path)

    with closing(open_catalog(tmp_path)) as catalog:
        (kept,) = catalog.problems()
    assert (kept[0], kept[1].problem, kept[1].retry) == (RUNS, first.problem, AFTER + timedelta(minutes=1))
    assert [one.sentence for one in check_lake(tmp_path)][-1].startswith(
        f"The hour 2026-12-30T10 of {RUNS} could not be closed; it is tried again"
    )
    assert first.problem == f'The object "{damaged.key}" is missing or damaged: run "eventlake doctor".'
    assert (second.problem, second.rows) == ("", 1)
    assert [state[1] for state in states(tmp_path)] == ["open", "closed"]


@pytest.mark.slow
def test_many_small_objects_of_an_hour_become_one(tmp_path: Path, log_format: str) -> None:
    """Its rows, its state and its place in the spool stay as they are, duplicates too; the closing comes later, and so may a rebuilt catalog."""
    store(tmp_path, [(FIRST + timedelta(seconds=turn), [event(f"e{turn}"), event("twice")]) for turn in range(MANY)], log_format)
    before = Counter(rows(tmp_path, "*"))

    with Importer(tmp_path, SOURCES) as importer, Closer(importer.catalog, tmp_path / "objects") as closer:
        assert closer.merge(TABLES[RUNS], Hour.of(FIRST)) >= TOGETHER
        assert closer.merge(TABLES[RUNS], Hour.of(FIRST)) == 0

    ((_, state, generation, objects, *_),) = states(tmp_path)
    assert (state, generation) == ("open", 0)
    assert objects <= MANY - TOGETHER + 1
    assert Counter(rows(tmp_path, "*")) == before
    assert examine(tmp_path, [f"e{turn}" for turn in range(MANY)], sent_twice=["twice"]) is None
    rebuild(tmp_path, SOURCES)
    assert Counter(rows(tmp_path, "*")) == before
    close(tmp_path)
    assert states(tmp_path) == [("2026-12-30T10", "closed", 1, 1, MANY + 1, MANY - 1)]


def test_a_closing_does_not_begin_where_the_disk_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what it needs; delivery's reserve is not touched."""
    store(tmp_path, [(FIRST, [event("a"), event("a")])])
    monkeypatch.setattr(Disk, "of", lambda _folder: Disk(free_bytes=300 << 20, reserve_bytes=300 << 20))

    (first,) = close(tmp_path)

    assert first.problem.startswith(f"{RUNS} 2026-12-30T10 needs up to 2 MiB of the disk beside what is kept for delivery")
    monkeypatch.undo()
    assert close(tmp_path)[0].rows == 1


class Stopped(BaseException):
    """The process ends here."""


@pytest.mark.slow
def test_a_crash_at_any_step_leaves_the_old_hour_or_the_new_one(tmp_path: Path) -> None:
    """And the next closing ends in the same rows."""
    store(tmp_path / "open", [(FIRST, [event("a"), event("b")]), (FIRST + timedelta(minutes=1), [event("b"), event("c")])])
    steps = 0
    while True:
        steps += 1
        lake = copied(tmp_path / "open", tmp_path / str(steps))
        left = [steps]

        def stop(_name: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Stopped

        crash.at_each(stop)
        try:
            close(lake)
            break
        except Stopped:
            crash.at_each()
            assert Counter(row[0] for row in rows(lake)) in (Counter("abbc"), Counter("abc"))
            close(lake)
            assert Counter(row[0] for row in rows(lake)) == Counter("abc")
            assert examine(lake, list("abc")) is None
        finally:
            crash.at_each()
    assert steps > 3


@pytest.mark.slow
def test_a_lake_whose_staging_is_gone_or_full_of_what_a_kill_left_closes(tmp_path: Path) -> None:
    """A copy without it; a folder in it, into which the rewriting of an hour had spilled."""
    store(tmp_path, [(FIRST, [event("a"), event("a")])])
    shutil.rmtree(tmp_path / "objects" / STAGING)
    (closed,) = close(tmp_path)
    spilled = tmp_path / "objects" / STAGING / "closing-x"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_bytes(b"x")

    store(tmp_path, [(FIRST, [event("b")])])
    (again,) = close(tmp_path)

    assert (closed.rows, closed.problem, again.rows, again.problem) == (1, "", 2, "")
    assert not spilled.exists()


@pytest.mark.slow
def test_a_rebuilt_catalog_knows_closed_hours(tmp_path: Path, log_format: str) -> None:
    """Also beside what was replaced and is not removed yet, and what came late."""
    store(tmp_path, [(FIRST + timedelta(minutes=turn), [event(f"e{turn}"), event("twice")]) for turn in range(3)], log_format)
    close(tmp_path)
    store(tmp_path, [(FIRST + timedelta(minutes=50), [event("late")])])

    rebuild(tmp_path, SOURCES)
    with Importer(tmp_path, SOURCES) as importer:
        importer.deliver()

    assert [state[1:5] for state in states(tmp_path)] == [("dirty", 1, 2, 5)]
    assert Counter(row[0] for row in rows(tmp_path)) == Counter(["e0", "e1", "e2", "twice", "late"])
    close(tmp_path)
    assert [state[1:5] for state in states(tmp_path)] == [("closed", 2, 1, 5)]


def test_the_command_closes_what_is_over_and_says_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A dry run changes nothing; an hour that is not over is refused."""
    store(tmp_path, [(FIRST, [event("a"), event("a")]), (FIRST + timedelta(hours=3), [event("b")])])
    asked = ["--lake", str(tmp_path), "--output", "jsonl", "--quiet"]

    assert run(["close", "--dry-run", *asked]) == 0
    assert states(tmp_path)[0][1] == "open"
    capfd.readouterr()
    assert run(["hours", RUNS, *asked]) == 0
    assert [one["state"] for one in map(json.loads, capfd.readouterr().out.splitlines())] == ["open", "missing", "missing", "open"]
    assert run(["close", "--hour", f"{Hour.of(datetime.now(UTC) + timedelta(hours=1))}", *asked]) == 252
    assert "is not over yet" in capfd.readouterr().err


def test_what_would_be_closed_is_shown_beside_a_bus_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It only looks: whoever writes the lake is not in its way."""
    over = FIRST - timedelta(days=365)
    store(tmp_path, [(over, [event("a"), event("a")])])
    bus = LakeLock(tmp_path)

    assert run(["close", "--dry-run", "--lake", str(tmp_path), "--output", "jsonl"]) == 0
    assert [(one["hour"], one["rows"]) for one in map(json.loads, capfd.readouterr().out.splitlines())] == [(str(Hour.of(over)), 2)]
    assert run(["close", "--lake", str(tmp_path)]) == 253
    bus.release()


def test_an_answer_over_open_hours_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In every form, each hour once, of those that were read; a closed hour is none, and --quiet is quiet."""
    store(tmp_path, [(FIRST + timedelta(hours=turn), [event(f"e{turn}"), event("twice")]) for turn in range(3)])
    sql = f"select count(*) from {RUNS} a, {RUNS} b"

    def said(*options: str, sql: str = sql) -> str:
        assert run(["query", sql, "--lake", str(tmp_path), *options]) == 0
        return capfd.readouterr().err

    for form in ("table", "csv", "json", "jsonl", "markdown"):
        assert said("--output", form).count("3 open hours: counts may still change.") == 1
    assert "1 open hour: counts" in said(sql=f"select * from {RUNS} where hour = '11'")
    assert said("--quiet") == ""
    close(tmp_path, FIRST + timedelta(hours=2))
    assert "1 open hour: counts" in said()
    close(tmp_path)
    assert "open hour" not in said()


@pytest.mark.slow
def test_tables_and_partitions_show_how_far_hours_are_closed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Open, closed, dirty, missing, and the duplicates; all closed again on request."""
    asked = ["--lake", str(tmp_path), "--output", "jsonl", "--quiet"]

    def shown(*words: str) -> list[dict[str, Any]]:
        assert run([*words, *asked]) == 0
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    store(tmp_path, [(PAST + timedelta(hours=turn), [event(f"e{turn}"), event(f"e{turn}")]) for turn in (0, 1)])
    shown("close")
    store(tmp_path, [(PAST, [event("late")]), (PAST + timedelta(hours=4), [event("new")])])

    (table,) = [one for one in shown("tables") if one["table"] == RUNS]
    assert [table[name] for name in ("open", "closed", "dirty", "missing", "duplicates")] == [1, 1, 1, 2, 2]
    found = [(one["state"], one["generation"], one["duplicates"]) for one in shown("partitions", RUNS)]
    assert found == [("dirty", 1, 1), ("closed", 1, 1), ("open", 0, 0)]
    assert [(one["generation"], one["duplicates"]) for one in shown("close", "--all")] == [(2, 0), (2, 0), (1, 0)]
    assert run(["close", "--all", "--hour", "2026-01-01T00", *asked]) == 252


def test_closed_lines_are_the_very_lines_that_came(tmp_path: Path) -> None:
    """In a lake of JSON lines nothing is written anew."""
    store(tmp_path, [(FIRST, [event("b", note='ü\u2028 \\ " ', other={"deep": [1.50]})]), (FIRST, [event("a")])], "json")

    def lines() -> set[bytes]:
        with closing(open_catalog(tmp_path)) as catalog:
            keys = [one.key for one in catalog.objects(RUNS)]
        return {line for key in keys for line in gzip.decompress((tmp_path / "objects" / key).read_bytes()).splitlines()}

    before = lines()
    close(tmp_path)
    assert lines() == before
