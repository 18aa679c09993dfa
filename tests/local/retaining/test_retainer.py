"""Hours that were kept long enough: they go whole, the catalog before the bytes, and never under a legal hold."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError
from eventlake.layout import Hour
from eventlake.local.closing import process
from eventlake.local.closing.closer import Closer
from eventlake.local.closing.task import Task
from eventlake.local.crash import CRASHED
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, OBJECTS, open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.journal import Journal
from eventlake.local.rebuilding import rebuild
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.retaining.retainer import Over, Retainer
from eventlake.pipeline.holds import Hold

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import FIRST, RUNS, SOURCES, close, event, rows, states, store
from ended import Ended

DAYS = 30
DUE = FIRST.replace(minute=0) + timedelta(hours=1, days=DAYS)
"""When the first hour has been kept for as many days."""


def keeping(lake: Path, *lines: str) -> None:
    """Write how long the lake keeps what."""
    (lake / "retention.toml").write_text("\n".join(lines or ("[tables]", f"{RUNS} = {DAYS}")), "utf-8")


@contextmanager
def retainer(lake: Path, now: datetime) -> Iterator[Retainer]:
    """What removes, at a moment; it has taken the lake."""
    with closing(SqliteCatalog(lake / CATALOG)) as catalog:
        yield Retainer(catalog, lake, lambda: now)


def remove(lake: Path, now: datetime) -> list[Over]:
    """Remove what is over at a moment."""
    with retainer(lake, now) as removing:
        return removing.remove()


def hours(lake: Path) -> list[str]:
    """The hours of the runs that are there."""
    return [hour for hour, *_ in states(lake)]


def files(lake: Path) -> list[str]:
    """The files of the lake's objects."""
    return [str(path) for path in (lake / OBJECTS).rglob("*") if path.is_file()]


def bytes_removed(lake: Path, now: datetime) -> int:
    """Remove the bytes that no query can be reading any more; how many objects."""
    with closing(SqliteCatalog(lake / CATALOG)) as catalog, Closer(catalog, lake / OBJECTS, lambda: now) as closer:
        return closer.remove_replaced()


def test_an_hour_goes_when_its_days_are_over_and_not_a_second_before(tmp_path: Path) -> None:
    """Counted from its end, in UTC; the other hours stay, and nothing that is left is a finding."""
    store(tmp_path, [(FIRST + timedelta(hours=hour), [event(f"e{hour}")]) for hour in range(3)])
    keeping(tmp_path)

    assert remove(tmp_path, DUE - timedelta(microseconds=1)) == []
    assert len(hours(tmp_path)) == 3
    (gone,) = remove(tmp_path, DUE)

    assert (gone.table, str(gone.hour), gone.rows, gone.hold) == (RUNS, "2026-12-30T10", 1, "")
    assert hours(tmp_path) == ["2026-12-30T11", "2026-12-30T12"]
    assert sorted(rows(tmp_path)) == [("e1",), ("e2",)]
    assert open_lake(tmp_path, SOURCES).catalog.partitions(RUNS)[0].hour == Hour("2026-12-30", "11")
    assert check_lake(tmp_path) == []


def test_the_days_of_a_declaration_count_unless_the_file_has_others(tmp_path: Path) -> None:
    """A line of the lake's own retention.toml says more or fewer."""
    store(tmp_path, [(FIRST, [event("a")])])
    declared = [replace(source, tables=tuple(replace(one, retention_days=DAYS) for one in source.tables)) for source in SOURCES]
    keeping(tmp_path, "[tables]", "alerts = 1")
    with closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        over = Retainer(catalog, tmp_path, lambda: DUE, declared).over
        assert [(one.table, one.goes) for one in over()] == [(RUNS, DUE)]
        keeping(tmp_path, "[tables]", f"{RUNS} = {DAYS + 1}")
        assert over() == []
    with Importer(tmp_path, declared):
        pass  # from now on the lake knows the declarations

    keeping(tmp_path, "[tables]", "alerts = 1")
    assert [one.rows for one in remove(tmp_path, DUE)] == [1]


