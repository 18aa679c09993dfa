"""WITH RECURSIVE: ten steps, and what Trino refuses in a step."""

from __future__ import annotations

from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryFailedError, QueryRefusedError, QuerySyntaxError


def rows(sql: str) -> list[tuple[object, ...]]:
    """Answer a query that reads no table."""
    with closing(FixtureEngine(read_fixture({}))) as engine:
        return [tuple(row) for row in engine.query(sql).rows]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("select a.n + 1 from r a join r b on a.n = b.n where a.n < 5", "reads .* 2 times"),
        ("select n + 1 from (values 1) t(x) left join r on x = n", "outer join"),
        ("select n + 1 from r full join (values 1) t(x) on x = n", "outer join"),
        ("select x from (values 1) t(x) where x in (select n from r)", "not in FROM"),
        ("(select n + 1 from r where n < 5 union all select 3 from (values 1) where false)", "not in FROM"),
        ("select n + 1e0 from r where n < 5", "begins as integer, and its step makes it double"),
        ("select n + 1 from r where n < 5 limit 3", "LIMIT of its own"),
    ],
)
def test_a_step_that_trino_refuses_is_refused(step: str, said: str) -> None:
    """The sentence says what is wrong with it."""
    with pytest.raises(QuerySyntaxError, match=said):
        rows(f"with recursive r(n) as (select 1 union all {step}) select n from r")


@pytest.mark.parametrize("shown", ["count(*) from r", "n from r limit 1", "1 where exists (select 1 from r)"])
def test_an_eleventh_step_fails(shown: str) -> None:
    """Whatever is asked of the rows, more than ten steps are no answer."""
    with pytest.raises(QueryFailedError, match="takes more than 10 steps"):
        rows(f"with recursive r(n) as (select 1 union all select n + 1 from r where n < 12) select {shown}")


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("with recursive r(n) as (select 1 union all select n + 1 from r where n < 11) select count(*), max(n) from r", [(11, 11)]),
        ("with recursive r(n) as (values 1, 1 union select n + 1 from r where n < 3) select n from r order by 1", [(1,), (2,), (3,)]),
        (
            "with recursive r(n) as (select 1 union all select n + 1 from r left join (values 1) t(x) on x = n where n < 3) select n from r order by 1",
            [(1,), (2,), (3,)],
        ),
    ],
)
def test_steps_are_fed_by_the_step_before(sql: str, answer: list[tuple[object, ...]]) -> None:
    """A step sees the rows of the one before alone; UNION tells all rows apart at the end."""
    assert rows(sql) == answer


def test_a_text_whose_length_trino_computes_is_refused_with_the_way_out() -> None:
    """Trino knows that the path becomes no longer; here its length is unknown until it is cast where it begins."""
    step = "select regexp_replace(path, '/[^/]+$') from p where path like '/%/%'"
    walk = f"with recursive p(path) as (select {{}} union all {step}) select path from p order by 1 desc"
    with pytest.raises(QueryRefusedError, match="cast it to varchar where it begins"):
        rows(walk.format("'/a/b'"))
    assert rows(walk.format("cast('/a/b' as varchar)")) == [("/a/b",), ("/a",)]
