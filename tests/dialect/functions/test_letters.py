"""Sets of letters as ranges."""

import pytest

from eventlake.dialect.functions import letters


def test_ranges_that_touch_are_one() -> None:
    """Order and overlap do not matter."""
    assert letters.listed([(98, 99), (97, 97), (101, 102)]) == ((97, 99), (101, 102))


def test_a_hyphen_at_the_end_is_itself() -> None:
    """`a-c` are three letters, `-` behind them is a fourth."""
    assert letters.of("a-c-") == ((45, 45), (97, 99))


def test_the_others_of_the_others_are_the_same() -> None:
    """What is not in a set leaves it."""
    assert letters.others(letters.others(letters.of("a-z"))) == letters.of("a-z")
    assert letters.others(letters.ANY) == ()


def test_both_holds_what_two_sets_share() -> None:
    """Ranges overlap in part."""
    assert letters.both(letters.of("a-fx"), letters.of("d-z")) == letters.of("d-fx")


@pytest.mark.parametrize(("code", "written"), [(97, "a"), (45, r"\-"), (10, r"\x{a}"), (233, r"\x{e9}")])
def test_a_letter_is_spelt_so_that_it_means_itself(code: int, written: str) -> None:
    """Signs stand behind a backslash, what cannot be seen or is not ASCII is a number."""
    assert letters.spelt(code) == written
