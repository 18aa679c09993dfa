"""The schedule that closes hours, what the function says as metrics, and the alarms about them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import eventually
from aws.closable import PREFIX, Closable, of
from aws.emulator.alarms import state as state_of
from aws.lake import PROJECT
from aws.roles import broken, count, is_refused, without
from aws.test_alarms import set_clock_ahead
from aws.test_permissions import declared

pytestmark = pytest.mark.java

TEMPLATE = PROJECT / "templates" / "closing.yaml"
METRICS = ("HoursClosed", "RowsClosed", "DuplicatesLeftOut", "BytesBefore", "BytesAfter", "FailedClosings")
HOUR_S = 3600
TOO_LONG_S = 3 * HOUR_S + 1


def sums(closes: Closable) -> dict[str, float]:
    """{metric: sum} of what the function published so far."""
    return {name: count(closes.lake.aws, "eventlake", name, Lake=closes.lake.name) for name in METRICS}


def published(closes: Closable, before: dict[str, float]) -> dict[str, float]:
    """{metric: sum} of what came since."""
    return {name: value - before[name] for name, value in sums(closes).items()}


def state(closes: Closable, alarm: str) -> str:
    """The state of one of the lake's alarms now."""
    (found,) = closes.lake.aws.service("cloudwatch").describe_alarms(AlarmNames=[f"{closes.lake.name}-{alarm}"])["MetricAlarms"]
    return str(found["StateValue"])


@contextmanager
def calling_soon(closes: Closable) -> Iterator[None]:
    """A schedule like the lake's, with its target, role and input, that calls once, now."""
    client, name = closes.lake.aws.service("scheduler"), f"{closes.lake.name}-closing-{time.time_ns()}"  # one of its own: it calls once
    known = client.get_schedule(Name=f"{closes.lake.name}-closing")
    like = {key: known[key] for key in ("FlexibleTimeWindow", "Target")}
    client.create_schedule(Name=name, ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})", **like)
    try:
        yield
    finally:
        client.delete_schedule(Name=name)


def test_the_schedule_closes_hours(closes: Closable) -> None:
    """It calls the function with its input under its role, which trusts the schedule's group."""
    closes.fill("2026/07/02/03", closes.seed(2), "a", "b")
    with calling_soon(closes):
        assert eventually(lambda: closes.counts("2026-07-02") == {"03": (2, 2)})


def test_the_schedule_may_do_nothing_without_its_role(closes: Closable) -> None:
    """The one right of its role is needed."""
    role = closes.lake.aws.service("scheduler").get_schedule(Name=f"{closes.lake.name}-closing")["Target"]["RoleArn"].rpartition("/")[2]
    before = count(closes.lake.aws, "Emulator", "Denied", Principal=role, Action="lambda:InvokeFunction")
    with without(closes.lake.aws, role, "lambda:InvokeFunction"), calling_soon(closes):
        assert is_refused(closes.lake.aws, role, "lambda:InvokeFunction", before)


def test_the_schedule_calls_when_an_hour_is_due() -> None:
    """Every hour or every day in UTC, past the minutes that the function waits with the longest buffer; the alarm has the same rhythm."""
    schedule = declared(TEMPLATE, "AWS::Scheduler::Schedule")["ClosingSchedule"]
    slack = declared(TEMPLATE, "AWS::Lambda::Function")["CompactionFunction"]["Environment"]["Variables"]["SLACK_MINUTES"]
    assert schedule["ScheduleExpression"] == ["IsHourly", "cron(25 * * * ? *)", "cron(25 0 * * ? *)"]
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert int(slack) + 300 / 60 < 25  # with the buffers that are declared
    alarm = declared(TEMPLATE, "AWS::CloudWatch::Alarm")["UnclosedHourAlarm"]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (["IsHourly", 3600, 86400], ["IsHourly", 3, 1])


def test_metrics_are_what_was_closed(closes: Closable) -> None:
    """Rows, duplicates and bytes, as they lie in the bucket."""
    closes.close()
    before = sums(closes)
    closes.fill("2026/07/06/03", closes.seed(4), "a", "b", "c")
    closes.fill("2026/07/06/04", closes.seed(5), "a")
    landed = sum(map(closes.size, ["2026/07/06/03", "2026/07/06/04"]))

    closes.close()

    said = {
        "HoursClosed": 2,
        "RowsClosed": 9,
        "DuplicatesLeftOut": 8,
        "BytesBefore": landed,
        "BytesAfter": sum(map(closes.size, ["2026/07/06/03", "2026/07/06/04"])),
    }
    assert published(closes, before) == {**said, "FailedClosings": 0}


def test_a_closing_again_counts_what_it_read(closes: Closable) -> None:
    """What the hour held and what came late are its bytes before; only the duplicates of this closing are counted."""
    seed = closes.seed(3)
    closes.fill("2026/07/10/03", seed, "a", "b")
    closes.close()
    closed, before = closes.size("2026/07/10/03"), sums(closes)
    closes.fill("2026/07/10/03", seed, "late")
    late = sum(len(closes.lake.bucket.read(key)) for key in closes.lake.bucket.keys(f"{PREFIX}/2026/07/10/03/late"))

    closes.close()

    found = published(closes, before)
    assert (found["RowsClosed"], found["DuplicatesLeftOut"], found["BytesBefore"]) == (3, 3, closed + late)
    assert found["BytesAfter"] == closes.size("2026/07/10/03")


