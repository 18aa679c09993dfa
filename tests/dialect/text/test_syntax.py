"""Athena's grammar: what it takes, what it refuses, and the sentences that say where and what instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.dialect.text import tree
from eventlake.dialect.text.syntax import parse, position
from eventlake.dialect.text.words import RESERVED
from eventlake.errors import QueryError, QueryRefusedError, QuerySyntaxError

PLACES = [
    "select 1 as {0}",
    "select 1 {0}",
    "with {0} as (select 1 x) select 2",
    "select x from (values 1) {0}(x)",
    "select x from (values 1) as {0}(x)",
    "select {0} from (values 1) t(x)",
    'select t.{0} from (select 1 as "{0}") t',
    "select 1 from (values 1) t({0})",
]
"""Every place of a name."""

KEYWORDS = [line.split("\t") for line in (Path(__file__).parent / "keywords.tsv").read_text(encoding="utf-8").splitlines()]
"""Each word of Trino's grammar and of other dialects', with a sign for each place: whether a Trino 476 took it there."""


def is_read(sql: str) -> bool:
    """Whether the grammar takes a statement."""
    try:
        parse(sql)
    except QueryError:
        return False
    return True


@pytest.mark.parametrize("place", range(len(PLACES)))
def test_a_word_is_a_name_where_trino_takes_it_for_one(place: int) -> None:
    """And nowhere else; in double quotes it always is one."""
    sql = PLACES[place]
    quoted = sql.replace('"{0}"', "{0}")

    assert [word for word, taken in KEYWORDS if is_read(sql.format(word)) != (taken[place] == "+")] == []
    assert [word for word, _ in KEYWORDS if not is_read(quoted.format(f'"{word}"'))] == []


def test_every_reserved_word_was_asked() -> None:
    """None is reserved without Trino's word for it, and each was asked in every place."""
    assert {len(taken) for _, taken in KEYWORDS} == {len(PLACES)}
    assert {word.lower() for word in RESERVED} <= {word for word, _ in KEYWORDS}


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select order from t", 'in double quotes, "order"'),
        ("select 1 from a join b", "ON or USING"),
        ("select 1 from a cross join b on a.x = b.x", "no condition"),
        ("select 1 limit 1, 2", "column 17"),
        ("select 1 limit 1 offset 2", "OFFSET first"),
        ("select 1 limit 10 percent", "percent"),
        ("select interval 1 day", "in quotes"),
        ("select interval '1 day'", "INTERVAL '7' DAY"),
        ("select interval '1' week", "one of YEAR"),
        ("select 1 as 'x'", "a name is wanted"),
        ("select 1 isnull 2", "line 1, column 17"),
        ("select 1 = 1 = 1", "not chained"),
        ("select a <=> b", "column 12"),
        ("select 1::integer", "cast"),
        ("select a == b", "write = to compare"),
        ("select position('a', s)", r"strpos\(text, part\)"),
        ("select count(x) filter (x > 1) from t", "column 24"),
        ("select extract(day, d)", "FROM is wanted"),
        ("select * from values (1)", "VALUES"),
        ("select array[1, 2][1:2]", r"\] is wanted"),
        ("select a[1, 2]", r"\] is wanted"),
        ("select 1 in ()", "at least one value"),
        ("select a, from t", "take it away"),
        ("select ä from t", "other letters"),
        ("select 1; select 2", "second statement"),
        ("with a as (select 1), A as (select 2) select 1", "twice"),
        ("select ?", "wants a value, and none"),
        ("select x 'y'", "no blank"),
        ("select x'0g'", "hexadecimal"),
        ('select ""', "at least one character"),
        ("select `a`", "double quotes"),
        ("select 1a", "do not begin with a digit"),
        ("select 'a", "the text is not closed"),
        ("select 1 /* a", "the comment is not closed"),
        ("select case a end", "WHEN is wanted"),
        ("select if(true)", "one or two values"),
        ("(with a as (select 1) select * from a)", "SELECT, VALUES"),
        ("select details:x from t", "column 15"),
        ("", "empty"),
        ("drop table x", "Only SELECT"),
    ],
)  # fmt: skip
def test_what_the_grammar_does_not_take_is_told_with_its_place(sql: str, says: str) -> None:
    """And, where it can be known, with what to write instead."""
    with pytest.raises(QuerySyntaxError, match=says):
        parse(sql)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select * from t match_recognize (pattern (a) define a as true)", "MATCH_RECOGNIZE"),
        ("select * from t tablesample bernoulli (10)", "TABLESAMPLE"),
        ("select * from a natural join b", "NATURAL JOIN"),
        ("select * from json_table(x, 'lax $' columns(a bigint))", "JSON_TABLE"),
        ("select * from table(sequence(1, 2))", "table function"),
        ("select x from t group by auto", "GROUP BY AUTO"),
        ("select a from t qualify row_number() over () = 1", "QUALIFY"),
        ("select 1 where a ilike 'b'", "ILIKE"),
        ("select json_value(a, 'lax $.x' passing 1 as b)", "PASSING"),
    ],
)
def test_what_is_not_answered_is_refused_by_name(sql: str, says: str) -> None:
    """With the way out."""
    with pytest.raises(QueryRefusedError, match=says):
        parse(sql)


