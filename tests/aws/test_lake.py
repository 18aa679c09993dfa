"""A lake deployed from the templates, end to end: events on the buses become rows in the hours of the bucket."""

from __future__ import annotations

import pytest

from aws.events import TABLES, samples, tables_of
from aws.lake import Lake

pytestmark = pytest.mark.aws


def test_samples_become_rows_of_their_tables(lake: Lake) -> None:
    """Every sample event put on its bus is one row of each table whose rule wants it."""
    wanted = [event for event in samples() if tables_of(event)]
    ids = lake.put(wanted)
    expected = {(TABLES[t.name].prefix, i) for event, i in zip(wanted, ids, strict=True) for t in tables_of(event)}
    rows = lake.arrived(ids, [table.prefix for table in TABLES.values()])
    assert {(prefix, row["event_id"]) for prefix, some in rows.items() for row in some} == expected
    assert sum(map(len, rows.values())) == len(expected)
