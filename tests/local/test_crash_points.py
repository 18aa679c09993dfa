"""The process ends after every durable step in turn; what is left is recovered and counted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlake.local.crash import CRASHED

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))
from oracle import catalogued, examine  # noqa: E402  shared with the command that kills processes

Run = Callable[..., int]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a job in a process of its own, ended at its n-th crash point; its exit code."""
    command = [sys.executable, str(TESTS / "crash_job.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as jobs:
        assert jobs.stdin is not None
        assert jobs.stdout is not None
        told, answered = jobs.stdin, jobs.stdout

        def run(what: str, folder: Path, log_format: str, crash_at: int = 0) -> int:
            told.write(json.dumps([what, str(folder), log_format, crash_at]) + "\n")
            told.flush()
            return int(answered.readline())

        yield run


def acknowledged(folder: Path) -> list[str]:
    """The ids that the accepting job was told are durable."""
    file = folder / "acknowledged"
    return file.read_text().split() if file.exists() else []


def test_a_crash_at_any_step_of_accepting_loses_nothing_acknowledged(run: Run, tmp_path: Path) -> None:
    """Whatever step was the last, the next start cuts the torn tail and delivers every acknowledged event once."""
    crash_at = 0
    code = CRASHED
    while code == CRASHED:
        crash_at += 1
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        code = run("accept", folder, "json", crash_at)
        assert run("deliver", folder, "json") == 0
        assert examine(folder, acknowledged(folder)) is None
    assert code == 0
    assert crash_at > 6, "the job passes through a handful of steps"


@pytest.mark.parametrize("log_format", ["json", pytest.param("parquet", marks=pytest.mark.slow)])
def test_a_crash_at_any_step_of_delivery_neither_loses_nor_doubles(run: Run, tmp_path: Path, log_format: str) -> None:
    """Whatever step was the last, recovery ends in the same events as a run without a crash; a second crash in recovery too."""
    accepted = tmp_path / "accepted"
    accepted.mkdir()
    assert run("accept", accepted, log_format) == 0
    crash_at, code = 0, CRASHED
    while code == CRASHED:
        crash_at += 1
        folder = tmp_path / str(crash_at)
        shutil.copytree(accepted, folder)
        code = run("deliver", folder, log_format, crash_at)
        run("deliver", folder, log_format, 1 + crash_at % 4)
        assert run("deliver", folder, log_format) == 0
        assert examine(folder, acknowledged(folder)) is None
        assert sum(rows for _, _, rows in catalogued(folder).values()) == 36
    assert code == 0
    assert crash_at > 20, "the job passes through every step of each of its objects"
