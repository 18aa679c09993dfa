"""From the spool to rows: hours, clocks, full disks, poisoned buffers; counted through the engine and by plain readers."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import random
import shutil
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from by_day import one_in
from eventlake.backends.directory import STAGING, DirectoryStore
from eventlake.backends.line_check import UnwritableLinesError
from eventlake.backends.parquet import ParquetWriter
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.backends.sqlite_file import SqliteFile
from eventlake.description import Description
from eventlake.errors import StorageError, StorageFullError
from eventlake.layout import Hour
from eventlake.local.delivery.checked import FORMATS, CheckedWriter
from eventlake.local.delivery.sink import Sink
from eventlake.local.delivery.strikes import Strikes
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.rebuilding import rebuild
from eventlake.model import Personal, Table
from eventlake.pipeline.delivery import Hints
from eventlake.pipeline.router import Routed, Router
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from oracle import examine

SOURCES = load()


def event(identity: str, **detail: Any) -> Item:
    """A pipeline event."""
    envelope = {
        "id": identity,
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "time": "2026-11-20T10:00:00Z",
    }
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED", **detail}}).encode())


class FixedClock:
    """A clock that stands where it was set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment


@pytest.mark.parametrize("log_format", ["parquet", "json"])
@pytest.mark.parametrize("first", one_in(2, ["2026-12-26T22:30", "2026-11-20T21:30", "2027-01-02T20:30", "2026-11-30T21:30"]))
def test_counts_by_hour_add_up_over_midnights_and_the_turn_of_the_year(tmp_path: Path, first: str, log_format: str) -> None:
    """An event every twenty minutes for nine hours: each hour partition holds its own, together they are all."""
    clock = FixedClock(datetime.fromisoformat(first).replace(tzinfo=UTC))
    arrivals = []
    with Importer(tmp_path, SOURCES, now=clock.now, log_format=log_format) as lake:
        for number in range(27):
            lake.accept([event(f"e{number}")])
            arrivals.append(clock.moment)
            clock.moment += timedelta(minutes=20)
        lake.deliver()

    answer = open_lake(tmp_path, SOURCES).engine.query(
        'select "date", hour, count(*) from pipeline_execution_state_change group by 1, 2 order by 1, 2'
    )
    expected: dict[tuple[object, str], int] = {}
    for arrival in arrivals:
        expected[arrival.date(), f"{arrival:%H}"] = expected.get((arrival.date(), f"{arrival:%H}"), 0) + 1
    assert {(day, hour): count for day, hour, count in answer.rows} == expected
    assert sum(count for _, _, count in answer.rows) == 27
    assert examine(tmp_path, [f"e{number}" for number in range(27)]) is None


def test_a_clock_that_goes_back_loses_nothing(tmp_path: Path) -> None:
    """Each event is in the hour the clock showed when it arrived."""
    clock = FixedClock(datetime(2026, 11, 20, 10, 59, tzinfo=UTC))
    with Importer(tmp_path, SOURCES, now=clock.now) as lake:
        for number, hours in enumerate([0, 24, -24, 0, 1]):
            clock.moment += timedelta(hours=hours)
            lake.accept([event(f"e{number}")])
        lake.deliver()

    assert examine(tmp_path, [f"e{number}" for number in range(5)]) is None
    assert [str(part.hour) for part in open_catalog(tmp_path).partitions("pipeline_execution_state_change")] == [
        "2026-11-20T10",
        "2026-11-20T11",
        "2026-11-21T10",
    ]


def test_a_clock_that_jumps_makes_few_objects_and_loses_nothing(tmp_path: Path) -> None:
    """Each event is in its hour, in one of three objects; a catalog that is made from them knows what each of them holds."""
    clock = FixedClock(datetime(2026, 11, 20, 10, 59, tzinfo=UTC))
    sent = [f"e{number}" for number in range(41)]
    with Importer(tmp_path, SOURCES, now=clock.now) as lake:
        for number, identity in enumerate(sent):
            lake.accept([event(identity)])
            clock.moment += timedelta(hours=-1 if number % 2 else 1)
        lake.deliver()

    assert examine(tmp_path, sent) is None
    hours = open_catalog(tmp_path).contents("pipeline_execution_state_change").hours
    assert [(str(one.hour), one.objects, one.rows) for one in hours] == [("2026-11-20T10", 2, 21), ("2026-11-20T11", 1, 20)]

    (one,) = open_catalog(tmp_path).objects("pipeline_execution_state_change", [Hour("2026-11-20", "11")])
    (tmp_path / "objects" / one.key).rename(tmp_path / "aside")
    rebuild(tmp_path, SOURCES)
    with Importer(tmp_path, SOURCES) as lake:
        lake.deliver()
    assert examine(tmp_path, sent) is None, "what one of them held comes from the spool again"


