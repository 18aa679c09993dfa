"""`replay`: the events of a stretch in the order in which they happened, to a file and to a bus, and what is refused before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventlake.cli import run
from eventlake.history.history import sized_history
from eventlake.local.importing import Importer
from eventlake.local.items import read_items
from eventlake.sources import load
from running_bus import running

PIPELINE = "CodePipeline Pipeline Execution State Change"
DAY = ["--from", "2026-03-20", "--until", "2026-03-21"]


def event(number: int, time: str, **detail: Any) -> dict[str, Any]:
    """An event of a pipeline, as it comes back too."""
    return {
        "version": "0",
        "id": f"e-{number}",
        "detail-type": PIPELINE,
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": time,
        "region": "eu-central-1",
        "resources": ["arn:aws:codepipeline:eu-central-1:123456789012:web"],
        "detail": {"pipeline": "web", "state": "STARTED", **detail},
    }


LATER = event(1, "2026-03-20T12:00:00Z", new={"field": [1]})
SOONER = event(2, "2026-03-20T10:00:00Z", **{"execution-trigger": {"trigger-type": "Webhook", "commit-id": "c"}})
STAGE = event(3, "2026-03-20T11:00:00Z", stage="Build") | {"detail-type": "CodePipeline Stage Execution State Change"}
OUTSIDE = event(4, "2026-03-21T00:00:00Z")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake that got four events, one of them twice, in another order than they happened in."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "events.json").write_text("\n".join(map(json.dumps, (LATER, STAGE, OUTSIDE, SOONER, SOONER))))
    assert run(["send", str(folder / "events.json"), "--lake", str(folder / "lake")]) == 0
    return folder


@pytest.fixture(autouse=True)
def folder(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    monkeypatch.delenv("EVENTLAKE_SOURCES", raising=False)
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return tmp_path


def played(capfd: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """The events that a replay writes to stdout."""
    assert run(["replay", "--to", "-", *words]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_who_reads_the_first_events_alone_has_seen_no_failure(folder: Path) -> None:
    """`eventlake replay --to - | head -1`, whose reader is gone already."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        said = subprocess.run(
            [sys.executable, "-m", "eventlake", "replay", *DAY, "--to", "-"], stdout=pipe, stderr=subprocess.PIPE, text=True
        )

    assert (said.returncode, "Unexpected" in said.stderr) == (0, False)


def test_events_come_back_as_they_were_in_the_order_in_which_they_happened(capfd: pytest.CaptureFixture[str]) -> None:
    """Of all tables, each once, with their ids; the end is not part of the stretch."""
    assert played(capfd, *DAY) == [SOONER, STAGE, LATER]


def test_a_stretch_in_which_nothing_happened_has_no_events(capfd: pytest.CaptureFixture[str]) -> None:
    """Which is an answer, and no error."""
    assert run(["replay", "--to", "-", "--from", "2026-03-22"]) == 0
    assert capfd.readouterr() == ("", "0 events played.\n")