def test_a_closing_that_fails_is_told(closes: Closable) -> None:
    """The alarm is quiet while hours close, on with one that cannot be, and quiet again when it is over."""
    closes.fill("2026/07/14/03", closes.seed(2), "a")
    of(closes.close(), "hour")
    with clock_ahead(closes, HOUR_S):  # what other tests let fail is long ago
        assert state(closes, "failed-closings") == "OK"
    before = sums(closes)
    damaged = f"{PREFIX}/2026/07/15/03/damaged"
    closes.lake.aws.service("s3").put_object(Bucket=closes.lake.bucket.name, Key=damaged, Body=b"no Parquet")

    assert [one["hours"] for one in closes.close()["failed"]] == [["2026-07-15T03"]]

    assert published(closes, before)["FailedClosings"] == 1
    assert eventually(lambda: state(closes, "failed-closings") == "ALARM")
    closes.lake.aws.service("s3").delete_object(Bucket=closes.lake.bucket.name, Key=damaged)
    of(closes.close(), "hour")
    with clock_ahead(closes, 301):
        assert state(closes, "failed-closings") == "OK"


def test_a_function_that_fails_as_a_whole_is_told(closes: Closable) -> None:
    """The other alarm."""
    name = f"{closes.lake.name}-compaction"
    with broken(closes.lake.aws, name):
        closes.lake.aws.service("lambda").invoke(FunctionName=name, Payload=b"{}")
        assert eventually(lambda: state(closes, "compaction") == "ALARM")


def test_how_long_an_hour_waits_is_said(closes: Closable) -> None:
    """Since it ended, or since the first of it landed after that; nothing waits once all is closed."""
    client = closes.lake.aws.service("s3")
    landed = time.time()
    client.put_object(Bucket=closes.lake.bucket.name, Key=f"{PREFIX}/2026/07/20/03/damaged", Body=b"no Parquet")
    time.sleep(2)
    closes.close()
    waited = latest(closes, "LongestWaitSeconds")
    assert 1 <= waited <= time.time() - landed
    client.delete_object(Bucket=closes.lake.bucket.name, Key=f"{PREFIX}/2026/07/20/03/damaged")

    closes.close()

    assert latest(closes, "LongestWaitSeconds") == 0


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ([TOO_LONG_S + 2 * HOUR_S, TOO_LONG_S + HOUR_S, TOO_LONG_S], "ALARM"),
        ([TOO_LONG_S + HOUR_S, TOO_LONG_S, TOO_LONG_S - 1], "OK"),
        ([0, TOO_LONG_S + HOUR_S, TOO_LONG_S], "OK"),
        ([1500, 1500, 1500], "OK"),
        ([None, None, None], "ALARM"),
        ([1500, None, None], "OK"),
    ],
)
def test_an_hour_that_waits_for_six_hours_is_told(waits: list[int | None], expected: str) -> None:
    """Three looks in a row, the latest first: an hour that ended more than three hours before the first of them; or no look at all."""
    alarm = declared(TEMPLATE, "AWS::CloudWatch::Alarm")["UnclosedHourAlarm"]
    assert state_of({**alarm, "StateValue": "OK"}, waits) == expected


@pytest.mark.parametrize(("wait", "expected"), [(TOO_LONG_S, "ALARM"), (0, "OK"), (None, "ALARM")])
def test_the_alarm_of_a_lake_is_on_what_the_function_says(closes: Closable, wait: int | None, expected: str) -> None:
    """With `daily` one look is enough; a day without any is told too. The metric is the function's own, so the latest counts."""
    ahead = 90_000 + [TOO_LONG_S, 0, None].index(wait) * 200_000  # each in a day of its own
    with clock_ahead(closes, ahead):
        if wait is not None:
            datum = {"MetricName": "LongestWaitSeconds", "Dimensions": [{"Name": "Lake", "Value": closes.lake.name}], "Value": wait}
            moment = datetime.now(UTC) + timedelta(seconds=ahead - 1)
            closes.lake.aws.service("cloudwatch").put_metric_data(Namespace="eventlake", MetricData=[{**datum, "Timestamp": moment}])
        assert state(closes, "unclosed-hour") == expected


@contextmanager
def clock_ahead(closes: Closable, seconds: int) -> Iterator[None]:
    """Set the alarms' clock ahead for a while."""
    set_clock_ahead(closes.lake, seconds)
    try:
        yield
    finally:
        set_clock_ahead(closes.lake, 0)


def latest(closes: Closable, metric: str) -> float:
    """What the function's last line in its log says of a metric."""
    group = f"/aws/lambda/{closes.lake.name}-compaction"
    pages = closes.lake.aws.service("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    said = [event for page in pages for event in page["events"] if f'"{metric}":' in event["message"]]
    line = max(said, key=lambda event: event["timestamp"])["message"]
    return float(json.loads(line[line.index("{") :])[metric])
