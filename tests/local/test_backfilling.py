"""History brought in: each event into the hour in which it happened, once, wherever it was stopped."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import IO

import pytest

from eventlake.backends.disk import Disk
from eventlake.errors import ServiceError, StorageError, StorageFullError
from eventlake.interfaces import Page
from eventlake.layout import Hour
from eventlake.local import backfilling, collecting, crash
from eventlake.local.backfilling import Backfiller, Progress
from eventlake.local.closing.closer import Closer
from eventlake.local.delivery.checked import FORMATS
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.histories import LocalHistories
from eventlake.local.history_files import LocalFile
from eventlake.local.importing import Importer
from eventlake.local.rebuilding import rebuild
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from ended import Ended
from oracle import examine

GROUP_BYTES = 1000
"""Of a few events."""

SOURCES = load()
RUNS = "pipeline_execution_state_change"
FIRST = datetime(2025, 12, 31, 22, 30, tzinfo=UTC)
AUTH0 = Path(next(source.folder for source in SOURCES if source.name == "auth0")) / "samples"


def run(number: int, step: timedelta = timedelta(minutes=20)) -> dict[str, object]:
    """A pipeline event; they are `step` apart."""
    return {
        "id": f"e-{number}",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "time": f"{FIRST + number * step:%Y-%m-%dT%H:%M:%SZ}",
        "detail": {"state": "STARTED", "pipeline": "web"},
    }


def _moment(number: int) -> datetime:
    """When a pipeline event happened."""
    return FIRST + number * timedelta(minutes=20)


def history(folder: Path, count: int = 6, name: str = "history.jsonl") -> Path:
    """A file of events over some hours, which ends with something that is no event."""
    file = folder / name
    file.write_text("\n".join([*(json.dumps(run(number)) for number in range(count)), '{"id": "no event"}']))
    return file


class Told:
    """A history that an API tells: `count` events, three a page; it breaks off before an event if it is told to."""

    name = "told-api/example"

    def __init__(self, count: int, breaks_at: int | None = None) -> None:
        self.count = count
        self.breaks_at = breaks_at
        self.asked: list[str] = []

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield the pages behind a cursor such as `event 3`."""
        self.asked.append(cursor)
        for first in range(int(cursor.removeprefix("event ") or 0), self.count, 3):
            if self.breaks_at is not None and first >= self.breaks_at:
                raise ServiceError("The API told no more.")
            behind = min(first + 3, self.count)
            events = [json.dumps({**run(number), "eventlake-origin": "told-api"}).encode() for number in range(first, behind)]
            yield Page(events, f"event {behind}", behind / self.count)


def backfill_told(lake: Path, told: Told, log_format: str = "parquet") -> Progress:
    """Bring in what an API tells."""
    with Importer(lake, SOURCES, log_format=log_format) as importer:
        importer.deliver()
        return list(Backfiller(LocalHistories(importer.catalog, lake), SOURCES).pages(told))[-1]


def backfill(lake: Path, file: Path, log_format: str = "parquet") -> Progress:
    """Bring a file in, as the command does."""
    with Importer(lake, SOURCES, log_format=log_format) as importer:
        importer.deliver()
        return list(Backfiller(LocalHistories(importer.catalog, lake), SOURCES).items(LocalFile(file).history, LocalFile(file).stretches))[
            -1
        ]


def test_equal_events_that_fail_are_listed_each(tmp_path: Path) -> None:
    """Those of one file, also where their rows fail as they are stored."""
    file = tmp_path / "history.jsonl"
    never = {**run(1), "detail": {"state": "STARTED", "pipeline": "web", "start-time": "99999-01-01T00:00:00Z"}}
    file.write_text("\n".join([*['{"id": "no event"}'] * 3, json.dumps({**run(1), "source": "nobody"}), *[json.dumps(never)] * 2]))

    progress = backfill(tmp_path / "lake", file)

    assert len(open_catalog(tmp_path / "lake").failed()) == progress.failed >= 4


def hours(lake: Path) -> list[tuple[object, ...]]:
    """The stored runs, with the hour in which they lie."""
    answer = open_lake(lake, SOURCES).engine.query(f'select event_id, "date", hour from {RUNS} order by 1')
    return [(row[0], str(row[1]), row[2]) for row in answer.rows]


