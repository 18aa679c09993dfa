"""What a lake on AWS used lately, from CloudWatch: so many records, calls, bytes, queries and alarms.

Asked are the metrics that AWS keeps without being told to and for nothing; GetMetricData itself costs a cent for a thousand of them.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from eventlake.backends.aws import Session, failing
from eventlake.backends.secret_tokens import is_parameter
from eventlake.bill.metered import Function, Stream, Usage, Workgroup, traffic
from eventlake.bill.month import DAYS, MEMORY_GB, Plan
from eventlake.cloud.deployment import Deployment
from eventlake.detections.detection import load_detections
from eventlake.detections.looking import looks
from eventlake.errors import ConfigurationError
from eventlake.pipeline.masking import asks_for_pseudonyms

MONTH = timedelta(days=DAYS)
_HOUR = timedelta(hours=1)
_A_CALL = 500
"""How many metrics GetMetricData takes at once."""
_FUNCTIONS = ("transform", "partition", "compaction", "retention", "detections")
_QUEUES = ("objects", "objects-dead", "undelivered", "functions-dead")
_OF_QUEUES = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives")
_PAID_FOR = ("SUCCEEDED", "CANCELED")
"""Athena charges for what a query read that succeeded or was stopped, not for one that failed: https://aws.amazon.com/athena/pricing/"""
_COUNTED_DAYS = 3
"""S3 counts its bytes once a day, and tells it a day later: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of CloudWatch, and how its values are put together."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Sum"

    def query(self, number: int, period: timedelta) -> dict[str, Any]:
        """Return it as GetMetricData wants it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}
        return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": int(period.total_seconds()), "Stat": self.statistic}}


