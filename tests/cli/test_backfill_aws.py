"""`backfill codepipeline`, `codebuild` and `codedeploy` against APIs that listen on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlake.apis.aws.pipeline_events import ENDS
from eventlake.cli import run
from eventlake.history import History

sys.path.insert(0, str(Path(__file__).parent.parent))
from pipeline_api import ACCOUNT, Api, Told, listening

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
END = BEGIN + timedelta(hours=3)
PIPELINES = "pipeline_execution_state_change"
BUILD: dict[str, Any] = {
    "id": "web:1",
    "arn": f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:build/web:1",
    "projectName": "web",
    "startTime": BEGIN,
    "endTime": BEGIN + timedelta(minutes=2),
    "buildComplete": True,
    "buildStatus": "FAILED",
    "currentPhase": "COMPLETED",
    "phases": [
        {
            "phaseType": "SUBMITTED",
            "phaseStatus": "SUCCEEDED",
            "startTime": BEGIN,
            "endTime": BEGIN,
            "durationInSeconds": 0,
            "contexts": [],
        },
        {"phaseType": "COMPLETED", "startTime": BEGIN + timedelta(minutes=2)},
    ],
}
DEPLOYMENT: dict[str, Any] = {
    "applicationName": "shop",
    "deploymentGroupName": "production",
    "deploymentId": "d-Z9Y8X7W6V",
    "status": "Failed",
    "createTime": BEGIN,
    "startTime": BEGIN + timedelta(seconds=1),
    "completeTime": BEGIN + timedelta(minutes=3),
}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A morning of pipelines, a build and a deployment, and a lake that is not there yet."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "EVENTLAKE_LAKE": "lake",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("EVENTLAKE_SOURCES", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    told = Told.of(event for _, event in History(3, BEGIN, END, scale=0.6, systems=["codepipeline"]).events())
    told.builds["eu-west-1"], told.deployments["eu-west-1"] = [BUILD], [DEPLOYMENT]
    with listening(told) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL", api.url)
        yield api


def answer(capfd: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict[str, Any]]:
    """Run a command; the rows that it shows."""
    assert run(list(words)) == code, capfd.readouterr().err
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


@pytest.mark.slow
def test_pipelines_come_from_every_region_that_is_asked_and_only_once(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """Each event with the region it is of; run again, nothing is new."""
    command = ["backfill", "codepipeline", "--since", "2026-03-01", "--from-region", "eu-west-1", "--from-region", "eu-central-1"]

    first = answer(capfd, *command)
    again = answer(capfd, *command)

    ended = sum(
        one["status"] not in {"InProgress", "Stopping"}
        for (region, _), listed in api.told.executions.items()
        for one in listed
        if region[:2] == "eu"
    )
    assert [(row["account"], row["region"], row["state"]) for row in first] == [
        (ACCOUNT, "eu-west-1", "done"),
        (ACCOUNT, "eu-central-1", "done"),
    ]
    assert [(row["state"], row["events"]) for row in again] == [("known", 0)] * 2
    said = answer(
        capfd,
        "query",
        f"select count(distinct executionid) as n, count(*) - count(distinct event_id) as twice, max(event_origin) as o from {PIPELINES}",
    )
    assert said == [{"n": ended, "twice": 0, "o": "codepipeline-api"}]


def test_one_pipeline_can_be_meant(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """The others are not asked for."""
    assert answer(capfd, "backfill", "codepipeline", "--pipeline", "login", "--since", "2026-03-01")[0]["state"] == "done"
    assert "ListPipelines" not in api.calls
    assert answer(capfd, "query", f"select distinct pipeline from {PIPELINES}") == [{"pipeline": "login"}]


@pytest.mark.slow
def test_history_ends_where_the_live_events_begin(api: Api, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What the API tells of the time after is left out, unless somebody says until when."""
    moment = api.told.executions["eu-west-1", "login"][1]["startTime"].replace(microsecond=0) + timedelta(minutes=1)
    live = {
        "id": "live",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "source": "aws.codepipeline",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "detail": {"pipeline": "login", "state": "STARTED", "execution-id": "live"},
    }
    (tmp_path / "live.json").write_text(json.dumps(live))
    answer(capfd, "backfill", "files", "live.json")

    shown = answer(capfd, "backfill", "codepipeline", "--since", "2026-03-01")

    assert shown[0]["until"] == f"{moment:%Y-%m-%d %H:%M:%S}.000 UTC"
    last = f"select max(event_time) < timestamp '{moment:%Y-%m-%d %H:%M:%S}' as before from {{}} where event_origin is not null"
    for table in (PIPELINES, "stage_execution_state_change", "action_execution_state_change"):
        assert answer(capfd, "query", last.format(table)) == [{"before": True}]
    answer(capfd, "backfill", "codepipeline", "--since", "2026-03-01", "--until", "2026-03-05")
    assert answer(capfd, "query", last.format(PIPELINES)) == [{"before": False}]
    assert answer(capfd, "query", f"select count(*) - count(distinct event_id) as twice from {PIPELINES}") == [{"twice": 0}]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "table", "states"),
    [
        ("codebuild", "build_state_change", {("IN_PROGRESS", "2026-03-02 08:00:00"), ("FAILED", "2026-03-02 08:02:00")}),
        ("codedeploy", "deployment_state_change", {("START", "2026-03-02 08:00:01"), ("FAILURE", "2026-03-02 08:03:00")}),
    ],
)
def test_builds_and_deployments_begin_and_end(
    api: Api, capfd: pytest.CaptureFixture[str], command: str, table: str, states: set[tuple[str, str]]
) -> None:
    """Nothing that the API told is left over beside the columns, and nothing is new the second time."""
    state = "build_status" if command == "codebuild" else "state"
    first = answer(capfd, "backfill", command, "--since", "2026-03-01", "--until", "2026-03-20")
    again = answer(capfd, "backfill", command, "--since", "2026-03-01", "--until", "2026-03-20")

    assert (first[0]["state"], again[0]["state"]) == ("done", "known")
    rows = answer(capfd, "query", f"select {state} as state, cast(event_time as varchar) as t, extra, event_origin as o from {table}")
    assert {(row["state"], row["t"][:19]) for row in rows} == states
    assert {(row["extra"], row["o"]) for row in rows} == {(None, f"{command}-api")}


