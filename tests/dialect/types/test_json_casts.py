"""Rows out of JSON: whose field a key is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryFailedError, QuerySyntaxError


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """An engine without tables."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        yield tables


@pytest.mark.parametrize(
    ("text", "fields", "values"),
    [
        ('{"elapsedTime":1,"Name":"x"}', "elapsedTime integer, name varchar", (1, "x")),
        ('{"elapsedTime":1,"Name":"x"}', '"elapsedTime" integer, "Name" varchar', (None, None)),
        ('{"elapsedtime":1,"name":"x"}', '"elapsedTime" integer, name varchar', (None, "x")),
        ('{"cD":1}', '"cD" integer, cd integer', (None, 1)),
        ("[1,2]", '"aB" integer, b integer', (1, 2)),
    ],
)
def test_a_key_is_looked_for_in_small_letters(text: str, fields: str, values: tuple[object, ...], engine: FixtureEngine) -> None:
    """Trino takes keys in small letters, and so finds none for a name with a capital in quotes."""
    (row,) = engine.query(f"select cast(json_parse('{text}') as row({fields}))").rows[0]
    assert tuple(row.values()) == values


@pytest.mark.parametrize(
    ("text", "fields"), [('{"a":1,"A":2}', "a integer"), ('{"field0":1}', "integer"), ('{"a":1}', "integer, a integer")]
)
def test_an_object_that_is_no_such_row_fails(text: str, fields: str, engine: FixtureEngine) -> None:
    """A field is named twice, or the row has a field without a name."""
    with pytest.raises(QueryFailedError, match="This JSON"):
        engine.query(f"select cast(json_parse('{text}') as row({fields}))")


def test_a_name_in_quotes_keeps_its_capitals(engine: FixtureEngine) -> None:
    """It is shown so, and found by any spelling."""
    made = 'cast(row(1) as row("aB" integer))'
    assert engine.query(f"select typeof(r), json_format(cast(r as json)), r.ab, r.AB from (select {made} r)").rows == [
        ("row(aB integer)", '{"aB":1}', 1, 1)
    ]


def test_a_name_of_two_fields_is_ambiguous(engine: FixtureEngine) -> None:
    """Capitals do not tell them apart."""
    with pytest.raises(QuerySyntaxError, match="any of several fields"):
        engine.query('select r.a from (select cast(row(1, 2) as row("a" integer, "A" integer)) r)')
