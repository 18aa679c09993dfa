"""How complex AWS's matcher finds wildcards: its MachineComplexityEvaluator, version 2.1.0."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline.wildcards import COMPLEXITY_LIMIT, complexity, wildcard_regex

EVALUATED = {
    "*": 2,
    "a*": 2,
    "*a": 2,
    "*a*": 3,
    "*:*": 3,
    "dir/*.png": 2,
    "arn:aws:events:us-east-1:*:event-bus/*": 3,
    "*/lib/*": 4,
    "x*y*z*w*": 5,
    "*.*.*": 5,
    "*a*a*a": 6,
    "*:*:*:event-bus/*": 7,
    "*:*:*:*:event-bus/*": 9,
    "*a*b*c*d*e*f*g*h": 9,
    "*a*a*a*a*a": 10,
    "*:*:*:*:*:event-bus/*": 11,
    "arn:*:*:*:*:*:*": 11,
}


@pytest.mark.parametrize(("text", "places"), EVALUATED.items())
def test_the_places_of_a_wildcard_are_counted_as_awss_matcher_does(text: str, places: int) -> None:
    """A literal byte that can come again counts beside the `*` before it."""
    assert complexity([[text]]) == places


def test_counting_ends_above_the_limit() -> None:
    """A wildcard of hundreds of `*` is too complex at once."""
    assert complexity([["*a" * 500]]) > COMPLEXITY_LIMIT


@pytest.mark.parametrize(("text", "regex"), [("a*b", "a.*b"), ("\\*", re.escape("*")), ("\\\\", re.escape("\\")), ("", "")])
def test_a_wildcard_is_a_regular_expression(text: str, regex: str) -> None:
    """Only a `*` without a backslash is any characters."""
    assert wildcard_regex(text).pattern == regex


@pytest.mark.parametrize("text", ["**", "a**b", "\\*\\\\**", "\\", "\\a", "*\\"])
def test_two_wildcards_in_a_row_and_other_backslashes_are_refused(text: str) -> None:
    """As the matcher does."""
    with pytest.raises(ValueError, match="wildcard"):
        wildcard_regex(text)


@given(st.text("ab*", max_size=8).filter(lambda text: "**" not in text), st.text("ab\n", max_size=12))
def test_looking_for_each_part_once_finds_what_trying_all_places_does(text: str, compared: str) -> None:
    """The first place of a part leaves the most for those behind it."""
    trying_all = re.compile(text.replace("*", ".*"), re.DOTALL)

    assert bool(wildcard_regex(text).fullmatch(compared)) == bool(trying_all.fullmatch(compared))


def test_no_text_keeps_a_wildcard_busy() -> None:
    """Trying all places would take longer than anybody waits."""
    assert wildcard_regex("*a*a*a*a*a*b").fullmatch("a" * 100_000 + "c") is None