def shape(node: tree.Expr) -> str:
    """Write a tree of operators with all of its brackets."""
    if isinstance(node, tree.Binary):
        return f"({shape(node.this)} {type(node).__name__} {shape(node.expression)})"
    if isinstance(node, tree.Neg | tree.Not | tree.Paren):
        return f"{type(node).__name__}({shape(node.this)})"
    if isinstance(node, tree.AtTimeZone):
        return f"({shape(node.this)} AT {shape(node.args['zone'])})"
    return node.name


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1e0-5", "(1e0 Sub 5)"),
        ("1 - 2 - 3 * 4", "((1 Sub 2) Sub (3 Mul 4))"),
        ("a || b + c", "(a DPipe (b Add c))"),
        ("-a * b", "(Neg(a) Mul b)"),
        ("- -a", "Neg(Neg(a))"),
        ("-a at time zone 'z'", "Neg((a AT z))"),
        ("not a = b and c or d", "((Not((a EQ b)) And c) Or d)"),
        ("not not a", "Not(Not(a))"),
        ("(a = b) = c", "(Paren((a EQ b)) EQ c)"),
        ("a + b < c * d", "((a Add b) LT (c Mul d))"),
        ("a is not distinct from b", "(a NullSafeEQ b)"),
        ("a not like b escape c", "Not(((a Like b) Escape c))"),
    ],
)
def test_operators_bind_as_in_trino(sql: str, expected: str) -> None:
    """From AT TIME ZONE, which binds most tightly, to OR."""
    assert shape(parse(f"select {sql}").expressions[0]) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "select (select 1) + 1, ((select 1) union (select 2)), ((select 1)), (values 7)",
        "select * from ((select 1 a) x join (select 1 a) y on x.a = y.a)",
        "select * from ((select 1) union all (select 2)) t(a)",
        "select * from ((select 1) limit) limit 1",
        "select * from a join b join c on b.x = c.x on a.x = b.x",
        "select x -> x + 1, (x, y) -> x, () -> 1",
        "select count(all x), count(distinct x), f(all), all from t",
        "select cast(a as row(x bigint, array(varchar), y double precision, timestamp(3) with time zone array))",
        "select cast(a as map<varchar, array<bigint>>), cast(b as interval day to second)",
        "select sum(x) over (partition by a order by b rows between 1 preceding and unbounded following), sum(x) over w from t window w as (partition by a)",
        "select sum(x) over (w range current row), lag(x) ignore nulls over (order by y) from t",
        "select a from t group by distinct rollup(a, (b, c)), cube(a), grouping sets ((), a), ()",
        "select trim(leading 'x' from y), trim(from y), trim(both from y), trim(y, 'x'), substring(a from 1 for 2), substring(a, 1), normalize(a, nfc)",
        "select json_value(a, 'lax $.x' returning bigint null on empty error on error)",
        "select json_query(a, 'lax $' with conditional array wrapper keep quotes on scalar string empty array on empty)",
        "select json_exists(a, 'lax $' false on error), json_object('a': 1)",
        "select json_object('a': 1, key 'b' value 2 absent on null with unique keys), json_array(1, a format json null on null), json_object()",
        "select current_timestamp(6), localtimestamp, current_date, position('a' in b), extract(day from d), date '2026-01-01', double precision '1'",
        "select x from t order by x desc nulls first offset 2 rows fetch next 3 rows with ties",
        "select a.b.c.d.e, f(x).y[1].z, t.*, (r).* from t",
        "values 1, (2), row(3) order by 1 limit all",
        "select [1, 2], [] from t group by all rollup(a)",
        "select x from (values 1) match_recognize(x)",
        "table a.b.c",
        "with recursive a(n) as (select 1 union all select n + 1 from a) select * from a;",
        "select 1 > any (values 1), 1 in (select 2), (a, b) in ((1, 2)), a not between 1 and 2 and b, ((a)) in (((select 1)))",
        "select U&'\\00e4', U&'!00e4' uescape '!', x'0f 0F', interval -'1' day, interval '1-2' year to month",
        "select x from unnest(array[1]) with ordinality as t(x, n) cross join lateral (select 1) cross join (a cross join b)",
    ],
)  # fmt: skip
def test_what_the_grammar_takes_is_read(sql: str) -> None:
    """One statement for each rule."""
    parse(sql)


@pytest.mark.parametrize("deep", ["(" * 200, "case when " * 3000, "not " * 5000, "- " * 5000, "a -> " * 3000, "x." * 3000, "1 + (" * 119])
def test_deep_nesting_ends_in_a_sentence(deep: str) -> None:
    """And never in the stack."""
    with pytest.raises(QueryError):
        parse(f"select {deep}")


def test_a_node_says_where_it_stands() -> None:
    """Or where the first of its parts does."""
    column = parse("select 1,\n  a + b").expressions[1]

    assert position(column) == " (line 2, column 3)"
    assert position(None) == ""