def test_a_round_of_many_streams_takes_as_many_transactions_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intention, what is visible, and how far everything is."""
    counts: list[int] = []
    transaction = SqliteFile.transaction

    def counted(file: SqliteFile) -> Any:
        counts[-1] += 1
        return transaction(file)

    with Importer(tmp_path, SOURCES) as lake:
        monkeypatch.setattr(SqliteFile, "transaction", counted)
        for kinds in (["Pipeline"], ["Pipeline", "Stage", "Action", "Other"]):
            lake.accept(
                [Item(1, event(f"{len(kinds)}-{kind}").data.replace(b"Pipeline Execution", f"{kind} Execution".encode())) for kind in kinds]
            )
            counts.append(0)
            lake.deliver()

    assert counts == [3, 3]
    assert examine(tmp_path, ["1-Pipeline", "4-Pipeline", "4-Stage", "4-Action", "4-Other"]) is None


def test_what_was_accepted_and_not_delivered_is_delivered_by_the_next(tmp_path: Path) -> None:
    """Ending without delivery leaves the spool; the next writer goes on there, and once."""
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("first")])
    for _ in range(2):
        with Importer(tmp_path, SOURCES) as lake:
            lake.deliver()

    assert examine(tmp_path, ["first"]) is None


def test_a_removed_spool_does_not_hide_new_events(tmp_path: Path) -> None:
    """Positions go on where the catalog says, so nothing new looks delivered."""
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("first")])
        lake.deliver()
    shutil.rmtree(tmp_path / "spool")
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("second")])
        lake.deliver()

    assert examine(tmp_path, ["first", "second"]) is None


def test_a_disk_that_is_full_for_a_while_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step of a delivery fails once for want of room; queries go on meanwhile; then it is delivered without help."""
    place, failures = Sink._place, iter([1, 2, 3])

    def failing(sink: Sink, key: str, path: Path) -> None:
        step = next(failures, None)
        if step == 1:
            raise StorageFullError("before the intention")
        if step == 2:
            sink._catalog.intend([key])
            raise StorageFullError("after the intention")
        place(sink, key, path)
        if step == 3:
            raise StorageFullError("after the object is in place")

    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("before")])
        lake.deliver()
        monkeypatch.setattr(Sink, "_place", failing)
        lake.accept([event("during")])
        for _ in range(3):
            with pytest.raises(StorageError):
                lake.deliver()
            assert open_lake(tmp_path, SOURCES).engine.query("select event_id from pipeline_execution_state_change").rows == [("before",)]
        lake.deliver()

    assert examine(tmp_path, ["before", "during"]) is None


def test_what_is_delivered_in_smaller_parts_leaves_nothing_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk becomes full when the objects are in place; the next try has parts with keys of their own."""
    register, failures = SqliteCatalog.register, iter(["the object is in place"])

    def failing(catalog: SqliteCatalog, *arguments: Any) -> None:
        if (said := next(failures, None)) is not None:
            raise StorageFullError(said)
        register(catalog, *arguments)

    monkeypatch.setattr(SqliteCatalog, "register", failing)
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("first"), event("second")])
        with pytest.raises(StorageError):
            lake.deliver()
        assert list(DirectoryStore(tmp_path / "objects").list("")) == []
        lake.deliver()
        assert lake.catalog.intended() == []

    assert examine(tmp_path, ["first", "second"]) is None
    assert len(list(DirectoryStore(tmp_path / "objects").list(""))) == 2


GUILTY = b'{"event_id": "guilty", "attempt": "no number"}\n'


def spoiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have events called "guilty" become lines that no reader takes."""
    route = Router.route

    def routed(router: Router, data: bytes) -> Routed:
        found = route(router, data)
        if b"guilty" in data:
            found.lines[:] = [(table, GUILTY) for table, _ in found.lines]
        return found

    monkeypatch.setattr(Router, "route", routed)
    monkeypatch.setattr(Router, "straight", lambda _router, events: [None] * len(events))


