"""What conditions say of the rows that a statement needs: between which moments they happened, and which texts they hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eventlake.dialect.queries.scan import ALWAYS
from eventlake.dialect.translate import translate
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LOGS = Table(
    "logs",
    "db",
    "test",
    "Logs.",
    "logs",
    {},
    "$.detail",
    "id",
    (Column("id", "string", (), "", ""), Column("event_time", "timestamp", (), "", ""), Column("other", "timestamp", (), "", "")),
)


def times(sql: str, scan: int = 0, table: Table = LOGS) -> tuple[str, str]:
    """The first and the last second of which a scan needs the rows, nothing where there is none; without the slack on either side."""
    first, last = translate(sql, [table], NOW).scans[scan].times
    shown = [
        datetime.fromtimestamp(one / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S") if one not in ALWAYS else ""
        for one in (first + 10**6 if first != ALWAYS[0] else first, last - 10**6 if last != ALWAYS[1] else last)
    ]
    return shown[0], shown[1]


@pytest.mark.parametrize(
    ("where", "first", "last"),
    [
        (
            "event_time >= timestamp '2026-11-20 10:00:00' and event_time < timestamp '2026-11-20 11:00:00'",
            "2026-11-20 10:00:00",
            "2026-11-20 11:00:00",
        ),
        ("timestamp '2026-11-20 10:00:00' <= logs.event_time", "2026-11-20 10:00:00", ""),
        ("timestamp '2026-11-20 10:00:00.5' > event_time", "", "2026-11-20 10:00:00"),
        ("event_time between date '2026-11-03' and date '2026-11-04'", "2026-11-03 00:00:00", "2026-11-04 00:00:00"),
        ("event_time = timestamp '2026-11-20 10:00:00'", "2026-11-20 10:00:00", "2026-11-20 10:00:00"),
        ("event_time > current_timestamp - interval '1' hour and event_time > date '2026-11-01'", "2026-11-20 11:00:00", ""),
        ("event_time >= date_add('day', -30, timestamp '2026-11-20 10:00:00') and id = 'x'", "2026-10-21 10:00:00", ""),
        ("year(event_time) = 2026 and month(event_time) = 11", "2026-11-01 00:00:00", "2026-12-01 00:00:00"),
    ],
)
def test_conditions_that_all_hold_bound_them(where: str, first: str, last: str) -> None:
    """Comparisons with what is known before any row is read, from either side, and parts of a date."""
    assert times(f"select count(*) from logs where {where}") == (first, last)


@pytest.mark.parametrize(
    "where",
    [
        "event_time >= timestamp '2026-11-20 10:00:00' or id = 'x'",
        "not event_time >= timestamp '2026-11-20 10:00:00'",
        "event_time <> timestamp '2026-11-20 10:00:00'",
        "other >= timestamp '2026-11-20 10:00:00'",
        "event_time >= other",
        "date_add('day', 1, event_time) >= timestamp '2026-11-20 10:00:00'",
        "event_time >= timestamp '2026-11-20 10:00:00 America/New_York'",
        "event_time >= (select max(other) from logs)",
        "coalesce(event_time >= timestamp '2026-11-20 10:00:00', true)",
        "date >= date '2026-11-20'",
    ],
)
def test_what_only_rows_can_tell_bounds_nothing(where: str) -> None:
    """Nor do alternatives, other columns, and what is computed of the column."""
    assert times(f"select count(*) from logs where {where}") == ("", "")


def test_a_column_of_another_type_is_not_bounded() -> None:
    """Its values are compared otherwise than moments are."""
    table = Table("logs", "db", "test", "Logs.", "logs", {}, "$.detail", "id", (Column("event_time", "date", (), "", ""),))
    assert times("select 1 from logs where event_time >= date '2026-11-20'", table=table) == ("", "")


def test_each_reading_of_a_table_has_its_own_and_an_outer_join_keeps_its_rows() -> None:
    """WHERE says nothing of a table whose missing rows a LEFT JOIN replaces by NULLs; ON says something of that one alone."""
    since = "event_time >= timestamp '2026-11-20 10:00:00'"
    joined = f"select 1 from logs a left join logs b on a.id = b.id and b.{since} and a.{since}"
    assert [times(joined, scan) for scan in (0, 1)] == [("", ""), ("2026-11-20 10:00:00", "")]

    missing = f"select 1 from logs a left join logs b on a.id = b.id where a.{since} and (b.{since} or b.id is null) and b.event_time < current_date"
    assert [times(missing, scan) for scan in (0, 1)] == [("2026-11-20 10:00:00", ""), ("", "")]


def test_a_column_that_a_subquery_computes_is_another_one() -> None:
    """It may be called the same."""
    sql = "select 1 from (select other as event_time from logs) x where event_time >= timestamp '2026-11-20 10:00:00'"
    assert times(sql) == ("", "")


@pytest.mark.parametrize(
    ("where", "texts"),
    [
        ("id = 'a'", {"id": {"a"}}),
        ("'a' = logs.id and id in ('a', 'it''s')", {"id": {"a"}}),
        ("id in ('a', 'b') and id = 'c'", {"id": set()}),
        ("id = 'a' or event_time is null", {}),
        ("not id = 'a'", {}),
        ("id in ('a', upper('b'))", {}),
        ("id in (select id from logs)", {}),
        ("lower(id) = 'a'", {}),
        ("id <> 'a'", {}),
    ],
)
def test_a_column_is_one_of_the_texts_that_all_conditions_leave(where: str, texts: dict[str, set[str]]) -> None:
    """Where each of them says so by itself."""
    assert translate(f"select count(*) from logs where {where}", [LOGS], NOW).scans[0].texts == texts
