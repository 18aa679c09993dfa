"""Markers: a suite that is asked for by one reads no other file, and misses none of its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from marked import can_hold, doubled, unnamed


def test_a_file_that_names_no_marker_is_read_by_the_day_alone(tmp_path: Path) -> None:
    """One marker leaves it out; what may select anything reads it."""
    path = tmp_path / "test_quick.py"
    path.write_text("def test_this() -> None: ...\n")

    assert not can_hold(path, "slow")
    assert can_hold(path, "")
    assert can_hold(path, "not slow and not aws")


def test_a_file_that_names_a_marker_is_read_for_it(tmp_path: Path) -> None:
    """However it names it."""
    path = tmp_path / "test_long.py"
    path.write_text("pytestmark = pytest.mark.slow\n")

    assert can_hold(path, "slow")
    assert not can_hold(path, "java")


def test_a_file_that_bears_a_marker_as_a_whole_is_left_out_with_it(tmp_path: Path) -> None:
    """Every day reads no file of AWS; a file of which one test bears the marker is read, and so is each for any other question."""
    whole, one = tmp_path / "test_whole.py", tmp_path / "test_one.py"
    whole.write_text("import pytest\npytestmark = [pytest.mark.aws, pytest.mark.usefixtures('lake')]\n")
    one.write_text("import pytest\n@pytest.mark.aws\ndef test_this() -> None: ...\n")

    assert not can_hold(whole, "not slow and not aws")
    assert can_hold(whole, "not slow and not java")
    assert can_hold(whole, "not slow or not aws")
    assert can_hold(one, "not slow and not aws")


def test_a_marker_that_its_file_does_not_name_is_found(request: pytest.FixtureRequest) -> None:
    """Its test would be missing from the suite without a word."""
    item = request.node
    item.add_marker(pytest.mark.slow)
    assert unnamed([item]) == []

    elsewhere = "".join(["brow", "ser"])
    item.add_marker(elsewhere)
    assert unnamed([item]) == [f"{item.path}: {elsewhere}"]


def test_a_test_of_two_suites_is_found(request: pytest.FixtureRequest) -> None:
    """Each suite would run it."""
    item = request.node
    item.add_marker("slow")
    assert doubled([item]) == []

    item.add_marker("java")
    assert doubled([item]) == [item.nodeid]
