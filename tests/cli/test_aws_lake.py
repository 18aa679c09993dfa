"""The commands on a lake on AWS, as a person types them: what comes back, and one sentence for each thing that is wrong."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.config import Config

import eventlake
from aws.client import REGION, Aws
from aws_lake import client_environment, create_tables
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.parquet import ParquetWriter
from eventlake.backends.s3 import S3Store
from eventlake.cli import run
from eventlake.description import Description
from eventlake.interfaces import Partition
from eventlake.layout import Hour
from eventlake.sources import load

BUCKET = "lake-123456789012-us-east-1"
SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]
LOGS = next(table for table in TABLES if table.name == "auth0_logs")
HOURS = [Hour("2026-11-20", "10"), Hour("2026-11-20", "11")]
LINES = [{"log_id": f"l-{number}", "type": "s" if number % 3 else "f", "ip": "192.0.2.7"} for number in range(9)]


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its answer, as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Typed = Callable[..., Said]

EVENT = b'{"id": "e-1", "source": "aws.unknown"}'
FAILED_KEY = "error/auth0_logs/processing-failed/year=2026/month=11/day=20/hour=10/auth0-logs-1-x.gz"
DATABASES = {table.source: table.database for table in TABLES if table.source in {"auth0", "codepipeline"}}


@pytest.fixture(scope="module")
def lake(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """AWS with the lake `lake`: nine log lines in two hours, one failed record."""
    make_lake(aws, tmp_path_factory.mktemp("lake"))
    return aws


def make_lake(aws: Aws, folder: Path, databases: Mapping[str, str] = MappingProxyType(DATABASES)) -> None:
    """What a stack and some events would have made. databases: of its sources."""
    outputs = {
        "LogBucket": BUCKET,
        "WorkGroup": "lake",
        "Auth0GlueDatabaseName": databases["auth0"],
        "CodePipelineGlueDatabaseName": databases["codepipeline"],
    }
    tables = [replace(table, database=databases[table.source]) for table in TABLES if table.source in databases]
    for bucket in (BUCKET, "results"):
        aws.service("s3").create_bucket(Bucket=bucket)
    template = {
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    aws.service("cloudformation").create_stack(StackName="lake", TemplateBody=json.dumps(template))
    create_tables(aws, tables, BUCKET)
    store = S3Store(aws.service("s3"), BUCKET)
    catalog = GlueCatalog(aws.service("glue"), tables, BUCKET, store)
    for hour, lines in zip(HOURS, (LINES[:5], LINES[5:]), strict=True):
        path = folder / "object.parquet"
        said = Description("", LOGS.name, "lines", hour, 0, 1, len(lines), 0)
        ParquetWriter().write(LOGS, [json.dumps(line).encode() + b"\n" for line in lines], path, said)
        store.put(f"logs/{hour.path}/auth0-logs-1-x.parquet", path)
        catalog.add_partition(Partition("auth0_logs", hour, f"logs/{hour.path}/", "parquet"))
    failure = {
        "arrivalTimestamp": 1_795_168_800_000,
        "ErrorCode": "Lambda.ProcessingFailedStatus",
        "ErrorMessage": "ProcessingFailed status set for such record",
        "rawData": base64.b64encode(EVENT).decode(),
    }
    store.put(FAILED_KEY, gzip.compress(json.dumps(failure).encode() + b"\n"))
    limits = {"ResultConfiguration": {"OutputLocation": "s3://results/athena/"}, "EnforceWorkGroupConfiguration": True}
    for name in ("lake", "lake-auth0", "lake-codepipeline"):
        aws.service("athena").create_work_group(Name=name, Configuration={**limits, "BytesScannedCutoffPerQuery": 10_000_000})
    create_strict_workgroup(aws, {**limits, "BytesScannedCutoffPerQuery": 1})
    aws.service("athena").create_work_group(Name="homeless", Configuration={})
    for suffix in ("objects-dead", "undelivered", "functions-dead"):
        aws.service("sqs").create_queue(QueueName=f"lake-{suffix}")


def create_strict_workgroup(aws: Aws, configuration: dict[str, Any]) -> None:
    """A workgroup with a limit below the smallest that boto3 lets through, so that little data reaches it."""
    unchecked = boto3.client(
        "athena",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
        config=Config(parameter_validation=False),
    )
    unchecked.create_work_group(Name="strict", Configuration=configuration)


@pytest.fixture
def environment(lake: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    """An empty folder, and an environment that leads to the emulator."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "EVENTLAKE_"))]:
        monkeypatch.delenv(name)
    for name, value in client_environment(lake).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between two tries
    return lake


