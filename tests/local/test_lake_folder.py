"""The folder of a lake is its owner's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from eventlake.cli.demo import make_fresh
from eventlake.local.lock import LakeLock


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    """Make files as most machines do, where nobody asks otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_the_folder_of_a_new_lake_is_its_owners_alone(tmp_path: Path) -> None:
    """Whoever makes it: logs of logins are nobody else's, and what lies in it needs no mode of its own."""
    LakeLock(tmp_path / "a" / "lake").release()
    make_fresh(tmp_path / "demo")

    assert S_IMODE((tmp_path / "a" / "lake").stat().st_mode) == 0o700
    assert S_IMODE((tmp_path / "demo").stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """Who opens a lake to others does so on purpose."""
    (tmp_path / "lake").mkdir(mode=0o750)
    LakeLock(tmp_path / "lake").release()

    assert S_IMODE((tmp_path / "lake").stat().st_mode) == 0o750
