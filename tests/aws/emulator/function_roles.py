"""What Lambda does under a function's role: its log, its traces, the reading of its queue, the letters of failed calls.

ministack does these without asking. Traces go nowhere here: they are counted as metrics `TraceSegments` and `TelemetryRecords` of the
namespace `Emulator`, by FunctionName, where the function's tracing is active.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

import logging
from typing import Any

import ministack.services.lambda_svc as lambda_svc
from ministack.core.responses import get_account_id, get_region

from aws.emulator import control, metrics, permissions

SERVICE = "lambda.amazonaws.com"
READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
TRACING = {"xray:PutTraceSegments": "TraceSegments", "xray:PutTelemetryRecords": "TelemetryRecords"}

log = logging.getLogger(__name__)


def install() -> None:
    """Ask before each of these; install it after `metrics`, because what is not logged is not measured either."""
    emit_logs, concurrency, route_failure = lambda_svc._emit_lambda_logs, lambda_svc._sqs_esm_concurrency, lambda_svc._route_async_failure

    def emit_allowed(function: Any, request_id: str, text: str, error: bool, duration_ms: int, **more: Any) -> None:
        config = function.get("config") or function
        trace(config)
        stream = f"{log_group_arn(config)}:log-stream:{request_id}"
        if may(config, ("logs:CreateLogStream", stream), ("logs:PutLogEvents", stream)):
            emit_logs(function, request_id, text, error, duration_ms, **more)
        else:
            metrics.publish_invocation(config, "", error, duration_ms)

    def concurrency_allowed(mapping: dict[str, Any], function: Any, config: dict[str, Any], queue: Any = None) -> int:
        allowed = may(config, *((action, mapping["EventSourceArn"]) for action in READING))
        return int(concurrency(mapping, function, config, queue)) if allowed else 0

    def route_allowed(target_arn: str, name: str, event: Any, result: Any) -> None:
        function, config = lambda_svc._get_func_record_for_qualifier(name, None)
        if ":sqs:" not in target_arn or may(config or function["config"], ("sqs:SendMessage", target_arn)):
            route_failure(target_arn, name, event, result)
        else:
            metrics.publish("AWS/Lambda", "DeadLetterErrors", 1, FunctionName=name)

    lambda_svc._emit_lambda_logs = emit_allowed
    lambda_svc._sqs_esm_concurrency = concurrency_allowed
    lambda_svc._route_async_failure = route_allowed


def may(config: dict[str, Any], *wanted: tuple[str, str]) -> bool:
    """Whether a function's role may do each (action, resource ARN)."""
    try:
        permissions.require(config["Role"], SERVICE, config["FunctionArn"], list(wanted))
    except permissions.AccessDenied as denied:
        log.warning("Function %s: %s", config["FunctionName"], denied)
        return False
    return True


def trace(config: dict[str, Any]) -> None:
    """Count what X-Ray would have been told."""
    if (config.get("TracingConfig") or {}).get("Mode") != "Active":
        return
    for action, metric in TRACING.items():
        if may(config, (action, "*")):
            metrics.publish(control.NAMESPACE, metric, 1, FunctionName=config["FunctionName"])


def log_group_arn(config: dict[str, Any]) -> str:
    """The log group that a function writes to."""
    name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    return f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}"
