"""Values as literals: they stay values, and say what PyAthena would say."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.dialect.text.parameters import TYPES, bound, literal, pyformat, qmark, typed
from eventlake.dialect.text.syntax import parse
from eventlake.dialect.text.tree import Literal
from eventlake.errors import NameNotFoundError, UsageError

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (7, "7"),
        (-7, "(-7)"),
        (1.5, "1.5e0"),
        (-1e300, "(-1e+300)"),
        (Decimal("1.50"), "DECIMAL '1.50'"),
        (Decimal("-1E+2"), "DECIMAL '-100'"),
        ("o'hara", "'o''hara'"),
        (b"ab", "X'6162'"),
        (date(2026, 11, 7), "DATE '2026-11-07'"),
        (datetime(2026, 11, 7, 10), "TIMESTAMP '2026-11-07 10:00:00.000'"),  # noqa: DTZ001  a timestamp without zone
        (datetime(2026, 11, 7, 10, 0, 0, 1), "TIMESTAMP '2026-11-07 10:00:00.000001'"),  # noqa: DTZ001
        (datetime(2026, 11, 7, 10, tzinfo=timezone(timedelta(hours=1))), "TIMESTAMP '2026-11-07 09:00:00.000 UTC'"),
        (["a", None], "('a', NULL)"),
    ],
)
def test_a_python_value_is_the_literal_of_its_type(value: Any, expected: str) -> None:
    """A float is a double, a moment keeps its digits and its instant."""
    assert literal("x", value) == expected


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (time(10), "is a time: give"),
        (object(), "is an object"),
        (2**63, "beyond bigint"),
        (float("nan"), "has no literal"),
        (Decimal("Infinity"), "38 digits"),
        (Decimal(10) ** 38, "38 digits"),
        ([], "empty list"),
        ([time(10)], "is a time"),
    ],
)
def test_a_value_without_a_literal_is_refused(value: Any, says: str) -> None:
    """The sentence names the parameter."""
    with pytest.raises(UsageError, match=says) as raised:
        literal("since", value)

    assert '"since"' in str(raised.value)


def test_names_are_filled_outside_texts_and_comments() -> None:
    """`:name` in a text, a quoted name, a comment or after a colon is none."""
    sql = bound("select :n, ':n', \":n\", x::y -- :n\n, :s /* :n */", {"n": -5, "s": "a'b"})

    assert sql == "select (-5), ':n', \":n\", x::y -- :n\n, 'a''b' /* :n */"


def test_a_name_too_much_or_too_few_is_named() -> None:
    """With the nearest that there is."""
    with pytest.raises(NameNotFoundError, match=r'no parameter ":dayz"\. Did you mean "days"'):
        bound("select :days", {"dayz": 1})
    with pytest.raises(UsageError, match='wants a value for ":days"'):
        bound("select :days, :hours", {"hours": 1})


@given(TEXTS)
def test_no_text_leaves_its_literal(value: str) -> None:
    """Whatever a text holds, the statement has one literal with that text and nothing else."""
    for sql in (bound("select :s", {"s": value}), pyformat("select %(s)s", {"s": value}), qmark("select ?", [literal("s", value)])):
        tree = parse(sql)

        assert [found.this for found in tree.find_all(Literal)] == [value]
        assert len(list(tree.walk())) == 2


SAME_AS_PYATHENA: list[tuple[str, dict[str, Any]]] = [
    ("SELECT %(v)s", {"v": None}),
    ("SELECT %(v)s", {"v": True}),
    ("SELECT %(v)s", {"v": 1}),
    ("SELECT %(v)s", {"v": 1.5}),
    ("SELECT %(v)s", {"v": 1e300}),
    ("SELECT %(v)s", {"v": Decimal("1.50")}),
    ("SELECT %(v)s", {"v": "o'hara 100%"}),
    ("SELECT %(v)s", {"v": b"ab"}),
    ("SELECT %(v)s", {"v": bytearray(b"ab")}),
    ("SELECT %(v)s", {"v": date(2026, 11, 7)}),
    ("SELECT %(v)s", {"v": datetime(2026, 11, 7, 10)}),  # noqa: DTZ001
    ("SELECT %(v)s", {"v": datetime(2026, 11, 7, 10, 0, 0, 123456)}),  # noqa: DTZ001
    ("SELECT %(v)s", {"v": datetime(2026, 11, 7, 10, tzinfo=UTC)}),
    ("SELECT 1 WHERE 'a' IN %(v)s", {"v": ["a", "b"]}),
    ("SELECT 1 WHERE 1 IN %(v)s", {"v": (1, 2.5)}),
    ("SELECT '100%%', 7 %% 2, %(a)s, %(b)s, %(a)s -- 5%%", {"a": 1, "b": "x"}),
    ("SELECT '100%%'", {}),
    ("SELECT %(a)s", {"a": 1, "unused": 2}),
]


@pytest.mark.parametrize(("sql", "values"), SAME_AS_PYATHENA)
def test_places_are_filled_as_pyathena_fills_them(sql: str, values: dict[str, Any]) -> None:
    """The same text, but for the case of words, goes to Athena."""
    formatter = pytest.importorskip("pyathena.formatter", reason="PyAthena is not installed").DefaultParameterFormatter()

    assert pyformat(sql, values).lower() == formatter.format(sql, values).lower()


def test_places_are_filled_by_name() -> None:
    """What PyAthena's own formatter gives, said here."""
    values = {"day": date(2026, 11, 7), "state": "FAILED", "share": 1.5, "kinds": ["a", "b"], "n": -3}

    assert pyformat("%(day)s %(state)s '5%%' %(share)s %(kinds)s -%(n)s", values) == "DATE '2026-11-07' 'FAILED' '5%' 1.5 ('a', 'b') -(-3)"


