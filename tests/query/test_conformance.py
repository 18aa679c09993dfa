"""Golden answers of Athena's engine, asked of ours: `fixtures/golden` holds a fixture, whole queries and a grid of expressions."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.query.conformance import Judged, counted, judge, judge_all
from eventlake.query.fixture import FixtureEngine, load_fixture, read_fixture
from eventlake.query.golden import Case, golden_type, load_cases

GOLDEN = Path(__file__).parent / "fixtures" / "golden"
INTEGER = (golden_type("integer"),)
UNREPRESENTABLE = "from_iso8601_timestamp('-0001-01-01')"
"""Fails here, because a year before the first has no value in Python."""


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """The fixture's tables."""
    with closing(FixtureEngine(load_fixture(GOLDEN / "fixture.json.gz"))) as tables:
        yield tables


def at_fault(judged: list[Judged]) -> list[tuple[str, str, str]]:
    """The cases that no engine may give: other rows, a failure, or rows where Athena refuses for a type or a name."""
    return [(one.verdict, one.case.name, one.detail) for one in judged if one.verdict in {"wrong", "failed", "lenient"}]


def test_whole_queries_are_answered_as_athena_does(engine: FixtureEngine) -> None:
    """No query is wrong, failed or lenient; at least 97 of 100 are right, and their columns have Athena's types."""
    judged = judge_all(load_cases(GOLDEN / "queries.jsonl.gz"), engine.query)

    assert at_fault(judged) == []
    assert counted(judged)["right"] >= 0.97 * len(judged)


def test_expressions_are_answered_as_athena_does(engine: FixtureEngine) -> None:
    """No expression is wrong, and at least 95 of 100 are right."""
    judged = judge_all(load_cases(GOLDEN / "expressions.tsv.gz"), engine.query)

    assert [one for one in at_fault(judged) if one[1] != UNREPRESENTABLE] == []
    assert counted(judged)["right"] >= 0.96 * len(judged)
    assert counted(judged)["lenient-by-data"] <= 0.01 * len(judged)


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (Case("n", "f", "SELECT 1", (), INTEGER, ((1,),)), "right"),
        (Case("n", "f", "SELECT 2", (), INTEGER, ((1,),)), "wrong"),
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
        case = Case("n", "f", "SELECT 1 AS a", ("b",), (golden_type("bigint"),), ((1,),))
        one = judge(case, tables.query)

    assert (one.verdict, one.mistyped, one.misnamed) == ("right", True, True)