@pytest.fixture
def typed(environment: Aws, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types a command there."""

    def type_words(*words: str) -> Said:
        code = run(words)
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    return type_words


# what is wrong


WRONG = [
    (["tables", "--lake", "aws:absent"], 253, 'There is no stack "absent" in us-east-1'),
    (["tables", "--lake", "s3://absent-bucket"], 253, 'There is no bucket "absent-bucket"'),
    (["tables", "--lake", "aws:lake", "--profile", "absent"], 253, 'there is no AWS profile "absent"'),
    (["tables", "--lake", "aws:lake", "--endpoint-url", "http://127.0.0.1:9"], 253, "http://127.0.0.1:9/ cannot be reached"),
    (["tables", "--lake", "aws:lake", "--region", "eu-north-1"], 253, 'no stack "lake" in eu-north-1'),
    (["partitions", "auth_logs", "--lake", "aws:lake"], 254, 'Did you mean "auth0_logs"?'),
    (["failed", "show", "zz", "--lake", "aws:lake"], 252, 'There is no failed event "zz"'),
    (["query", "select 1", "--lake", "aws:lake", "--workgroup", "absent"], 253, 'no Athena workgroup "absent"'),
    (["query", "select 1", "--lake", "aws:lake", "--workgroup", "homeless"], 253, '"homeless" has no place for results'),
    (["query", "drop table auth0_logs", "--lake", "aws:lake"], 254, "begin it with SELECT, WITH or VALUES"),
    (["query", "failing_actoins", "--lake", "aws:lake"], 252, 'Did you mean "failing_actions"?'),
    (["query", "failing_actions", "--lake", "aws:lake", "--param", "days=x"], 252, "a whole number"),
    (["query", "select 1", "--engine", "athena"], 253, 'There is no stack "eventlake"'),
    (["query", "select 1", "--engine", "athena", "--lake", "here"], 253, '"here" is a folder'),
    (["query", "select 1", "--engine", "trino"], 253, "set EVENTLAKE_TRINO"),
    (["query", "select 1", "--engine", "trino", "--workgroup", "lake"], 253, "--workgroup belongs to Athena"),
    (["serve", "--lake", "aws:lake", "--no-close"], 252, "--no-close is for a bus, and aws:lake is only looked at here"),
    (["serve", "--lake", "aws:absent"], 253, 'There is no stack "absent"'),
    (["serve", "--lake", "aws:lake", "--host", "0.0.0.0"], 253, "others could look at the lake: set EVENTLAKE_TOKEN"),
    (["send", "event.json", "--lake", "s3://bucket"], 253, "s3://bucket is on AWS"),
]


@pytest.mark.aws
@pytest.mark.parametrize(("words", "code", "sentence"), WRONG)
def test_what_is_wrong_is_one_sentence(typed: Typed, tmp_path: Path, words: list[str], code: int, sentence: str) -> None:
    """What, where, and what to do; nothing on stdout; never a traceback."""
    (tmp_path / "event.json").write_bytes(EVENT)

    said = typed(*words)

    assert sentence in said.err
    assert (said.code, said.out) == (code, "")
    assert len(said.err.splitlines()) == 1


@pytest.mark.aws
def test_missing_credentials_are_one_sentence(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where to get some; the doctor says it too, as its finding."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    said = typed("query", "select 1", "--lake", "aws:lake")
    assert (said.code, said.out) == (253, "")
    assert "there are no AWS credentials. Name a profile" in said.err

    examined = typed("doctor", "--lake", "aws:lake")
    assert examined.code == 1
    assert "there are no AWS credentials" in examined.records[0]["finding"]


@pytest.mark.aws
def test_a_trino_that_cannot_be_reached_is_one_sentence(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that named it."""
    monkeypatch.setenv("EVENTLAKE_TRINO", "http://127.0.0.1:9")
    said = typed("query", "select 1", "--engine", "trino")
    assert (said.code, said.out) == (253, "")
    assert "Trino at http://127.0.0.1:9 cannot be reached" in said.err


# what lies there


@pytest.mark.parametrize("named", ["aws:lake", f"s3://{BUCKET}"])
def test_tables_are_listed_with_their_bytes(typed: Typed, named: str) -> None:
    """Rows are not known, because nothing counts them; everything else is."""
    found = {record["table"]: record for record in typed("tables", "--lake", named).records}

    assert len(found) == 4
    logs = found["auth0_logs"]
    assert (logs["objects"], logs["partitions"], logs["rows"], logs["format"]) == (2, 2, None, "parquet")
    assert (logs["first_hour"], logs["last_hour"]) == ("2026-11-20T10", "2026-11-20T11")
    assert logs["bytes"] > 1000


@pytest.mark.aws
def test_partitions_are_listed_with_their_locations(typed: Typed) -> None:
    """Each at its own hour."""
    found = typed("partitions", "auth0_event_logs.auth0_logs", "--lake", "aws:lake").records

    assert [(one["date"], one["hour"], one["location"], one["format"], one["objects"]) for one in found] == [
        ("2026-11-20", "10", "logs/2026/11/20/10/", "parquet", 1),
        ("2026-11-20", "11", "logs/2026/11/20/11/", "parquet", 1),
    ]


@pytest.mark.aws
def test_failed_records_are_listed_and_shown(typed: Typed) -> None:
    """With their reason, their object and the event as it came."""
    (listed,) = typed("failed", "--lake", "aws:lake").records
    assert (listed["table"], listed["code"], listed["bytes"]) == ("auth0_logs", "Lambda.ProcessingFailedStatus", len(EVENT))

    assert listed["reason"].startswith("NotAnEvent: ")
    (shown,) = typed("failed", "show", listed["id"], "--lake", "aws:lake").records
    assert (shown["object"], shown["original"]) == (FAILED_KEY, EVENT.decode())
    assert typed("failed", "show", listed["id"][:6], "--raw", "--lake", "aws:lake").out.encode() == EVENT


@pytest.mark.aws
def test_the_doctor_examines_it(typed: Typed) -> None:
    """The failed record is a finding; so is what is declared and not deployed nowhere near it."""
    said = typed("doctor", "--lake", "aws:lake")

    assert said.code == 1
    assert [record["severity"] for record in said.records] == ["warning"]
    assert "1 object of failed records lies under error/: 1 of auth0_logs" in said.records[0]["finding"]
    assert f"Lake aws:lake: bucket {BUCKET}, workgroup lake, region us-east-1" in said.err


@pytest.mark.aws
def test_the_environment_may_name_the_lake(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it may a folder."""
    monkeypatch.setenv("EVENTLAKE_LAKE", "aws:lake")
    assert len(typed("partitions", "auth0_logs").records) == 2


# what answers


QUESTION = "select type, count(*) n from auth0_logs where date = date '2026-11-20' and hour = :hour group by 1 order by 1"


@pytest.mark.aws
def test_duckdb_answers_from_copies_when_it_is_asked(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the hour that the question is about, and no other."""
    monkeypatch.setenv("EVENTLAKE_CACHE", str(tmp_path / "cache"))

    for _ in range(2):
        said = typed("query", QUESTION, "--param", "hour=10", "--lake", "aws:lake", "--engine", "duckdb")
        assert said.records == [{"type": "f", "n": 2}, {"type": "s", "n": 3}]
        assert "1 of 2 objects" in said.err
    assert [path.parent.name for path in (tmp_path / "cache").rglob("*.parquet")] == ["10"]


@pytest.mark.aws
def test_more_than_the_cache_keeps_is_one_sentence(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Athena as a way out."""
    from eventlake.cloud import cache

    monkeypatch.setenv("EVENTLAKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "LIMIT_BYTES", 10)
    said = typed("query", "select count(ip) from auth0_logs", "--lake", "aws:lake", "--engine", "duckdb")
    assert (said.code, said.out) == (254, "")
    assert "--engine athena" in said.err


@pytest.mark.aws
def test_python_connects_to_it(environment: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its stack; DuckDB takes limits and a time, and what is not there is an OperationalError."""
    monkeypatch.setenv("EVENTLAKE_CACHE", str(tmp_path / "cache"))
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with eventlake.connect("aws:lake", engine="duckdb", timeout_s=60, memory_mb=512, now=noon) as connection:
        cursor = connection.cursor().execute("SELECT count(*), current_date FROM auth0_logs WHERE hour = %(hour)s", {"hour": "10"})
        assert cursor.fetchall() == [(5, noon.date())]
        assert (cursor.result.objects_read, cursor.result.objects_total) == (1, 2)
        cursor.execute('SELECT DISTINCT "$path", "$partition" FROM auth0_logs WHERE hour = \'10\'')
        ((path, partition),) = cursor.fetchall()
        assert path.startswith(f"s3://{BUCKET}/logs/2026/11/20/10/")
        assert partition == "date=2026-11-20/hour=10"
        assert len(cursor.execute("SHOW PARTITIONS auth0_logs").fetchall()) == 2
        assert (f"  's3://{BUCKET}/logs/'",) in cursor.execute("SHOW CREATE TABLE auth0_logs").fetchall()
    with pytest.raises(eventlake.OperationalError, match='no stack "nowhere"'):
        eventlake.connect("aws:nowhere")


@pytest.mark.java
def test_python_asks_athena(environment: Aws, trino: str) -> None:
    """The same cursor, and Athena's names of types."""
    with eventlake.connect("aws:lake", timeout_s=120) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) AS n FROM auth0_logs WHERE hour = %(hour)s", {"hour": "10"})

        assert (cursor.fetchall(), [column[:2] for column in cursor.description or ()]) == ([(5,)], [("n", "bigint")])
        with pytest.raises(eventlake.ProgrammingError, match="Did you mean"):
            cursor.execute("SELECT logid FROM auth0_logs")


@pytest.mark.java
def test_athena_answers_by_default(typed: Typed, trino: str) -> None:
    """With the rows on stdout, and what it read and charges on stderr."""
    said = typed("query", QUESTION, "--param", "hour=10", "--lake", "aws:lake")

    assert said.records == [{"type": "f", "n": 2}, {"type": "s", "n": 3}]
    assert "2 rows in" in said.err
    assert "; Athena charges $0.0000" in said.err
    assert typed("query", "failure_reasons", "--lake", f"s3://{BUCKET}").code == 0


@pytest.mark.java
def test_trino_answers_when_it_is_asked(typed: Typed, trino: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, with and without the lake's name."""
    monkeypatch.setenv("EVENTLAKE_TRINO", trino)
    for lake in ([], ["--lake", "aws:lake"]):
        said = typed("query", QUESTION, "--param", "hour=10", "--engine", "trino", *lake)
        assert said.records == [{"type": "f", "n": 2}, {"type": "s", "n": 3}]
        assert "Athena would charge" in said.err


@pytest.mark.java
@pytest.mark.parametrize("engine", ["athena", "trino"])
def test_explain_shows_the_plan(typed: Typed, trino: str, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """Of the engine that would answer."""
    monkeypatch.setenv("EVENTLAKE_TRINO", trino)
    said = typed("query", "select count(*) from auth0_logs", "--explain", "--engine", engine, "--lake", "aws:lake")
    assert said.code == 0
    assert "auth0_logs" in said.out
    assert "Fragment" in said.out


FAILING = [
    ("select 1 / 0", "lake", "A number is divided by zero"),
    ("select ipp from auth0_logs", "lake", 'There is no column "ipp" (line 1, column 8). Did you mean "ip"?'),
    ("select count(ip) from auth0_logs", "strict", 'was cut at the limit of 1 bytes of the workgroup "strict"'),
]


@pytest.mark.java
@pytest.mark.parametrize(("sql", "workgroup", "sentence"), FAILING)
def test_a_query_that_athena_fails_or_cuts_is_one_sentence(typed: Typed, trino: str, sql: str, workgroup: str, sentence: str) -> None:
    """It ends with 254."""
    said = typed("query", sql, "--lake", "aws:lake", "--workgroup", workgroup)
    assert (said.code, said.out) == (254, "")
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


ENDLESS = "select count(*) from " + ", ".join(f"unnest(sequence(1, 9999)) as t{number}(x)" for number in range(3))


@pytest.mark.java
@pytest.mark.parametrize("engine", ["athena", "trino"])
def test_an_interrupt_ends_the_query_there(environment: Aws, trino: str, engine: str) -> None:
    """Ctrl-C ends the command with 130, and Trino and Athena stop working on it."""
    command = [sys.executable, "-m", "eventlake", "query", ENDLESS, "--lake", "aws:lake", "--engine", engine]
    process = subprocess.Popen(command, env={**os.environ, "EVENTLAKE_TRINO": trino}, stderr=subprocess.PIPE, text=True)
    until(lambda: "RUNNING" in states(trino))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)

    assert (process.returncode, said.strip()) == (130, "Interrupted.")
    until(lambda: "RUNNING" not in states(trino))


def states(trino: str) -> list[str]:
    """The states of the endless queries that Trino knows."""
    import urllib.request

    request = urllib.request.Request(f"{trino}/v1/query", headers={"X-Trino-User": "test"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [one["state"] for one in json.load(answer) if "9999" in one["query"]]


def until(ready: Callable[[], bool], within_s: float = 60) -> None:
    """Return once it is so."""
    end = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.05)