def test_equal_lines_that_the_format_refuses_are_listed_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though they came at one moment, and hold the same."""
    spoiled(monkeypatch)
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("guilty"), event("e1"), event("guilty")])
        lake.deliver()

    entries, _ = LocalFailedRecords(tmp_path).newest(10)
    assert [(entry.code, entry.size_bytes) for entry in entries] == [("ConversionFailed", len(event("guilty").data))] * 2
    assert len({entry.id[:10] for entry in entries}) == 2


def test_lines_that_the_format_refuses_are_kept_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their events stand in the spool as they came, and in the failed record without what the table masks."""
    spoiled(monkeypatch)
    masked = {"pipeline_execution_state_change": Personal("$.detail.note", "mask")}
    tables = [[replace(table, personal=(masked[table.name],) if table.name in masked else ()) for table in one.tables] for one in SOURCES]
    sources = [replace(one, tables=tuple(some)) for one, some in zip(SOURCES, tables, strict=True)]
    with Importer(tmp_path, sources) as lake:
        lake.accept([event("guilty", note="ada@example.com"), event("e1", note="ada@example.com")])
        lake.deliver()

    records = LocalFailedRecords(tmp_path)
    (entry,), _ = records.newest(10)
    assert (entry.code, json.loads(records.original(entry))["detail"]["note"]) == ("ConversionFailed", "***")
    rows = open_lake(tmp_path, sources).engine.query("select extra from pipeline_execution_state_change").rows
    assert [json.loads(extra)["note"] for (extra,) in rows] == ["***"]


@pytest.mark.parametrize("log_format", FORMATS)
def test_lines_that_the_format_refuses_do_not_stop_their_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    """They are found, their events kept as failed with the bytes that were sent, and the rest of their batch is stored."""
    spoiled(monkeypatch)
    guilty = [event(f"guilty{number}", note=number) for number in range(5)]
    with Importer(tmp_path, SOURCES, log_format=log_format) as lake:
        lake.accept([guilty[0], *(event(f"e{number}") for number in range(10)), *guilty[1:4], event("e10"), guilty[4]])
        lake.deliver()

    records = LocalFailedRecords(tmp_path)
    entries, _ = records.newest(10)
    assert sorted(records.original(entry) for entry in entries) == sorted(item.data for item in guilty)
    for entry in entries:
        assert (entry.stream, entry.code) == ("pipeline_execution_state_change", "ConversionFailed")
        assert entry.key.startswith("error/pipeline_execution_state_change/format-conversion-failed/")
        assert "attempt" in entry.message
        assert ".staging" not in entry.message
    assert len(open_lake(tmp_path, SOURCES).engine.query("select event_id, attempt from pipeline_execution_state_change").rows) == 11


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_batch_of_refused_lines_leaves_no_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    """Its events are failed records, and the stream goes on."""
    spoiled(monkeypatch)
    with Importer(tmp_path, SOURCES, log_format=log_format) as lake:
        lake.accept([event("guilty")])
        lake.deliver()
        lake.accept([event("good")])
        lake.deliver()

    catalog = open_catalog(tmp_path)
    assert [one.rows for one in catalog.objects("pipeline_execution_state_change")] == [1]
    assert catalog.failed_count() == 1


def test_refused_lines_and_their_neighbours_appear_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery that fails in the middle is done again as a whole: no refused line is forgotten, none is there twice."""
    spoiled(monkeypatch)
    place, failures = Sink._place, iter([False, True, True, False])

    def failing(sink: Sink, key: str, path: Path) -> None:
        if next(failures, False):
            raise StorageFullError("no room")
        place(sink, key, path)

    monkeypatch.setattr(Sink, "_place", failing)
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event("guilty"), event("good")])
        for _ in range(2):
            with pytest.raises(StorageError):
                lake.deliver()
        lake.deliver()

    catalog = open_catalog(tmp_path)
    assert ([one.rows for one in catalog.failed_objects()], catalog.failed_count()) == ([1], 1)
    assert [one.rows for one in catalog.objects("pipeline_execution_state_change")] == [1]


def test_refused_lines_are_found_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, the batch is written twice: with them, and without."""
    spoiled(monkeypatch)
    writes: list[int] = []
    write = ParquetWriter.write

    def counted(writer: ParquetWriter, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        writes.append(len(lines))
        write(writer, table, lines, path, description)

    monkeypatch.setattr(ParquetWriter, "write", counted)
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event(f"{'guilty' if number % 2 else 'good'}{number}") for number in range(400)])
        lake.deliver()

    assert writes == [400, 200]


