"""What of a history is stored already."""

from __future__ import annotations

import pytest

from eventlake.apis.stretches import Stretches


@pytest.mark.parametrize("cursor", ["", "20-30", "20-30,40-55"])
def test_a_cursor_is_read_as_it_was_written(cursor: str) -> None:
    """None, one or several stretches."""
    assert Stretches.read(cursor).cursor == cursor


def test_a_stretch_begins_behind_its_first_and_ends_with_its_last() -> None:
    """So reading goes on behind the last, and an end is the first of the next."""
    stored = Stretches.read("20-30,40-55")

    assert [stored.behind(at) for at in ("10", "20", "25", "30", "39", "40", "55")] == ["10", "30", "30", "30", "39", "55", "55"]
    assert [stored.next(at) for at in ("10", "30", "40", "55")] == ["20", "40", None, None]


@pytest.mark.parametrize(
    ("added", "cursor"),
    [
        (("10", "15"), "10-15,20-30,40-55"),
        (("10", "20"), "10-30,40-55"),
        (("30", "40"), "20-55"),
        (("25", "42"), "20-55"),
        (("55", "60"), "20-30,40-60"),
        (("00", "99"), "00-99"),
    ],
)
def test_what_touches_becomes_one(added: tuple[str, str], cursor: str) -> None:
    """Whichever is read later."""
    stored = Stretches.read("20-30,40-55")
    stored.add(*added)

    assert stored.cursor == cursor
