"""The hours of another lake's table are registered in ours where they lie, and nothing that is here already is touched."""

from __future__ import annotations

import pytest

from eventlake.layout import Hour
from eventlake.pipeline.repairing import Held, InGlue
from eventlake.pipeline.taking_over import failed_key, missing_columns, take_over

OLD = InGlue(
    "old", "auth0_logs", "old-bucket", "logs", {"Columns": [{"Name": "log_id", "Type": "string"}], "Location": "s3://old-bucket/logs/"}
)
OURS = InGlue(
    "ours",
    "auth0_logs",
    "lake",
    "logs",
    {"Columns": [{"Name": name, "Type": "string"} for name in ("log_id", "event_id")], "Compressed": True},
)
NINE, TEN, ELEVEN = (Hour("2026-11-20", hour) for hour in ("09", "10", "11"))
HELD = {NINE: Held(1, 10), TEN: Held(2, 20), ELEVEN: Held(3, 30)}


def test_an_hour_is_described_as_ours_and_lies_where_it_lay() -> None:
    """With what lies there; one that holds events here stays, one that was taken over before is counted."""
    places = {TEN: OURS.place(TEN), ELEVEN: OLD.place(ELEVEN)}
    found = take_over(OLD, HELD, OURS, places)
    (change,) = found.changes.changes
    assert change.after == {
        "Values": ["2026-11-20", "09"],
        "StorageDescriptor": {**OURS.descriptor, "Location": "s3://old-bucket/logs/2026/11/20/09/"},
        "Parameters": {"objects": "1", "bytes": "10"},
    }
    assert (found.already, list(found.own)) == (1, [TEN])


@pytest.mark.parametrize(("old", "missing"), [("log_id", []), ("LOG_ID", []), ("mine", ["mine"])])
def test_columns_that_nobody_could_ask_for_are_named(old: str, missing: list[str]) -> None:
    """Without regard to case, as Glue keeps them."""
    assert missing_columns(InGlue("old", "t", "b", "p", {"Columns": [{"Name": old, "Type": "string"}]}), OURS) == missing


def test_a_column_of_another_type_is_missing() -> None:
    """Its values could not be read."""
    assert missing_columns(InGlue("old", "t", "b", "p", {"Columns": [{"Name": "log_id", "Type": "int"}]}), OURS) == ["log_id"]


@pytest.mark.parametrize(
    ("key", "tables", "here"),
    [
        (
            "error/stages/processing-failed/year=2026/x.gz",
            {"stages": "stages", "actions": "actions"},
            "error/stages/processing-failed/year=2026/x.gz",
        ),
        ("error/processing-failed/year=2026/x.gz", {"auth0_logs": "auth0_logs"}, "error/auth0_logs/processing-failed/year=2026/x.gz"),
        ("error/processing-failed/year=2026/x.gz", {"stages": "stages", "actions": "actions"}, None),
    ],
)
def test_failed_records_go_to_their_table(key: str, tables: dict[str, str], here: str | None) -> None:
    """By its folder, or to the only table that there is."""
    assert failed_key(key, tables) == here
