"""Which hours predicates leave, and that none is lost that a row could answer from."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.dialect.queries.pruning import remaining
from eventlake.dialect.translate import translate
from eventlake.layout import Hour, days_of
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOURS = [Hour((date(2026, 11, 1) + timedelta(days=day)).isoformat(), f"{hour:02}") for day in range(20) for hour in range(24)]
LOGS = Table(
    "logs", "db", "test", "Logs.", "logs", {}, "$.detail", "id", (Column("id", "string", (), "", ""), Column("type", "string", (), "", ""))
)
EVE = "date_add('hour', -13, timestamp '2026-11-20 11:59:59')"


def left(sql: str, scan: int = 0) -> list[str]:
    """The hours that a statement's scan still needs."""
    kept = remaining(days_of(HOURS), translate(sql, [LOGS], NOW).scans[scan].predicates)
    return [f"{day}T{hour}" for day, hours in kept.items() for hour in hours]


@pytest.mark.parametrize(
    ("where", "first", "last", "count"),
    [
        ("date = date '2026-11-07'", "2026-11-07T00", "2026-11-07T23", 24),
        ("\"date\" = date '2026-11-07' and hour = '05'", "2026-11-07T05", "2026-11-07T05", 1),
        ("date '2026-11-19' <= logs.date", "2026-11-19T00", "2026-11-20T23", 48),
        ("date >= date_add('day', -1, current_date) and hour in ('10', '14')", "2026-11-19T10", "2026-11-20T14", 4),
        ("date > current_date - interval '2' day and hour < '02'", "2026-11-19T00", "2026-11-20T01", 4),
        ("date between date '2026-11-03' and date '2026-11-04'", "2026-11-03T00", "2026-11-04T23", 48),
        ("date = date '2026-11-03' or date = cast('2026-11-05' as date)", "2026-11-03T00", "2026-11-05T23", 48),
        ("(date, hour) >= (date '2026-11-20', '22')", "2026-11-20T22", "2026-11-20T23", 2),
        (f"date > date({EVE}) or date = date({EVE}) and hour >= date_format({EVE}, '%H')", "2026-11-19T22", "2026-11-20T23", 26),
        ("date_format(timestamp '2026-11-07 05:30:00', '%Y-%m-%d') = '2026-11-07' and hour = '05'", "2026-11-01T05", "2026-11-20T05", 20),
        ("not date < date '2026-11-20'", "2026-11-20T00", "2026-11-20T23", 24),
        ("date >= date_trunc('month', current_date) and date < date '2026-11-02' and type = 's'", "2026-11-01T00", "2026-11-01T23", 24),
        ("date > timestamp '2026-11-18 23:00:00'", "2026-11-19T00", "2026-11-20T23", 48),
    ],
)
def test_predicates_on_the_keys_leave_their_hours(where: str, first: str, last: str, count: int) -> None:
    """Comparisons, lists, ranges and their combinations with constants choose the hours."""
    hours = left(f"select count(*) from logs where {where}")

    assert (hours[0], hours[-1], len(hours)) == (first, last, count)


@pytest.mark.parametrize(
    "where",
    [
        "date = date '2026-11-07' or type = 's'",
        "date = date(type)",
        "substr(hour, 1, 1) = '0'",
        "date in (select date from logs)",
        "hour = type",
        "hour = date_format(current_timestamp, '%k')",
        "case when date = date '2026-11-07' then true else type = 's' end",
        "coalesce(date = date '2026-11-07', true)",
    ],
)
def test_what_only_rows_can_tell_leaves_every_hour(where: str) -> None:
    """A predicate that is not certain excludes nothing."""
    assert len(left(f"select count(*) from logs where {where}")) == len(HOURS)


def test_the_inner_side_of_an_outer_join_keeps_its_hours() -> None:
    """WHERE does not prune a table whose missing rows a LEFT JOIN would replace by NULLs."""
    sql = "select 1 from logs a left join logs b on a.id = b.id where a.date = date '2026-11-07' and (b.date = date '2026-11-08' or b.date is null)"

    assert (len(left(sql, 0)), len(left(sql, 1))) == (24, len(HOURS))


def test_on_of_an_outer_join_prunes_its_inner_side_only() -> None:
    """ON decides which rows of the right side join, and keeps every row of the left."""
    sql = "select 1 from logs a left join logs b on a.id = b.id and b.date = date '2026-11-08' and a.date = date '2026-11-07'"

    assert (len(left(sql, 0)), len(left(sql, 1))) == (len(HOURS), 24)


def test_a_full_join_prunes_nothing() -> None:
    """Both sides of a FULL JOIN may be replaced by NULLs."""
    sql = "select 1 from logs a full join logs b on a.id = b.id where a.date = date '2026-11-07'"

    assert (len(left(sql, 0)), len(left(sql, 1))) == (len(HOURS), len(HOURS))


def test_subqueries_and_with_prune_by_their_own_where() -> None:
    """Each reading of a table is pruned by the WHERE beside it."""
    sql = "with w as (select * from logs where date = date '2026-11-07') select (select count(*) from logs where hour = '01') from w"

    assert (len(left(sql, 0)), len(left(sql, 1))) == (24, 20)


def test_a_union_prunes_each_side() -> None:
    """The sides of a UNION are pruned apart."""
    sql = "select id from logs where hour = '01' union all select id from logs where date = date '2026-11-07'"

    assert (len(left(sql, 0)), len(left(sql, 1))) == (20, 24)


_DATES = st.dates(date(2026, 10, 30), date(2026, 11, 22)).map(lambda day: f"date '{day}'")
_TERMS = st.one_of(
    st.builds(lambda sign, day: f"date {sign} {day}", st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), _DATES),
    st.builds(lambda sign, hour: f"hour {sign} '{hour:02}'", st.sampled_from(["=", "<>", "<", ">="]), st.integers(0, 23)),
    st.builds(lambda a, b: f"date between {a} and {b}", _DATES, _DATES),
    st.just("type = 's'"),
)
_CONDITIONS = st.recursive(
    _TERMS,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a} and {b})", inner, inner),
        st.builds(lambda a, b: f"({a} or {b})", inner, inner),
        inner.map(lambda a: f"(not {a})"),
    ),
    max_leaves=6,
)


@given(_CONDITIONS)
def test_no_hour_is_lost_that_holds_a_matching_row(condition: str) -> None:
    """Python's own reading of a condition, for both values of the other column, never accepts an excluded hour."""
    python = condition.replace("date '", "'").replace(" = ", " == ").replace("<>", "!=")
    python = re.sub(r"date between ('[^']+') and ('[^']+')", r"(\1 <= date <= \2)", python)
    kept = set(left(f"select 1 from logs where {condition}"))

    for hour in HOURS[::7]:
        for kind in ("s", "x"):
            if eval(python, {"date": hour.date, "hour": hour.hour, "type": kind}):  # the condition is of this test's own making
                assert str(hour) in kept
