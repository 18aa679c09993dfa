"""Golden answers of Athena's engine, asked of ours: `golden` holds a fixture, whole queries and a grid of expressions."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.conformance.fixture import FixtureEngine, load_fixture, read_fixture
from eventlake.conformance.golden import Case, golden_type, load_cases
from eventlake.conformance.judging import Judged, counted, judge, judge_all

GOLDEN = Path(__file__).parent / "golden"
TYPED = {"queries.jsonl.gz", "questions.jsonl.gz"}
"""Whose columns must have Athena's types too."""
INTEGER = (golden_type("integer"),)


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """The fixture's tables."""
    with closing(FixtureEngine(load_fixture(GOLDEN / "fixture.json.gz"))) as tables:
        yield tables


def asked(name: str) -> list[Case]:
    """The cases of a file; of the thousands of expressions every third, which leaves none of their families out, unless all are wanted."""
    cases = load_cases(GOLDEN / name.removeprefix("all of "))
    return cases[::3] if name == "expressions.tsv.gz" else cases


def test_no_family_of_expressions_is_left_out() -> None:
    """What is asked every time has an expression of each function and operator."""
    assert {case.family for case in asked("expressions.tsv.gz")} == {case.family for case in asked("all of expressions.tsv.gz")}


def at_fault(judged: list[Judged]) -> list[tuple[str, str, str]]:
    """The cases that no engine may give: other rows, other names, a failure, or rows where Athena refuses for a type or a name."""
    return [(one.verdict, one.case.name, one.detail) for one in judged if one.verdict in {"wrong", "misnamed", "failed", "lenient"}]


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("queries.jsonl.gz", 0.99),
        ("questions.jsonl.gz", 0.99),
        ("functions.jsonl.gz", 0.9),
        ("expressions.tsv.gz", 0.97),
        pytest.param("all of expressions.tsv.gz", 0.97, marks=pytest.mark.slow),
        ("zones.jsonl.gz", 1.0),
        ("json.jsonl.gz", 1.0),
        ("metadata.jsonl.gz", 1.0),
        ("collections.jsonl.gz", 1.0),
        ("aggregates.jsonl.gz", 1.0),
        ("joins_names.jsonl.gz", 0.98),
        ("subqueries.jsonl.gz", 1.0),
        ("patterns.jsonl.gz", 1.0),
    ],
)
def test_answers_are_athenas(name: str, share: float, engine: FixtureEngine) -> None:
    """None is wrong, misnamed, failed or lenient, and at least that share is right, whole queries with their types; the rest is refused."""
    judged = judge_all(asked(name), engine.query)

    assert at_fault(judged) == []
    assert counted(judged)["right"] >= share * len(judged)
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
