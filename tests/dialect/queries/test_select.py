"""SELECT: what stands behind it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.dialect.translate import translate
from eventlake.errors import NameNotFoundError, QuerySyntaxError


def rows(sql: str) -> list[tuple[object, ...]]:
    """Answer a query that reads no table."""
    with closing(FixtureEngine(read_fixture({}))) as engine:
        return [tuple(row) for row in engine.query(sql).rows]


@pytest.mark.parametrize(
    "sql",
    [
        "select distinct x, length(x) from {} order by length(x)",
        "select distinct t.x, length(t.x) from {} order by length(x)",
        "select distinct x as y, length(y) from {} order by length(y)",
        "select distinct x from {} order by length(x)",
    ],
)
def test_distinct_rows_are_in_no_order_that_is_computed_with_their_columns(sql: str) -> None:
    """Trino takes the name for the SELECT's column, which the SELECT itself does not compute with."""
    with pytest.raises(QuerySyntaxError, match="With DISTINCT, ORDER BY takes only columns of the SELECT"):
        rows(sql.format("(values ('bb', 'b'), ('a', 'aa')) t(x, y)"))


@pytest.mark.parametrize(
    "sql",
    [
        "select distinct x, length(x) from {} order by t.x, 2",
        "select distinct x, length(x) from {} order by length(t.x), (x)",
        "select distinct x z, length(x) from {} order by length(x), z",
        "select distinct x, length(x) n from {} order by n",
    ],
)
def test_distinct_rows_are_in_the_order_of_their_columns(sql: str) -> None:
    """By their names and numbers, and as they are computed with the columns of a table."""
    assert sorted(rows(sql.format("(values ('bb', 'b'), ('a', 'aa')) t(x, y)")), key=str) == [("a", 1), ("bb", 2)]


@pytest.mark.parametrize(
    ("name", "end"), [('"192.0.2.1"', "A text is written in single quotes."), ("wrong", "(line 1, column 8).")], ids=["quoted", "bare"]
)
def test_a_text_in_double_quotes_is_told_how_a_text_is_written(name: str, end: str) -> None:
    """Other databases take it for one; in Athena it is a name."""
    with pytest.raises(NameNotFoundError) as raised:
        translate(f"select {name}", [], datetime(2026, 11, 29, tzinfo=UTC))

    assert str(raised.value).endswith(end)
