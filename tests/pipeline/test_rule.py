"""Compiled event patterns against events: what AWS's own matcher decides, and its documented examples."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import PatternError
from eventlake.pipeline.pattern import compile_pattern, matches

VERDICTS = Path(__file__).parent / "patterns.tsv.gz"
"""`pattern TAB event TAB verdict`: 6,000 verdicts of AWS's open matcher (aws/event-ruler, July 2026)."""

NUMBERS_AND_REFUSALS = Path(__file__).parent / "numbers_and_refusals.tsv.gz"
"""The same, 5,000 of event-ruler 2.1.0: numbers, keys that stand twice, patterns that are `refused`; event_ruler/record.py makes them."""


ADDRESSES_AND_ALTERNATIVES = Path(__file__).parent / "addresses_and_alternatives.tsv.gz"
"""The same, 4,500: IP addresses in every spelling, and `$or` before and behind conditions of the same fields."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recorded", "count"),
    [(VERDICTS, 6000), (NUMBERS_AND_REFUSALS, 5000), (ADDRESSES_AND_ALTERNATIVES, 4500)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_verdicts_are_those_of_awss_own_matcher(recorded: Path, count: int) -> None:
    """Over all pairs of pattern and event; what is refused is refused as a pattern."""
    with gzip.open(recorded, "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]

    wrong = [(pattern, event, verdict) for pattern, event, verdict in pairs if _decided(pattern, event) != verdict]

    assert len(pairs) == count
    assert wrong == []


def _decided(pattern: str, event: str) -> str:
    try:
        return str(matches(pattern, event)).lower()
    except PatternError:
        return "refused"


def test_a_number_that_a_double_does_not_hold_equals_its_digits_alone() -> None:
    """It lies in no range; every other number is compared as a double, however it is written."""
    assert matches('{"a": [12345678901234567890]}', '{"a": 12345678901234567890}')
    assert not matches('{"a": [12345678901234567890]}', '{"a": 12345678901234567891}')
    assert not matches('{"a": [{"numeric": [">", 0]}]}', '{"a": 12345678901234567890}')
    assert matches('{"a": [{"anything-but": 5}]}', '{"a": 12345678901234567890}')
    assert matches('{"a": [1794045600123]}', '{"a": 1.794045600123e12}')
    assert matches('{"a": [{"numeric": [">", 0]}]}', '{"a": 1e-10}')
    assert not matches('{"a": [0.1]}', '{"a": 0.1000001}')
    assert matches({"a": [2**70 + 1]}, {"a": 2**70 + 1})


def test_both_values_of_a_key_that_stands_twice_match() -> None:
    """Wherever it stands; of a pattern's own keys the last one counts."""
    event = '{"source": "x", "detail": {"a": {"b": 1}, "a": {"b": 2}}, "source": "y"}'

    assert all(matches({"source": [source], "detail": {"a": {"b": [number]}}}, event) for source in "xy" for number in (1, 2))
    assert not matches({"detail": {"a": {"b": [3]}}}, event)
    assert not matches('{"source": ["x"], "source": ["z"]}', event)


@pytest.mark.parametrize(
    ("condition", "passing", "failing"),
    [
        (["EC2"], "EC2", "ec2"),
        ([5], 5.0, "5"),
        ([True], True, 1),
        ([None], None, ""),
        ([""], "", None),
        ([{"prefix": "2017-10-02"}], "2017-10-02T18:43:48Z", "2017-10-03"),
        ([{"suffix": ".png"}], "a.png", "a.PNG"),
        ([{"prefix": {"equals-ignore-case": "EventB"}}], "eventbridge", "event"),
        ([{"suffix": {"equals-ignore-case": ".PNG"}}], "a.png", "a.jpg"),
        ([{"equals-ignore-case": "ALARM"}], "Alarm", "alarms"),
        ([{"wildcard": "dir/*.png"}], "dir/a/b\nc.png", "other/a.png"),
        ([{"wildcard": "a\\*b"}], "a*b", "axb"),
        ([{"numeric": [">", 0, "<=", 5]}], 5, 0),
        ([{"numeric": ["=", 3.018e2]}], 301.8, "301.8"),
        ([{"numeric": ["<", 10]}], -4_999_999_999, 5_000_000_001),
        ([{"numeric": [">", 5e9]}], 1e12, 5e9),
        ([{"anything-but": "initializing"}], "running", "initializing"),
        ([{"anything-but": ["stopped", "overloaded"]}], 5, "stopped"),
        ([{"anything-but": [100, 200]}], 300, 100.0),
        ([{"anything-but": {"prefix": "init"}}], "stopped", "initializing"),
        ([{"anything-but": {"suffix": ["a", "b"]}}], "c", "xb"),
        ([{"anything-but": {"equals-ignore-case": ["A", "b"]}}], "c", "B"),
        ([{"anything-but": {"wildcard": "*/lib/*"}}], "/bin/x", "/lib/x"),
        ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", "10.0.1.0"),
        ([{"cidr": "2001:db8::/32"}], "2001:db8::1", "2001:db9::1"),
        (["2001:db8::1"], "2001:DB8:0::1", "2001:db8::2"),
        ([{"exists": True}], False, {}),
        (["a", "b"], ["x", ["b"]], ["x"]),
        ([{"anything-but": "a"}], ["a", "b"], ["a"]),
    ],
)
def test_an_operator_passes_and_fails_as_documented(condition: list[Any], passing: object, failing: object) -> None:
    """Each operator with a value that meets it and one that just does not."""
    rule = compile_pattern({"detail": {"field": condition}})

    assert rule.matches({"detail": {"field": passing}})
    assert not rule.matches({"detail": {"field": failing}})
    assert not rule.matches({"detail": {}})


