"""What providers' APIs tell, in a lake on AWS, and played again out of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auth0_api import CLIENT, SECRET, Auth0Api, log_of, serving
from aws.client import eventually
from aws.events import samples, tables_of
from aws.lake import Lake
from aws_lake import client_environment
from eventlake.cli import run
from eventlake.history import History
from eventlake.local.folder import open_lake
from eventlake.sources import load
from pipeline_api import Told, listening

pytestmark = pytest.mark.aws

Typed = Callable[..., list[dict[str, Any]]]
"""Types a command that goes well: its answer."""


@pytest.fixture
def typed(lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types commands about the lake on AWS."""
    for name, value in client_environment(lake.aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def type_words(*words: str) -> list[dict[str, Any]]:
        capfd.readouterr()
        code = run([*words, "--lake", f"aws:{lake.name}"])
        captured = capfd.readouterr()
        assert code == 0, captured.err
        return [json.loads(line) for line in captured.out.splitlines()]

    return type_words


def asked(typed: Typed, sql: str) -> list[dict[str, Any]]:
    """What the lake answers, from checked copies of its objects."""
    return typed("query", sql, "--engine", "duckdb")


def test_the_log_of_a_tenant_comes_into_a_lake_on_aws_and_out_again(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the hours in which it happened, once however often it is asked for; played to a file, and from there into a lake in a folder."""
    monkeypatch.setenv("AUTH0_CLIENT_ID", CLIENT)
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", SECRET)
    with serving(Auth0Api(log_of(250))) as api:
        command = ["backfill", "auth0", "--domain", api.url, "--since", "2026-10-01"]
        assert [(row["state"], row["rows"], row["failed"]) for row in typed(*command)] == [("done", 250, 0)]
        assert [row["state"] for row in typed(*command)] == ["known"]

    counted = (
        "select hour, count(*) as n, count(distinct log_id) as ids from auth0_logs where \"date\" = date '2026-10-01' group by 1 order by 1"
    )
    wanted = [{"hour": "00", "n": 139, "ids": 139}, {"hour": "01", "n": 111, "ids": 111}]
    eventually(lambda: asked(typed, counted) == wanted)

    file, folder = tmp_path / "again.jsonl", str(tmp_path / "folder")
    stretch = ["--from", "2026-10-01", "--until", "2026-10-02", "--table", "auth0_logs"]
    typed("replay", *stretch, "--to", str(file), "--engine", "duckdb")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["detail"]["log_id"] for event in events] == api.ids
    assert run(["backfill", "files", str(file), "--lake", folder]) == 0
    assert open_lake(Path(folder), load()).engine.query("select count(distinct log_id) from auth0_logs").rows[0][0] == 250


def test_the_executions_of_pipelines_come_into_a_lake_on_aws(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an endpoint of CodePipeline alone; in the hours in which they happened, once however often they are asked for."""
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    morning = [event for _, event in History(3, begin, begin + timedelta(hours=11), scale=0.6, systems=["codepipeline"]).events()]
    with listening(Told.of(morning)) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CODEPIPELINE", api.url)
        command = ["backfill", "codepipeline", "--from-region", "eu-west-1", "--since", "2026-03-01", "--until", "2026-04-01"]
        (first,) = typed(*command)
        assert (first["state"], first["failed"], first["rows"] > 20) == ("done", 0, True)
        assert [row["state"] for row in typed(*command)] == ["known"]

    tables = [table.name for source in load() if source.name == "codepipeline" for table in source.tables]
    counts = [f"select count(*) as n from {table} where event_origin = 'codepipeline-api'" for table in tables]
    eventually(lambda: sum(asked(typed, sql)[0]["n"] for sql in counts) == first["rows"])


def test_an_event_is_played_as_firehose_kept_it(lake: Lake, typed: Typed, tmp_path: Path) -> None:
    """With KeepRawEvents: the bytes below raw/, not what its row says."""
    (event,) = [one for one in samples() if [table.name for table in tables_of(one)] == ["build_phase_change"]][:1]
    (identity,) = lake.put([event])
    lake.arrived([identity], [table.prefix for table in tables_of(event)])
    (kept,) = eventually(lambda: [raw for raw in lake.raw_events("build_phase_change") if raw["id"] == identity])
    moment = datetime.fromisoformat(event["time"])
    stretch = ["--from", f"{moment - timedelta(days=2):%Y-%m-%d}", "--until", f"{moment + timedelta(days=2):%Y-%m-%d}"]

    words = ["--table", "build_phase_change", "--where", f"event_id = '{identity}'", "--originals", "--engine", "duckdb"]
    typed("replay", *stretch, "--to", str(tmp_path / "played.jsonl"), *words)

    (played,) = (tmp_path / "played.jsonl").read_bytes().splitlines()
    assert json.loads(played) == kept
    assert any(played in lake.bucket.read(key) for key in lake.bucket.keys("raw/build_phase_change/"))