@pytest.mark.parametrize("log_format", FORMATS)
def test_rows_land_in_the_hours_in_which_their_events_happened(tmp_path: Path, log_format: str) -> None:
    """Over a midnight and New Year; what is no event is kept as failed, with its place in the file."""
    lake = tmp_path / "lake"

    progress = backfill(lake, history(tmp_path), log_format)

    assert (progress.events, progress.rows, progress.failed) == (6, 6, 1)
    day, year = ("2025-12-31", "2026-01-01")
    assert hours(lake) == [
        ("e-0", day, "22"), ("e-1", day, "22"), ("e-2", day, "23"), ("e-3", day, "23"), ("e-4", day, "23"), ("e-5", year, "00")
    ]  # fmt: skip
    (failed,) = open_catalog(lake).failed()
    assert "line 7" in failed.message
    assert examine(lake, [f"e-{number}" for number in range(6)]) is None


@pytest.mark.slow
def test_a_file_that_was_read_to_its_end_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Whatever it is called; and packed it is another, whose rows closing leaves out."""
    lake = tmp_path / "lake"
    file = history(tmp_path)
    backfill(lake, file)
    copy = tmp_path / "copy.jsonl"
    shutil.copy(file, copy)

    again = backfill(lake, copy)
    assert (again.events, again.rows, again.failed) == (0, 0, 0)

    packed = tmp_path / "history.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert backfill(lake, packed).rows == 6
    _close(lake)
    assert [row[0] for row in hours(lake)] == [f"e-{number}" for number in range(6)]


def test_auth0s_logs_land_by_the_date_of_the_log(tmp_path: Path) -> None:
    """In every form that `send` takes: a page of the Management API here."""
    lake = tmp_path / "lake"
    log = json.loads((AUTH0 / "login.event.json").read_text())["detail"]["data"]
    page = tmp_path / "page.json"
    page.write_text(json.dumps({"start": 0, "limit": 2, "length": 1, "total": 1, "logs": [{**log, "date": "2026-03-01T05:06:07.000Z"}]}))

    backfill(lake, page)

    answer = open_lake(lake, SOURCES).engine.query('select "date", hour from auth0_logs')
    assert [(str(row[0]), row[1]) for row in answer.rows] == [("2026-03-01", "05")]


def test_a_row_without_a_time_lands_in_the_hour_in_which_it_comes_in(tmp_path: Path) -> None:
    """It is not refused for that."""
    lake = tmp_path / "lake"
    event = run(0)
    del event["time"]
    file = tmp_path / "one.json"
    file.write_text(json.dumps(event))
    before = Hour.of(datetime.now(UTC))

    backfill(lake, file)

    ((_, day, hour),) = hours(lake)
    assert before <= Hour(str(day), str(hour)) <= Hour.of(datetime.now(UTC))


@pytest.mark.parametrize("log_format", [pytest.param("parquet", marks=pytest.mark.slow), "json"])
def test_a_file_out_of_order_makes_one_object_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    """Hours that come up again and again wait for each other in a file; in order, a group is brought in as soon as it is large."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 5_000)
    numbers = [number * 37 % 120 for number in range(120)]
    lines = {name: [json.dumps(run(number)) for number in order] for name, order in (("scattered", numbers), ("ordered", range(120)))}
    made: dict[str, int] = {}
    for name, order in lines.items():
        file = tmp_path / name
        file.write_text("\n".join([*order[:60], '{"id": "no event"}', *order[60:]]))
        lake = tmp_path / f"lake-{name}"
        done = backfill(lake, file, log_format)
        assert (done.events, done.rows, done.failed) == (120, 120, 1)
        assert hours(lake) == sorted(
            (f"e-{number}", f"{moment:%Y-%m-%d}", f"{moment:%H}") for number in range(120) for moment in [_moment(number)]
        )
        assert backfill(lake, file, log_format).events == 0
        made[name] = len(open_catalog(lake).objects(RUNS))

    assert made["scattered"] == len({f"{_moment(number):%Y-%m-%dT%H}" for number in range(120)}) == 41
    assert made["ordered"] <= 41 + 2 * len("\n".join(lines["ordered"])) // 5_000