def test_a_line_that_only_the_writer_refuses_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of types has nothing against it; it is found by halving."""
    write = ParquetWriter.write

    def refusing(writer: ParquetWriter, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        if any(b"odd" in line for line in lines):
            raise UnwritableLinesError("not this one")
        write(writer, table, lines, path, description)

    monkeypatch.setattr(ParquetWriter, "write", refusing)
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([event(f"{'odd' if number in {3, 7} else 'good'}{number}") for number in range(10)])
        lake.deliver()

    catalog = open_catalog(tmp_path)
    assert [entry.message.rpartition(": ")[2] for entry in catalog.failed()] == ["not this one"] * 2
    assert [one.rows for one in catalog.objects("pipeline_execution_state_change")] == [8]


def test_full_buffers_are_delivered_on_the_way(tmp_path: Path) -> None:
    """By size, while more is read."""
    with Importer(tmp_path, SOURCES, hints=Hints(float("inf"), 2000)) as lake:
        lake.accept([event(f"e{number}") for number in range(100)])
        lake.deliver()

    assert len(open_catalog(tmp_path).objects("pipeline_execution_state_change")) > 3
    assert examine(tmp_path, [f"e{number}" for number in range(100)]) is None


@pytest.mark.parametrize("log_format", FORMATS)
def test_an_object_is_written_beside_what_is_read_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    """The first write waits until more was read than its own events; nothing of it shows before it is whole."""
    read_on = threading.Event()
    seen: list[int] = []
    straight, write = Router.straight, CheckedWriter.write

    def reading(router: Router, events: Sequence[bytes]) -> list[Any]:
        seen.append(len(open_catalog(tmp_path).objects("pipeline_execution_state_change")))
        if len(seen) == 2:
            read_on.set()
        return straight(router, events)

    def waiting(writer: CheckedWriter, *arguments: Any) -> dict[int, str]:
        assert read_on.wait(60)
        return write(writer, *arguments)

    monkeypatch.setattr(Router, "straight", reading)
    monkeypatch.setattr(CheckedWriter, "write", waiting)
    identities = [f"e{number}" for number in range(600)]
    with Importer(tmp_path, SOURCES, hints=Hints(float("inf"), 100_000), log_format=log_format) as lake:
        lake.accept([event(identity, version="x" * 400) for identity in identities])
        lake.deliver()

    assert seen[:2] == [0, 0]
    assert examine(tmp_path, identities) is None


def test_what_is_begun_and_not_finished_is_delivered_by_the_next(tmp_path: Path) -> None:
    """A command that ends in the middle leaves the spool, and no file aside that stays."""
    identities = [f"e{number}" for number in range(60)]
    with Importer(tmp_path, SOURCES, hints=Hints(float("inf"), 2000)) as lake:
        lake.accept([event(identity) for identity in identities])
        lake.deliver_due()
        assert 0 < lake._pump.delivered < lake._spool.end
    with Importer(tmp_path, SOURCES) as lake:
        lake.deliver()

    assert examine(tmp_path, identities) is None
    assert not list((tmp_path / "objects").glob("**/*.jsonl"))


@pytest.mark.parametrize("seed", range(12))
def test_writes_that_fail_beside_lose_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A full disk, or one that fails, at some of the writes, while others go on; the next process delivers what this one left."""
    chosen = random.Random(seed)
    errors = {chosen.randrange(8): chosen.choice([StorageFullError, StorageError, OSError]) for _ in range(4)}
    write, calls = CheckedWriter.write, itertools.count()

    def failing(writer: CheckedWriter, *arguments: Any) -> dict[int, str]:
        if (error := errors.pop(next(calls), None)) is not None:
            raise error("the disk")
        return write(writer, *arguments)

    monkeypatch.setattr(CheckedWriter, "write", failing)
    identities = [f"e{number}" for number in range(200)]
    for stretch in (identities[:100], identities[100:], (), (), (), ()):
        with Importer(tmp_path, SOURCES, hints=Hints(float("inf"), 2000)) as lake, contextlib.suppress(StorageError):
            lake.accept([event(identity) for identity in stretch]) if stretch else None
            with contextlib.suppress(StorageError):
                lake.deliver_due()
            for _ in range(3):
                with contextlib.suppress(StorageError):
                    lake.deliver()

    assert examine(tmp_path, identities) is None
    assert not errors


