"""`doctor --repair` and `doctor --undo` as a person types them, over what the two public projects left in an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aws.client import Aws
from aws_lake import client_environment, nobody, user
from eventlake.backends.glue_batches import GlueBatches
from eventlake.cli import run
from eventlake.layout import Hour
from originals import OF_PARTITIONS, STAGES, Original, original

RIGHTS = (
    "glue:GetTables",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartitions",
    "glue:BatchCreatePartition",
    "glue:BatchUpdatePartition",
    "glue:BatchDeletePartition",
    "s3:ListBucket",
    "cloudformation:DescribeStackResources",
)
"""What docs/migrating.md says that a repair needs."""
ROLE = "arn:aws:iam::123456789012:role/old"
HOURS = [Hour("2026-11-20", f"{hour:02d}") for hour in range(3)]
Typed = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def typed(aws: Aws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Typed:
    """Type a command in a folder of its own: its exit code, the records it printed, and what it told."""
    come_as(aws, monkeypatch)
    monkeypatch.chdir(tmp_path)

    def type_words(*words: str) -> tuple[int, list[dict[str, Any]], str]:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return type_words


def come_as(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every client of this process come as this user."""
    for name, value in client_environment(aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def left(aws: Aws) -> Original:
    """Three hours of two rows: two at their day's folder, one not registered, and a partition that is no hour."""
    found = original(aws)
    for hour in HOURS:
        found.put(hour, rows=2)
    found.register([hour.values for hour in HOURS[:2]])
    found.register([("2026-11-20", "24")])
    return found


def repair(typed: Typed, left: Original, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Repair it, named by its database and bucket."""
    return typed("doctor", "--repair", "--database", left.database, "--bucket", left.bucket, *words)


@pytest.mark.aws
def test_a_dry_run_counts_before_and_after_and_changes_nothing(left: Original, typed: Typed) -> None:
    """Two hours of three read the whole day, so that nine objects are read where three lie; rows are counted on request."""
    before = left.places()
    code, (row,), said = repair(typed, left, "--dry-run", "--rows")
    assert (code, left.places()) == (1, before)
    assert (row["whole_day"], row["not_registered"], row["no_hour"], row["partitions"], row["partitions_after"]) == (2, 1, 1, 3, 3)
    assert (row["objects_read"], row["objects_read_after"], row["rows_read"], row["rows_read_after"]) == (9, 3, 18, 6)
    assert "4 partitions would be repaired; nothing was changed." in said


@pytest.mark.aws
def test_a_repair_registers_each_hour_once_and_the_next_finds_nothing(left: Original, typed: Typed) -> None:
    """At its own folder, with its table's columns."""
    _, _, said = repair(typed, left, "--yes")
    assert "4 partitions repaired." in said
    assert left.places() == left.right(HOURS)
    code, (row,), said = repair(typed, left, "--yes")
    assert code == 0
    assert row["objects_read"] == row["objects_read_after"] == 3
    assert "Nothing to repair: 3 partitions and their 3 objects were looked at" in said


@pytest.mark.aws
def test_what_was_repaired_can_be_put_back(left: Original, typed: Typed, tmp_path: Path) -> None:
    """To the last column; what somebody changed since stays, and putting back twice does nothing."""
    before = left.aws.service("glue").get_partitions(**left.table)["Partitions"]
    repair(typed, left, "--yes", "--undo", "undo.jsonl")
    assert (tmp_path / "undo.jsonl").stat().st_mode & 0o777 == 0o600
    left.aws.service("glue").delete_partition(**left.table, PartitionValues=HOURS[0].values)
    code, _, said = typed("doctor", "--undo", "undo.jsonl", "--yes")
    assert (code, "3 partitions put back." in said) == (0, True)
    assert f"{left.database}.{STAGES} 2026-11-20/00 was changed by somebody else since, and stays." in said
    now = {tuple(one["Values"]): one["StorageDescriptor"] for one in left.aws.service("glue").get_partitions(**left.table)["Partitions"]}
    was = {tuple(one["Values"]): one["StorageDescriptor"] for one in before if one["Values"] != HOURS[0].values}
    assert now == was
    assert [column["Name"] for column in next(iter(now.values()))["Columns"]] == list(OF_PARTITIONS)
    assert "Nothing to put back" in typed("doctor", "--undo", "undo.jsonl", "--yes")[2]


@pytest.mark.aws
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_who_is_stopped_goes_on(left: Original, typed: Typed, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any of its three calls; what was written down before puts everything back."""
    before = left.places()
    with monkeypatch.context() as patched:
        patched.setattr(GlueBatches, "_tried", stopped_after(calls, GlueBatches._tried))
        code, _, said = repair(typed, left, "--yes", "--undo", "first.jsonl")
    assert code == 130
    assert "the same command goes on from here" in said
    repair(typed, left, "--yes", "--undo", "second.jsonl")
    assert left.places() == left.right(HOURS)
    typed("doctor", "--undo", "first.jsonl", "--yes")
    assert left.places() == before


def stopped_after(calls: int, make: Callable[..., Any]) -> Callable[..., Any]:
    """The calls, of which all after so many are interrupted."""
    made = iter(range(calls))

    def call(*arguments: Any, **named: Any) -> Any:
        if next(made, None) is None:
            raise KeyboardInterrupt
        return make(*arguments, **named)

    return call


@pytest.mark.aws
def test_only_whoever_may_repair_repairs(left: Original, typed: Typed, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights that are documented are enough, and without any a sentence names the first that is missing."""
    come_as(nobody(aws), monkeypatch)
    code, rows, said = repair(typed, left, "--yes")
    assert (code, rows, "glue:GetTables" in said) == (254, [], True)
    come_as(user(aws, "repairer", RIGHTS), monkeypatch)
    repair(typed, left, "--yes")
    assert left.places() == left.right(HOURS)


@pytest.mark.aws
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--repair",), "--repair is for a lake on AWS"),
        (("--repair", "--bucket", "x"), "--bucket goes with --database"),
        (("--rows",), "go with --repair"),
        (("--undo", "no-such-file"), '"no-such-file" cannot be read: No such file or directory.'),
        (("--adopt", "--undo", "file"), "--undo goes with --repair, or stands alone."),
        (("--adopt", "--rebuild"), "--adopt and --rebuild are different ways to mend a lake: choose one."),
    ],
)
def test_what_is_typed_wrongly_gets_a_sentence(typed: Typed, words: tuple[str, ...], sentence: str) -> None:
    """Which says what to write instead."""
    code, rows, said = typed("doctor", *words)
    assert code > 200
    assert (rows, sentence in said) == ([], True)


@pytest.mark.aws
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--database", "no_such_database"), 'There is no database "no_such_database" in Glue here.'),
        (("--lake", "aws:no-such-stack"), 'There is no stack "no-such-stack"'),
    ],
)
def test_what_is_not_there_is_named(typed: Typed, words: tuple[str, ...], sentence: str) -> None:
    """A database, a stack."""
    code, _, said = typed("doctor", "--repair", *words)
    assert (code > 200, sentence in said) == (True, True)