def test_a_file_out_of_order_is_brought_in_by_as_much_as_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and bytes that wait are bounded; nothing of it is left behind."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 5_000)
    monkeypatch.setattr(collecting, "SCATTERED_ROWS", 40)
    file = tmp_path / "scattered"
    file.write_text("\n".join(json.dumps(run(number * 37 % 120 % 30)) for number in range(120)))

    assert backfill(tmp_path / "lake", file, "json").rows == 120
    hours_of_them = open_catalog(tmp_path / "lake").contents(RUNS).hours
    assert len(hours_of_them) == 11
    assert 2 <= max(one.objects for one in hours_of_them) <= 5
    assert list((tmp_path / "lake").rglob("tmp*")) == []


def scattered(tmp_path: Path) -> Path:
    """A file whose hours come up again and again."""
    file = tmp_path / "scattered"
    file.write_text("\n".join(json.dumps(run(number * 37 % 120)) for number in range(120)))
    return file


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file that is given up has bytes that the disk did not take."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 5_000)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: open("/dev/full", "r+b"))  # noqa: PTH123, SIM115  as the one that it stands for

    with pytest.raises(StorageFullError, match=r'set aside in "[^"]+": the disk is full\. Make room;'):
        backfill(tmp_path / "lake", scattered(tmp_path))


