"""Every alarm of a lake goes off when what it watches for happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.deploying import delete
from aws.events import TABLES, Event, samples, tables_of
from aws.lake import EVERY_SOURCE, Lake, deployed
from aws.objects import Queue
from aws.roles import broken, without

pytestmark = pytest.mark.aws

STREAMS = {name: name.replace("_", "-") for name in TABLES}


@pytest.fixture(scope="module")
def watched(aws: Aws, lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of its own, with every source."""
    yield deployed(aws, "watched", tmp_path_factory.mktemp("watched"), {**EVERY_SOURCE, "QuietHours": "24"})
    delete(aws, "watched")


def one_of_each_table() -> list[Event]:
    """Events that together have a row in every table."""
    return [next(event for event in samples() if name in [table.name for table in tables_of(event)]) for name in TABLES]


def alarms(lake: Lake) -> dict[str, str]:
    """{name without the lake's: state} of its alarms."""
    pages = lake.aws.service("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{lake.name}-")
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return {alarm["AlarmName"].removeprefix(f"{lake.name}-"): alarm["StateValue"] for alarm in found}


def go_off(lake: Lake, names: set[str]) -> bool:
    """Whether these alarms go off, waiting for it."""
    return eventually(lambda: names <= {name for name, state in alarms(lake).items() if state == "ALARM"})


def of_tables(kind: str) -> set[str]:
    """The names of one kind of alarm, of all tables."""
    return {f"{stream}-{kind}" for stream in STREAMS.values()}


def set_clock_ahead(lake: Lake, seconds: int) -> None:
    """Set the alarms' clock ahead."""
    lake.aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[{"MetricName": "ClockAhead", "Value": seconds}])


