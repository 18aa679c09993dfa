"""Rules that lead to a stream, with what surrounds a target on AWS: its role, retries, dead letters and metrics; and a topic's policy.

A target that may not be reached, or is not there, is given up at once; one that is busy is tried again as its RetryPolicy says. What is
given up goes to the target's dead-letter queue, if the queue's policy lets the rule. Other targets than streams are ministack's.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import base64
import contextvars
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import ministack.services.eventbridge as eventbridge
import ministack.services.firehose as firehose
import ministack.services.sns as sns
import ministack.services.sqs as sqs
from ministack.core.responses import get_account_id, new_uuid

from aws.emulator import control, metrics, permissions, settings

SERVICE = "events.amazonaws.com"
MOST_RETRIES = 185
LONGEST_AGE_S = 86400
RETRY_AFTER_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal(Exception):
    """The target did not take the event. final: trying again is of no use."""

    code: str
    message: str
    final: bool


def install() -> None:
    """Deliver to streams."""
    invoke_other = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        publish(rule, "MatchedEvents")
        publish(rule, "TriggeredRules")
        if ":firehose:" in target["Arn"]:
            view = view or eventbridge._pattern_event_view(event)
            context = contextvars.copy_context()
            deliver(target, rule, payload_of(target, rule, view), context)
        elif ":sns:" in target["Arn"] and not sns.topic_policy_allows(target["Arn"], SERVICE, rule["Arn"], get_account_id()):
            view = view or eventbridge._pattern_event_view(event)
            refusal = Refusal("NO_PERMISSIONS", f"{SERVICE} may not publish to {target['Arn']}.", True)
            give_up(target, rule, payload_of(target, rule, view), refusal, 0, "")
        else:
            invoke_other(target, event, rule, view)

    eventbridge._invoke_target = invoke


def payload_of(target: dict[str, Any], rule: dict[str, Any], view: Any) -> str:
    """What the target is given: the event, or what its InputTransformer makes of it."""
    if target.get("InputTransformer"):
        return str(eventbridge._apply_input_transformer(target["InputTransformer"], rule, view))
    return json.dumps(view.event_with_detail(), separators=(",", ":"), ensure_ascii=False)


def deliver(target: dict[str, Any], rule: dict[str, Any], payload: str, context: contextvars.Context) -> None:
    """Give an event to its target; if it is busy, go on trying in a thread of its own."""
    publish(rule, "InvocationAttempts")
    try:
        put_record(target, rule, payload)
    except Refusal as refusal:
        if refusal.final:
            give_up(target, rule, payload, refusal, 0, "")
        else:
            threading.Thread(target=context.run, args=(deliver_later, target, rule, payload, refusal), daemon=True).start()
    else:
        publish(rule, "Invocations")


def deliver_later(target: dict[str, Any], rule: dict[str, Any], payload: str, refusal: Refusal) -> None:
    """Try again until the target takes the event, or its RetryPolicy is exhausted."""
    policy = target.get("RetryPolicy") or {}
    retries = int(policy.get("MaximumRetryAttempts", MOST_RETRIES))
    last_s = time.time() + int(policy.get("MaximumEventAgeInSeconds", LONGEST_AGE_S)) * settings.TIME_SCALE
    for retry in range(1, retries + 1):
        time.sleep(RETRY_AFTER_S * settings.TIME_SCALE)
        if time.time() > last_s:
            return give_up(target, rule, payload, refusal, retry - 1, "MaximumEventAgeInSeconds")
        publish(rule, "RetryInvocationAttempts")
        try:
            put_record(target, rule, payload)
        except Refusal as again:
            refusal = again
        else:
            return publish(rule, "Invocations")
    return give_up(target, rule, payload, refusal, retries, "MaximumRetryAttempts")


def put_record(target: dict[str, Any], rule: dict[str, Any], payload: str) -> None:
    """Put an event into a stream under the target's role. Raises Refusal."""
    arn = target["Arn"]
    try:
        wanted = [(action, arn) for action in ("firehose:PutRecord", "firehose:PutRecordBatch")]
        permissions.require(target.get("RoleArn") or rule.get("RoleArn") or "", SERVICE, rule["Arn"], wanted)
    except permissions.AccessDenied as denied:
        raise Refusal("NO_PERMISSIONS", str(denied), True) from denied
    if control.is_throttled("firehose:PutRecord"):
        raise Refusal("THROTTLING", "Slow down.", False)
    record = {"DeliveryStreamName": arn.rsplit("/", 1)[1], "Record": {"Data": base64.b64encode(payload.encode()).decode()}}
    status, _, body = firehose._put_record(record)
    if status >= 300:
        answer = json.loads(body)
        missing = "ResourceNotFound" in str(answer.get("__type"))
        raise Refusal("RESOURCE_NOT_FOUND" if missing else "SDK_CLIENT_ERROR", str(answer.get("message")), status < 500)


def give_up(target: dict[str, Any], rule: dict[str, Any], payload: str, refusal: Refusal, retries: int, exhausted: str) -> None:
    """Count a lost invocation, and send its event to the dead-letter queue, if there is one."""
    log.warning("Rule %s: %s", rule["Name"], refusal.message)
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    publish(rule, "FailedInvocations")
    if queue_arn and sqs.queue_policy_allows(queue_arn, SERVICE, rule["Arn"], get_account_id()):
        send(queue_arn, payload, attributes_of(target, rule, refusal, retries, exhausted))
        publish(rule, "InvocationsSentToDlq")
    elif queue_arn:
        publish(rule, "InvocationsFailedToBeSentToDlq")


def attributes_of(target: dict[str, Any], rule: dict[str, Any], refusal: Refusal, retries: int, exhausted: str) -> dict[str, str]:
    """What a dead letter says of how it came about."""
    said = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": refusal.code,
        "ERROR_MESSAGE": refusal.message,
        "RETRY_ATTEMPTS": str(retries),
    }
    return {**said, "EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else said


def send(queue_arn: str, body: str, attributes: dict[str, str]) -> None:
    """Send a message with text attributes."""
    queue = next(url for url, queue in sqs._queues.items() if queue["attributes"]["QueueArn"] == queue_arn)
    values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    sqs._act_send_message({"QueueUrl": queue, "MessageBody": body, "MessageAttributes": values, "MessageId": new_uuid()}, queue)


def publish(rule: dict[str, Any], name: str) -> None:
    """Count one for a rule: by its name on the default bus, by bus and name on others."""
    bus = rule.get("EventBusName") or "default"
    dimensions = {"RuleName": rule["Name"]} if bus == "default" else {"RuleName": rule["Name"], "EventBusName": bus}
    metrics.publish("AWS/Events", name, 1, **dimensions)