@pytest.mark.slow
def test_without_days_everything_stays_for_ever(tmp_path: Path) -> None:
    """No file, and a file about another table, remove nothing in a hundred years."""
    store(tmp_path, [(FIRST, [event("a")])])

    assert remove(tmp_path, FIRST + timedelta(days=36_500)) == []
    keeping(tmp_path, "failed = 1", "[tables]", "alerts = 1")
    assert remove(tmp_path, FIRST + timedelta(days=36_500)) == []

    assert rows(tmp_path) == [("a",)]


def test_the_bytes_go_a_day_after_the_catalog_forgot_them(tmp_path: Path) -> None:
    """Who began to read before still finds them; then they are gone from the disk."""
    store(tmp_path, [(FIRST, [event("a")])])
    keeping(tmp_path)
    before = open_catalog(tmp_path)
    began = before.contents(RUNS)
    known = began.objects(None)

    remove(tmp_path, DUE)

    assert [(tmp_path / OBJECTS / one.key).is_file() for one in known] == [True]
    assert list(began.objects([one.hour for one in began.hours])) == []
    assert bytes_removed(tmp_path, DUE + timedelta(hours=23)) == 0
    assert bytes_removed(tmp_path, DUE + timedelta(hours=25)) == 1
    assert files(tmp_path) == []
    assert check_lake(tmp_path) == []


def test_failed_records_have_days_of_their_own(tmp_path: Path) -> None:
    """They go by themselves, with their file, and their table's hours stay."""
    store(tmp_path, [(FIRST, [event("a"), Item(2, b"no JSON")]), (FIRST + timedelta(hours=5), [Item(1, b"neither")])])
    keeping(tmp_path, f"failed = {DAYS}")
    assert open_catalog(tmp_path).failed_count() == 2

    (gone,) = remove(tmp_path, DUE)

    assert (gone.kind, gone.rows) == ("failed", 1)
    assert [entry.arrival for entry in open_catalog(tmp_path).failed()] == [FIRST + timedelta(hours=5)]
    assert rows(tmp_path) == [("a",)]
    assert check_lake(tmp_path) == []
    assert bytes_removed(tmp_path, DUE + timedelta(hours=25)) == 1
    assert len([name for name in files(tmp_path) if "/error/" in name]) == 1


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(Hold("all"), marks=pytest.mark.slow),
        pytest.param(Hold("table", RUNS), marks=pytest.mark.slow),
        Hold("span", RUNS, Hour("2026-12-30", "10"), Hour("2026-12-30", "10")),
        pytest.param(Hold("user", user="auth0|1"), marks=pytest.mark.slow),
    ],
)
def test_what_a_hold_keeps_stays_until_it_is_released(tmp_path: Path, hold: Hold) -> None:
    """The hour is told with the name of its hold; released, it goes the next time."""
    store(tmp_path, [(FIRST, [event("a")])])
    keeping(tmp_path)
    HoldsFile(tmp_path).place(hold)

    (kept,) = remove(tmp_path, DUE)
    assert kept.hold == hold.name
    assert rows(tmp_path) == [("a",)]
    HoldsFile(tmp_path).release(hold.name)

    assert [one.hold for one in remove(tmp_path, DUE)] == [""]
    assert rows(tmp_path) == []


