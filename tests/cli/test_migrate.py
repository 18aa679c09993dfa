"""`migrate` as a person types it: what an older lake left in S3 is read by the same SQL as what comes from now on."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from aws.client import Aws
from aws_lake import create_tables, new_bucket, nobody
from cli.test_repair import HOURS, Typed, come_as, repair
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.backends.trino import TrinoEngine
from eventlake.cli import run
from eventlake.functions.closing import Hours
from eventlake.layout import Hour
from eventlake.sources import load
from originals import STAGES, Original, original

TWELVE = Hour("2026-11-20", "12")
DECLARED = [table for source in load() for table in source.tables if table.source == "codepipeline"]
FAILED = f"error/{STAGES}/processing-failed/year=2026/month=11/day=20/hour=10/stages-1-x.gz"
EVENT = {"detail-type": "CodePipeline Stage Execution State Change", "source": "aws.codepipeline"}


@dataclass(frozen=True)
class Ours:
    """A lake of eventlake's, as a stack would have made it."""

    aws: Aws
    name: str
    bucket: str

    @property
    def database(self) -> str:
        """Its database of CodePipeline."""
        return self.bucket.replace("-", "_")


def ours(aws: Aws, log_format: str = "json") -> Ours:
    """A new one."""
    found = Ours(aws, f"l{uuid4().hex[:8]}", new_bucket(aws))
    outputs = {"LogBucket": found.bucket, "WorkGroup": found.name, "CodePipelineGlueDatabaseName": found.database}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    aws.service("cloudformation").create_stack(StackName=found.name, TemplateBody=json.dumps(template))
    create_tables(aws, [replace(table, database=found.database) for table in DECLARED], found.bucket, log_format)
    return found


@pytest.fixture
def typed(aws: Aws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Typed:
    """Type a command in a folder of its own."""
    come_as(aws, monkeypatch)
    monkeypatch.chdir(tmp_path)

    def type_words(*words: str) -> tuple[int, list[dict[str, object]], str]:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return type_words


@pytest.fixture
def old(aws: Aws) -> Original:
    """Three hours of two rows at their day's folder, and a record that failed."""
    found = original(aws)
    for hour in HOURS:
        found.put(hour, rows=2)
    found.register([hour.values for hour in HOURS])
    record = {"errorCode": "Lambda.ProcessingFailed", "rawData": base64.b64encode(json.dumps(EVENT).encode()).decode()}
    S3Store(aws.service("s3"), found.bucket).put(FAILED, gzip.compress(json.dumps(record).encode() + b"\n"))
    return found


@pytest.fixture
def new(aws: Aws) -> Ours:
    """A lake of JSON lines with the last of the three hours, and one of its own."""
    found = ours(aws)
    S3Store(aws.service("s3"), found.bucket).put(f"{STAGES}/{TWELVE.path}/a.gz", gzip.compress(b'{"stage": "Deploy"}\n'))
    S3Store(aws.service("s3"), found.bucket).put(f"{STAGES}/{HOURS[2].path}/a.gz", gzip.compress(b'{"stage": "Test"}\n'))
    for hour in (TWELVE, HOURS[2]):
        register(found, hour, f"{STAGES}/{hour.path}/")
    return found


def register(lake: Ours, hour: Hour, folder: str) -> None:
    """Register an hour of its stages in a folder of its bucket."""
    glue, place = lake.aws.service("glue"), {"Location": f"s3://{lake.bucket}/{folder}"}
    descriptor = glue.get_table(DatabaseName=lake.database, Name=STAGES)["Table"]["StorageDescriptor"]
    wanted = {"Values": hour.values, "StorageDescriptor": {**descriptor, **place}}
    glue.create_partition(DatabaseName=lake.database, TableName=STAGES, PartitionInput=wanted)


def with_rows(lake: Ours, hour: Hour) -> None:
    """Put an object of stages into an hour, and register it."""
    S3Store(lake.aws.service("s3"), lake.bucket).put(f"{STAGES}/{hour.path}/a.parquet", b"PAR1")
    register(lake, hour, f"{STAGES}/{hour.path}/")


def places(lake: Ours) -> dict[tuple[str, ...], str]:
    """Where each hour of its stages lies."""
    found = lake.aws.service("glue").get_partitions(DatabaseName=lake.database, TableName=STAGES)["Partitions"]
    return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for one in found}


@pytest.mark.aws
def test_hours_are_taken_over_where_they_lie(old: Original, new: Ours, typed: Typed) -> None:
    """But for one that holds events here; a second time there is nothing to do, and all of it can be put back."""
    before = places(new)
    words = "migrate", "--from", old.database, "--lake", f"aws:{new.name}"
    code, rows, said = typed(*words, "--dry-run")
    assert (code, places(new)) == (0, before)
    assert [(row["hours"], row["kept_own"]) for row in rows] == [(2, 1)]
    assert f"arn:aws:s3:::{old.bucket}/*" in said
    code, _, said = typed(*words, "--yes", "--undo", "undo.jsonl")
    assert (code, "2 hours taken over." in said or "2 partitions taken over." in said) == (0, True)
    assert places(new) == before | old.right(HOURS[:2])
    assert FAILED in [one.key for one in S3Store(new.aws.service("s3"), new.bucket).list("error/")]
    assert "Nothing to take over" in typed(*words, "--yes")[2]
    typed("doctor", "--undo", "undo.jsonl", "--yes")
    assert places(new) == before


