"""Parts of JSON that are read beside a relation: the same rows as where each is read by itself, in every clause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import duckdb
import pytest

from by_day import one_in
from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.dialect.sql import quoted_text
from eventlake.dialect.translate import translate
from eventlake.errors import EventlakeError
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TABLE = Table("t", "lake", "t", "", "t", {}, "$", "", (Column("d", "string", (), "", ""), Column("e", "string", (), "", "")))
TEXTS = (
    *('{"a":"x"}', '{"a":"","b":{"c":"deep"}}', ' {"a": 7, "b": {"c": [1, 2]}}', '{"a":null}', '{"b":{"c":true}}', "{}", "[]"),
    *('{"a":1.50}', '{"a":-0}', '{"a":0}', '{"a":1e3}', '{"a":12345678901234567890}', '{"a":"NaN"}', '{"a":"inf"}', '{"a":"-0"}'),
    *('{"a":"{"}', '{"a":"[1]"}', '{"a":{"c":1}}', '{"a":[1]}', '{"a":"\\u0001"}', '{"a":"\\u00e9\\n"}', '{"\\u0061":"escaped"}'),
    *('{"a":1,}', '{"a":1', '{"b":{"c":NaN},"a":2}', '{"b":[1,],"a":2}', '{"b":1', "nothing", '"a"', "12", "", '{"a":"x"} '),
    *('["zero",{"a":"one"}]', '[1,]', ' ["zero"', '{"0":"key"}', '{"a":"one","a":"two"}', '{"a":"a,}b"}', '{"a":["NaN,]"]}'),
)  # fmt: skip
PATHS = ("$.a", "$.b.c", "$[0]", '$["a"]', "$.0", "$[1].a", "$.absent")
ROWS = """(values (1, '{"a":"x","b":{"c":1}}'), (2, '{"a":"y"}'), (3, null), (4, '{"a":"x","b":[1.50]}')) t(n, d)"""
QUESTIONS = (
    ("select json_extract_scalar(d, '$.a') from {} order by n", [("x",), ("y",), (None,), ("x",)]),
    ("select n from {} where json_extract_scalar(d, '$.a') = 'x' and json_extract_scalar(d, '$.b.c') = '1'", [(1,)]),
    ("select json_extract_scalar(d, '$.a'), count(*) from {} group by 1 order by 1", [("x", 2), ("y", 1), (None, 1)]),
    ("select max(json_extract_scalar(d, '$.b[0]')) from {} group by d order by 1", [("1.50",), (None,), (None,), (None,)]),
    ("select d, json_extract_scalar(d, '$.a') from {} where n = 2 group by d", [('{"a":"y"}', "y")]),
    ("select d, json_extract_scalar(d, '$.a') from {} where n = 2 group by d, json_extract_scalar(d, '$.a')", [('{"a":"y"}', "y")]),
    ("select a from (select n, json_extract_scalar(d, '$.a') a from {}) where a = 'y'", [("y",)]),
    ("with w as (select * from {}) select json_extract_scalar(w.d, '$.a') from w where w.n = 4", [("x",)]),
    ("select n from {} where exists (select 1 from (values 'y') u(v) where u.v = json_extract_scalar(d, '$.a'))", [(2,)]),
    ("select u.v, json_extract_scalar(d, '$.a') from (values 'y', 'z') u(v) left join {} on json_extract_scalar(d, '$.a') = v order by 1",
     [("y", "y"), ("z", None)]),
    ("select n, u.v from {} cross join unnest(cast(json_extract(d, '$.b') as array(double))) u(v) where n = 4", [(4, 1.5)]),
    ("select json_extract(d, '$.b'), json_extract_scalar(d, '$.b.c') from {} where n = 1", [('{"c":1}', "1")]),
    ("select try(json_extract_scalar(d, '$.a')), lag(json_extract_scalar(d, '$.a')) over (order by n) from {} where n < 3 order by n",
     [("x", None), ("y", "x")]),
    ("select json_extract_scalar(d, '$.a') from {} order by json_extract_scalar(d, '$.a') desc limit 1", [("y",)]),
    ("select json_extract_scalar(d, '$.a') from (select d, n el_parts1 from {}) where el_parts1 = 2", [("y",)]),
    ("select * from {} where json_extract_scalar(d, '$.a') = 'y'", [(2, '{"a":"y"}')]),
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """An engine without tables."""
    made = FixtureEngine(read_fixture({}))
    yield made
    made.close()


def _answer(engine: FixtureEngine, calls: Sequence[str], source: str) -> list[str]:
    """Return what each call gives: all are asked at once, and one by one where one of them fails."""
    try:
        return list(map(repr, engine.query(f"select {', '.join(calls)} from {source}").rows[0]))
    except EventlakeError as error:
        return [str(error)] if len(calls) == 1 else [answer for call in calls for answer in _answer(engine, [call], source)]


@pytest.mark.parametrize("text", one_in(12, TEXTS))
def test_a_part_is_the_same_beside_its_relation_and_by_itself(engine: FixtureEngine, text: str) -> None:
    """Whatever the text is: loose, damaged, no JSON, with numbers that DuckDB writes anew; a text that is no column is read by itself."""
    calls = [f"{name}({{}}, '{path}')" for name in ("json_extract_scalar", "json_extract") for path in PATHS]

    beside = _answer(engine, [call.format("d") for call in calls], f"(values '{text}') t(d)")

    assert beside == _answer(engine, [call.format("concat(d, '')") for call in calls], f"(values '{text}') t(d)")


@pytest.mark.parametrize("text", one_in(5, TEXTS))
def test_one_of_several_paths_is_what_it_is_alone(engine: FixtureEngine, text: str) -> None:
    """Several paths are looked for in one list, of which only those are read that a row asks for."""
    rows = f"(values ('{text}', 1)) t(d, n)"
    calls = [f"json_extract_scalar(d, '{path}')" for path in ("$.a", "$.b.c", "$.absent")]
    several = f"{rows} where n = 1 or json_extract_scalar(d, '$.x') = json_extract_scalar(d, '$.y')"

    among = [_answer(engine, [call], several) for call in calls]

    assert among == [_answer(engine, [call], rows) for call in calls]


@pytest.mark.parametrize(("sql", "rows"), QUESTIONS)
def test_parts_stand_in_every_clause(engine: FixtureEngine, sql: str, rows: list[tuple[object, ...]]) -> None:
    """Joins, groups, orders, windows, subqueries, and columns that are named as the lists would be."""
    assert list(engine.query(sql.format(ROWS)).rows) == rows


@pytest.mark.parametrize("text", ['{"b":Infinity,"a":1}', '{"a":1, }', '{"b":[1, ],"a":1}', '{"b":NaN,"a":1}'])
def test_no_part_is_taken_of_a_text_that_only_duckdb_reads(engine: FixtureEngine, text: str) -> None:
    """Infinity, and a comma before a closing bracket with or without space, are no JSON to Athena, which finds nothing behind them."""
    with pytest.raises(EventlakeError, match="Malformed JSON"):
        engine.query(f"select json_extract_scalar(d, '$.a') from (values '{text}') t(d)")


def test_no_number_is_taken_of_a_part_that_only_duckdb_reads(engine: FixtureEngine) -> None:
    """The part itself is looked at: `nan` in it is no JSON to Athena."""
    with pytest.raises(EventlakeError, match="Malformed JSON"):
        engine.query("""select json_extract(d, '$.a') from (values '{"a":[1,nan]}') t(d)""")


STRICT = [
    text for text in TEXTS if text.startswith("{") and not text.endswith(("1", ",}", ",]")) and "NaN}" not in text and "[1,]" not in text
]
"""Those that are JSON to Python too."""


@pytest.mark.parametrize("paths", [("$.a",), ("$.a", "$.b.c", "$.absent")], ids=["one", "several"])
def test_without_a_doubt_the_answer_is_the_same_of_texts_that_are_strict(paths: Sequence[str]) -> None:
    """What the objects of a scan say of a column leaves the question out, of that column alone."""
    columns = ", ".join(f"{name}(d, '{path}')" for name in ("json_extract_scalar", "json_extract") for path in paths)
    made = translate(f"select {columns} from t", [TABLE], NOW)
    source = f"(SELECT * FROM (VALUES {', '.join(f'({quoted_text(text)})' for text in STRICT)}) AS v(d))"
    assert all(json.loads(text) is not None for text in STRICT)

    asked, doubted, unasked = (made.sql([source], strict) for strict in ((), [{"e"}], [{"d", "e"}]))

    assert doubted == asked
    assert "el_json_maybe_loose(" in asked
    assert "el_json_maybe_loose(" not in unasked
    with duckdb.connect() as connection:
        for macro in made.macros:
            connection.execute(macro)
        assert connection.execute(unasked).fetchall() == connection.execute(asked).fetchall()


ASKED = "json_extract_scalar(x, '$.a')"
THROUGH = (
    f"select {ASKED} from (select d as x from t)",
    f"with w(n, x) as (select * from (select e, d from t where e = 'f')) select {ASKED} from w left join t on t.e = n",
    f"select {ASKED} from (select d as x from t group by d order by d limit 3)",
    f"select {ASKED} from (select d as x from t union all select d from t where e is null)",
)
CHANGED = (
    f"select {ASKED} from (select lower(d) as x from t)",
    f"select {ASKED} from (select coalesce(d, e) as x from t)",
    f"select {ASKED} from (select d as x from t union all select '{{}}')",
    f"select {ASKED} from (select d as x from t union all select e from t)",
    f"with recursive w(x) as (select d from t union all select e from w join t on t.d = w.x) select {ASKED} from w",
)


@pytest.mark.parametrize(("sql", "known"), [*((sql, True) for sql in THROUGH), *((sql, False) for sql in CHANGED)])
def test_what_is_known_of_texts_goes_with_them_through_subqueries(sql: str, known: bool) -> None:
    """As long as nothing but the column itself stands in the place."""
    made = translate(sql, [TABLE], NOW)

    written = made.sql(["t"] * len(made.scans), [{"d"}] * len(made.scans))

    assert ("el_json_maybe_loose(" not in written) is known


def test_both_sides_of_a_union_must_be_known() -> None:
    """One of two tables that is not known leaves the question in."""
    made = translate(THROUGH[3], [TABLE], NOW)

    assert "el_json_maybe_loose(" in made.sql(["t", "t"], [{"d"}, set()])


def test_a_text_is_parsed_once_for_all_paths() -> None:
    """However many paths there are, one call reads them."""
    columns = ", ".join(f"json_extract_scalar(d, '$.a{number}')" for number in range(5))

    made = translate(f"select {columns} from {ROWS} where json_extract_scalar(d, '$.a1') = 'x'", [], NOW).sql([])

    assert made.count("json_extract_string(") == 1


def test_a_relation_without_parts_is_left_as_it_is() -> None:
    """Nothing is computed beside a relation of which nobody asks for parts."""
    assert "random()" not in translate(f"select d from {ROWS}", [], NOW).sql([])
