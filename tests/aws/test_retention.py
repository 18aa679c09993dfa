"""A deployed lake forgets whole hours once their days are over: partitions first, bytes a day later, and nothing that a legal hold keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.closable import PREFIX, TABLE
from aws.keeping import NAME, Keeping, keeping_lake
from aws.killing import Killed, Killing
from aws.lake import PROJECT
from aws.roles import broken, count, is_refused, policies, rights, without_in
from aws.test_permissions import declared
from aws_lake import client_environment
from eventlake.cli import run
from eventlake.errors import ConfigurationError
from eventlake.functions import deployed, retention
from eventlake.layout import CLOSINGS, REMOVALS, Hour, closing_key
from eventlake.pipeline.holds import Hold
from eventlake.pipeline.removals import FAILED, LINES, Removal

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def keeping(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Keeping:
    """The lake of this module."""
    return keeping_lake(aws, tmp_path_factory.mktemp(NAME))


def test_partitions_go_first_and_bytes_a_day_later(keeping: Keeping) -> None:
    """Every version of them, also of what was overwritten; what is known of the removal goes last."""
    hour = "2026-03-01T05"
    key = keeping.fill(hour)
    keeping.put(hour, "a.parquet")
    assert keeping.states(hour, dry_run=True) == ["due"]

    assert keeping.states(hour) == ["hidden"]

    assert not keeping.is_found(hour)
    assert keeping.versions(key) == [key, key]
    assert keeping.states(hour) == []
    keeping.age(hour)
    assert keeping.states(hour) == ["removed"]
    assert keeping.versions(key) == []
    assert keeping.lake.bucket.keys(REMOVALS) == []


def test_an_hour_whose_days_are_not_over_stays(keeping: Keeping) -> None:
    """Nor does one of a table that nobody said days of."""
    young = f"{datetime.now(UTC) - timedelta(days=29):%Y-%m-%dT%H}"
    other = f"stage_execution_state_change/{datetime.now(UTC) - timedelta(days=300):%Y/%m/%d/%H}/a.parquet"
    keeping.put(young, "a.parquet")
    keeping.s3.put_object(Bucket=keeping.lake.bucket.name, Key=other, Body=b"lines")
    eventually(lambda: keeping.is_found(young) and keeping.lake.partitions("stage_execution_state_change"))

    assert keeping.states(young) == []

    assert keeping.is_found(young)
    assert keeping.lake.partitions("stage_execution_state_change")
    assert keeping.versions(other) == [other]


def test_a_hold_keeps_an_hour_until_it_is_released(keeping: Keeping) -> None:
    """Whatever the days say; its name is told."""
    hour = "2026-03-02T05"
    keeping.fill(hour)
    with keeping.holding(Hold("case 17", TABLE, Hour.parse(hour), Hour.parse(hour), since="2026-11-02T10:00:00Z")):
        (one,) = [one for one in keeping.retain()["hours"] if one["hour"] == hour]
        assert (one["state"], one["note"]) == ("held", "case 17")
        assert keeping.is_found(hour)

    assert keeping.states(hour) == ["hidden"]


def test_a_hold_within_the_grace_brings_the_hour_back(keeping: Keeping) -> None:
    """As it was; after the hold it goes again, with a grace of its own."""
    hour = "2026-03-03T05"
    keeping.fill(hour)
    before = keeping.partition(hour)
    keeping.states(hour)
    keeping.age(hour)
    with keeping.holding(Hold("late", since="2026-11-02T10:00:00Z")):
        assert keeping.states(hour) == ["back"]
        after = keeping.partition(hour)
        assert before
        assert after
        assert after["StorageDescriptor"]["Location"] == before["StorageDescriptor"]["Location"]

    assert keeping.states(hour) == ["hidden"]
    assert keeping.states(hour) == []


def test_bytes_whose_removal_has_begun_stay_under_a_hold_and_are_not_shown(keeping: Keeping) -> None:
    """Some may be gone, so the hour would be answered with too few rows."""
    hour = "2026-03-04T05"
    key = keeping.fill(hour)
    keeping.states(hour)
    keeping.age(hour)
    removal = keeping.removals.of(TABLE, LINES)[Hour.parse(hour)]
    keeping.removals.write(replace(removal, is_removing=True))
    with keeping.holding(Hold("too late", since="2026-11-02T10:00:00Z")):
        assert set(keeping.states(hour)) == {"held"}
        assert not keeping.is_found(hour)
        assert keeping.versions(key) == [key]

    assert keeping.states(hour) == ["removed"]


def test_an_object_that_comes_later_is_not_registered_and_goes(keeping: Keeping) -> None:
    """It never is seen; it has its grace from when it is found."""
    hour = "2026-03-05T05"
    key = keeping.put(hour, "late.parquet")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    keeping.put(now, "now.parquet")
    eventually(lambda: keeping.is_found(now))
    assert not keeping.is_found(hour)

    assert keeping.states(hour) == []
    keeping.age(hour)
    assert keeping.states(hour) == ["removed"]
    assert keeping.versions(key) == []


def test_a_notification_that_comes_again_brings_no_hour_back(keeping: Keeping) -> None:
    """S3's queue may tell of an object twice, also after its hour has gone."""
    hour = "2026-03-06T05"
    key = keeping.fill(hour)
    assert keeping.states(hour) == ["hidden"]
    told = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": keeping.lake.bucket.name}, "object": {"key": key, "size": 5}}}
    message = {"messageId": "again", "body": json.dumps({"Records": [told]})}

    called = keeping.lake.aws.service("lambda").invoke(
        FunctionName=f"{NAME}-partition", Payload=json.dumps({"Records": [message]}).encode()
    )

    assert json.load(called["Payload"]) == {"batchItemFailures": []}
    assert not keeping.is_found(hour)


