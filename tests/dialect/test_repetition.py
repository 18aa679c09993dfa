from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.dialect.expansion import expanded
from eventlake.dialect.functions.calls import functions
from eventlake.dialect.sql import emit, ours, written
from eventlake.dialect.translate import translate
from eventlake.errors import EventlakeError

NOW = datetime(2026, 11, 20, tzinfo=UTC)
FILLERS = {"varchar": "'a'", "bigint": "1", "integer": "1", "double": "2e0", "N": "1", "I": "1", "T": "'a'"}
COLUMNS = {"varchar": "s", "bigint": "n", "double": "x", "N": "n", "I": "n", "date": "d", "timestamp": "t"}
ROWS = "(values ('{\"a\": \"1 b\"}', 12, 1.5e0, date '2026-11-07', timestamp '2026-11-07 10:00:00')) r(s, n, x, d, t)"


def _nested(signature: str, name: str) -> Callable[[str], str] | None:
    """A call of the function round something, where what it gives is of the kind that it takes first."""
    left, _, result = signature.partition("->")
    kinds = [kind.strip().removesuffix("...") for kind in left.split(",")]
    if kinds[0] not in COLUMNS or not all(kind in FILLERS for kind in kinds[1:]) or "(" in left:
        return None
    if result.strip() not in {kinds[0], "N" if kinds[0] in {"bigint", "double"} else ""}:
        return None
    rest = "".join(f", {FILLERS[kind]}" for kind in kinds[1:])
    return lambda inner: f"{name}({inner}{rest})"


FORMS: list[tuple[str, Callable[[str], str], str]] = [
    (f"{way.name} {way.signature}", form, COLUMNS[way.signature.partition("->")[0].split(",")[0].strip().removesuffix("...")])
    for ways in functions().values()
    for way in ways
    if (form := _nested(way.signature, way.name)) is not None
] + [
    ("json", lambda inner: f"json_extract_scalar({inner}, '$.a')", "s"),
    ("interval", lambda inner: f"({inner} + interval '1' day)", "d"),
    ("cast", lambda inner: f"cast(cast({inner} as varchar) as bigint)", "n"),
    ("nullif", lambda inner: f"nullif({inner}, 'z')", "s"),
    ("case", lambda inner: f"case when {inner} > 'a' then 'b' else 'c' end", "s"),
    ("division", lambda inner: f"({inner} / 3.0)", "n"),
    ("replace pattern", lambda inner: f"regexp_replace({inner}, '[0-9]+', 'x')", "s"),
]


def _size(form: Callable[[str], str], column: str, depth: int) -> int | None:
    sql = column
    for _ in range(depth):
        sql = form(sql)
    try:
        made = translate(f"select {sql} from {ROWS}", [], NOW).sql([])
    except EventlakeError:
        return None
    return expanded(made, frozenset()).size


def test_a_statement_grows_with_its_depth_and_not_faster() -> None:
    """What DuckDB has to read of ten calls inside each other is ten times what it reads of one, with all bodies of macros in place."""
    sizes = {name: _size(form, column, 10) for name, form, column in FORMS}

    assert {name: size for name, size in sizes.items() if size is not None and size >= 10 * 12_000} == {}


def test_what_is_bound_gives_the_same_rows() -> None:
    """The same calls, deep enough to be computed once, and one by one in subqueries."""
    calls = ["replace({}, 'a', 'xa')", "upper({})", "substr({}, 2)", "split_part({}, 'X', 1)", "trim({})", "lpad({}, 12, '-')"]
    deep, stepwise = "s", "(values '{aba}', 'bab xx', null) r(s)"
    for call in calls:
        deep = call.format(deep)
        stepwise = f"(select {call.format('s')} s from {stepwise})"
    engine = FixtureEngine(read_fixture({}))

    made = engine.query(f"select {deep} from (values '{{aba}}', 'bab xx', null) r(s)")

    assert list(made.rows) == list(engine.query(f"select s from {stepwise}").rows)
    engine.close()


@pytest.mark.slow
def test_aggregates_windows_and_subqueries_can_be_bound() -> None:
    """DuckDB takes no subquery inside a lambda, so that one is bound too."""
    deep = "{}"
    for _ in range(5):
        deep = f"replace(upper({deep}), (select 'B'), 'b')"
    engine = FixtureEngine(read_fixture({}))

    made = engine.query(f"select {deep.format('max(s)')}, {deep.format('min(max(s)) over ()')} from (values 'abab', 'a') r(s)")

    assert list(made.rows) == [("AbAb", "AbAb")]
    engine.close()


def test_small_expressions_are_left_as_they_are() -> None:
    """A lambda costs more than what DuckDB does not have to compute twice anyway."""
    inner = emit("el_upper({})", ours("a"))

    assert written(emit("el_upper({})", inner)) == "el_upper(el_upper(a))"


def test_arguments_are_never_taken_for_one_value() -> None:
    """Bound to a name together, they would be the first of them alone."""
    engine = FixtureEngine(read_fixture({}))
    sql = "select greatest(1e-3, real '1.1', tinyint '-128'), greatest(1, real '2.5', tinyint '3', -1e0)"

    assert engine.query(sql).rows == [(1.100000023841858, 3.0)]
    engine.close()