def roles(lake: Lake, service: str) -> set[str]:
    """The names of the lake's roles that a service assumes."""
    pages = lake.aws.service("iam").get_paginator("list_roles").paginate()
    found = [role for page in pages for role in page["Roles"] if role["RoleName"].startswith(f"{lake.name}-")]
    return {role["RoleName"] for role in found if f"{service}.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])}


def partition_role(lake: Lake) -> str:
    """The role of the partition function."""
    arn = lake.aws.service("lambda").get_function_configuration(FunctionName=f"{lake.name}-partition")["Role"]
    return str(arn.rsplit("/", 1)[1])


def test_a_healthy_lake_is_quiet(watched: Lake) -> None:
    """While events go through, no alarm is on; one on silence may have gone off while the stacks were made, and is over then."""
    ids = watched.put(one_of_each_table())
    watched.arrived(ids, [table.prefix for table in TABLES.values()])
    with suppress(AssertionError):
        eventually(lambda: "ALARM" not in alarms(watched).values())
    assert {name for name, state in alarms(watched).items() if state == "ALARM"} == set()


def test_streams_that_cannot_write_are_told(watched: Lake) -> None:
    """Without s3:PutObject each stream's delivery alarm goes off, then its freshness alarm."""
    with ExitStack() as less:
        for role in roles(watched, "firehose"):
            less.enter_context(without(watched.aws, role, "s3:PutObject"))
        ids = watched.put(one_of_each_table())
        assert go_off(watched, of_tables("delivery"))
        set_clock_ahead(watched, 1801)
        assert go_off(watched, of_tables("freshness"))
        set_clock_ahead(watched, 0)
    watched.arrived(ids, [table.prefix for table in TABLES.values()])


def test_lines_that_do_not_fit_their_table_are_told(watched: Lake) -> None:
    """If somebody changes the type of a column, the conversion alarm goes off, and so does the one on failed objects."""
    glue = watched.aws.service("glue")
    with ExitStack() as restored:
        for name in TABLES:
            table = glue.get_table(DatabaseName=watched.database(name), Name=name)["Table"]
            kept = {key: table[key] for key in ("Name", "TableType", "PartitionKeys", "StorageDescriptor", "Parameters")}
            restored.callback(glue.update_table, DatabaseName=watched.database(name), TableInput=kept)
            columns = [{**column, "Type": "int" if column["Name"] == "event_id" else column["Type"]} for column in columns_of(kept)]
            changed = {**kept, "StorageDescriptor": {**kept["StorageDescriptor"], "Columns": columns}}
            glue.update_table(DatabaseName=watched.database(name), TableInput=changed)
        watched.put(one_of_each_table())
        assert go_off(watched, of_tables("conversion") | {"failed-objects"})


def columns_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a table."""
    columns: list[dict[str, Any]] = table["StorageDescriptor"]["Columns"]
    return columns


def test_records_that_are_no_events_are_told(watched: Lake) -> None:
    """A record that the transform fails makes its table's processing alarm go off."""
    firehose = watched.aws.service("firehose")
    for stream in STREAMS.values():
        firehose.put_record(DeliveryStreamName=f"{watched.name}-{stream}", Record={"Data": b"no event"})
    assert go_off(watched, of_tables("processing"))


def test_a_transform_that_fails_is_told(watched: Lake) -> None:
    """Errors of the transform make its alarm go off."""
    with broken(watched.aws, f"{watched.name}-transform"):
        watched.put(one_of_each_table()[:1])
        assert go_off(watched, {"transform"})


def test_a_transform_that_is_throttled_is_told(watched: Lake) -> None:
    """Refused calls of the transform make their alarm go off."""
    client = watched.aws.service("lambda")
    client.put_function_concurrency(FunctionName=f"{watched.name}-transform", ReservedConcurrentExecutions=0)
    try:
        watched.put(one_of_each_table()[:1])
        assert go_off(watched, {"transform-throttled"})
    finally:
        client.delete_function_concurrency(FunctionName=f"{watched.name}-transform")


def test_a_partition_function_that_fails_is_told(watched: Lake) -> None:
    """Its errors, calls of others that failed, and messages that wait too long make three alarms go off."""
    with broken(watched.aws, f"{watched.name}-partition"):
        watched.put(one_of_each_table()[:1])
        assert go_off(watched, {"partition"})
        watched.aws.service("lambda").invoke(FunctionName=f"{watched.name}-partition", InvocationType="Event", Payload=b"{}")
        assert go_off(watched, {"functions-dead"})
    with without(watched.aws, partition_role(watched), "sqs:ReceiveMessage"):
        watched.bucket.s3.put_object(Bucket=watched.bucket.name, Key="elsewhere/x", Body=b"")
        set_clock_ahead(watched, 901)
        assert go_off(watched, {"object-queue"})
        set_clock_ahead(watched, 0)


def test_an_hour_that_cannot_be_registered_is_told(watched: Lake) -> None:
    """A message that failed eight times is a dead letter, and makes an alarm go off."""
    sqs = watched.aws.service("sqs")
    url = sqs.get_queue_url(QueueName=f"{watched.name}-objects")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    with without(watched.aws, partition_role(watched), "glue:CreatePartition"):
        key = f"{TABLES['auth0_logs'].prefix}/2001/01/01/00/{watched.name}-auth0-logs-x.parquet"
        watched.bucket.s3.put_object(Bucket=watched.bucket.name, Key=key, Body=b"")
        assert go_off(watched, {"objects-dead"})
        dead = Queue(watched.aws, f"{watched.name}-objects-dead")
        assert eventually(lambda: any(key in message["Body"] for message in dead.take()))


def test_events_that_cannot_be_delivered_are_told(watched: Lake) -> None:
    """A rule that may not put records makes the alarm on undelivered events go off; without its queue, the one on lost events."""
    sqs = watched.aws.service("sqs")
    url = sqs.get_queue_url(QueueName=f"{watched.name}-undelivered")["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    with ExitStack() as less:
        for role in roles(watched, "events"):
            less.enter_context(without(watched.aws, role, "firehose:PutRecord"))
        watched.put(one_of_each_table())
        assert go_off(watched, {"undelivered"})
        less.callback(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": policy})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy.replace("sqs:SendMessage", "sqs:GetQueueUrl")})
        watched.put(one_of_each_table())
        assert go_off(watched, of_tables("lost"))


def test_a_source_that_falls_silent_is_told(watched: Lake) -> None:
    """A day without events of a source makes its alarm go off."""
    names = {name for name in alarms(watched) if name.endswith("-quiet") or "no-events" in name}
    assert len(names) == len({table.database for table in TABLES.values()})
    set_clock_ahead(watched, 25 * 3600)
    try:
        assert go_off(watched, names)
    finally:
        set_clock_ahead(watched, 0)


def test_no_alarm_is_left_out(watched: Lake) -> None:
    """After all of this, every alarm of the lake has been on."""
    pages = watched.aws.service("cloudwatch").get_paginator("describe_alarm_history").paginate(HistoryItemType="StateUpdate")
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    was_on = {item["AlarmName"] for item in items if json.loads(item["HistoryData"])["newState"]["stateValue"] == "ALARM"}
    assert {name for name in alarms(watched) if f"{watched.name}-{name}" not in was_on} == set()
