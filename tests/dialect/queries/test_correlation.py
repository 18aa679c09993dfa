"""Subqueries that read columns of the query around them: answered where Trino turns them into a join, else refused."""

from __future__ import annotations

from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryRefusedError

OUTER = "(values (1, array[1, 2]), (2, array[3])) o(x, a)"
INNER = "(values (1, 10, 'a'), (2, 20, 'b'), (2, 25, 'b')) i(k, v, t)"


def rows(sql: str) -> list[tuple[object, ...]]:
    """Answer a query that reads no table."""
    with closing(FixtureEngine(read_fixture({}))) as engine:
        return [tuple(row) for row in engine.query(sql).rows]


@pytest.mark.parametrize(
    "sql",
    [
        f"select x, (select i.v from {INNER} where i.k = o.x limit 1) from {OUTER}",
        f"select x, (select max(i.v) + max(o.x) from {INNER} where i.k = o.x) from {OUTER}",
        f"select x, (select i.k + o.x from {INNER} where i.k = o.x and i.v < 25) from {OUTER}",
        f"select x from {OUTER} where x in (select max(i.k) from {INNER} where i.k = o.x)",
        f"select x from {OUTER} where exists (select 1 from {INNER} where i.k < o.x limit 1)",
        f"select x from {OUTER} where exists (select 1 from {INNER} where i.k = o.x union all select 1)",
        f"select x from {OUTER} where exists (select 1 from (values 1) j(y) where exists (select 1 from {INNER} where i.k = o.x))",
        f"select x from {OUTER} where x > all (select count(*) from {INNER} where i.k = o.x)",
        f"select x, q from {OUTER} cross join lateral (select i.v from {INNER} where i.k = o.x offset 1) l(q)",
        f"select x, q from {OUTER} left join lateral (select o.x + 1) l(q) on false",
        f"select x from {OUTER} where exists (select 1 from unnest(o.a) u(y) where y > 1)",
        f"select x, (select count(*) from {INNER} group by o.x) from {OUTER}",
        f"select x, q from {OUTER} cross join lateral (select max(i.v) from {INNER} where i.k = o.x group by rollup (i.k)) l(q)",
    ],
)
def test_what_trino_cannot_lift_out_is_refused(sql: str) -> None:
    """The sentence names the column from outside and says what to write instead."""
    with pytest.raises(QueryRefusedError, match=r'reads "(o\.)?[xa]" of the query around it .* write it as a JOIN'):
        rows(sql)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        (f"select x, (select i.v from {INNER} where i.k = o.x order by i.v desc limit 1) from {OUTER} order by 1", [(1, 10), (2, 25)]),
        (f"select x, (select count(*) + o.x from {INNER} where i.k < o.x) from {OUTER} order by 1", [(1, 1), (2, 3)]),
        (f"select x from {OUTER} where x in (select i.k from {INNER} where i.v > o.x * 10) order by 1", [(2,)]),
        (f"select x from {OUTER} where exists (select o.x from {INNER} where i.k > o.x)", [(1,)]),
        (
            f"select x, q from {OUTER} cross join lateral (select max(i.v) from {INNER} where i.k <= o.x group by i.t) l(q) order by 1, 2",
            [(1, 10), (2, 10), (2, 25)],
        ),
        (f"select x, (select sum(y) from unnest(o.a) u(y)) from {OUTER} order by 1", [(1, 3), (2, 3)]),
        (f"select x, q from {OUTER} left join lateral (select o.x + 1) l(q) on true order by 1", [(1, 2), (2, 3)]),
    ],
)
def test_what_trino_lifts_out_is_answered(sql: str, answer: list[tuple[object, ...]]) -> None:
    """Conditions go up into a join; global aggregates, rows of arrays and single rows may do more."""
    assert rows(sql) == answer