def test_closed_places_raw_copies_and_what_is_known_of_closings_go_too(keeping: Keeping) -> None:
    """All that lies of the hour, wherever; another hour of the day and the last closing stay."""
    hour, bucket = "2026-03-07T05", keeping.lake.bucket.name
    gone = [
        f"closed/codepipeline/{PREFIX}/2026/03/07/1-ab12cd34/hour=05/x",
        f"raw/{TABLE}/2026/03/07/05/{TABLE}-1-2026-03-07-05-00-00-a.gz",
    ]
    stays = [f"{PREFIX}/2026/03/07/_hidden", f"closed/codepipeline/{PREFIX}/{datetime.now(UTC):%Y/%m/%d}/2-ab12cd34/hour=00/x"]
    gone.append(keeping.fill(hour))
    for key in (*gone[:2], *stays):
        keeping.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    keeping.states(hour)
    keeping.age(hour)

    assert set(keeping.states(hour)) == {"removed"}

    assert [key for key in gone if keeping.versions(key)] == []
    assert [key for key in stays if keeping.versions(key)] == stays


def test_failed_records_go_after_their_days(keeping: Keeping) -> None:
    """At once, as nobody queries them; those of an hour under a hold stay."""
    bucket = keeping.lake.bucket.name
    old = [f"error/{TABLE}/processing-failed/year=2026/month=03/day=08/hour={hour}/a.gz" for hour in ("05", "06")]
    young = f"error/{TABLE}/processing-failed/{datetime.now(UTC):year=%Y/month=%m/day=%d/hour=%H}/a.gz"
    for key in (*old, young):
        keeping.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    with keeping.holding(Hold("case 18", first=Hour("2026-03-08", "06"), since="2026-11-02T10:00:00Z")):
        states = {one["hour"]: one["state"] for one in keeping.retain()["hours"] if one["kind"] == FAILED}
        assert states == {"2026-03-08T05": "removed", "2026-03-08T06": "held"}
        assert [key for key in (*old, young) if keeping.versions(key)] == [old[1], young]

    keeping.retain()

    assert [key for key in (*old, young) if keeping.versions(key)] == [young]


def test_a_run_that_ended_anywhere_is_finished_by_the_next(keeping: Keeping) -> None:
    """Written down and not taken out: taken out by the next, with its own grace; partly removed: the rest goes."""
    hour = "2026-03-09T05"
    key = keeping.fill(hour)
    keeping.removals.write(Removal(TABLE, LINES, Hour.parse(hour), datetime.now(UTC) - timedelta(days=3)))
    assert keeping.is_found(hour)

    assert keeping.states(hour) == ["hidden"]

    assert keeping.states(hour) == []
    other = keeping.put(hour, "b.parquet")
    keeping.age(hour)
    keeping.removals.write(replace(keeping.removals.of(TABLE, LINES)[Hour.parse(hour)], is_removing=True))
    keeping.s3.delete_object(Bucket=keeping.lake.bucket.name, Key=key)
    assert keeping.states(hour) == ["removed"]
    assert keeping.versions(key) + keeping.versions(other) == []


