"""JSON as a rule sees it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline.as_written import Literal, comparable, loads, surviving


@pytest.mark.parametrize(
    "text", ["9007199254740993", "0.1000000000000000055", "1e400", "-1e400", "1e-400", "1" * 5000, "1.5" + "0" * 30 + "1"]
)
def test_a_number_that_a_double_does_not_hold_is_kept_as_it_is_written(text: str) -> None:
    """Too long, too large or too small."""
    (kept,) = loads(f"[{text}]")

    assert (kept.__class__, kept, comparable(kept)) == (Literal, text, None)


@pytest.mark.parametrize("text", ["0", "-0.0", "0e9", "1e22", "1794045600123", "9007199254740992", "4.9e-324", "1.7976931348623157e308"])
def test_a_number_that_a_double_holds_is_compared_as_one(text: str) -> None:
    """Also the largest and the smallest."""
    (kept,) = loads(f"[{text}]")

    assert comparable(kept) == float(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_digits_of_a_double_survive(number: float) -> None:
    """Whatever double it is, but for the very smallest, of which Java writes two digits where one is enough."""
    assert abs(number) < 1e-320 or surviving(repr(number)) == number


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_survives_is_the_same_number(number: Decimal) -> None:
    """Or it is one of which a double's shortest digits say so."""
    found = surviving(str(number))

    assert found is None or Decimal(repr(found)) == number or abs(number) < Decimal("1e-320")


def test_every_value_of_a_key_that_stands_twice_is_told() -> None:
    """In their order; a look-up gives the last, as `json.loads` does."""
    read = loads('{"a": 1, "b": 2, "a": 3}')

    assert list(read.items()) == [("a", 1), ("b", 2), ("a", 3)]
    assert read["a"] == 3
    assert loads('{"a": 1}').__class__ is dict


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "[1] x"])
def test_what_is_no_json_is_refused(text: str) -> None:
    """Python's constants among it."""
    with pytest.raises(ValueError):  # noqa: PT011  of any kind
        loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(10**15), 10**15),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_all_else_is_what_json_reads(value: object) -> None:
    """Texts, constants, arrays and objects."""
    assert loads(json.dumps(value)) == value
