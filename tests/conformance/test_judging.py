"""Golden answers of Athena's engine, asked of ours: `golden` holds a fixture, whole queries and a grid of expressions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.conformance.fixture import FixtureEngine, load_fixture, read_fixture
from eventlake.conformance.golden import Case, golden_type, load_cases
from eventlake.conformance.judging import Judged, counted, judge, judge_all
from eventlake.errors import UsageError

GOLDEN = Path(__file__).parent / "golden"
TYPED = {"queries.jsonl.gz", "questions.jsonl.gz", "popular.jsonl.gz", "kinds.jsonl.gz", "analytics.jsonl.gz", "everyday.jsonl.gz"}
"""Whose columns must have Athena's types too."""
SHARES = {
    "queries.jsonl.gz": 0.99,
    "questions.jsonl.gz": 0.99,
    "popular.jsonl.gz": 0.95,
    "functions.jsonl.gz": 0.9,
    "expressions.tsv.gz": 0.97,
    "zones.jsonl.gz": 1.0,
    "json.jsonl.gz": 1.0,
    "metadata.jsonl.gz": 1.0,
    "collections.jsonl.gz": 1.0,
    "aggregates.jsonl.gz": 1.0,
    "joins_names.jsonl.gz": 0.98,
    "subqueries.jsonl.gz": 1.0,
    "patterns.jsonl.gz": 1.0,
    "kinds.jsonl.gz": 0.98,
    "kinds_expressions.tsv.gz": 0.97,
    "analytics.jsonl.gz": 0.96,
    "edges.jsonl.gz": 0.75,
    "hunted.jsonl.gz": 0.96,
    "everyday.jsonl.gz": 0.95,
}
"""How many of a file's cases must be right."""
SAMPLED = {
    "queries.jsonl.gz": 64,
    "questions.jsonl.gz": 16,
    "popular.jsonl.gz": 32,
    "functions.jsonl.gz": 64,
    "expressions.tsv.gz": 240,
    "zones.jsonl.gz": 64,
    "json.jsonl.gz": 64,
    "metadata.jsonl.gz": 16,
    "collections.jsonl.gz": 32,
    "aggregates.jsonl.gz": 16,
    "joins_names.jsonl.gz": 16,
    "subqueries.jsonl.gz": 16,
    "patterns.jsonl.gz": 16,
    "edges.jsonl.gz": 128,
    "hunted.jsonl.gz": 32,
}
"""The large files, of each kind of which one of so many cases is asked every day."""
BY_FAMILY = {"queries.jsonl.gz", "popular.jsonl.gz", "functions.jsonl.gz", "expressions.tsv.gz", "edges.jsonl.gz", "hunted.jsonl.gz"}
"""Files whose kinds are their families; of the others each error is a kind, and an answer is one."""
NIGHTLY = ("kinds.jsonl.gz", "kinds_expressions.tsv.gz", "analytics.jsonl.gz", "everyday.jsonl.gz")
"""Files whose families the others have too: they are asked whole, and not every day."""
INTEGER = (golden_type("integer"),)


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """The fixture's tables."""
    with closing(FixtureEngine(load_fixture(GOLDEN / "fixture.json.gz"))) as tables:
        yield tables


def asked(name: str, every: int) -> list[Case]:
    """One of so many cases of each kind in a file, so that no kind is left out."""
    known: Counter[str] = Counter()
    found = []
    for case in load_cases(GOLDEN / name):
        kind = case.family if name in BY_FAMILY else case.error
        if known[kind] % every == 0:
            found.append(case)
        known[kind] += 1
    return found


def test_no_family_of_expressions_is_left_out() -> None:
    """What is asked every day has an expression of each function and operator."""
    name = "expressions.tsv.gz"
    assert {case.family for case in asked(name, SAMPLED[name])} == {case.family for case in asked(name, 1)}


def at_fault(judged: list[Judged]) -> list[tuple[str, str, str]]:
    """The cases that no engine may give: other rows, other names, a failure, or rows where Athena refuses for a type or a name."""
    return [(one.verdict, one.case.name, one.detail) for one in judged if one.verdict in {"wrong", "misnamed", "failed", "lenient"}]


@pytest.mark.parametrize(
    ("name", "every"),
    [(name, SAMPLED.get(name, 1)) for name in SHARES if name not in NIGHTLY]
    + [pytest.param(name, 1, marks=pytest.mark.slow) for name in (*SAMPLED, *NIGHTLY)],
)
def test_answers_are_athenas(name: str, every: int, engine: FixtureEngine) -> None:
    """None is wrong, misnamed, failed or lenient, and at least its share is right, whole queries with their types; the rest is refused.

    Of a sample one more may be.
    """
    judged = judge_all(asked(name, every), engine.query)

    assert at_fault(judged) == []
    assert counted(judged)["right"] >= SHARES[name] * len(judged) - (every > 1)
    assert counted(judged)["lenient-by-data"] <= 0.01 * len(judged)
    assert [(one.case.name, one.detail) for one in judged if one.mistyped and name in TYPED] == []


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (Case("n", "f", "SELECT 1", (), INTEGER, ((1,),)), "right"),
        (Case("n", "f", "SELECT 2", (), INTEGER, ((1,),)), "wrong"),
        (Case("n", "f", "SELECT 1 AS b", ("a",), INTEGER, ((1,),)), "misnamed"),
        (Case("n", "f", "SELECT 1 / 0", (), INTEGER, ((1,),)), "failed"),
        (Case("n", "f", "SELECT rand()", (), INTEGER, ((1,),)), "refused"),
        (Case("n", "f", "SELECT 1 / 0", error="DIVISION_BY_ZERO"), "right"),
        (Case("n", "f", "SELECT 1", error="COLUMN_NOT_FOUND"), "lenient"),
        (Case("n", "f", "SELECT 1", error="DIVISION_BY_ZERO"), "lenient-by-data"),
    ],
)
def test_each_verdict(case: Case, verdict: str) -> None:
    """What is answered, and what the golden answer is, decide."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        assert judge(case, tables.query).verdict == verdict


def test_right_rows_of_another_type_are_noted() -> None:
    """A bigint where Athena has an integer is right, and told."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        case = Case("n", "f", "SELECT 1 AS a", ("a",), (golden_type("bigint"),), ((1,),))
        one = judge(case, tables.query)

    assert (one.verdict, one.mistyped) == ("right", True)


def test_golden_rows_in_another_form_are_told_with_the_name_of_their_case(engine: FixtureEngine) -> None:
    """Who writes such a file learns which line to mend."""
    sql = "select timestamp '2026-11-20 10:00:00 UTC'"
    case = Case("mine: a moment", "mine", sql, ("_col0",), (golden_type("timestamp(0) with time zone"),), (("2026-11-20 10:00:00 UTC",),))

    with pytest.raises(UsageError, match=r'^The golden rows of "mine: a moment" are not in the form of their types: \[\[\'2026-'):
        judge(case, engine.query)
