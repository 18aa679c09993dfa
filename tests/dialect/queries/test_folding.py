"""reduce_agg(): groups folded by lambdas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryFailedError, QueryRefusedError, QuerySyntaxError

ROWS = "(values (1, 2), (null, 2), (5, 2), (7, 3)) t(x, y)"
SUM = "reduce_agg(x, 0, (s, v) -> s + v, (a, b) -> a + b)"


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """An engine without tables."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        yield tables


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (f"{SUM} from {ROWS}", [(13,)]),
        (f"y, {SUM} from {ROWS} group by y order by y", [(2, 6), (3, 7)]),
        (f"{SUM} from {ROWS} where x > 9", [(None,)]),
        (f"{SUM} filter (where y = 3) + count(*) from {ROWS}", [(11,)]),
        (f"reduce_agg(x, false, (s, v) -> s or v > 6, (a, b) -> a or b) from {ROWS}", [(True,)]),
        (f"reduce_agg(x, 1e0, (s, v) -> s * v, (a, b) -> a * b) from {ROWS}", [(35.0,)]),
        (f"reduce_agg(cast(x as bigint), 0, (s, v) -> greatest(s, v), (a, b) -> greatest(a, b)) from {ROWS}", [(7,)]),
        (f"y from {ROWS} group by y having {SUM} > 6", [(3,)]),
        (f"count(distinct x) filter (where y = 2), {SUM} from {ROWS}", [(2, 13)]),
        ("reduce_agg(x, '', (s, v) -> s || v, (a, b) -> a || b) from (values 'a') t(x)", [("a",)]),
    ],
)
def test_a_group_is_folded(asked: str, rows: list[tuple[object, ...]], engine: FixtureEngine) -> None:
    """NULLs are left out, and a group without values gives NULL."""
    assert engine.query(f"select {asked}").rows == rows


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        (f"reduce_agg(x, 0, (s, v) -> s + v) from {ROWS}", QuerySyntaxError, "takes a value, a first state and two lambdas"),
        (f"reduce_agg(x, 0, (s, v) -> s + v, (a, b) -> 'z') from {ROWS}", QuerySyntaxError, "second lambda"),
        (f"reduce_agg(x, array[0], (s, v) -> s || v, (a, b) -> a || b) from {ROWS}", QuerySyntaxError, "not in Athena"),
        (f"reduce_agg(x, y, (s, v) -> s + v, (a, b) -> a + b) from {ROWS}", QueryRefusedError, "reads a column"),
        (f"reduce_agg(x, 0, (s, v) -> s + v + y, (a, b) -> a + b) from {ROWS}", QueryRefusedError, "reads a column"),
        (f"reduce_agg(x, cast(null as integer), (s, v) -> v, (a, b) -> a) from {ROWS}", QueryRefusedError, "is NULL"),
        (f"reduce_agg(x, 0.5, (s, v) -> cast(0 as decimal(2,1)), (a, b) -> a) from {ROWS}", QueryRefusedError, "decimal"),
        (f"reduce_agg(distinct x, 0, (s, v) -> s + v, (a, b) -> a + b) from {ROWS}", QueryRefusedError, "DISTINCT"),
        (f"{SUM} over () from {ROWS}", QueryRefusedError, "window"),
        (f"count(distinct x), {SUM} from {ROWS}", QueryRefusedError, "beside an aggregate with DISTINCT"),
        (f"reduce_agg(x, 0, (s, v) -> nullif(v, v), (a, b) -> a + b) from {ROWS}", QueryFailedError, "gives NULL"),
    ],
)
def test_what_athena_or_this_engine_does_not_fold_is_named(
    asked: str, error: type[Exception], sentence: str, engine: FixtureEngine
) -> None:
    """Each with what is wrong."""
    with pytest.raises(error, match=sentence):
        engine.query(f"select {asked}")
