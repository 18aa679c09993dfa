"""A damaged spool, from the file to the reader: what is damaged is kept as failed and told, everything else is delivered."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eventlake.local.examine import check_lake
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

SOURCES = load()
EVENTS = 12


def event(number: int) -> Item:
    """A pipeline event."""
    envelope = {"id": f"e{number}", "detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline"}
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED"}}).encode())


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose spool holds twelve events in three segments, none of them delivered."""
    folder = tmp_path_factory.mktemp("waiting") / "lake"
    for first in range(0, EVENTS, 4):
        with Importer(folder, SOURCES, log_format="json") as importer:
            for number in range(first, first + 4):
                importer.accept([event(number)])
    return folder


def stored(folder: Path) -> list[str]:
    """The ids of the events that a reader finds."""
    rows = open_lake(folder, SOURCES).engine.query("select event_id from pipeline_execution_state_change order by 1").rows
    return [row[0] for row in rows]


def deliver(folder: Path) -> list[str]:
    """Open the lake to write, and deliver; what is said of damage."""
    said: list[str] = []
    with Importer(folder, SOURCES, told=said.append) as importer:
        importer.deliver()
    return said


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_costs_one_event_at_most(tmp_path: Path, waiting: Path, seed: int) -> None:
    """The lake opens, delivers what lies before and behind, and keeps the damaged bytes as one failed record; doctor tells the place."""
    folder, choice = shutil.copytree(waiting, tmp_path / "lake"), random.Random(seed)
    segment = choice.choice(sorted((folder / "spool").glob("*.log")))
    at = 200 + choice.randrange(200)
    damaged = bytearray(segment.read_bytes())
    damaged[at] ^= 1 << seed
    segment.write_bytes(damaged)
    told = [one.sentence for one in check_lake(folder) if segment.name in one.sentence]

    said = deliver(folder) + deliver(folder)

    assert len(stored(folder)) >= EVENTS - 1
    assert len(said) == 1
    assert "The spool is damaged from byte" in said[0]
    assert "Everything before and behind is delivered; see `eventlake failed`" in said[0]
    failed = LocalFailedRecords(folder)
    kept = [(one.stream, one.code, failed.original(one) in damaged) for one in failed.newest(9)[0]]
    assert kept == [("rejected", "DamagedSpool", True)]
    assert len(told) == 1
    assert "`eventlake serve` delivers what lies before and behind" in told[0]


def test_a_segment_whose_end_is_gone_costs_what_is_gone(tmp_path: Path, waiting: Path) -> None:
    """The rest of it, and what lies behind, is delivered."""
    folder = shutil.copytree(waiting, tmp_path / "lake")
    segment = min((folder / "spool").glob("*.log"))
    segment.write_bytes(segment.read_bytes()[:-60])

    deliver(folder)

    assert len(stored(folder)) >= EVENTS - 1


def test_a_sound_spool_is_no_finding_but_for_what_waits(tmp_path: Path, waiting: Path) -> None:
    """Neither headers nor the beginnings of groups wait."""
    folder = shutil.copytree(waiting, tmp_path / "lake")
    (finding,) = check_lake(folder)
    assert "bytes of accepted events wait in the spool" in finding.sentence

    deliver(folder)
    assert check_lake(folder) == []
    assert stored(folder) == sorted(f"e{number}" for number in range(EVENTS))


@pytest.mark.slow
def test_send_and_serve_say_that_they_met_damage(tmp_path: Path, waiting: Path) -> None:
    """In one sentence, to the person who runs them; they go on."""
    for command in (["send", "/dev/null"], ["serve", "--port", "0", "--buffer-seconds", "0.1"]):
        folder = shutil.copytree(waiting, tmp_path / command[0])
        segment = min((folder / "spool").glob("*.log"))
        damaged = bytearray(segment.read_bytes())
        damaged[300] ^= 4
        segment.write_bytes(damaged)
        program = [sys.executable, "-c", "from eventlake.cli import main; main()", *command, "--lake", str(folder)]
        with subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            assert process.stderr is not None
            said = next(line for line in process.stderr if "damaged" in line)
            if command[0] == "serve":
                process.send_signal(signal.SIGTERM)
            process.stderr.read()
            assert process.wait(60) == 0
        assert "The spool is damaged from byte" in said
