"""What services and functions publish to CloudWatch, so that alarms have something to watch.

    functions   their invocations, errors, throttles and duration, and the metrics in their logs (embedded metric format)
    queues      how many messages wait, and for how long: measured when somebody looks
    streams and rules publish by `publish`, from where they deliver

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import array
import fcntl
import json
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty
from typing import Any

import ministack.core.lambda_runtime as lambda_runtime
import ministack.services.cloudwatch as cloudwatch
import ministack.services.lambda_svc as lambda_svc
import ministack.services.sqs as sqs

from aws.emulator import control

_FIRST_LINE_S, _NEXT_LINE_S = 1.0, 0.05
"""How long an invocation's log is waited for, and the next line of it, once nothing of it is unread: its own 50 ms lose lines on a busy machine."""

gauges: list[Callable[[], None]] = []
"""What is measured when somebody looks; each publishes."""


def install() -> None:
    """Publish what functions do and say, measure queues, and open the tester's door."""
    gauges.append(measure_queues)
    emit_logs, store_datum = lambda_svc._emit_lambda_logs, cloudwatch._store_datum

    def emit_logs_and_metrics(function: Any, request_id: str, text: str, error: bool, duration_ms: int, **more: Any) -> None:
        emit_logs(function, request_id, text, error, duration_ms, **more)
        publish_invocation(function.get("config") or function, text or "", error, duration_ms)

    def publish_throttle(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:  # the other invocations are published from their logs, whoever invoked
            publish("AWS/Lambda", "Throttles", 1, FunctionName=function_name)

    def store_or_set(namespace: str, name: str, dimensions: dict[str, str], at: float, unit: str, value: Any, *more: Any) -> None:
        if namespace == control.NAMESPACE:
            control.set_value(name, float(value), dimensions)
        else:
            store_datum(namespace, name, dimensions, at, unit, value, *more)

    lambda_svc._emit_lambda_logs, lambda_svc._emit_lambda_metrics = emit_logs_and_metrics, publish_throttle
    lambda_runtime.Worker._drain_stderr_bounded = whole_log
    cloudwatch._store_datum = store_or_set


def whole_log(worker: Any, **_waits: float) -> str:
    """All that an invocation that is over has written, which a thread of the worker's reads."""
    lines: list[str] = []
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < (_NEXT_LINE_S if lines else _FIRST_LINE_S) or is_unread(worker):
        with suppress(Empty):
            lines.append(worker._stderr_queue.get(timeout=0.005))
            quiet_since = time.monotonic()
    return "\n".join(lines)


def is_unread(worker: Any) -> bool:
    """Whether something of a worker's log waits in its pipe; not where the worker has ended."""
    if worker._proc is None or worker._proc.poll() is not None:
        return False
    waiting = array.array("i", [0])
    fcntl.ioctl(worker._proc.stderr.fileno(), termios.FIONREAD, waiting)
    return bool(waiting[0])


def publish(namespace: str, name: str, value: float, **dimensions: str) -> None:
    """Record one value."""
    cloudwatch.record_metric(namespace, name, value, "None", dimensions)


def publish_invocation(config: dict[str, Any], text: str, error: bool, duration_ms: int) -> None:
    """Record what one invocation says of its function."""
    function = config["FunctionName"]
    for name, value in (("Invocations", 1), ("Errors", int(error)), ("Throttles", 0), ("Duration", duration_ms)):
        publish("AWS/Lambda", name, value, FunctionName=function)
    for line in text.splitlines():
        for namespace, name, number, dimensions in embedded_metrics(line):
            publish(namespace, name, number, **dimensions)


def embedded_metrics(line: str) -> Iterator[tuple[str, str, float, dict[str, str]]]:
    """(namespace, name, value, dimensions) of each metric in a line of a log; none if it holds none."""
    start = line.find("{")
    if start < 0 or "CloudWatchMetrics" not in line:
        return
    try:
        said = json.loads(line[start:])
    except ValueError:
        return
    for directive in said["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(said[name]) for name in names}
            for metric in directive["Metrics"]:
                values = said[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield directive["Namespace"], metric["Name"], value, dimensions


def measure() -> None:
    """Publish every gauge."""
    for gauge in gauges:
        gauge()


def measure_queues() -> None:
    """How many messages wait in each queue, and the age of the oldest."""
    now_s = control.now()
    for url, queue in list(sqs._queues.items()):
        waiting = [message for message in list(queue["messages"]) if message["visible_at"] <= now_s]
        oldest_s = max((now_s - message["sent_at"] for message in queue["messages"]), default=0.0)
        observe("AWS/SQS", "ApproximateNumberOfMessagesVisible", len(waiting), QueueName=url.rsplit("/", 1)[-1])
        observe("AWS/SQS", "ApproximateAgeOfOldestMessage", oldest_s, QueueName=url.rsplit("/", 1)[-1])


def observe(namespace: str, name: str, value: float, *, alone: bool = True, **dimensions: str) -> None:
    """Record the value that something has now, by the tester's clock. alone: in place of the one observed before."""
    points = cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dimensions)))
    if alone:
        points.clear()
    points.append({"Timestamp": control.now(), "Value": float(value), "Unit": "None", "Dimensions": dimensions})
