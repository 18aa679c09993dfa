"""The alarms of a source: each says what is lost or late, and where to look.

Metrics: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html, and the functions' own, in the namespace `eventlake`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eventlake.deploy.cloudformation import Tagged, Template, ref, sub, when
from eventlake.deploy.delivery_stream import may_lack_bus, stream_name
from eventlake.model import Source, Table
from eventlake.stack_names import logical_id

STALE_S = 1_800
"""Twice the longest buffer: an event this old that is not in S3 is late."""

HAS_ALARMS_OF_BUS = "HasAlarmsOfEventBus"
"""The condition of an alarm that looks at a rule which may not be there."""

_FIVE_MINUTES_S = 300
_HOUR_S = 3_600


def alarms(source: Source) -> Iterator[tuple[str, Template]]:
    """Yield logical ids and resources: five for each table, one for the source."""
    for table in source.tables:
        for name, (metric, condition, description) in _alarms_of(source, table).items():
            alarm = _alarm(f"{stream_name(table)}-{name}", description, metric, condition)
            if name == "lost" and may_lack_bus(source):
                alarm["Condition"] = HAS_ALARMS_OF_BUS
            yield logical_id(table.name, name, "Alarm"), alarm
    yield "NoEventsAlarm", _no_events(source)


def _alarms_of(source: Source, table: Table) -> dict[str, tuple[Template, Template, str]]:
    """Return the metric and condition of each alarm by its name, and a sentence that says what it means and where to look."""
    stream = {"DeliveryStreamName": sub(stream_name(table))}
    bus = {} if source.bus == "default" else {"EventBusName": ref("EventBusName")}
    return {
        "freshness": (
            _metric("AWS/Firehose", "DeliveryToS3.DataFreshness", stream, "Maximum"),
            _above(STALE_S),
            f"Events of {table.name} wait in Firehose for more than {STALE_S // 60} minutes; after 24 hours they go to error/. Look at the stream's log.",
        ),
        "delivery": (
            _metric("AWS/Firehose", "DeliveryToS3.Success", stream, "Minimum"),
            _below(1),
            f"Firehose could not write objects of {table.name}; it tries for 24 hours. Look at the stream's log, the bucket's policy and its key.",
        ),
        "processing": (
            _metric("eventlake", "Failed", {"Lake": ref("LakeName"), "Table": table.name}, "Sum"),
            _above(0),
            f"Events of {table.name} could not become log lines; {table.error_prefix}/ keeps them. List them with `eventlake failed`.",
        ),
        "conversion": (
            _metric("AWS/Firehose", "FailedConversion.Records", stream, "Sum"),
            _above(0),
            f"Log lines of {table.name} could not become Parquet; {table.error_prefix}/ keeps them. Compare the Glue table with its declaration.",
        ),
        "lost": (
            _metric("AWS/Events", "InvocationsFailedToBeSentToDlq", {**bus, "RuleName": sub(stream_name(table))}, "Sum"),
            _above(0),
            f"EventBridge could neither deliver events of {table.name} nor put them into the dead-letter queue. Look at the queue's policy.",
        ),
    }


def _no_events(source: Source) -> Template:
    """Return the alarm of a source that sent no event in any of the last QuietHours hours."""
    alarm = _alarm(
        f"${{LakeName}}-{source.name.replace('_', '-')}-no-events",
        f"No event of {source.title} came for QuietHours hours. Is its rule enabled, does its provider still send?",
        _metric("eventlake", "EventsIn", {"Lake": ref("LakeName"), "Source": source.name}, "Sum", _HOUR_S),
        _below(1),
    )
    quiet = {"EvaluationPeriods": ref("QuietHours"), "TreatMissingData": "breaching"}
    return {**alarm, "Condition": "HasQuietAlarm", "Properties": {**alarm["Properties"], **quiet}}


def _alarm(name: str, description: str, metric: Template, condition: Template) -> Template:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": "HasAlarms",
        "Properties": {
            "AlarmName": sub(name),
            "AlarmDescription": description,
            **metric,
            "EvaluationPeriods": 1,
            **condition,
            "TreatMissingData": "notBreaching",
            "AlarmActions": when("HasTopic", [ref("AlarmTopicArn")]),
            "OKActions": when("HasTopic", [ref("AlarmTopicArn")]),
        },
    }


def _metric(namespace: str, name: str, dimensions: Mapping[str, str | Tagged], statistic: str, period_s: int = _FIVE_MINUTES_S) -> Template:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": statistic,
        "Period": period_s,
    }


def _above(threshold: int) -> Template:
    return {"ComparisonOperator": "GreaterThanThreshold", "Threshold": threshold}


def _below(threshold: int) -> Template:
    return {"ComparisonOperator": "LessThanThreshold", "Threshold": threshold}
