"""What EventBridge archived is played to the lake's own rules again, and becomes the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from aws.client import ACCOUNT, REGION, eventually
from aws.events import Event, samples
from aws.lake import Lake
from aws_lake import client_environment
from eventlake.cli import run

pytestmark = pytest.mark.aws

Typed = Callable[..., tuple[int, str]]
"""Types `replay` about the lake on AWS: its exit code, and what it says on stderr."""
BEGIN, END = "2024-02-29T10:00:00", "2024-02-29T11:00:00"
HAPPENED = "2024-02-29T10:30:00Z"
"""A time that the events of no other test have."""


@pytest.fixture
def replayed(lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types the command."""
    for name, value in client_environment(lake.aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def type_words(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = run(["replay", *words, "--to", "rules", "--lake", f"aws:{lake.name}"])
        return code, capfd.readouterr().err

    return type_words


def sample(detail_type: str) -> Event:
    """An event of a kind, of the stretch that is played."""
    return {**next(event for event in samples() if event["detail-type"] == detail_type), "time": HAPPENED}


def test_archived_events_come_to_the_rules_of_the_tables_that_are_named(lake: Lake, replayed: Typed) -> None:
    """With their ids, by which closing knows them, and with the replay's name in what no column keeps; other tables get nothing."""
    pipeline, stage = sample("CodePipeline Pipeline Execution State Change"), sample("CodePipeline Stage Execution State Change")
    ids = lake.put([pipeline, stage])
    prefixes = ["pipeline_execution_state_change", "stage_execution_state_change"]
    lake.arrived(ids, prefixes)

    code, said = replayed("--from", BEGIN, "--until", END, "--table", "pipeline_execution_state_change")
    assert code == 0, said
    assert "is completed" in said

    def twice() -> list[dict[str, str]] | None:
        (rows,) = [rows for prefix, rows in lake.arrived(ids, prefixes).items() if prefix == prefixes[0]]
        return rows if len(rows) == 2 else None

    first, second = sorted(eventually(twice), key=lambda row: row["extra"] or "")
    assert json.loads(second["extra"])["envelope"]["replay-name"].startswith(f"{lake.name}-codepipeline-")
    assert {**second, "extra": first["extra"]} == first | {name: second[name] for name in first if name in ("year", "date", "hour")}
    assert len(lake.arrived(ids, prefixes)[prefixes[1]]) == 1


def test_the_archive_keeps_what_the_rules_take_for_as_many_days(lake: Lake) -> None:
    """Of the source's bus, and of no other kind."""
    told = lake.aws("events", "describe-archive", "--archive-name", f"{lake.name}-auth0")

    assert told["RetentionDays"] == 7
    assert told["EventSourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/auth0.logs"
    assert json.loads(told["EventPattern"]) == {"source": [{"prefix": "aws.partner/auth0.com"}], "detail-type": ["Auth0 log"]}


def test_a_source_that_is_not_archived_is_named(lake: Lake, replayed: Typed) -> None:
    """With the parameter that archives it from now on; nothing is played of others either."""
    name = f"{lake.name}-codecommit"
    told = lake.aws("events", "describe-archive", "--archive-name", name)
    lake.aws("events", "delete-archive", "--archive-name", name)
    try:
        code, said = replayed("--from", BEGIN, "--until", END)
    finally:
        given = ("--event-source-arn", told["EventSourceArn"], "--event-pattern", told["EventPattern"], "--retention-days", "7")
        lake.aws("events", "create-archive", "--archive-name", name, *given)

    assert code == 253
    assert 'Nothing archives the events of "codecommit": deploy with ArchiveDays=30' in said
    assert lake.aws("events", "list-replays", "--state", "RUNNING")["Replays"] == []