@pytest.mark.slow
def test_what_is_not_allowed_is_one_sentence_and_what_was_told_before_stays(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """It names the permission; the next run goes on."""
    words = f"User: arn:aws:iam::{ACCOUNT}:user/nadia is not authorized to perform: codepipeline:ListActionExecutions on resource: login"
    api.refuse = lambda _, operation: ("AccessDeniedException", words) if operation == "ListActionExecutions" else None

    assert run(["backfill", "codepipeline", "--since", "2026-03-01"]) != 0
    assert "the permission codepipeline:ListActionExecutions on login is missing" in (said := capfd.readouterr().err)
    assert len(said.strip().splitlines()) == 1

    api.refuse = lambda number, operation: None
    assert answer(capfd, "backfill", "codepipeline", "--since", "2026-03-01")[0]["state"] == "done"


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_ended_while_it_asks_the_same_command_goes_on(api: Api, capfd: pytest.CaptureFixture[str], by: signal.Signals) -> None:
    """Wherever it was killed, or stopped by Ctrl-C: every event is there once."""
    begin = BEGIN - timedelta(days=4)
    api.told = Told.of(event for _, event in History(3, begin, END, scale=0.6, systems=["codepipeline"]).events())
    words = ["backfill", "codepipeline", "--since", f"{begin:%Y-%m-%d}", "--from-region", "eu-central-1"]
    in_small_groups = (
        f"from eventlake.local import backfilling; backfilling.GROUP_EVENTS = 200; from eventlake.cli import main; main({words})"
    )
    ends = []
    for calls in (6, 8, 5, 10_000):
        before, running = (
            len(api.calls),
            subprocess.Popen([sys.executable, "-c", in_small_groups], stdout=subprocess.PIPE, stderr=subprocess.PIPE),
        )

        def end(number: int, _: str, last: int = before + calls, process: subprocess.Popen[bytes] = running) -> None:
            if number == last:
                process.send_signal(by)
                process.wait(60) if by is signal.SIGKILL else None

        api.refuse = end
        ends.append((running.communicate(timeout=120), running.returncode))

    assert [code for _, code in ends[:-1]].count(-9 if by is signal.SIGKILL else 130) >= 2
    assert ends[-1][1] == 0
    api.refuse = lambda number, operation: None
    assert answer(capfd, *words)[0]["state"] == "known"
    once = f"select count(distinct executionid) as n, count(*) - count(distinct event_id) as twice from {PIPELINES}"
    done = [
        one for (region, _), listed in api.told.executions.items() for one in listed if region == "eu-central-1" and one["status"] in ENDS
    ]
    assert answer(capfd, "query", once) == [{"n": len(done), "twice": 0}]


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--since", "2026-03-02", "--until", "2026-03-01"]])
def test_a_stretch_that_is_none_is_refused(api: Api, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """In one sentence, before anybody is asked."""
    assert run(["backfill", "codepipeline", *words]) == 252
    assert len(capfd.readouterr().err.strip().splitlines()) == 1
    assert api.calls == []
