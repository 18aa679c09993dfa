"""Golden answers: their files, and when an answer equals one."""

import gzip
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eventlake.conformance.golden import Case, golden_type, load_cases, same, same_rows
from eventlake.errors import UsageError

EQUAL: list[tuple[str, Any, Any]] = [
    ("bigint", 1, 1),
    ("double", 0.1, 0.1000000000001),
    ("double", {"double": "NaN"}, float("nan")),
    ("double", {"double": "-Infinity"}, float("-inf")),
    ("real", 1.1, 1.10000002384),
    ("decimal(4,2)", {"decimal": "33.30"}, Decimal("33.3")),
    ("boolean", True, True),
    ("varchar(3)", "abc", "abc"),
    ("varbinary", {"hex": "6162"}, b"ab"),
    ("json", '{"a":1,"b":2}', '{"b":2,"a":1}'),
    ("date", "2026-11-07", date(2026, 11, 7)),
    ("timestamp(3)", "2026-11-07T10:00:00.123", datetime(2026, 11, 7, 10, 0, 0, 123000)),  # noqa: DTZ001
    ("timestamp(9)", "2026-11-07T10:00:00.123456789", datetime(2026, 11, 7, 10, 0, 0, 123456)),  # noqa: DTZ001
    ("timestamp(3) with time zone", {"timestamptz": "2026-11-07T10:00:00Z"}, datetime(2026, 11, 7, 10, tzinfo=UTC)),
    ("time(3)", "10:00:00.500", time(10, 0, 0, 500000)),
    ("interval day to second", "1 02:00:00.000", "1 02:00:00.000"),
    ("array(integer)", [1, None], [1, None]),
    ("row(a integer, varchar)", [1, "x"], {"a": 1, "field1": "x"}),
    ("map(varchar, integer)", {"map": [["a", 1], ["b", 2]]}, {"b": 2, "a": 1}),
    ("varchar", None, None),
]
DIFFERENT: list[tuple[str, Any, Any]] = [
    ("bigint", 1, 2),
    ("bigint", 1, True),
    ("bigint", 1, "1"),
    ("bigint", 1, None),
    ("varchar", None, "NULL"),
    ("boolean", True, 1),
    ("decimal(4,2)", {"decimal": "33.30"}, Decimal("33.31")),
    ("double", 1.0, {"double": "NaN"}),
    ("varchar", "2026-11-07", date(2026, 11, 7)),
    ("date", "2026-11-07", datetime(2026, 11, 7)),  # noqa: DTZ001
    ("timestamp(3)", "2026-11-07T10:00:00.000", datetime(2026, 11, 7, 10, tzinfo=UTC)),
    ("timestamp(3) with time zone", {"timestamptz": "2026-11-07T10:00:00Z"}, datetime(2026, 11, 7, 10)),  # noqa: DTZ001
    ("array(integer)", [1, 2], [2, 1]),
    ("array(integer)", [1], "[1]"),
    ("row(a integer)", [1], {"a": 1, "b": 2}),
    ("map(varchar, integer)", {"map": [["a", 1]]}, {"a": 2}),
    ("map(varchar, integer)", {"map": [["a", 1]]}, {"a": 1, "b": 2}),
    ("json", '{"a":1}', None),
    ("json", '{"a":1}', "{"),
]


@pytest.mark.parametrize(("kind", "golden", "value"), EQUAL)
def test_equal_values_are_equal(kind: str, golden: Any, value: Any) -> None:
    """A value of a result equals the golden one in the way its type says."""
    assert same(golden, value, golden_type(kind))


@pytest.mark.parametrize(("kind", "golden", "value"), DIFFERENT)
def test_different_values_differ(kind: str, golden: Any, value: Any) -> None:
    """Neither another value nor another type passes."""
    assert not same(golden, value, golden_type(kind))


def test_order_counts_where_it_is_asked_for() -> None:
    """Rows without order are a multiset."""
    rows = ((1,), (2,), (2,))
    case = Case("n", "f", "", (), (golden_type("integer"),), rows, ordered=False)

    assert same_rows(case, [(2,), (1,), (2,)])
    assert not same_rows(case, [(2,), (1,), (1,)])
    assert not same_rows(case, [(2,), (1,)])
    assert not same_rows(Case("n", "f", "", (), case.types, rows), [(2,), (1,), (2,)])


def test_approximate_numbers_may_differ_a_little() -> None:
    """Five percent, or one."""
    case = Case("n", "f", "", (), (golden_type("bigint"),), ((100,),), approximate=True)

    assert same_rows(case, [(104,)])
    assert not same_rows(case, [(106,)])


def test_both_forms_of_a_file_are_read(tmp_path: Path) -> None:
    """Queries from JSON lines, expressions from tabs; compressed or not."""
    queries = tmp_path / "q.jsonl"
    queries.write_text(
        '{"name": "a: b", "sql": "select 1 x", "ordered": true, "columns": ["x"], "types": ["integer"], "rows": [[1]]}\n'
        '{"name": "a: c", "sql": "select y", "error": {"name": "COLUMN_NOT_FOUND", "type": "USER_ERROR"}}\n'
    )
    expressions = tmp_path / "e.tsv.gz"
    expressions.write_bytes(gzip.compress(b"# text\nupper('\\u{e9}')\tvarchar(1)\t\"\\u00c9\"\n1/0\t!\tDIVISION_BY_ZERO\n"))

    assert [(case.family, case.sql, case.columns, case.rows, case.error) for case in load_cases(queries)] == [
        ("a", "select 1 x", ("x",), ((1,),), ""),
        ("a", "select y", (), (), "COLUMN_NOT_FOUND"),
    ]
    assert [(case.family, case.sql, case.rows, case.error) for case in load_cases(expressions)] == [
        ("text", "SELECT upper('é')", (("É",),), ""),
        ("text", "SELECT 1/0", (), "DIVISION_BY_ZERO"),
    ]


@pytest.mark.parametrize(("name", "text"), [("q.jsonl", "select 1"), ("e.tsv", "1\tinteger")])
def test_a_file_of_another_form_is_refused(name: str, text: str, tmp_path: Path) -> None:
    """The sentence names the file."""
    (tmp_path / name).write_text(text)

    with pytest.raises(UsageError, match="holds no golden answers"):
        load_cases(tmp_path / name)
