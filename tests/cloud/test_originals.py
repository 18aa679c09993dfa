"""Events as they came, from what Firehose keeps below raw/: found by the rows' ids and hours; what is not there, rows stand in for."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.msgspec_codec import FAST
from eventlake.cloud.originals import Originals
from eventlake.history.history import sized_history
from eventlake.layout import Hour
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.pipeline.played import Replay, Stretch
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
PIPELINE = TABLES["pipeline_execution_state_change"]
NINE, TEN = Hour("2026-11-20", "09"), Hour("2026-11-20", "10")


def kept(folder: Path, events: Iterable[tuple[str, Hour, bytes]]) -> Originals:
    """A bucket in which Firehose kept events of a table in an hour: joined with nothing between."""
    store, objects = DirectoryStore(folder), defaultdict[str, list[bytes]](list)
    for table, hour, event in events:
        objects[f"raw/{table}/{hour.path}/{table}-1"].append(event)
    for key, bodies in objects.items():
        store.put(key, gzip.compress(b"".join(bodies)))
    return Originals(store)


def test_an_event_is_found_in_the_hours_around_its_row(tmp_path: Path) -> None:
    """Firehose names an object by its first event, and waits; two hours away it is not looked for, nor what is not asked for."""
    odd = b'{ "id":"a" ,\n"detail": {"x": 1.0}}'
    originals = kept(tmp_path, [(PIPELINE.name, NINE, odd), (PIPELINE.name, NINE, b'{"id": "b"}')])

    assert originals.of(PIPELINE, [TEN], {"a", "c"}) == {"a": odd}
    assert originals.of(PIPELINE, [Hour("2026-11-20", "11")], {"a"}) == {}
    assert originals.of(TABLES["auth0_logs"], [TEN], {"a"}) == {}


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b'{"id": "b"}')[:-9], gzip.compress(b'{"id": 7}{"x": \xff}[1]"text"')],
    ids=["nothing", "no gzip", "cut", "no event"],  # gzip's header has the time
)
def test_what_cannot_be_read_is_left_out(tmp_path: Path, data: bytes) -> None:
    """Beside objects that can."""
    originals = kept(tmp_path, [(PIPELINE.name, TEN, b'{"id": "a"}')])
    DirectoryStore(tmp_path).put(f"raw/{PIPELINE.name}/{TEN.path}/broken", data)

    assert originals.of(PIPELINE, [TEN], {"a"}) == {"a": b'{"id": "a"}'}


def lake_of(folder: Path, arrivals: Sequence[tuple[datetime, list[bytes]]]) -> tuple[Path, list[tuple[str, Hour, bytes]]]:
    """A lake into which events came at these times; what Firehose would keep of them."""
    router, raw = Router(SOURCES), list[tuple[str, Hour, bytes]]()
    for moment, events in arrivals:
        with Importer(folder, SOURCES, now=lambda moment=moment: moment) as importer:  # type: ignore[misc]  # bound now
            importer.accept([Item(number, event) for number, event in enumerate(events, 1)])
            importer.deliver()
        raw += [(table.name, Hour.of(moment), event) for event in events for table, _ in router.route(event).lines]
    return folder, raw


def respaced(event: bytes) -> bytes:
    """The same event with blanks, as no row would make it."""
    return json.dumps(json.loads(event), separators=(" , ", " : ")).encode()


@pytest.mark.slow
def test_thirty_days_come_back_byte_for_byte(tmp_path: Path) -> None:
    """In order of event time, each once; an event of which nothing was kept is what its row becomes."""
    days, end = 30, datetime(2026, 6, 30, tzinfo=UTC)
    events = [respaced(line) for line in sized_history(40 * days, days, end).lines()]
    tens = [events[at : at + len(events) // 5 + 1] for at in range(0, len(events), len(events) // 5 + 1)]
    lake, raw = lake_of(tmp_path / "lake", [(end - timedelta(hours=5 * number), some) for number, some in enumerate(tens)])
    missing = json.loads(events[3])["id"]
    originals = kept(tmp_path / "bucket", [one for one in raw if json.loads(one[2])["id"] != missing])
    opened = open_lake(lake, SOURCES)
    stretch = Stretch(end - timedelta(days=days + 1), end + timedelta(days=1), opened.catalog.tables())

    replay = Replay(opened.engine, stretch, FAST, piece=max(50, len(events) // 7), kept=originals)
    played = list(replay)

    assert [one.at for one in played] == sorted(one.at for one in played)
    assert sorted(one.body for one in played if missing.encode() not in one.body) == sorted(
        event for event in events if missing.encode() not in event
    )
    assert (len(played), replay.as_they_came) == (len(events), len(events) - 1)
