"""History in a lake on AWS: each event lies in the hour in which it happened, once, whoever was stopped in between; and objects in S3 as history."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aws.client import eventually
from aws.events import samples, tables_of
from aws.lake import Lake
from aws_lake import client_environment, new_bucket, user
from eventlake.backends.aws import Session
from eventlake.cli import run
from eventlake.cloud.deployment import find
from eventlake.cloud.histories import AwsHistories
from eventlake.errors import GenerationConflictError
from eventlake.local import backfilling
from eventlake.local.backfilling import Backfiller
from eventlake.local.collecting import Collected
from eventlake.local.history_files import LocalFile
from eventlake.sources import load

pytestmark = pytest.mark.aws

TABLE = "build_state_change"
SAMPLE = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])
RIGHTS = ["cloudformation:DescribeStacks", "glue:GetTable", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
"""What docs/deploying.md says that a person needs."""
Typed = Callable[..., tuple[int, list[dict[str, Any]]]]
"""Types a command: its exit code and its answer."""


@pytest.fixture
def typed(lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types commands as a user who may do what the docs say, and no more."""
    for name, value in client_environment(user(lake.aws, "historian", RIGHTS)).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def type_words(*words: str) -> tuple[int, list[dict[str, Any]]]:
        capfd.readouterr()
        code = run(words)
        return code, [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return type_words


def history(begin: str, hours: int, each: int) -> list[dict[str, Any]]:
    """Events of so many hours from a moment on, so many in each."""
    first = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    moments = [first + timedelta(hours=hour, minutes=minute) for hour in range(hours) for minute in range(each)]
    return [{**SAMPLE, "id": str(uuid4()), "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"} for moment in moments]


def written(events: list[dict[str, Any]], file: Path) -> Path:
    """A file of JSON lines."""
    file.write_text("\n".join(map(json.dumps, events)))
    return file


def rows(lake: Lake, year: int) -> Counter[str]:
    """How often each event of a year is a row; every row lies in the hour of its event."""
    found: Counter[str] = Counter()
    for key in lake.bucket.keys(f"{TABLE}/{year}/"):
        for row in lake.bucket.rows(key):
            assert f"{row['event_time']:%Y/%m/%d/%H}" in key
            found[row["event_id"]] += 1
    return found


def test_each_event_lies_in_its_own_hour_which_is_a_partition(lake: Lake, typed: Typed, tmp_path: Path) -> None:
    """Doing it again changes nothing; what failed is kept as what fails on its way through Firehose is."""
    events = history("2021-02-03T04:00", hours=3, each=5)
    file = written([*events, {"no": "event"}], tmp_path / "builds.jsonl")
    code, (told,) = typed("backfill", "files", str(file), "--lake", f"aws:{lake.name}")
    assert (code, told["state"], told["rows"], told["failed"]) == (1, "done", 15, 1)
    assert rows(lake, 2021) == {event["id"]: 1 for event in events}
    assert len(lake.bucket.keys(f"{TABLE}/2021/")) == 3
    wanted = [["2021-02-03", hour] for hour in ("04", "05", "06")]
    eventually(lambda: sorted(one["Values"] for one in lake.partitions(TABLE) if one["Values"][0] == "2021-02-03") == wanted)
    assert [one["errorCode"] for key in lake.bucket.keys("error/rejected/") for one in lake.bucket.rows(key)] == ["NotAnEvent"]

    code, (told,) = typed("backfill", "files", str(file), "--lake", f"aws:{lake.name}")
    assert (code, told["state"]) == (0, "known")


@pytest.mark.parametrize("stop", [0, 1, 4, 7])
def test_who_is_stopped_goes_on_and_no_row_is_there_twice(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    """Killed while objects are put, and with other groups the second time."""
    for name, value in client_environment(lake.aws).items():
        monkeypatch.setenv(name, value)
    session = Session()
    deployment = find(f"aws:{lake.name}", load(), session)
    year = 2010 + stop
    events = history(f"{year}-05-05T00:00", hours=8, each=2)
    file = LocalFile(written(events, tmp_path / "builds.jsonl"))
    keys: list[str] = []

    def put(key: str) -> None:
        keys.append(key)
        if len(keys) > stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Backfiller(AwsHistories(deployment, session, put), deployment.sources).items(file.history, file.stretches))
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 10_000)
    list(Backfiller(AwsHistories(deployment, session), deployment.sources).items(file.history, file.stretches))
    assert rows(lake, year) == {event["id"]: 1 for event in events}


def test_of_two_who_bring_in_one_history_one_is_refused(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By S3, which writes what the first has not seen for nobody else."""
    for name, value in client_environment(lake.aws).items():
        monkeypatch.setenv(name, value)
    session = Session()
    deployment = find(f"aws:{lake.name}", load(), session)
    file = LocalFile(written(history("2001-05-05T00:00", hours=1, each=2), tmp_path / "builds.jsonl"))
    one, other = AwsHistories(deployment, session), AwsHistories(deployment, session)
    one.cursor(file.history)
    list(Backfiller(other, deployment.sources).items(file.history, file.stretches))
    with pytest.raises(GenerationConflictError, match="by somebody else"):
        one.bring_in(file.history, "1", Collected(None, 1, set()), datetime.now(UTC))


def test_raw_backups_in_a_bucket_become_a_lake_in_a_folder(lake: Lake, typed: Typed, tmp_path: Path) -> None:
    """Objects as Firehose writes them: events one behind the other, nothing between them, gzip or not."""
    events, bucket, s3 = history("2022-01-01T00:00", hours=4, each=3), new_bucket(lake.aws), lake.aws.service("s3")
    halves = ["".join(map(json.dumps, half)).encode() for half in (events[:6], events[6:])]
    s3.put_object(Bucket=bucket, Key="raw/build/2022/01/01/00/a", Body=halves[0])
    s3.put_object(Bucket=bucket, Key="raw/build/2022/01/01/01/b.gz", Body=gzip.compress(halves[1]))
    s3.put_object(Bucket=bucket, Key="raw/build/folder/", Body=b"")
    command = ["backfill", "files", f"s3://{bucket}/raw/", "--lake", str(tmp_path / "lake")]
    code, told = typed(*command)
    assert (code, [(one["file"].rpartition("/")[2], one["state"], one["rows"]) for one in told]) == (
        0,
        [("a", "done", 6), ("b.gz", "done", 6)],
    )
    asked = f"select count(*) as n, count(distinct event_id) as events from {TABLE} where \"date\" = date '2022-01-01' and hour < '04'"
    assert typed("query", asked, "--lake", str(tmp_path / "lake"))[1] == [{"n": 12, "events": 12}]

    s3.put_object(Bucket=bucket, Key="raw/build/2022/01/01/00/a", Body=json.dumps(history("2022-01-02T00:00", 1, 1)[0]))
    assert [one["state"] for one in typed(*command)[1]] == ["done", "known"]
    code, _ = typed("backfill", "files", f"s3://{bucket}/nothing/", "--lake", str(tmp_path / "lake"))
    assert code == 252