def test_where_no_thread_can_be_begun_objects_are_written_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is one again, it writes, and nothing of what was wanted of it before."""
    start, allowed = threading.Thread.start, False

    def starting(thread: threading.Thread) -> None:
        if thread.name.startswith("objects") and not allowed:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)
    identities = [f"e{number}" for number in range(60)]
    with Importer(tmp_path, SOURCES, hints=Hints(float("inf"), 2000)) as lake:
        lake.accept([event(identity) for identity in identities[:30]])
        lake.deliver()
        allowed = True
        lake.accept([event(identity) for identity in identities[30:]])
        lake.deliver()

    assert examine(tmp_path, identities) is None
    assert not list((tmp_path / "objects" / STAGING).iterdir())


def test_what_was_written_aside_is_removed_where_its_delivery_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of two hours, of which one is refused; the disk has no room for its failed record, and gets back all that was taken of it."""
    spoiled(monkeypatch)
    clock, write_failures = FixedClock(datetime(2026, 11, 20, 12, tzinfo=UTC)), Sink._write_failures

    def failing(_sink: Sink, *_arguments: Any) -> None:
        monkeypatch.setattr(Sink, "_write_failures", write_failures)
        raise OSError(errno.ENOSPC, "No space left on device")

    with Importer(tmp_path, SOURCES, now=clock.now) as lake:
        lake.accept([event("guilty"), event("first")])
        clock.moment -= timedelta(hours=1)
        lake.accept([event("second")])
        monkeypatch.setattr(Sink, "_write_failures", failing)
        with pytest.raises(StorageFullError):
            lake.deliver()
        assert not list((tmp_path / "objects" / STAGING).iterdir())
        lake.deliver()

    assert examine(tmp_path, ["guilty", "first", "second"]) is None


def test_nothing_is_written_beside_an_event_that_a_process_ended_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the writing that ended it: so a second time it is known which of them it was."""
    under_way: list[bool] = []
    begin = Strikes.begin
    events = [*[event(f"e{number}") for number in range(30)], event("large", version="x" * 20_000)]
    hints = Hints(float("inf"), 2000)
    with Importer(tmp_path, SOURCES, hints=hints) as lake:
        lake.accept(events)

    def beginning(strikes: Strikes, position: int) -> None:
        under_way.append(lake._pump._delivery._under_way is not None)
        begin(strikes, position)

    monkeypatch.setattr(Strikes, "begin", beginning)
    with monkeypatch.context() as ended, Importer(tmp_path, SOURCES, hints=hints) as lake:
        ended.setattr(Strikes, "end", lambda _strikes, _position: None)
        lake._pump.take(lake._spool.end)
    with Importer(tmp_path, SOURCES, hints=hints) as lake:
        lake.deliver()

    assert under_way == [True, False]
    assert examine(tmp_path, [f"e{number}" for number in range(30)] + ["large"]) is None


def rows_of(folder: Path, table: Table) -> list[str]:
    """Every column of every row of a table."""
    names = ", ".join(f'"{column.stored_name}"' for column in table.columns)
    return sorted(map(repr, open_lake(folder, SOURCES).engine.query(f"select {names} from {table.name}").rows))


@pytest.mark.slow
def test_both_formats_hold_the_same_values(tmp_path: Path) -> None:
    """Every column of every sample of every source, read back through the engine."""
    samples = sorted(file for source in SOURCES for file in Path(source.folder).glob("samples/*.event.json"))
    tables = [table for source in SOURCES for table in source.tables]
    answers = []
    for log_format in ("parquet", "json"):
        with Importer(tmp_path / log_format, SOURCES, log_format=log_format) as lake:
            lake.accept([Item(1, file.read_bytes()) for file in samples])
            lake.deliver()
        answers.append({table.name: rows_of(tmp_path / log_format, table) for table in tables})

    assert answers[0] == answers[1]
    assert all(answers[0].values())