@pytest.mark.aws
def test_what_was_taken_over_is_counted_examined_and_refused_to_duckdb(old: Original, new: Ours, typed: Typed) -> None:
    """`tables` counts its objects, `doctor` takes it for right, and says what nobody would see; DuckDB answers for its own hours alone."""
    lake = "--lake", f"aws:{new.name}"
    typed("migrate", "--from", old.database, *lake, "--yes")
    table = next(row for row in typed("tables", *lake)[1] if row["table"] == STAGES)
    assert (table["objects"], table["partitions"]) == (4, 4)
    findings = [row["finding"] for row in typed("doctor", *lake)[1]]
    assert not [finding for finding in findings if "not its own hour" in finding]
    S3Store(new.aws.service("s3"), new.bucket).put(f"{STAGES}/{HOURS[0].path}/late.gz", b"")
    findings = [row["finding"] for row in typed("doctor", *lake)[1]]
    assert [finding for finding in findings if f"reads {HOURS[0]} in s3://{old.bucket}" in finding]
    code, _, said = typed("query", f"SELECT count(*) FROM {STAGES}", *lake, "--engine", "duckdb")
    assert (code, "were taken over and lie in another bucket" in said) == (254, True)
    code, rows, _ = typed("query", f"SELECT stage FROM {STAGES} WHERE hour = '12'", *lake, "--engine", "duckdb")
    assert (code, rows) == (0, [{"stage": "Deploy"}])


@pytest.mark.aws
def test_json_lines_do_not_come_into_parquet(old: Original, aws: Aws, typed: Typed) -> None:
    """Into Parquet the rows are written anew, and the sentence says how."""
    parquet = ours(aws, "parquet")
    code, rows, said = typed("migrate", "--from", old.database, "--lake", f"aws:{parquet.name}", "--yes")
    assert (code, rows, places(parquet)) == (253, [], {})
    assert f"is of json, {parquet.database}.{STAGES} of parquet" in said
    assert "deploy eventlake with LogFormat=json" in said
    assert f"eventlake backfill files s3://{old.bucket}/{STAGES}/" in said


@pytest.mark.aws
def test_parquet_comes_into_parquet(aws: Aws, typed: Typed) -> None:
    """Where it lies, beside what came here."""
    old, new = ours(aws, "parquet"), ours(aws, "parquet")
    for lake, hour in ((old, HOURS[0]), (new, TWELVE)):
        with_rows(lake, hour)
    words = "migrate", "--from", f"aws:{old.name}", "--lake", f"aws:{new.name}", "--yes"
    code, rows, _ = typed(*words)

    assert (code, [(row["hours"], row["objects"]) for row in rows if row["hours"]]) == (0, [(1, 1)])
    assert places(new) == places(old) | {tuple(TWELVE.values): f"s3://{new.bucket}/{STAGES}/{TWELVE.path}/"}


@pytest.mark.aws
def test_a_lake_with_closed_hours_is_refused(aws: Aws, typed: Typed) -> None:
    """What their folders still hold is not what they hold."""
    old, new = ours(aws, "parquet"), ours(aws, "parquet")
    with_rows(old, HOURS[0])
    register(old, HOURS[1], f"closed/codepipeline/{STAGES}/{HOURS[1].path}/1-0a1b2c3d/")
    code, _, said = typed("migrate", "--from", f"aws:{old.name}", "--lake", f"aws:{new.name}", "--yes")

    assert (code, places(new)) == (253, {})
    assert f"1 hours of {old.database}.{STAGES} were closed" in said


@pytest.mark.aws
def test_what_is_no_pair_of_lakes_is_told(old: Original, new: Ours, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, the lake itself, a database that there is not, and a user without rights."""
    assert "backfill files" in typed("migrate", "--from", old.database, "--lake", "folder")[2]
    assert "are the same lake" in typed("migrate", "--from", new.database, "--lake", f"aws:{new.name}")[2]
    assert 'There is no database "nothing"' in typed("migrate", "--from", "nothing", "--lake", f"aws:{new.name}")[2]
    come_as(nobody(old.aws), monkeypatch)
    assert "permission" in typed("migrate", "--from", old.database, "--lake", f"aws:{new.name}")[2]


@pytest.mark.java
def test_a_real_trino_counts_what_happened(old: Original, new: Ours, trino: str, typed: Typed) -> None:
    """Six rows of three hours, their columns at their places, after a repair; and the two hours that were taken over with the new ones."""
    declared = next(table for table in DECLARED if table.name == STAGES)
    counted = f"SELECT hour, count(*), min(stage), max(executionid) FROM {STAGES} GROUP BY hour ORDER BY hour"
    repair(typed, old, "--yes")
    asked = TrinoEngine(trino, "lake", [replace(declared, database=old.database)])
    assert asked.query(counted).rows == [(hour.hour, 2, "Build", f"{hour}-1") for hour in HOURS]
    typed("migrate", "--from", old.database, "--lake", f"aws:{new.name}", "--yes")
    asked = TrinoEngine(trino, "lake", [replace(declared, database=new.database)])
    assert [row[:3] for row in asked.query(counted).rows] == [
        ("00", 2, "Build"),
        ("01", 2, "Build"),
        ("02", 1, "Test"),
        ("12", 1, "Deploy"),
    ]


@pytest.mark.aws
def test_an_hour_that_was_taken_over_is_not_closed(old: Original, new: Ours, typed: Typed) -> None:
    """Closing what landed here for it would hide what lies in the old bucket."""
    typed("migrate", "--from", old.database, "--lake", f"aws:{new.name}", "--yes")
    store = S3Store(new.aws.service("s3"), new.bucket)
    store.put(f"{STAGES}/{HOURS[0].path}/late.gz", b"")
    declared = [replace(table, database=new.database) for table in DECLARED]
    catalog = GlueCatalog(new.aws.service("glue"), declared, new.bucket, store)
    table = next(one for one in declared if one.name == STAGES)
    assert sorted(Hours(table, catalog, store, ClosingLog(new.aws.service("s3"), new.bucket)).landed) == [HOURS[2], TWELVE]