@pytest.mark.aws
def test_another_bucket_is_no_lake_of_the_database(left: Original, typed: Typed) -> None:
    """The sentence names the one that is."""
    code, _, said = typed("doctor", "--repair", "--database", left.database, "--bucket", "another")
    assert (code, left.bucket in said) == (253, True)


@pytest.mark.aws
def test_nobody_is_asked_in_a_pipe(left: Original, typed: Typed) -> None:
    """Without --yes nothing is changed there."""
    before = left.places()
    code, _, said = repair(typed, left)
    assert (code, "--yes does it without a question" in said, left.places()) == (252, True, before)


@pytest.mark.aws
@pytest.mark.parametrize("text", ["", "{}\n", "no JSON\n", '{"file": "another"}\n'])
def test_a_file_that_no_repair_wrote_puts_nothing_back(typed: Typed, tmp_path: Path, text: str) -> None:
    """Nor one that is not whole."""
    (tmp_path / "other.jsonl").write_text(text)
    code, _, said = typed("doctor", "--undo", "other.jsonl", "--yes")
    assert (code, "is no file that a repair wrote" in said) == (1, True)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the batch calls that are made."""
    calls: list[str] = []
    make = GlueBatches._tried

    def call(self: GlueBatches, what: str, asked: Any, *rest: Any, **named: Any) -> Any:
        calls.append(what)
        return make(self, what, asked, *rest, **named)

    monkeypatch.setattr(GlueBatches, "_tried", call)
    return calls


def resources(bucket: str) -> dict[str, Any]:
    """A stream and a function as the two projects declare them, in the year in which they were written."""
    prefix = "error/!{firehose:error-output-type}/year=!{timestamp:YYYY}/"
    destination = {"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": ROLE, "Prefix": f"{STAGES}/", "ErrorOutputPrefix": prefix}
    function = {"Runtime": "python3.8", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": "def handler(event, context): ..."}}
    return {
        "Stream": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {"ExtendedS3DestinationConfiguration": destination}},
        "Registering": {"Type": "AWS::Lambda::Function", "Properties": function},
    }


@pytest.mark.aws
def test_what_belongs_to_a_template_is_told_with_the_way_out(left: Original, typed: Typed, aws: Aws) -> None:
    """The year of the week in an error prefix, a runtime that has ended, records that failed; the partitions are repaired all the same."""
    outputs = {"LogBucket": left.bucket, "GlueDatabaseName": left.database}
    template = {"Resources": resources(left.bucket), "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    aws.service("cloudformation").create_stack(StackName=left.bucket, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    aws.service("cloudformation").get_waiter("stack_create_complete").wait(StackName=left.bucket, WaiterConfig={"Delay": 1})
    aws.service("s3").put_object(Bucket=left.bucket, Key="error/processing-failed/year=2026/month=11/day=20/hour=01/x.gz", Body=b"x")
    code, _, said = typed("doctor", "--repair", "--lake", f"aws:{left.bucket}", "--yes")
    assert code == 1
    assert "write !{timestamp:yyyy} in the ErrorOutputPrefix of Stream" in said
    assert "run on python3.8" in said
    assert "--runtime python3.13" in said
    assert f"1 object of failed records below s3://{left.bucket}/error/" in said
    assert "puts them at the day's folder, and does so with the next hour again" in said
    assert left.places() == left.right(HOURS)


@pytest.mark.aws
def test_throttled_calls_are_made_again(left: Original, typed: Typed, aws: Aws) -> None:
    """Every second call of a kind is refused, and nothing is left undone."""
    throttle(aws, 0.5)
    try:
        _, _, said = repair(typed, left, "--yes")
    finally:
        throttle(aws, 0)
    assert "4 partitions repaired." in said
    assert left.places() == left.right(HOURS)


def throttle(aws: Aws, share: float) -> None:
    """Let Glue refuse a share of the calls that a repair makes."""
    actions = ("GetPartitions", "BatchUpdatePartition", "BatchCreatePartition", "BatchDeletePartition")
    data = [
        {"MetricName": "ThrottledShare", "Value": share, "Dimensions": [{"Name": "Action", "Value": f"glue:{action}"}]}
        for action in actions
    ]
    aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=data)


@pytest.mark.aws
def test_a_year_of_hours_takes_88_calls(aws: Aws, typed: Typed, counted: list[str]) -> None:
    """8,760 partitions, a hundred a call."""
    found = original(aws)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    found.register([Hour.of(start + timedelta(hours=number)).values for number in range(8760)])
    repair(typed, found, "--yes")
    assert len(counted) == 88
    assert found.places() == found.right(Hour.of(start + timedelta(hours=number)) for number in range(8760))
