"""The process that delivers: what it does while something is wrong."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from eventlake.errors import StorageError
from eventlake.local.delivery import process
from eventlake.local.delivery.process import _Worker
from eventlake.local.delivery.pump import Pump
from eventlake.local.delivery.task import Task
from eventlake.local.spool.frames import EVENT
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.delivery import Hints
from eventlake.sources import load

EVENTS = [
    b'{"source": "aws.codepipeline", "detail-type": "CodePipeline Pipeline Execution State Change", "id": "%d"}' % n for n in range(2)
]


def test_a_process_whose_bus_was_killed_ends_without_a_word(tmp_path: Path) -> None:
    """Nobody hears that there is no lake."""
    heard_by_nobody, said = os.pipe()
    os.close(heard_by_nobody)
    command = Task(str(tmp_path / "lake"), (str(tmp_path / "nothing"),), 1.0, 1, "json", 1).arguments()
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(said)

    assert (ended.returncode, ended.stderr) == (1, b"")


def test_what_is_buffered_is_delivered_though_no_more_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the spool cannot be read; what stood before it is delivered when it has waited long enough."""
    said: list[str] = []
    monkeypatch.setattr(process, "_say", said.append)
    spool, now = SpoolWriter(tmp_path / "spool"), 0.0
    first = spool.append([(EVENT, 1_795_000_000_000_000, EVENTS[0])])
    spool.begin_anew().result()
    second = spool.append([(EVENT, 1_795_000_000_000_000, EVENTS[1])])
    spool.close()
    worker = _Worker(Pump(tmp_path, load(), Hints(5, 16_000_000), lambda: now))
    worker._commands.until = first
    worker._turn()
    newest = max((tmp_path / "spool").glob("*.log"))
    newest.rename(newest.with_suffix(".aside"))
    newest.mkdir()

    worker._commands.until, now = second, 60.0
    with pytest.raises((StorageError, OSError)):
        worker._turn()

    assert said[-1] == f"delivered {first}"