@pytest.mark.parametrize(
    ("sql", "values", "error", "says"),
    [
        ("SELECT %(stat)s", {"state": 1}, NameNotFoundError, 'Did you mean "state"'),
        ("SELECT %(a)s", {}, NameNotFoundError, r'^There is no value for "%\(a\)s"\. Give one by that name: {"a": \.\.\.}\.$'),
        ("SELECT %(a)s", {"xyz": 1}, NameNotFoundError, "There is xyz. Give one by that name"),
        ("SELECT '%(a)s'", {"a": "x"}, UsageError, "stands inside quotes"),
        ("SELECT 1 -- %(a)s", {"a": "x"}, UsageError, "stands inside quotes or a comment"),
        ("SELECT 'x' LIKE '5%'", {"a": 1}, UsageError, 'written "%%"'),
        ("SELECT 7 % 2", {"a": 1}, UsageError, 'written "%%"'),
        ("SELECT %s", {"a": 1}, UsageError, '"%\\(name\\)s"'),
        ("SELECT %(a)s", {"a": datetime(2026, 11, 7, tzinfo=timezone(timedelta(hours=1)))}, UsageError, "give it in UTC"),
        ("SELECT %(a)s", {"a": float("inf")}, UsageError, "no literal"),
        ("SELECT 1 IN %(a)s", {"a": [1e-7]}, UsageError, "keeps six digits"),
    ],
)
def test_what_pyathena_would_get_wrong_is_refused(sql: str, values: dict[str, Any], error: type[Exception], says: str) -> None:
    """Each with its sentence; PyAthena raises something or, worse, asks something else."""
    with pytest.raises(error, match=says):
        pyformat(sql, values)


def test_question_marks_take_literals_as_text() -> None:
    """As Athena's ExecutionParameters; those in texts and comments are none."""
    sql = qmark("SELECT ?, ?, ? - ?, '?' -- ?", ["7", "'it''s'", "1.5e3", "-3"])

    assert sql == "SELECT 7, 'it''s', 1.5e3 - (-3), '?' -- ?"


@pytest.mark.parametrize(
    "text", ["NULL", "true", "7", "-7.5", "1e3", "'x'", "''", "DATE '2026-11-07'", "timestamp '2026-11-07 10:00:00'", "X'6162'"]
)
def test_a_literal_is_taken(text: str) -> None:
    """Every kind that Athena has."""
    assert qmark("?", [text]).strip("()") == text


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["web"], "is no literal"),
        (["'a' OR 'b'"], "is no literal"),
        (["1; drop table t"], "is no literal"),
        (["(SELECT 1)"], "is no literal"),
        ([7], "is an int: Athena takes literals as text"),
        ([], 'has 1 "\\?" and is given 0 values'),
        (["1", "2"], "is given 2 values"),
    ],
)
def test_what_is_no_literal_is_refused(values: list[Any], says: str) -> None:
    """A text without its quotes, an expression, a Python value."""
    with pytest.raises(UsageError, match=says):
        qmark("SELECT ?", values)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "-7", -7),
        ("decimal", "1.50", Decimal("1.50")),
        ("double", "1.5", 1.5),
        ("boolean", "True", True),
        ("string", "7", "7"),
        ("date", "2026-11-07", date(2026, 11, 7)),
        ("timestamp", "2026-11-07T10:00:00Z", datetime(2026, 11, 7, 10, tzinfo=UTC)),
    ],
)
def test_a_text_is_read_as_its_type(kind: str, text: str, value: Any) -> None:
    """One text for each type there is."""
    assert typed("x", kind, text) == value
    assert kind in TYPES


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "string"])
def test_a_text_of_another_type_is_refused(kind: str) -> None:
    """The sentence says what it should be."""
    with pytest.raises(UsageError, match=r'The parameter "x" is .*, not "7 or 1=1"'):
        typed('The parameter "x"', kind, "7 or 1=1")
