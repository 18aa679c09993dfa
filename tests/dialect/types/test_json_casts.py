"""Rows out of JSON: whose field a key is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryFailedError, QueryRefusedError, QuerySyntaxError


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


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('{"b": 1, "a": {"x": 2}}', ["b", "a"]),
        (' {"a\\u00e9\\"": [1]}', ['aé"']),
        ('{"a": "nan, ]", "c": "}"}', ["a", "c"]),
        ("{}", []),
        ("null", None),
        (None, None),
    ],
)
def test_the_keys_of_a_text_are_those_of_its_map(text: str | None, keys: list[str] | None, engine: FixtureEngine) -> None:
    """In the order in which they stand, whether they are read of the text or of a map."""
    given = "cast(null as varchar)" if text is None else f"'{text}'"
    at_once = f"select map_keys(cast(json_parse(x) as map(varchar, json))) from (values {given}) t(x)"
    of_map = f"select map_keys(m) from (select cast(json_parse(x) as map(varchar, json)) m from (values {given}) t(x))"

    assert engine.query(at_once).rows == engine.query(of_map).rows == [(keys,)]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": nan}', '{"a": 1,}', "[1]", "x", "{"])
def test_what_is_no_object_has_no_keys(text: str, engine: FixtureEngine) -> None:
    """Nor has one in which a key stands twice; TRY makes NULL of it."""
    call = "map_keys(cast(json_parse(x) as map(varchar, json)))"
    with pytest.raises(QueryFailedError):
        engine.query(f"select {call} from (values '{text}') t(x)")
    assert engine.query(f"select try({call}) from (values '{text}') t(x)").rows == [(None,)]


@pytest.mark.parametrize("kind", ["map(varchar, integer)", "row(a integer)"])
def test_a_key_that_stands_twice_fails_a_cast_and_no_try_cast(kind: str, engine: FixtureEngine) -> None:
    """Trino reads the text at once for a cast, and by json_parse, which keeps the last, for a try_cast."""
    source = 'from (values \'{"a": 1, "a": 2}\') t(x)'
    with pytest.raises(QueryFailedError):
        engine.query(f"select cast(json_parse(x) as {kind}) {source}")
    assert engine.query(f"select try(cast(json_parse(x) as {kind})) {source}").rows == [(None,)]
    assert engine.query(f"select try_cast(json_parse(x) as {kind}) {source}").rows == [({"a": 2},)]


@pytest.mark.parametrize("kind", ["map(varchar, integer)", "row(a integer)", "map(varchar, json)"])
def test_a_key_that_stands_twice_is_refused_behind_a_subquery(kind: str, engine: FixtureEngine) -> None:
    """Trino fails or keeps the last, as its plan has it: read once, the column is put into the cast; read twice, it is not."""
    parsed = '(select json_parse(x) as j from (values \'{"a": 1, "a": 2}\') t(x))'
    with pytest.raises(QueryRefusedError, match="occurs twice"):
        engine.query(f"select cast(j as {kind}) from {parsed}")
    assert engine.query(f"select json_format(j) from {parsed}").rows == [('{"a":2}',)]
    assert engine.query(f"select try_cast(j as {kind}) is null from {parsed}").rows == [(False,)]


@pytest.mark.parametrize("kind", ["array(row(x integer))", "array(map(varchar, integer))"])
def test_a_key_that_stands_twice_within_is_refused_to_a_try_cast(kind: str, engine: FixtureEngine) -> None:
    """Trino keeps the last; a NULL for it would be wrong."""
    given = '(values \'[{"x": 1, "x": 2}]\') t(x)'
    with pytest.raises(QueryRefusedError, match="occurs twice"):
        engine.query(f"select try_cast(json_parse(x) as {kind}) from {given}")


def test_json_in_a_row_is_shown_sorted(engine: FixtureEngine) -> None:
    """What json_parse sorts is sorted in a row as well, and a missing row stays missing."""
    given = '(values \'{"b": 1, "a": 2}\', null) t(x)'
    sql = f"select if(x is not null, row(json_parse(x), 1)) from {given}"
    assert engine.query(sql).rows == [({"field0": '{"a":2,"b":1}', "field1": 1},), (None,)]