def test_what_waits_takes_a_quarter_of_what_the_disk_has_to_spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where that is less than two groups, none waits: each is brought in as it comes."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 5_000)
    taken: list[int] = []
    made = tempfile.TemporaryFile

    def noted(dir: Path | None) -> IO[bytes]:
        taken.append(0)
        return made(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    for spare, files in ((4 * 9_000, 0), (4 * 400_000, 1)):
        monkeypatch.setattr(Disk, "of", lambda folder, spare=spare: Disk(spare + 7, 7))
        taken.clear()
        assert backfill(tmp_path / f"lake-{spare}", scattered(tmp_path)).rows == 120
        assert len(taken) == files


@pytest.mark.parametrize(
    ("log_format", "again"),
    [
        pytest.param("parquet", (0,), marks=pytest.mark.slow),
        pytest.param("parquet", (1, 2, 3, 5), marks=pytest.mark.slow),
        pytest.param("json", (0, 2), marks=pytest.mark.slow),
    ],
)
def test_killed_at_every_step_it_goes_on_where_it_was(
    tmp_path: Path, ended: Ended, monkeypatch: pytest.MonkeyPatch, log_format: str, again: Sequence[int]
) -> None:
    """In groups of a few events; again: the steps at which the one that goes on is killed too, in turns."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", GROUP_BYTES)
    file = history(tmp_path, 4)
    steps: list[str] = []
    crash.at_each(steps.append)
    backfill(tmp_path / "counting", file, log_format)
    crash.at_each()

    for first, second in zip(range(1, len(steps) + 1), cycle(again), strict=False):
        lake = tmp_path / f"lake-{first}"
        ended(backfill_in_groups, lake, file, log_format, crash_at=first)
        if second:
            ended(backfill_in_groups, lake, file, log_format, crash_at=second)
        backfill(lake, file, log_format)
        assert [row[0] for row in hours(lake)] == [f"e-{number}" for number in range(4)], (steps[first - 1], second)
        assert open_catalog(lake).failed_count() == 1
        assert examine(lake, [f"e-{number}" for number in range(4)]) is None
        shutil.rmtree(lake)
    assert steps.count("additions registered") >= 2


def test_what_an_api_tells_is_brought_in_once_and_what_is_new_later(tmp_path: Path) -> None:
    """It is asked from the text cursor that was stored with the rows; the rows say what they were made from."""
    lake = tmp_path / "lake"

    first = backfill_told(lake, Told(4))
    again = Told(6)
    second = backfill_told(lake, again)

    assert (first.events, first.cursor, first.done) == (4, "event 4", 1.0)
    assert (second.events, again.asked) == (2, ["event 4"])
    assert [row[0] for row in hours(lake)] == [f"e-{number}" for number in range(6)]
    assert open_lake(lake, SOURCES).engine.query(f"select distinct event_origin from {RUNS}").rows == [("told-api",)]


def test_what_an_api_told_before_it_failed_stays(tmp_path: Path) -> None:
    """Though the group was not full; and the next time it is asked from there."""
    lake = tmp_path / "lake"
    with pytest.raises(ServiceError, match="told no more"):
        backfill_told(lake, Told(9, breaks_at=6))
    assert len(hours(lake)) == 6

    whole = Told(9)
    backfill_told(lake, whole)

    assert whole.asked == ["event 6"]
    assert [row[0] for row in hours(lake)] == [f"e-{number}" for number in range(9)]


def test_pages_of_an_api_come_together_until_they_are_many_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of its own transaction would make an object for each."""
    monkeypatch.setattr(backfilling, "GROUP_EVENTS", 6)
    with Importer(tmp_path / "many", SOURCES) as importer:
        told = [
            one.events for one in map(replace, Backfiller(LocalHistories(importer.catalog, tmp_path / "many"), SOURCES).pages(Told(15)))
        ]
    assert told == [6, 12, 15]

    seconds = iter(range(0, 1000, 9))
    with Importer(tmp_path / "old", SOURCES) as importer:
        backfiller = Backfiller(LocalHistories(importer.catalog, tmp_path / "old"), SOURCES, elapsed=lambda: float(next(seconds)))
        assert [one.cursor for one in map(replace, backfiller.pages(Told(9)))] == ["event 6", "event 9"]


@pytest.mark.slow
def test_a_file_that_ends_too_early_keeps_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, it is another file; the rows it shares are left out when their hours are closed."""
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 1000)
    lake = tmp_path / "lake"
    whole = gzip.compress(b"\n".join(json.dumps(run(number)).encode() for number in range(30)))
    cut = tmp_path / "cut.gz"
    cut.write_bytes(whole[:-20])
    with pytest.raises(Exception, match="cut"):
        backfill(lake, cut)
    assert 0 < len(hours(lake)) <= 30

    cut.write_bytes(whole)
    backfill(lake, cut)
    _close(lake)

    assert len(hours(lake)) == 30


@pytest.mark.parametrize("form", ["{}", "[{}]"])
def test_what_stands_before_the_end_of_a_file_that_is_cut_off_is_brought_in_once(tmp_path: Path, form: str) -> None:
    """However short it is, and however often the command is given; what the cut left of the last event is kept as failed."""
    lake, cut = tmp_path / "lake", tmp_path / "cut.gz"
    events = ",\n".join(json.dumps(run(number)) for number in range(30))
    cut.write_bytes(gzip.compress(form.format(events).encode(), 0)[:-100])
    for _ in range(2):
        with pytest.raises(StorageError, match="cut"):
            backfill(lake, cut)

    assert sorted(str(row[0]) for row in hours(lake)) == sorted(f"e-{number}" for number in range(29))
    with closing(open_catalog(lake)) as catalog:
        assert len(catalog.failed()) == (1 if form == "{}" else 2)


@pytest.mark.slow
def test_a_history_closes_without_being_written_anew_in_whatever_order_it_came(tmp_path: Path) -> None:
    """Also where several events happened in one second."""
    lake, events = tmp_path / "lake", [run(number, timedelta(minutes=10)) for number in (5, 1, 9, 3, 7)]
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(json.dumps({**event, "id": f"{event['id']}-{copy}"}) for event in events for copy in (2, 0, 1)))
    backfill(lake, file)

    def keys() -> list[str]:
        with closing(open_catalog(lake)) as catalog:
            return [one.key for one in catalog.objects(RUNS)]

    before = keys()
    _close(lake)

    assert keys() == before
    assert len(hours(lake)) == 15


def test_a_catalog_made_anew_has_the_history(tmp_path: Path) -> None:
    """Its objects say what they hold, though nothing of it came by way of the spool."""
    lake = tmp_path / "lake"
    backfill(lake, history(tmp_path))
    before = hours(lake)

    assert rebuild(lake, SOURCES).left == ()
    assert hours(lake) == before


def _close(lake: Path) -> None:
    table = next(table for source in SOURCES for table in source.tables if table.name == RUNS)
    with Importer(lake, SOURCES) as importer, Closer(importer.catalog, lake / "objects") as closer:
        assert not any(one.problem for one in closer.close_all(table, closer.waiting(table, Hour.of(closer.now()))))


def backfill_in_groups(lake: Path, file: Path, log_format: str) -> None:
    """Backfill in groups of a few events, in a process of its own."""
    backfilling.GROUP_BYTES = GROUP_BYTES
    backfill(lake, file, log_format)
