"""The process ends after every durable step in turn; what is left is recovered and counted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlake.local.crash import CRASHED

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))
import crash_job  # noqa: E402
from crash_job import accept, deliver  # noqa: E402
from ended import Ended, ended_in  # noqa: E402
from oracle import catalogued, examine  # noqa: E402  shared with the command that kills processes


@pytest.fixture(scope="module")
def run() -> Iterator[Ended]:
    """Runs a job in a process of its own, ended at its n-th crash point; its exit code."""
    with ended_in(crash_job.__file__) as run:
        yield run


def acknowledged(folder: Path) -> list[str]:
    """The ids that the accepting job was told are durable."""
    file = folder / "acknowledged"
    return file.read_text().split() if file.exists() else []


def test_a_crash_at_any_step_of_accepting_loses_nothing_acknowledged(run: Ended, tmp_path: Path) -> None:
    """Whatever step was the last, the next start cuts the torn tail and delivers every acknowledged event once."""
    crash_at = 0
    code = CRASHED
    while code == CRASHED:
        crash_at += 1
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        code = run(accept, folder, crash_at=crash_at)
        assert run(deliver, folder, "json") == 0
        assert examine(folder, acknowledged(folder)) is None
    assert code == 0
    assert crash_at > 6, "the job passes through a handful of steps"


@pytest.mark.parametrize(
    ("log_format", "every"),
    [("json", 4), pytest.param("json", 1, marks=pytest.mark.slow), pytest.param("parquet", 1, marks=pytest.mark.slow)],
)
def test_a_crash_at_any_step_of_delivery_neither_loses_nor_doubles(run: Ended, tmp_path: Path, log_format: str, every: int) -> None:
    """Whatever step was the last, recovery ends in the same events as a run without a crash; a second crash in recovery too."""
    accepted = tmp_path / "accepted"
    accepted.mkdir()
    assert run(accept, accepted) == 0
    crash_at, code = 1 - every, CRASHED
    while code == CRASHED:
        crash_at += every
        folder = tmp_path / str(crash_at)
        shutil.copytree(accepted, folder)
        code = run(deliver, folder, log_format, crash_at=crash_at)
        run(deliver, folder, log_format, crash_at=1 + crash_at % 4)
        assert run(deliver, folder, log_format) == 0
        assert examine(folder, acknowledged(folder)) is None
        assert sum(rows for _, _, rows in catalogued(folder).values()) == 36
    assert code == 0
    assert crash_at > 20, "the job passes through every step of each of its objects"
