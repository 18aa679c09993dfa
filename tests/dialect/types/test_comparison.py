from __future__ import annotations

from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryRefusedError, QuerySyntaxError

JSON = '(values \'{"b":1,"a":2}\', \'{"a":2,"b":1}\') t(x)'
ONE = "(values '1') t(x)"


def rows(sql: str) -> list[tuple[object, ...]]:
    """Answer a query that reads no table."""
    with closing(FixtureEngine(read_fixture({}))) as engine:
        return [tuple(row) for row in engine.query(sql).rows]


@pytest.mark.parametrize(
    "sql",
    [
        f"select array[json_parse(x)], count(*) from {JSON} group by 1",
        f"select distinct array[json_parse(x)] from {JSON}",
        f"select count(distinct row(json_parse(x), 1)) from {JSON}",
        "select array[json '1'] union select array[json '1']",
        "select json '1' except all select json '2'",
        f"select count(*) over (partition by json_parse(x)) from {JSON}",
        f"select array_distinct(array[json_parse(x)]) from {JSON}",
        f"select contains(array[json_parse(x)], json '1') from {JSON}",
        f"select array[json_parse(x)] = array[json '1'] from {JSON}",
        f"select array[json_parse(x)] in (select array[json '1']) from {JSON}",
        f"select histogram(json_parse(x)) from {JSON}",
        f"select map_agg(json_parse(x), 1) from {JSON}",
        "select distinct array[m] from (values map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3])) t(m)",
        "select array[map(array[1], array[3])] is distinct from array[map(array[2], array[4])]",
    ],
)
def test_what_has_several_forms_is_not_told_apart(sql: str) -> None:
    """Athena takes both for one; DuckDB would see two texts, or two orders of entries."""
    with pytest.raises(QueryRefusedError):
        rows(sql)


def test_json_keeps_its_form_through_a_subquery() -> None:
    """What json_parse sorts is told apart as sorted, wherever it is named."""
    assert rows(f"select count(distinct coalesce(j, j)) from (select json_parse(x) as j from {JSON})") == [(1,)]


def test_json_of_several_forms_in_a_column_keeps_each() -> None:
    """What json_parse made is sorted beside what json_extract left as it stood, and the two are told apart by that."""
    both = f"select json_parse(x) as j from {JSON} union all select json_extract(x, '$') from {JSON}"

    assert sorted(rows(f"select j from ({both})")) == [('{"a":2,"b":1}',)] * 3 + [('{"b":1,"a":2}',)]
    assert rows(f"select count(distinct coalesce(j, j)) from ({both})") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        (f"select json_parse(x), count(*) from {JSON} group by 1", [('{"a":2,"b":1}', 2)]),
        (f"select distinct json_parse(x) from {JSON}", [('{"a":2,"b":1}',)]),
        (f"select count(distinct json_parse(x)) from {JSON}", [(1,)]),
        ("select json_parse(x) from (values '[1, 2]', '[1,2]') t(x) union select json '[1,2]'", [("[1,2]",)]),
        (f'select json_parse(x) is distinct from json \'{{"a":2,"b":1}}\' from {JSON}', [(False,), (False,)]),
        (
            "select j, grouping(j), count(*) from (values json '1', json '1') t(j) group by rollup(j) order by 2",
            [("1", 0, 2), (None, 1, 2)],
        ),
        ("select json_array_get(x, 0) = json '1.5' from (values '[1.50]') t(x)", [(False,)]),
        ("select json_parse('1e400')", [('"Infinity"',)]),
    ],
)
def test_json_is_told_apart_by_its_value(sql: str, answer: list[tuple[object, ...]]) -> None:
    """The order of keys and the spaces of a text make no other json."""
    assert rows(sql) == answer


@pytest.mark.parametrize(
    "sql",
    [
        f"select array[json_parse(x)] from {ONE} order by 1",
        "select json '1' union all select json '2' order by 1",
        f"select array_agg(x order by array[json_parse(x)]) from {ONE}",
        f"select row_number() over (order by row(json_parse(x))) from {ONE}",
        f"select max(row(json_parse(x), 1)) from {ONE}",
        "select max(array[map(array[1], array[2])])",
        f"select max_by(x, array[json_parse(x)]) from {ONE}",
        f"select min_by(x, json_parse(x), 2) from {ONE}",
        "select greatest(json '1', json '2')",
    ],
)
def test_json_and_maps_have_no_order(sql: str) -> None:
    """Nor has what holds them, as in Athena."""
    with pytest.raises(QuerySyntaxError, match="has no order"):
        rows(sql)


@pytest.mark.parametrize("sign", ["=", "<", "<>", "is distinct from"])
def test_a_null_is_compared_with_any_number(sign: str) -> None:
    """One that a column holds, which has no type of its own, too."""
    assert rows(f"select x {sign} 2.5, y {sign} decimal '12345678901234567890123456789012345678' from (values (null, null)) t(x, y)") == [
        (True, True) if sign == "is distinct from" else (None, None)
    ]


def test_json_in_a_list_is_compared_by_value() -> None:
    """As it is with =."""
    assert rows(f'select count(*) from {JSON} where json_parse(x) in (json \'{{"a":2,"b":1}}\')') == [(2,)]


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("select count(distinct m) from (values map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3])) t(m)", 1),
        ("select map(array[1, 2], array[3, 4]) is distinct from map(array[2, 1], array[4, 3])", False),
        (
            "select max(n) from (select count(*) n from (values map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3])) t(m) group by m)",
            2,
        ),
    ],
)
def test_the_order_of_entries_makes_no_other_map(sql: str, answer: object) -> None:
    """Maps with the same entries are one, whatever came first."""
    assert rows(sql) == [(answer,)]


@pytest.mark.parametrize(
    "sql",
    [
        "select y from {} order by row(x, y)",
        "select row(x, y) as r from {} order by 1",
        "select y from {} order by array[array[x]] limit 1",
        "select max_by(y, row(x, y)) from {}",
        "select min_by(y, array[x]) from {}",
        "select max_by(y, row(x, y), 2) from {}",
        "select max(row(y, row(x))) from {}",
        "select min(array[x], 2) from {}",
        "select array_agg(y order by row(x)) from {}",
        "select rank() over (order by row(x, y)) from {}",
    ],
)
def test_rows_and_arrays_with_a_null_in_them_have_no_order(sql: str) -> None:
    """Athena fails where it compares the NULL; here they are refused before that."""
    with pytest.raises(QueryRefusedError, match="An order of rows or arrays with NULL in them"):
        rows(sql.format("(values (1, 'a'), (null, 'b')) t(x, y)"))


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("select max_by(y, row(x, y)) from {}", [("b",)]),
        ("select max(row(x, y)), min(array[x], 1) from {}", [({"field0": 2, "field1": "b"}, [[1]])]),
        ("select y from {} order by row(x, y) desc", [("b",), ("a",)]),
        ("select array_agg(y order by row(x)) from {}", [(["a", "b"],)]),
        ("select array_agg(distinct row(x) order by row(x)) is null from {}", [(False,)]),
        ("select distinct row(x) = row(1) as first, row(x) as r from {} order by row(x)", [(True, {"field0": 1}), (False, {"field0": 2})]),
    ],
)
def test_whole_rows_and_arrays_have_an_order(sql: str, answer: list[tuple[object, ...]]) -> None:
    """Field by field, as in Athena."""
    assert rows(sql.format("(values (1, 'a'), (2, 'b')) t(x, y)")) == answer
