"""Whoever mistypes a name is led to the one that was meant, and a name that stands twice is found."""

from __future__ import annotations

import pytest

from eventlake.naming import nearest, nearest_or_all, repeated


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        ("xyz", ["state", "stage"], ""),
        ("state", [], ""),
        ("", ["state"], ""),
        ("stat", ["stage", "state"], ' Did you mean "state"?'),
        ("STAT", ["state"], ' Did you mean "state"?'),
        ("pipelineid", ["account", "pipelineId"], ' Did you mean "pipelineId"?'),
        ("qurey", ["queries", "query", "serve"], ' Did you mean "query"?'),
    ],
)
def test_the_nearest_name_is_the_one_most_alike(name: str, known: list[str], sentence: str) -> None:
    """Without regard to case, in the spelling that is known; nothing where no name is alike."""
    assert nearest(name, known) == sentence


def test_all_names_are_told_where_none_is_near() -> None:
    """Where there are few, a person chooses from all of them."""
    assert nearest_or_all("xyz", ["days", "state"]) == " There is days, state."
    assert nearest_or_all("xyz", []) == " There is none."
    assert nearest_or_all("dayz", ["days", "state"]) == ' Did you mean "days"?'


def test_the_first_name_that_stands_twice_is_found_as_it_is_spelt() -> None:
    """Case counts unless it is said that it does not."""
    assert repeated(["a", "B", "b", "a"]) == "a"
    assert repeated(["a", "B", "b", "a"], ignore_case=True) == "b"
    assert repeated(["a", "A"]) is None
    assert repeated([]) is None