def looked_at(deployment: Deployment, now: datetime) -> timedelta:
    """Return how far back a lake is looked at: a month, or since it was made, in whole hours."""
    if deployment.made is None:
        return MONTH
    return min(MONTH, max(_HOUR, (now - deployment.made) // _HOUR * _HOUR))


def usage(deployment: Deployment, session: Session, now: datetime) -> Usage:
    """Return what the lake used, as much as it would be in a month. Raises ConfigurationError, ServiceError."""
    if not deployment.name:
        raise ConfigurationError(
            f'The name of "{deployment.named}" does not tell what its functions and streams are called: name the lake by its stack, aws:NAME.'
        )
    client, since = session.client("cloudwatch"), now - looked_at(deployment, now)
    streams, functions, queues, logs, workgroups = _wanted(deployment)
    paid = [metric for pair in workgroups.values() for metric in pair]
    sums = _sums(client, [*streams, *functions, *queues, *logs, *paid], since, now)
    factor = MONTH / (now - since)
    total = {metric: value * factor for metric, value in sums.items()}
    return Usage(
        tuple(_stream(deployment, table.name, total) for table in deployment.tables),
        tuple(_function(deployment, name, total) for name in _function_names(deployment)),
        sum(total[metric] for metric in queues),
        sum(total[metric] for metric in logs),
        {name: Workgroup(*_paid(pairs, total)) for name, pairs in workgroups.items()},
        _stored(client, deployment, now),
        _count(client, "list_metrics", "Metrics", Namespace="eventlake", Dimensions=[{"Name": "Lake", "Value": deployment.name}]),
        _count(client, "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"{deployment.name}-"),
        frozenset(source for source, _ in deployment.token_secrets),
    )


def plan(deployment: Deployment, used: Usage, now: datetime) -> Plan:
    """Return the plan that `cost estimate` would be asked about for this lake: its parameters, and as many events as it had."""
    said = deployment.parameters
    webhooks = tuple(source for source, _ in deployment.token_secrets)
    asked = sum(one.queries for name, one in used.workgroups.items() if name != f"{deployment.name}-detections")
    age = now - deployment.made if deployment.made else MONTH
    return Plan(
        traffic(used),
        len(deployment.tables),
        len(deployment.sources),
        log_format=said.get("LogFormat", "parquet"),
        buffering_seconds=int(said.get("BufferingHintsIntervalInSeconds", 300)) or 1,
        buffering_of=said.get("BufferingOf", "lines"),
        registering=said.get("Registering", "at-once"),
        closing=said.get("Closing", "off"),
        detections=said.get("Detections") == "on",
        detection_minutes=int(said.get("DetectionMinutes", 5)),
        retention=said.get("Retention", "off") != "off",
        alarms=said.get("Alarms", "on") == "on",
        keep_raw_events=said.get("KeepRawEvents") == "yes",
        kms=bool(said.get("KmsKeyArn")),
        pseudonyms=any(map(asks_for_pseudonyms, deployment.tables)),
        queries=round(asked),
        months_kept=max(1, round(age / MONTH)),
        webhooks=webhooks,
        posted=webhooks,
        token_secrets=sum(not is_parameter(arn) for _, arn in deployment.token_secrets),
        looks=looks(list(load_detections(deployment.sources).values()), deployment.tables) if said.get("Detections") == "on" else (),
    )


Wanted = tuple[list[Metric], list[Metric], list[Metric], list[Metric], dict[str, list[Metric]]]


def _wanted(deployment: Deployment) -> Wanted:
    """Return the metrics of streams, functions, queues and logs, and of each workgroup its bytes and queries in turns."""
    lake, names = deployment.name, _function_names(deployment)
    streams = [metric for table in deployment.tables for metric in _of_stream(lake, table.stream)]
    functions = [metric for name in names for metric in _of_function(name)]
    queues = [Metric("AWS/SQS", name, (("QueueName", f"{lake}-{queue}"),)) for queue in _QUEUES for name in _OF_QUEUES]
    logs = [Metric("AWS/Logs", "IncomingBytes", (("LogGroupName", f"/aws/lambda/{name}"),)) for name in names]
    groups = dict.fromkeys([deployment.workgroup, *deployment.workgroups.values(), f"{lake}-closing", f"{lake}-detections"])
    return streams, functions, queues, logs, {group: list(_of_workgroup(group)) for group in groups}


def _of_stream(lake: str, stream: str) -> list[Metric]:
    names = ("IncomingRecords", "IncomingBytes", "DeliveryToS3.ObjectCount")
    return [Metric("AWS/Firehose", name, (("DeliveryStreamName", f"{lake}-{stream}"),)) for name in names]


def _of_function(name: str) -> list[Metric]:
    return [Metric("AWS/Lambda", metric, (("FunctionName", name),)) for metric in ("Invocations", "Duration")]


def _of_workgroup(name: str) -> Iterator[Metric]:
    for state in _PAID_FOR:
        dimensions = (("QueryState", state), ("QueryType", "DML"), ("WorkGroup", name))
        yield from (Metric("AWS/Athena", "ProcessedBytes", dimensions, statistic) for statistic in ("SampleCount", "Sum"))


def _function_names(deployment: Deployment) -> list[str]:
    webhooks = [f"{source}-webhook" for source, _ in deployment.token_secrets]
    return [f"{deployment.name}-{name}" for name in (*_FUNCTIONS, *webhooks)]


def _stream(deployment: Deployment, name: str, total: Mapping[Metric, float]) -> Stream:
    table = next(one for one in deployment.tables if one.name == name)
    return Stream(table, *(total[metric] for metric in _of_stream(deployment.name, table.stream)))


def _function(deployment: Deployment, name: str, total: Mapping[Metric, float]) -> Function:
    calls, milliseconds = (total[metric] for metric in _of_function(name))
    return Function(calls, milliseconds / 1000, MEMORY_GB)


def _paid(metrics: Sequence[Metric], total: Mapping[Metric, float]) -> tuple[float, float]:
    return sum(total[metric] for metric in metrics[::2]), sum(total[metric] for metric in metrics[1::2])


def _stored(client: Any, deployment: Deployment, now: datetime) -> float | None:  # boto3's client has no types
    """Return the bytes that lie in the lake's buckets; None while S3 has not counted those of its log lines."""
    buckets = [deployment.bucket, *([deployment.results_bucket] if deployment.results_bucket else [])]
    found = []
    for bucket in buckets:
        dimensions = (("BucketName", bucket), ("StorageType", "StandardStorage"))
        metric = Metric("AWS/S3", "BucketSizeBytes", dimensions, "Average")
        values = _values(client, [metric], now - timedelta(days=_COUNTED_DAYS), now, timedelta(days=1))[metric]
        found.append(values[0] if values else None)
    return None if found[0] is None else sum(one for one in found if one is not None)


def _sums(client: Any, metrics: Sequence[Metric], since: datetime, until: datetime) -> dict[Metric, float]:  # boto3's client has no types
    return {metric: sum(values) for metric, values in _values(client, metrics, since, until, _HOUR).items()}


def _values(
    client: Any, metrics: Sequence[Metric], since: datetime, until: datetime, period: timedelta
) -> dict[Metric, list[float]]:  # boto3's client has no types
    """Return the values of each metric, the newest first."""
    found: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    for start in range(0, len(metrics), _A_CALL):
        part = metrics[start : start + _A_CALL]
        queries = [metric.query(number, period) for number, metric in enumerate(part)]
        with failing("What the lake used cannot be read from CloudWatch"):
            pages = client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=queries, StartTime=_at_hour(since), EndTime=until, ScanBy="TimestampDescending"
            )
            for result in (one for page in pages for one in page["MetricDataResults"]):
                pairs = sorted(zip(result["Timestamps"], result["Values"], strict=True), reverse=True)
                found[part[int(result["Id"][1:])]] += [value for _, value in pairs]
    return found


def _at_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _count(client: Any, call: str, what: str, **asked: Any) -> int:  # boto3's client has no types
    with failing("What the lake used cannot be read from CloudWatch"):
        pages: Iterable[Any] = client.get_paginator(call).paginate(**asked)
        return sum(len(page[what]) for page in pages)
