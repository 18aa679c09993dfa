"""Pairs of Athena's SQL and Athena's answer, as data in `fixtures/answers.jsonl`."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from by_day import one_in
from eventlake import errors
from eventlake.dialect.translate import translate
from eventlake.query.run import Job, run

CASES = [json.loads(line) for line in (Path(__file__).parent / "fixtures" / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answered(sql: str) -> list[list[Any]]:  # JSON of the answer
    """The rows of a statement that reads no table, as JSON writes them."""
    made = translate(sql, [], NOW)
    rows = run(Job(made.sql([]), made.macros, made.types, "/nonexistent", memory_mb=512, threads=1, seconds=30))
    return [[plain(value) for value in row] for row in rows]


def plain(value: Any) -> Any:  # a value of a query, and its JSON
    """A value as JSON writes it: moments as ISO text, decimals with their digits."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("case", one_in(4, [case for case in CASES if "rows" in case]), ids=lambda case: str(case["name"]))
def test_rows_are_athenas(case: dict[str, Any]) -> None:
    """A statement gives the rows that Athena gives."""
    assert answered(case["sql"]) == case["rows"]


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: str(case["name"]))
def test_what_athena_refuses_is_refused(case: dict[str, Any]) -> None:
    """A statement that Athena refuses, or that cannot be answered as Athena does, ends in a sentence that names why."""
    with pytest.raises(errors.QueryError) as raised:
        answered(case["sql"])

    assert case["error"] in [kind.__name__ for kind in type(raised.value).__mro__]
    assert case["says"] in str(raised.value)
    assert str(raised.value).endswith((".", "?", ")"))