@pytest.mark.slow
def test_who_asked_what_is_not_played_unless_it_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """No other lake knows those events; the table of the audit is made from its journal."""
    yesterday = ["--from", f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"]
    assert run(["audit", "on"]) == 0
    assert run(["query", "select count(*) from audit"]) == 0
    capfd.readouterr()

    assert played(capfd, *yesterday) == []
    assert [one["detail"]["action"] for one in played(capfd, *yesterday, "--table", "audit")] == ["audit on"]


def test_a_stretch_shows_the_alerts_that_it_would_have_raised(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of the detections that ask the table."""
    rollback = event(5, "2026-03-20T13:00:00Z", **{"execution-id": "x-5", "execution-trigger": {"trigger-type": "ManualRollback"}})
    (folder / "rollback.json").write_text(json.dumps(rollback))
    assert run(["send", "rollback.json"]) == 0
    capfd.readouterr()
    words = ["replay", "--to", "detections", "--table", "pipeline_execution_state_change"]

    assert run([*words, "--from", "2026-03-20", "--until", "2026-03-21T12:00:00"]) == 0

    told = capfd.readouterr()
    assert [one["detection"] for one in map(json.loads, told.out.splitlines())] == ["rollback"]
    assert told.err == "1 alert in 1.5 days.\n"


def test_one_table_and_a_condition_choose(capfd: pytest.CaptureFixture[str]) -> None:
    """The condition is Athena's, and a comment at its end hides nothing."""
    chosen = ["--table", "pipeline_execution_state_change", "--where", "commitId = 'c' or false -- no more"]

    assert played(capfd, *DAY, *chosen) == [SOONER]
    assert played(capfd, *DAY, "--table", "stage_execution_state_change") == [STAGE]


@pytest.mark.slow
@pytest.mark.parametrize(("until", "length"), [("2026-03-20T01:00:00", "1 hour"), ("2026-03-20T06:30:00", "6.5 hours")])
def test_a_stretch_shorter_than_a_day_is_told_in_hours(until: str, length: str, capfd: pytest.CaptureFixture[str]) -> None:
    """`0.04167 days` says nothing to anybody."""
    words = ["replay", "--to", "detections", "--table", "pipeline_execution_state_change", "--from", "2026-03-20", "--until", until]

    assert run(words) == 0
    assert capfd.readouterr().err == f"0 alerts in {length}.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "detections", "--speed", "60x"], "ask the lake itself"),
        (["--to", "rules", "--speed", "60x"], "at its own speed"),
        (["--to", "rules", "--table", "auth0_logs", "--where", "true"], "leave --where and --speed out"),
        (["--to", "rules"], "name it with --lake aws:STACK"),
        (["--to", "rules", "--originals"], "leave it out with --to rules"),
        (["--to", "-", "--originals"], "keeps no event as it came"),
        (["--to", "rule"], 'Did you mean "rules"?'),
        (["--to", "detections", "--table", "auth0_log"], 'No detection asks a table "auth0_log". Did you mean "auth0_logs"?'),
        (["--to", "-", "--until", "2026-03-20"], "The stretch is empty"),
        (["--to", "-", "--from", "yesterday"], "no time"),
        (["--to", "-", "--speed", "0x"], "no speed"),
        (["--to", "-", "--speed", "fast"], "no speed"),
        (["--to", "-", "--where", "true"], "--table"),
        (["--to", "none/out.jsonl"], "no folder"),
        (["--to", "detection"], 'There is no target "detection". Did you mean "detections"? A new file of that name is "./detection".'),
        (["--to", "-", "--table", "pipelines"], 'no table "pipelines"'),
        (["--to", "-", "--table", "auth0_logs", "--where", "true) or (true"], "line 1"),
        (["--to", "-", "--table", "auth0_logs", "--where", "true group by 1"], "line 1"),
        (["--to", "-", "--table", "auth0_logs", "--where", "true; select 1"], "line 1"),
        (["--to", "-", "--table", "pipeline_execution_state_change", "--where", "colour = 'red'"], "colour"),
        (["--to", "http://127.0.0.1:9"], "or name another with --to."),
    ],
)
def test_what_cannot_be_played_is_told_in_a_sentence(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    """And nothing is written."""
    assert run(["replay", *DAY, *words]) != 0

    captured = capfd.readouterr()
    assert said in captured.err
    assert captured.out == ""
    assert "Unexpected" not in captured.err


def test_a_file_that_holds_something_is_not_written_over(capfd: pytest.CaptureFixture[str]) -> None:
    """It may be the first part of what goes on; an empty one is as good as none."""
    Path("empty.jsonl").touch()
    assert run(["replay", *DAY, "--to", "empty.jsonl"]) == 0
    before = Path("empty.jsonl").read_bytes()
    capfd.readouterr()

    assert run(["replay", *DAY, "--to", "empty.jsonl"]) == 252

    assert capfd.readouterr().err == '"empty.jsonl" holds something: name another file, or remove it first.\n'
    assert Path("empty.jsonl").read_bytes() == before


@pytest.mark.slow
def test_ctrl_c_says_from_where_to_go_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """What was played is played; an hour later at 3600x is a second later, where no time passes meanwhile."""
    slept: list[float] = []

    def interrupted(seconds: float) -> None:
        slept.append(seconds)
        raise KeyboardInterrupt

    standing = SimpleNamespace(monotonic=lambda: 0.0, sleep=interrupted)
    monkeypatch.setattr(import_module("eventlake.cli.replay"), "time", standing)
    assert run(["replay", *DAY, "--to", "out.jsonl", "--speed", "3600x"]) == 130

    assert "Stopped after 1 events. To go on: --from 2026-03-20T10:00:00.000 --to another file (" in capfd.readouterr().err
    assert slept == [1.0]
    assert json.loads(Path("out.jsonl").read_text()) == SOONER


@pytest.mark.slow
@pytest.mark.parametrize("is_named", [False, True])
def test_a_bus_gets_the_same_events(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    """Over HTTP, as `send --bus` sends them; `bus` is the one where `serve` listens."""
    with running(tmp_path / "spool") as bus:
        monkeypatch.setattr(import_module("eventlake.cli.replay"), "OWN_BUS", bus.url)
        assert run(["replay", *DAY, "--to", "bus" if is_named else bus.url]) == 0

    assert "3 events played." in capfd.readouterr().err
    stored = b"".join(file.read_bytes() for file in sorted((tmp_path / "spool").rglob("*")) if file.is_file())
    assert all(event["id"].encode() in stored for event in (SOONER, STAGE, LATER))


TABLES = ("auth0_logs", "pipeline_execution_state_change", "stage_execution_state_change", "action_execution_state_change")


def arrive(file: Path, lake: Path, now: datetime) -> None:
    """Have the events of a file arrive in a lake at a moment."""
    with Importer(lake, load(), now=lambda: now) as importer:
        importer.accept(list(read_items(str(file))))
        importer.deliver()


def rows(lake: str, capfd: pytest.CaptureFixture[str]) -> list[Any]:
    """Every row of a lake, without the hour of its arrival."""
    capfd.readouterr()
    found = []
    for table in TABLES:
        assert run(["query", f"select * from {table}", "--lake", lake, "--output", "jsonl"]) == 0
        lines = map(json.loads, capfd.readouterr().out.splitlines())
        found += [(table, {name: value for name, value in line.items() if name not in ("date", "hour")}) for line in lines]
    return sorted(found, key=str)


@pytest.mark.slow
def test_thirty_days_make_no_row_in_the_same_lake_and_the_same_rows_in_a_new_one(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All columns are equal, and what came twice is one row after closing."""
    end = datetime(2026, 6, 30, tzinfo=UTC)
    (folder / "history.jsonl").write_bytes(b"".join(sized_history(3_000, 30, end).lines()))
    stretch = ["--from", f"{end - timedelta(days=40):%Y-%m-%d}", "--until", f"{end + timedelta(days=1):%Y-%m-%d}"]
    before = datetime.now(UTC) - timedelta(hours=3)
    arrive(folder / "history.jsonl", folder / "old", before)
    assert run(["replay", *stretch, "--to", "again.jsonl", "--lake", "old"]) == 0
    original = rows("old", capfd)

    for lake in ("old", "new"):
        arrive(folder / "again.jsonl", folder / lake, before)
        assert run(["close", "--all", "--lake", lake]) == 0

    assert rows("new", capfd) == original
    assert rows("old", capfd) == original
