"""Statements that are run for each row in front of them, as LATERAL of a form that Trino cannot join."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eventlake.dialect.translate import translate
from eventlake.errors import QueryRefusedError
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TABLE = Table(
    "logs", "d", "s", "", "logs", {}, "$", "event_id", (Column("ip", "string", (), "", ""), Column("event_time", "timestamp", (), "", ""))
)
EACH = "SELECT run.at, found.* FROM (VALUES TIMESTAMP '2026-11-20 10:00:00') AS run (at) CROSS JOIN LATERAL ({}) found"
FORMS = [
    "SELECT ip, count(*) AS n FROM logs WHERE event_time < run.at GROUP BY ip HAVING count(*) > 2",
    "WITH recent AS (SELECT ip FROM logs WHERE event_time < run.at) SELECT a.ip FROM recent a JOIN recent b ON a.ip = b.ip",
    "SELECT ip FROM logs WHERE NOT EXISTS (SELECT 1 FROM logs old WHERE old.ip = logs.ip AND old.event_time < run.at)",
]


@pytest.mark.parametrize("form", FORMS)
def test_repeated_statement_reads_the_row_in_front_wherever_it_likes(form: str) -> None:
    """Grouped, in WITH and in a subquery."""
    assert translate(EACH.format(form), [TABLE], NOW, repeats=True).names[0] == "at"


def test_other_statements_are_held_to_what_trino_joins() -> None:
    """What nobody said to repeat is refused as before."""
    with pytest.raises(QueryRefusedError, match="as LATERAL, that reads"):
        translate(EACH.format(FORMS[0]), [TABLE], NOW)