def test_a_field_that_must_not_exist() -> None:
    """`exists: false` holds for a missing field and for one that is no leaf."""
    rule = compile_pattern({"detail": {"c-count": [{"exists": False}]}})

    assert rule.matches({"detail": {}})
    assert rule.matches({"detail": {"c-count": {"inner": 1}}})
    assert not rule.matches({"detail": {"c-count": None}})


def test_or_needs_one_of_its_members_and_everything_beside_it() -> None:
    """The documented example of `$or`."""
    rule = compile_pattern({"source": ["aws.cloudwatch"], "detail": {"$or": [{"c": [{"numeric": [">", 0]}]}, {"d": [1], "e": [2]}]}})

    assert rule.matches({"source": "aws.cloudwatch", "detail": {"c": 1}})
    assert rule.matches({"source": "aws.cloudwatch", "detail": {"d": 1, "e": 2}})
    assert not rule.matches({"source": "aws.cloudwatch", "detail": {"d": 1}})
    assert not rule.matches({"source": "other", "detail": {"c": 1}})


def test_a_dotted_key_is_the_path_it_spells() -> None:
    """In the pattern and in the event."""
    assert matches({"detail.state": ["A"]}, {"detail": {"state": "A"}})
    assert matches({"detail": {"state": ["A"]}}, {"detail.state": "A"})


def test_conditions_are_met_by_one_element_of_an_array() -> None:
    """Leaves of different elements of one array are not combined."""
    pattern = {"employees": {"firstName": ["Anna"], "lastName": ["Jones"]}}

    assert matches(pattern, {"employees": [{"firstName": "John", "lastName": "Doe"}, {"firstName": "Anna", "lastName": "Jones"}]})
    assert not matches(pattern, {"employees": [{"firstName": "Anna", "lastName": "Smith"}, {"firstName": "Peter", "lastName": "Jones"}]})


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from("xyz"), st.text() | st.integers(-9, 9) | st.booleans() | st.none(), min_size=1),
        min_size=1,
    )
)
def test_the_pattern_of_an_events_own_values_matches_it(event: dict[str, dict[str, Any]]) -> None:
    """Exact values of every leaf match, and one that is changed does not."""
    pattern = {key: {name: [value] for name, value in inner.items()} for key, inner in event.items()}
    key, name = next((key, name) for key, inner in event.items() for name in inner)

    assert matches(pattern, event)
    assert not matches({**pattern, key: {**pattern[key], name: ["never this"]}}, event)


@given(st.text() | st.integers(-100, 100) | st.booleans() | st.none(), st.text() | st.integers(-100, 100))
def test_anything_but_is_the_complement_on_one_value(value: Any, refused: Any) -> None:
    """A leaf passes either the value or anything but it."""
    event = {"a": value}

    assert matches({"a": [refused]}, event) != matches({"a": [{"anything-but": refused}]}, event)


def test_a_deep_event_is_looked_into_without_recursion() -> None:
    """Ten thousand levels under a key that the pattern asks for."""
    event: dict[str, Any] = {"b": "x"}
    for _ in range(10_000):
        event = {"a": event}

    assert not matches({"a": {"b": ["x"]}}, event)


def test_the_first_difference_is_told() -> None:
    """The first key of the pattern that an event does not meet, with both sides."""
    rule = compile_pattern({"source": ["aws.codepipeline"], "detail-type": [{"prefix": "CodePipeline"}], "detail": {"state": ["FAILED"]}})

    assert str(rule.first_difference({"source": "aws.codepipeline", "detail-type": "CodeBuild Build State Change"})) == (
        '"detail-type" is "CodeBuild Build State Change", the rule wants {"prefix": "CodePipeline"}'
    )
    assert str(rule.first_difference({"source": "aws.codepipeline", "detail-type": "CodePipeline x", "detail": {}})) == (
        '"detail.state" is missing, the rule wants "FAILED"'
    )
    assert rule.first_difference({"source": "aws.codepipeline", "detail-type": "CodePipeline", "detail": {"state": "FAILED"}}) is None
