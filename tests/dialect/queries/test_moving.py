"""Rows of a window that moves with the moments in front of it are looked up by their hour, and are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.dialect.translate import translate
from eventlake.dialect.translation import Translation
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LOGS = Table("logs", "d", "s", "", "logs", {}, "$", "event_id", (Column("ip", "string", (), "", ""), Column("t", "timestamp", (), "", "")))
WINDOW = "t >= date_add('minute', -75, run.u) AND t < run.u"


def _made(
    condition: str, moments: str = "TIMESTAMP '2026-11-20 10:00:00'", form: str = "SELECT count(*) AS n FROM logs WHERE {}"
) -> Translation:
    runs = f"(SELECT u FROM (VALUES {moments}) AS r (u)) AS run"
    sql = f"SELECT run.u, found.n FROM {runs} CROSS JOIN LATERAL ({form.format(condition)}) found"
    return translate(sql, [LOGS], NOW, repeats=True)


@pytest.mark.parametrize(
    "condition",
    [
        WINDOW,
        f"ip = '1' AND ({WINDOW})",
        "logs.t > date_add('day', -1, u) AND logs.t <= date_add('HOUR', 1, run.u)",
    ],
)
def test_hours_are_looked_up_where_two_moments_bound_a_column(condition: str) -> None:
    """Whatever else must hold."""
    assert "el_hours" in _made(condition).sql(["logs"])


@pytest.mark.parametrize(
    "condition",
    [
        "t < run.u",
        f"({WINDOW}) OR ip = '1'",
        "t >= TIMESTAMP '2026-11-20 10:00:00' AND t < run.u",
        "t >= date_add('day', -2, run.u) AND t < run.u",
        "t >= date_add('minute', -75, (run.u)) AND t < (run.u)",
        "t >= date_add('month', -1, run.u) AND t < run.u",
        "run.u >= t AND run.u <= t",
        "ip >= 'a' AND ip < 'b'",
        "t + interval '1' day >= run.u AND t < run.u",
    ],
)
def test_other_conditions_imply_no_hour(condition: str) -> None:
    """One bound, one that is no moment in front, one far away, one in brackets."""
    assert "el_hours" not in _made(condition).sql(["logs"])


def test_a_date_is_bounded_without_hours() -> None:
    """It has none."""
    condition = "date >= date_add('day', -1, run.u) AND date < run.u"
    assert "el_hours" not in _made(condition).sql(["logs"])


def test_other_statements_have_no_hours() -> None:
    """Only what is run for many moments."""
    sql = "SELECT (SELECT count(*) FROM logs WHERE t >= run.u AND t < run.u) FROM (VALUES TIMESTAMP '2026-11-20 10:00:00') AS run (u)"
    assert "el_hours" not in translate(sql, [LOGS], NOW).sql(["logs"])


CONNECTION = duckdb.connect()
AROUND = st.integers(-8_000_000, 8_000_000).map(lambda ms: datetime(1970, 1, 1) + timedelta(milliseconds=ms))  # noqa: DTZ001  # of the lake


@given(st.lists(AROUND, min_size=1, max_size=4, unique=True), st.lists(st.none() | AROUND, max_size=9))
def test_no_row_is_lost_or_won(moments: list[datetime], rows: list[datetime | None]) -> None:
    """On both sides of 1970, where hours are counted from, and with rows that have no time."""
    rows += [moment - timedelta(minutes=minutes) for moment in moments for minutes in (0, 75)]
    written = ", ".join(f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}'" for moment in moments)
    stored = ", ".join("(NULL::TIMESTAMP)" if row is None else f"(TIMESTAMP '{row}')" for row in rows)
    made = _made(WINDOW, written)
    for macro in made.macros:
        CONNECTION.execute(macro)
    found = CONNECTION.execute(made.sql([f"(SELECT t FROM (VALUES {stored}) AS v (t))"])).fetchall()
    expected = {moment: sum(row is not None and moment - timedelta(minutes=75) <= row < moment for row in rows) for moment in moments}
    assert dict(found) == expected
