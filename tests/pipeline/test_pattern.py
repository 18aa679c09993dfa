"""Event patterns as people write them: what becomes a rule, and what EventBridge refuses, with the place and what is allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlake
from eventlake.errors import EventError, PatternError
from eventlake.pipeline.pattern import compile_pattern, matches

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc.$") | st.sampled_from(["$or", "prefix", "exists"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("[]", "expected an object"),
        ("{", "not JSON"),
        ({}, "an empty object is not allowed"),
        ({"a": {}}, '"a": an empty object'),
        ({"a": []}, '"a": an empty array'),
        ({"a": "b"}, '"a": the value is a text'),
        ({"a": [["b"]]}, "an array inside an array"),
        ({"a": [{}]}, "0 keys, expected one operator"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "2 keys, expected one operator"),
        ({"a": [{"prefx": "x"}]}, 'unknown operator "prefx"'),
        ({"a": [{"prefix": 5}]}, "expected a text"),
        ({"a": [{"prefix": {"suffix": "x"}}]}, "expected a text or"),
        ({"a": [{"wildcard": "a**b"}]}, "two wildcards in a row"),
        ({"a": [{"wildcard": "a\\b"}]}, "a backslash stands before"),
        ({"a": [{"exists": "true"}]}, "expected true or false"),
        ({"a": [{"numeric": [">", 0, "<"]}]}, "expected an array such as"),
        ({"a": [{"numeric": ["~", 0]}]}, "operators are"),
        ({"a": [{"numeric": [">", "0"]}]}, "expected a number"),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, "lower bound must be less"),
        ({"a": [{"numeric": ["<", 5, ">", 0]}]}, "a range begins with"),
        ({"a": [{"numeric": ["=", 2**53 + 1]}]}, "which a double does not hold"),
        ({"a": [{"numeric": [">", 1.7976931348623157e308]}]}, "no number lies there"),
        ({"a": [{"anything-but": 12345678901234567890}]}, "which a double does not hold"),
        ('{"a": [{"numeric": ["=", 0.1000000000000000055]}]}', "0.1000000000000000055, which a double does not hold"),
        ('{"a": [NaN]}', "not JSON"),
        ({"a": [{"cidr": "10.0.0.0/32"}]}, "mask bits must be less than 32"),
        ({"a": [{"cidr": "10.0.0.300/8"}]}, "expected an address"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "expected an address"),
        ({"a": [{"anything-but": []}]}, "expected a text, a number"),
        ({"a": [{"anything-but": ["a", 1]}]}, "expected a text, a number"),
        ({"a": [{"anything-but": [None]}]}, "expected a text, a number"),
        ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "expected one of the operators"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "empty prefix"),
        ({"a": [{"anything-but": {"prefix": []}}]}, "an empty list"),
        ({"a": [{"anything-but": {"prefix": {"equals-ignore-case": "tmp"}}}]}, "expected a text"),
        ({"a": [{"anything-but": {"suffix": [{"equals-ignore-case": "tmp"}]}}]}, "expected a text"),
        ({"a": [{"anything-but": {"wildcard": ["*a", 1]}}]}, "expected a text"),
        ({"a": [{"anything-but": {"equals-ignore-case": None}}]}, "expected a text"),
        ('{"a": [{"prefix": "a", "prefix": "b"}]}', "2 keys, expected one operator"),
        ('{"a": [{"anything-but": {"prefix": "a", "prefix": "b"}}]}', "expected one of the operators"),
        ({"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}, '"a": the wildcards are too complex'),
        ({"a": [{"wildcard": "*/*/*/*"}, {"wildcard": "*/*/*"}]}, '"a": the wildcards are too complex'),
        ({"a": {"b": [{"anything-but": {"wildcard": ["*a*a*a*a", "*aa*aa*"]}}]}}, '"a.b": the wildcards are too complex'),
        ({"$or": [{"a": [{"wildcard": "*/*/*/*"}]}, {"a": [{"wildcard": "*/*/*"}]}]}, '"a": the wildcards are too complex'),
        ({"$or": [{"a": [1]}]}, "at least two objects"),
        ({"$or": [{"a": [1]}, 5]}, "at least two objects"),
        ({"$or": [{"prefix": [1]}, {"a": [1]}]}, "reserved word"),
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_refused_with_its_place(pattern: Any, sentence: str) -> None:
    """One sentence: the key, the value, what is allowed."""
    with pytest.raises(PatternError, match=sentence.replace("[", r"\[").replace("(", r"\(")):
        compile_pattern(pattern)


@given(JSON)
def test_compiling_raises_pattern_errors_only(pattern: Any) -> None:
    """Whatever JSON a person writes as a pattern."""
    try:
        rule = compile_pattern(json.dumps(pattern))
    except PatternError:
        return
    rule.matches({"a": [{"b": 1}], "c": None})


def test_a_member_of_or_that_shares_a_value_is_taken_for_the_earlier_one() -> None:
    """As AWS's matcher does it: "q" is never looked at; beside another key, or in the other order, it is."""
    event = {"b": "q", "c": "z", "d": 1}

    assert not matches({"c": ["z"], "$or": [{"b": ["p"]}, {"b": ["p", "q"]}]}, event)
    assert matches({"c": ["z"], "$or": [{"b": ["p"]}, {"b": ["p", "q"], "d": [1]}]}, event)
    assert matches({"c": ["z"], "$or": [{"b": ["p", "q"]}, {"b": ["p"]}]}, event)


def test_the_package_offers_it() -> None:
    """`eventlake.matches` takes JSON text, and says what is no event."""
    assert eventlake.matches('{"source": ["a"]}', b'{"source": "a"}')
    with pytest.raises(EventError):
        eventlake.matches({"source": ["a"]}, "[]")
    with pytest.raises(eventlake.PatternError):
        eventlake.matches("{}", "{}")
