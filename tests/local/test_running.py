"""The doctor asks the bus that runs, and compares the lake's tables with what is declared."""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eventlake.local import running as asking
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.examine import check_lake
from eventlake.local.importing import Importer
from eventlake.local.lock import LakeLock
from eventlake.model import Source
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from running_bus import running

SOURCES = load()


def findings(folder: Path, url: str) -> list[tuple[str, str]]:
    """What the doctor finds while a bus at a URL holds the lake."""
    lock = LakeLock(folder)
    lock.tell(url)
    try:
        return [(one.severity, one.sentence) for one in check_lake(folder)]
    finally:
        lock.release()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lake with nothing in it."""
    Importer(tmp_path / "lake", SOURCES).close()
    return tmp_path / "lake"


def test_a_bus_that_is_well_is_no_finding(folder: Path) -> None:
    """It is asked, and says ok."""
    with running(folder) as bus:
        assert findings(folder, bus.url) == []


def test_a_bus_that_cannot_deliver_is_told_with_its_words(folder: Path) -> None:
    """Delivery stands still, failed, or is behind."""
    pressure = Pressure(folder, time.monotonic, reserve_bytes=0)
    health = Health(pressure)
    with running(folder, pressure=pressure, health=health) as bus:
        health.stuck_s = lambda: 75.0
        ((severity, sentence),) = findings(folder, bus.url)
        assert severity == "error"
        assert "is failing; 0 bytes of accepted events wait: Nothing was delivered for 75 seconds" in sentence

        health.is_in_trouble = lambda: True
        assert "Delivery is in trouble" in findings(folder, bus.url)[0][1]

        health.is_in_trouble, health.stuck_s = lambda: False, lambda: 0.0
        pressure.pending = lambda: 3 << 30
        assert findings(folder, bus.url) == [
            (
                "warning",
                f"The bus at {bus.url} is busy; 3,221,225,472 bytes of accepted events wait: Delivery is behind; send it again in some seconds.",
            )
        ]


def test_a_bus_that_does_not_answer_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped, or nobody listens."""
    monkeypatch.setattr(asking, "_PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert findings(folder, url) == [("error", f"The bus at {url} holds the lake and does not answer within 0.1 s.")]

    assert findings(folder, url) == [("error", f"The bus at {url} holds the lake and does not answer within 0.1 s.")]


def declared_otherwise(change: str) -> list[Source]:
    """The sources of now, after a change of one."""
    first, *others = SOURCES
    table = first.tables[0]
    column = table.columns[1]
    tables = {
        "nothing": first.tables,
        "left out": first.tables[1:],
        "another database": (replace(table, database="elsewhere"), *first.tables[1:]),
        "another type": (replace(table, columns=(table.columns[0], replace(column, type="double"), *table.columns[2:])), *first.tables[1:]),
        "another column": (replace(table, columns=(replace(column, name="more"), *table.columns)), *first.tables[1:]),
    }
    return [replace(first, tables=tables[change]), *others]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("nothing", ""),
        ("left out", "is in the lake, and no declaration names it"),
        ("another database", "its database is elsewhere, and was"),
        ("another type", "is double, and was string"),
        ("another column", 'the column "more" is new'),
    ],
)
def test_tables_that_are_declared_otherwise_than_the_lake_knows_are_told(folder: Path, change: str, told: str) -> None:
    """By name, with what to do."""
    found = check_lake(folder, declared_otherwise(change))

    assert [one.severity for one in found] == (["warning"] if told else [])
    assert all(told in one.sentence and one.remedy for one in found)
