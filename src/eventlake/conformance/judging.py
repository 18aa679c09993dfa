"""How faithfully an engine answers Athena's SQL: golden cases asked of it, one verdict each.

right            the golden rows, or any error where Athena gives one
refused          no answer, and the sentence names what cannot be answered
failed           another error where Athena gives rows
wrong            other rows
misnamed         the golden rows under other names of columns
lenient          rows where types, names or grammar make Athena refuse
lenient-by-data  rows where Athena fails on the data
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eventlake.conformance.golden import Case, golden_type, same_rows
from eventlake.dialect.types.type import Type
from eventlake.errors import QueryError, QueryRefusedError, UsageError
from eventlake.interfaces import Result

VERDICTS = ("right", "refused", "failed", "wrong", "misnamed", "lenient", "lenient-by-data")
"""Every verdict, the good one first."""

BAD = frozenset(("wrong", "misnamed", "lenient"))
"""Verdicts that no engine may earn: the query would give other rows or columns on Athena, or none."""

_BY_DATA = frozenset(
    (
        "DIVISION_BY_ZERO",
        "INVALID_CAST_ARGUMENT",
        "INVALID_FUNCTION_ARGUMENT",
        "NUMERIC_VALUE_OUT_OF_RANGE",
        "SUBQUERY_MULTIPLE_ROWS",
        "JSON_INPUT_CONVERSION_ERROR",
        "JSON_OUTPUT_CONVERSION_ERROR",
        "PATH_EVALUATION_ERROR",
        "JSON_VALUE_RESULT_ERROR",
        "ROW_FILTER_ERROR",
        "INVALID_ARGUMENTS",
        "EXCEEDED_FUNCTION_MEMORY_LIMIT",
        "GENERIC_USER_ERROR",
    )
)
"""Errors of https://github.com/trinodb/trino/blob/476/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java that only data decides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with its verdict. detail: the sentence, or what was wanted and what came. mistyped: right rows of another type."""

    case: Case
    verdict: str
    detail: str = ""
    mistyped: bool = False


def judge(case: Case, ask: Callable[[str], Result]) -> Judged:
    """Give the verdict on one case. What hinders every answer, such as an engine that cannot be reached, is raised."""
    try:
        result = ask(case.sql)
    except QueryError as error:
        if case.error:
            return Judged(case, "right", str(error))
        return Judged(case, "refused" if isinstance(error, QueryRefusedError) else "failed", str(error))
    if case.error:
        verdict = "lenient-by-data" if case.error in _BY_DATA else "lenient"
        return Judged(case, verdict, f"Athena says {case.error}, answered {_shown(result.rows)}")
    if not _is_same(case, result):
        return Judged(case, "wrong", f"wanted {_shown(case.rows)}, answered {_shown(result.rows)}")
    if case.columns and case.columns != result.columns:
        return Judged(case, "misnamed", f"wanted {', '.join(case.columns)}, answered {', '.join(result.columns)}")
    mistyped = tuple(map(_unsized, case.types)) != tuple(_unsized(golden_type(kind)) for kind in result.types)
    return Judged(case, "right", f"typed {', '.join(result.types)}" if mistyped else "", mistyped)


def _is_same(case: Case, result: Result) -> bool:
    """Compare the rows. Raises UsageError for golden values that are not in the form of their types."""
    try:
        return same_rows(case, result.rows)
    except (TypeError, ValueError, KeyError, ArithmeticError):
        raise UsageError(
            f'The golden rows of "{case.name}" are not in the form of their types: {_shown(case.rows)}; docs/sql.md describes it.'
        ) from None


def judge_all(cases: Iterable[Case], ask: Callable[[str], Result]) -> list[Judged]:
    """Give the verdict on every case."""
    return [judge(case, ask) for case in cases]


def counted(judged: Iterable[Judged]) -> dict[str, int]:
    """Count how often each verdict was given, in their order."""
    counts = Counter(one.verdict for one in judged)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def _unsized(kind: Type) -> Type:
    """Return a type without the length of its varchars: Trino computes lengths, which nobody sees."""
    if kind.name == "varchar":
        return Type("varchar")
    return Type(kind.name, tuple(map(_unsized, kind.args)), kind.numbers, kind.names)


def _shown(rows: Sequence[Sequence[object]]) -> str:
    text = str([list(row) for row in rows[:3]])
    return text if len(text) <= 200 else text[:199] + "…"