@pytest.mark.slow
def test_failed_records_that_belong_to_no_table_are_kept_by_a_hold_on_any(tmp_path: Path) -> None:
    """They may be of the table that the hold is about."""
    store(tmp_path, [(FIRST, [Item(1, b"no JSON")])])
    keeping(tmp_path, f"failed = {DAYS}")
    HoldsFile(tmp_path).place(Hold("case", "auth0_logs"))

    assert [one.hold for one in remove(tmp_path, DUE)] == ["case"]
    assert open_catalog(tmp_path).failed_count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_whole_hours_go_and_never_one_under_a_hold(tmp_path: Path, seed: int) -> None:
    """Any hours of two tables, days, holds and moments: what is left is what the days and the holds say, hour by hour."""
    chance = random.Random(seed)
    log = {"id": "x", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com/example/auth0.logs", "time": "2026-12-30T10:00:00Z"}
    login = Item(
        1, str({**log, "detail": {"data": {"type": "s", "log_id": "1", "date": "2026-12-30T10:00:00Z"}}}).replace("'", '"').encode()
    )
    arrivals = sorted(FIRST + timedelta(minutes=chance.randrange(72 * 60)) for _ in range(12))
    store(tmp_path, [(moment, [event(f"e{number}"), login]) for number, moment in enumerate(arrivals)])
    days = {RUNS: chance.randrange(1, 4), "auth0_logs": chance.randrange(1, 4)}
    keeping(tmp_path, "[tables]", *(f"{table} = {count}" for table, count in days.items()))
    span = sorted(FIRST + timedelta(hours=chance.randrange(72)) for _ in range(2))
    first, last = (Hour.of(moment) for moment in span)
    HoldsFile(tmp_path).place(Hold("span", chance.choice(["", *days]), first, last))
    now = FIRST + timedelta(hours=chance.randrange(150))
    held_table = HoldsFile(tmp_path).read()[0].table

    remove(tmp_path, now)

    with closing(open_catalog(tmp_path)) as catalog:
        for table, count in days.items():
            wanted = [
                hour
                for hour in sorted({Hour.of(moment) for moment in arrivals})
                if hour.end + timedelta(days=count) > now or (held_table in {"", table} and first <= hour <= last)
            ]
            assert [one.hour for one in catalog.contents(table).hours] == wanted
            assert sorted({one.hour for one in catalog.objects(table)}) == wanted
    assert check_lake(tmp_path) == []


@pytest.mark.slow
def test_what_delivery_may_still_repeat_is_not_removed(tmp_path: Path) -> None:
    """Before the spool is delivered up to an hour's end, forgetting the hour would bring it back."""
    store(tmp_path, [(FIRST, [event("a")])])
    keeping(tmp_path)
    with closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        catalog.register([], [], [], {"": 0})

    remove(tmp_path, DUE)

    assert rows(tmp_path) == [("a",)]


@pytest.mark.slow
def test_a_lake_that_removed_hours_goes_on(tmp_path: Path) -> None:
    """The next events come in and bring nothing back; what a catalog made anew finds in the spool again goes the next time."""
    store(tmp_path, [(FIRST, [event("a")]), (FIRST + timedelta(hours=3), [event("b")])])
    keeping(tmp_path)
    remove(tmp_path, DUE)
    bytes_removed(tmp_path, DUE + timedelta(hours=25))

    store(tmp_path, [(FIRST + timedelta(hours=4), [event("c")])])
    assert sorted(rows(tmp_path)) == [("b",), ("c",)]
    rebuild(tmp_path, SOURCES)
    with Importer(tmp_path, SOURCES) as importer:
        importer.deliver()
    remove(tmp_path, DUE)

    assert sorted(rows(tmp_path)) == [("b",), ("c",)]


def test_hours_that_went_by_a_wrong_clock_come_back_within_a_day(tmp_path: Path) -> None:
    """A catalog made anew finds their bytes, of closed hours too, each event once."""
    store(
        tmp_path,
        [(FIRST, [event("a")]), (FIRST, [event("a"), event("b")]), (FIRST + timedelta(hours=3), [event("c"), Item(2, b"no JSON")])],
    )
    close(tmp_path)
    keeping(tmp_path, "failed = 30", "[tables]", f"{RUNS} = {DAYS}")
    remove(tmp_path, DUE + timedelta(days=400))
    assert rows(tmp_path) == []

    rebuild(tmp_path, SOURCES)

    assert sorted(rows(tmp_path)) == [("a",), ("b",), ("c",)]
    assert open_catalog(tmp_path).failed_count() == 1
    assert remove(tmp_path, DUE - timedelta(hours=1)) == []


def test_the_process_of_closing_removes_nothing_by_a_clock_that_is_not_trusted(tmp_path: Path) -> None:
    """Neither what was kept long enough, nor what was replaced long ago; hours are closed all the same."""
    store(tmp_path, [(FIRST, [event("a")]), (FIRST, [event("b")])])
    keeping(tmp_path)
    with closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        epoch = catalog.epoch
    now, before = DUE + timedelta(days=2), str(Hour.of(DUE))
    untrusted = Task(str(tmp_path), epoch, before, now.isoformat(), removes=False)

    assert process._closed(untrusted) == 0
    assert process._closed(replace(untrusted, now=(now + timedelta(days=2)).isoformat())) == 0
    assert [state[1] for state in states(tmp_path)] == ["closed"]
    assert len(files(tmp_path)) == 3

    assert process._closed(replace(untrusted, now=(now + timedelta(days=2)).isoformat(), removes=True)) == 0
    assert (hours(tmp_path), len(files(tmp_path))) == ([], 1)


@pytest.mark.slow
def test_settings_or_holds_that_cannot_be_read_remove_nothing(tmp_path: Path) -> None:
    """The sentence names the file and the nearest name; doctor tells it too."""
    store(tmp_path, [(FIRST, [event("a")])])
    for text, told in (
        ("[tables]\nauth0_log = 3", 'there is no table "auth0_log". Did you mean "auth0_logs"?'),
        (f"[tables]\n{RUNS} = 0", "is no number of days"),
        (f"[tables]\n{RUNS} = true", "is no number of days"),
        (f"[tables]\n{RUNS} = '30'", "is no number of days"),
        ("table = 3", 'unknown key "table"'),
        ("tables = 3", "write [tables]"),
        ("[tables", "is not TOML"),
    ):
        keeping(tmp_path, text)
        with pytest.raises(ConfigurationError) as raised:
            remove(tmp_path, DUE)
        assert told in str(raised.value)
        assert str(raised.value) in [finding.sentence for finding in check_lake(tmp_path)]
    keeping(tmp_path)
    for text in ("{}x", '[{"name": 3}]', '[{"nam": "a"}]', '[{"name": "a", "first": "yesterday"}]'):
        (tmp_path / "holds.json").write_text(text, "utf-8")
        with pytest.raises(ConfigurationError, match="does not hold legal holds any more"):
            remove(tmp_path, DUE)
    assert rows(tmp_path) == [("a",)]


@pytest.mark.slow
def test_the_process_of_closing_removes_too(tmp_path: Path) -> None:
    """The one that serve starts; the hour is over by the machine's clock."""
    past = datetime(2020, 1, 1, 10, 5, tzinfo=UTC)
    store(tmp_path, [(past, [event("a")])])
    keeping(tmp_path)
    (tmp_path / "audit.toml").write_text('audit = "on"')
    with closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        epoch = catalog.epoch

    done = _run(Task(str(tmp_path), epoch, "2020-01-02T00", "2026-12-01T00:00:00+00:00", removes=True))

    assert done == (0, "")
    assert [one["detail"]["action"] for one in Journal(tmp_path).newest(1)] == ["retain"]
    assert hours(tmp_path) == []


def _run(task: Task) -> tuple[int, str]:
    """Run the process to its end; its code and what it said."""
    with subprocess.Popen(task.arguments(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        return process.wait(60), said


def remove_at_once(lake: Path) -> None:
    """Remove what is due, then its bytes, as the process of a bus does a day later."""
    catalog = SqliteCatalog(lake / CATALOG)
    Retainer(catalog, lake, lambda: DUE).remove()
    with Closer(catalog, lake / "objects", lambda: DUE + timedelta(hours=25)) as closer:
        closer.remove_replaced()


@pytest.mark.slow
def test_killed_at_any_step_it_is_as_before_or_done_and_the_next_run_finishes(tmp_path: Path, ended: Ended) -> None:
    """Nothing in between is seen, nothing is a finding, and in the end the bytes are gone."""
    lake = tmp_path / "lake"
    store(lake, [(FIRST, [event("a"), Item(2, b"no JSON")]), (FIRST + timedelta(minutes=9), [event("b")]), (DUE, [event("c")])])
    keeping(lake, f"failed = {DAYS}", "[tables]", f"{RUNS} = {DAYS}")
    code, crash_at = CRASHED, 0
    while code == CRASHED:
        crash_at += 1
        copy = tmp_path / str(crash_at)
        shutil.copytree(lake, copy)
        code = ended(remove_at_once, copy, crash_at=crash_at)
        assert sorted(rows(copy)) in ([("a",), ("b",), ("c",)], [("c",)])
        remove(copy, DUE)
        bytes_removed(copy, DUE + timedelta(days=3))
        assert rows(copy) == [("c",)]
        assert open_catalog(copy).failed_count() == 0
        assert len(files(copy)) == 1
        assert check_lake(copy) == []
    assert code == 0
    assert crash_at > 4, "it passes through a handful of steps"