def test_an_hour_in_another_bucket_is_told_and_left(keeping: Keeping) -> None:
    """What was taken over lies where this lake removes nothing."""
    hour = "2026-03-10T05"
    keeping.fill(hour)
    partition = keeping.partition(hour)
    assert partition
    elsewhere = {**partition["StorageDescriptor"], "Location": "s3://older/logs/2026/03/10/05/"}
    table: dict[str, Any] = {"DatabaseName": keeping.lake.database(TABLE), "TableName": TABLE}
    wanted = {"Values": partition["Values"], "StorageDescriptor": elsewhere}
    glue = keeping.lake.aws.service("glue")
    glue.update_partition(**table, PartitionValueList=partition["Values"], PartitionInput=wanted)

    assert "elsewhere" in keeping.states(hour)

    assert keeping.is_found(hour)
    glue.delete_partition(**table, PartitionValues=partition["Values"])


def test_it_is_typed_as_on_one_machine(keeping: Keeping, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`hold` keeps, `hours` says when an hour goes and what keeps it, `retain` calls the function, the doctor finds nothing wrong about it."""
    for name, value in client_environment(keeping.lake.aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    lake = ("--lake", f"aws:{NAME}")

    def told(*words: str) -> list[dict[str, Any]]:
        assert run([*words, *lake]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    keeping.fill("2026-03-13T05")
    told("hold", "case 20", "--table", TABLE, "--to", "2026-03-13")
    assert [one["name"] for one in told("holds")] == ["case 20"]
    (hour,) = [one for one in told("hours", TABLE) if (one["date"], one["hour"]) == ("2026-03-13", "05")]
    assert (hour["goes"], hour["hold"]) == ("2026-04-12T06:00:00Z", "case 20")
    assert "held by case 20" in {one["state"] for one in told("retain") if one["hour"] == "2026-03-13T05"}
    told("hold", "release", "case 20")
    assert {one["state"] for one in told("retain", "--dry-run") if one["hour"] == "2026-03-13T05"} == {"would go"}
    assert {one["state"] for one in told("retain") if one["hour"] == "2026-03-13T05"} == {"removed"}
    assert told("holds") == []
    run(["doctor", *lake])
    assert "2026-03-13" not in capsys.readouterr().out


# Killed at any step


@pytest.fixture
def killing(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    """The function in this process, over the emulator, and what ends it."""
    settings = keeping.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{NAME}-retention")["Environment"]["Variables"]
    for key, value in {**client_environment(keeping.lake.aws), **settings}.items():
        monkeypatch.setenv(key, value)
    killing, client = Killing(), retention._client
    monkeypatch.setattr(retention, "_client", lambda service: killing.watch(client(service), service))
    forget()
    yield killing
    forget()


def forget() -> None:
    """Let the function begin anew, as a container does."""
    for cached in (deployed.sources, deployed.tables, deployed.retention):
        cached.cache_clear()


def killed_at(killing: Killing, step: str, *, is_after: bool) -> None:
    """Run the function until it ends at a step."""
    killing.step, killing.is_after, killing.is_armed, killing.seen = step, is_after, True, []
    with pytest.raises(Killed):
        retention.handler({}, None)
    forget()


def test_whoever_is_killed_while_an_hour_is_taken_out_leaves_it_to_the_next(keeping: Keeping, killing: Killing) -> None:
    """It is found wholly or not at all, its bytes are there, and the next run ends it."""
    hour = "2026-03-11T05"
    key = keeping.fill(hour)
    for step in ("PutObject 1", "BatchDeletePartition 1"):
        for is_after in (False, True):
            killed_at(killing, step, is_after=is_after)
            assert keeping.is_found(hour) == ((step, is_after) != ("BatchDeletePartition 1", True))
            assert keeping.versions(key) == [key]

    assert keeping.states(hour) == []

    assert Hour.parse(hour) in keeping.removals.of(TABLE, LINES)


def test_days_of_a_table_that_the_lake_does_not_have_remove_nothing(
    keeping: Keeping, killing: Killing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call fails as a whole, and names the nearest: another table's days might be meant."""
    hour = "2026-03-14T05"
    keeping.fill(hour)
    monkeypatch.setenv("RETENTION", f"{TABLE}=30 stage_execution_state_chang=30")

    with pytest.raises(ConfigurationError, match="stage_execution_state_change"):
        retention.handler({}, None)

    assert keeping.is_found(hour)


def test_whoever_is_killed_while_bytes_are_removed_leaves_the_rest_to_the_next(keeping: Keeping, killing: Killing) -> None:
    """Written down, removed, and forgotten: whatever was not done is done by the next run."""
    hour = "2026-03-12T05"
    key = keeping.fill(hour)
    keeping.retain()
    keeping.age(hour)
    for step in ("PutObject 1", "DeleteObject 1"):
        for is_after in (False, True):
            killed_at(killing, step, is_after=is_after)
            assert keeping.versions(key) == ([] if (step, is_after) == ("DeleteObject 1", True) else [key])
            assert not keeping.is_found(hour)
    killed_at(killing, "DeleteObject 1", is_after=False)  # now what is known of the removal
    assert Hour.parse(hour) in keeping.removals.of(TABLE, LINES)

    keeping.retain()

    assert Hour.parse(hour) not in keeping.removals.of(TABLE, LINES)


# What it may do

ROLE = declared(PROJECT / "templates" / "retention.yaml", "AWS::IAM::Role")["RetentionRole"]["Policies"][0]
OF_SOURCES = declared(PROJECT / "templates" / "sources.yaml", "AWS::IAM::ManagedPolicy")["RetainingPolicy1"]
RIGHTS = sorted({right for policy in (ROLE, OF_SOURCES) for right in rights(policy)})
AT_THE_EDGES = {
    ("WriteLog", "logs:CreateLogStream"),
    ("WriteLog", "logs:PutLogEvents"),
    ("KeepFailedCalls", "sqs:SendMessage"),
    ("RemovePartitions", "glue:CreatePartition"),
    *((sid, action) for sid in ("RemoveLines", "RemoveFailed") for action in ("s3:DeleteObject", "s3:DeleteObjectVersion")),
}
"""Without these a run removes all the same, or says what stays; each has its own test below."""
DUE, LEAVING, ERROR = "2026-04-01T05", "2026-04-01T06", f"error/{TABLE}/processing-failed/year=2026/month=04/day=01/hour=05/a.gz"


@pytest.fixture
def due(keeping: Keeping) -> Iterator[Keeping]:
    """An hour to take out, one whose bytes are to go, a failed record, a closing that no hour shows, and a hold that is about none of it."""
    with keeping.holding(Hold("other", "stage_execution_state_change", since="2026-11-02T10:00:00Z")):
        keeping.fill(LEAVING)
        keeping.retain()
        keeping.age(LEAVING)
        keeping.fill(DUE)
        for key in (ERROR, closing_key(TABLE, 1), closing_key(TABLE, 2)):
            keeping.s3.put_object(Bucket=keeping.lake.bucket.name, Key=key, Body=b"x")
        yield keeping


def test_the_deployed_role_may_do_what_is_tried_here(keeping: Keeping) -> None:
    """No statement of the role is left out."""
    documents = [json.loads(text) for text in policies(keeping.lake.aws, keeping.role).values()]
    assert {right for document in documents for right in rights({"PolicyDocument": document})} == set(RIGHTS)


@pytest.mark.parametrize(("sid", "action"), [right for right in RIGHTS if right not in AT_THE_EDGES])
def test_without_a_permission_something_is_told_and_the_next_run_ends_it(due: Keeping, sid: str, action: str) -> None:
    """Nothing goes that should not, and with the permission all of it does."""
    with without_in(due.lake.aws, due.role, sid, action):
        assert any(action in failed["reason"] for failed in due.retain()["failed"])

    assert due.retain()["failed"] == []

    assert not due.is_found(DUE)
    assert due.versions(ERROR) + due.versions("pipeline_execution_state_change/2026/04/01/06/") == []
    assert closing_key(TABLE, 2) in due.lake.bucket.keys(CLOSINGS)
    assert closing_key(TABLE, 1) not in due.lake.bucket.keys(CLOSINGS)


@pytest.mark.parametrize(("sid", "kind", "hour"), [("RemoveLines", LINES, LEAVING), ("RemoveFailed", FAILED, DUE)])
def test_versions_that_may_not_be_removed_are_hidden_and_told(due: Keeping, sid: str, kind: str, hour: str) -> None:
    """As where one role alone deletes versions: the bucket lets them go after its days. Without either right, what was seen stays seen."""
    key = ERROR if kind == FAILED else f"{PREFIX}/2026/04/01/06/a.parquet"

    def said() -> list[tuple[str, str]]:
        return [(one["state"], one["note"].split(":")[0]) for one in due.retain()["hours"] if (one["kind"], one["hour"]) == (kind, hour)]

    with without_in(due.lake.aws, due.role, sid, "s3:DeleteObjectVersion"):
        with without_in(due.lake.aws, due.role, sid, "s3:DeleteObject"):
            assert said() == [("kept", "AccessDenied")]
            assert due.lake.bucket.keys(key) == [key]
        assert said() == [("kept", "AccessDenied")]
        assert due.lake.bucket.keys(key) == []
        assert due.versions(key) == [key, key]

    assert said() == [("removed", "")]

    assert due.versions(key) == []


def test_without_the_right_no_hour_is_brought_back(due: Keeping) -> None:
    """It is told, and the hour is back as soon as that is allowed."""
    due.retain()
    with due.holding(Hold("case 19", since="2026-11-02T10:00:00Z")):
        with without_in(due.lake.aws, due.role, "RemovePartitions", "glue:CreatePartition"):
            assert any("glue:CreatePartition" in failed["reason"] for failed in due.retain()["failed"])
            assert not due.is_found(DUE)
        due.retain()
        assert due.is_found(DUE)


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_without_a_permission_the_log_is_missing(keeping: Keeping, action: str) -> None:
    """The function runs all the same."""
    before = count(keeping.lake.aws, "Emulator", "Denied", Principal=keeping.role, Action=action)
    with without_in(keeping.lake.aws, keeping.role, "WriteLog", action):
        keeping.retain(dry_run=True)
        assert is_refused(keeping.lake.aws, keeping.role, action, before)


def test_without_the_queue_a_failed_call_is_not_kept(keeping: Keeping) -> None:
    """A call of the schedule that fails as a whole is a dead letter, or is refused there."""
    before = count(keeping.lake.aws, "Emulator", "Denied", Principal=keeping.role, Action="sqs:SendMessage")
    with (
        without_in(keeping.lake.aws, keeping.role, "KeepFailedCalls", "sqs:SendMessage"),
        broken(keeping.lake.aws, f"{NAME}-retention"),
    ):
        keeping.lake.aws.service("lambda").invoke(FunctionName=f"{NAME}-retention", InvocationType="Event", Payload=b"{}")
        assert is_refused(keeping.lake.aws, keeping.role, "sqs:SendMessage", before)


@pytest.mark.parametrize(("sid", "action"), [("ReadHolds", "s3:GetObject"), ("ListHolds", "s3:ListBucket")])
def test_whoever_registers_hours_and_may_not_read_holds_tries_again(due: Keeping, sid: str, action: str) -> None:
    """An object of an hour that is over waits in the queue; it is neither registered nor forgotten."""
    arn = due.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{NAME}-partition")["Role"]
    told = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": due.lake.bucket.name}, "object": {"key": f"{PREFIX}/2026/04/02/05/a.parquet", "size": 1}},
    }
    asked = json.dumps({"Records": [{"messageId": "one", "body": json.dumps({"Records": [told]})}]}).encode()
    with without_in(due.lake.aws, arn.rsplit("/", 1)[1], sid, action):
        called = due.lake.aws.service("lambda").invoke(FunctionName=f"{NAME}-partition", Payload=asked)
        assert json.load(called["Payload"]) == {"batchItemFailures": [{"itemIdentifier": "one"}]}
