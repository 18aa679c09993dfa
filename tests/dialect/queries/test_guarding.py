"""What guards a division, a cast or a place in an array guards it wherever it stands, as in a real Trino 476, which gave these answers."""

from __future__ import annotations

from typing import Any

import pytest

from eventlake.conformance.fixture import FixtureEngine
from eventlake.errors import QueryFailedError

NUMBERS = "(values 0, 1, 5, 20, null) t(y)"


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("y <> 0 and 10/y > 1", [False, True, True, False, None]),
        ("y = 0 or 10/y > 1", [True, True, True, False, None]),
        ("not (y = 0 or 10/y > 1)", [False, False, False, True, None]),
        ("y <> 0 and (10/y > 1 or 100/y > 3) and 7/y > 0", [False, True, True, False, None]),
        ("if(y <> 0 and 10 % y < 1, 'a', 'b')", ["b", "a", "a", "b", "b"]),
    ],
)
def test_what_a_condition_has_decided_is_not_computed(engine: FixtureEngine, value: str, given: list[Any]) -> None:
    """For each row by itself."""
    assert [one for (one,) in engine.query(f"select {value} from {NUMBERS}").rows] == given


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (f"select count_if(y <> 0 and 10/y > 1), count(*) filter (where y <> 0 and 10/y > 1) from {NUMBERS}", [(2, 2)]),
        ("select x from (values 'a', '5') t(x) order by x <> 'a' and cast(x as integer) > 3", [("a",), ("5",)]),
        ("select cardinality(a) > 1 and a[2] = 1 from (values array[1], array[1, 1]) t(a)", [(False,), (True,)]),
        ("select filter(array[0, 1, 5, 20], x -> x <> 0 and 10/x > 1)", [([1, 5],)]),
        ("select y > 0, sum(y) from (values 0, 1) t(y) group by 1 having sum(y) <> 0 and 4/sum(y) > 1", [(True, 1)]),
        ("select y from (values 0, 1, 5) t(y) where coalesce(y <> 0 and 10/y > 1, false)", [(1,), (5,)]),
        ("select y from (values 0, 1, 5) t(y) where y = 7 or (y <> 0 and 10/y > 1)", [(1,), (5,)]),
        ("select a.y from (values 0, 1, 5) a(y) join (values 1) b(z) on a.y <> 0 and 10/a.y > b.z order by 1", [(1,), (5,)]),
    ],
)
def test_a_guard_holds_wherever_it_stands(engine: FixtureEngine, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """In aggregates, in an order, over arrays, in lambdas, in HAVING, inside a function of WHERE and in a join."""
    assert engine.query(statement).rows == rows


@pytest.mark.parametrize("value", ["z > 1 and 10/y > 1", "z > 1 or 10/y > 1", "10/y > 1"])
def test_what_nothing_has_decided_fails(engine: FixtureEngine, value: str) -> None:
    """NULL decides neither AND nor OR."""
    with pytest.raises(QueryFailedError, match="divided by zero"):
        engine.query(f"select {value} from (values (0, null), (1, 2)) t(y, z)")


def test_many_guards_make_no_long_statement(engine: FixtureEngine) -> None:
    """Of a chain of a thousand divisions each has a few before it."""
    chain = " and ".join(f"y <> 0 and 10/y <> {number}" for number in range(500))
    assert engine.query(f"select {chain} from (values 0) t(y)").rows == [(False,)]
