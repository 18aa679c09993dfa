"""Rules whose target is an event bus, of another account or region too, and AWS::Events::EventBusPolicy, which ministack does not know.

An event keeps its account and region. The role must be allowed to put it there and, from another account, the bus must let the role in. What
was sent to a bus once is sent on to no other.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
"""

from __future__ import annotations

import contextvars
import json
from typing import Any

import ministack.core.iam_evaluator as iam_evaluator
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.eventbridge as eventbridge
from ministack.core.responses import get_account_id, set_request_account_id, set_request_region

from aws.emulator import permissions
from aws.emulator.eventbridge_targets import SERVICE, Refusal, give_up, payload_of, publish

ACTION = "events:PutEvents"
ORGANIZATIONS = {"222233334444": "o-a1b2c3d4e5"}
"""The organization of each account that is in one: ministack has no members."""
SENT = "_Sent"
"""What says of an event that it came from another bus."""


def install() -> None:
    """Send to buses, and add the resource type to the registry."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = {"create": create, "delete": delete}
    iam_evaluator._principal_org_id = ORGANIZATIONS.get
    invoke_other = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if ":event-bus/" not in target["Arn"]:
            invoke_other(target, event, rule, view)
        elif SENT not in event:
            send(target, event, rule, view or eventbridge._pattern_event_view(event))

    eventbridge._invoke_target = invoke


def send(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any) -> None:
    """Put an event on another bus; give it up if that may not be, or is not there."""
    _, _, _, region, account, bus = target["Arn"].split(":", 5)
    publish(rule, "InvocationAttempts")
    try:
        permissions.require(target["RoleArn"], SERVICE, rule["Arn"], [(ACTION, target["Arn"])])
        name = target["RoleArn"].rsplit("/", 1)[-1]
        caller = permissions.context(f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{SERVICE}", ACTION, target["Arn"], {})
        contextvars.copy_context().run(receive, account, region, bus.split("/", 1)[1], caller, event)
    except permissions.AccessDenied as denied:
        give_up(target, rule, payload_of(target, rule, view), Refusal("NO_PERMISSIONS", str(denied), True), 0, "")
    except Refusal as refusal:
        give_up(target, rule, payload_of(target, rule, view), refusal, 0, "")
    else:
        publish(rule, "Invocations")


def receive(account: str, region: str, bus: str, caller: Any, event: dict[str, Any]) -> None:
    """Take an event on a bus of this account and region. Raises Refusal."""
    set_request_account_id(account)
    set_request_region(region)
    eventbridge._ensure_default_bus()
    if bus not in eventbridge._event_buses:
        raise Refusal("RESOURCE_NOT_FOUND", f"Event bus {bus} does not exist.", True)
    policy = eventbridge._event_bus_policies.get(bus)
    if account != caller.principal_account and iam_evaluator.evaluate_resource_policy(policy, caller).decision != "Allow":
        raise Refusal(
            "NO_PERMISSIONS", f"{caller.principal_arn} is not authorized to perform: {ACTION} on resource: {caller.resource_arn}", True
        )
    taken = {**event, "EventBusName": bus, SENT: True}
    eventbridge._dispatch_event(taken)
    eventbridge._archive_event({name: value for name, value in taken.items() if name != SENT})


def create(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of a statement of a bus."""
    bus, name = properties.get("EventBusName", "default"), properties["StatementId"]
    statement = properties["Statement"]
    statement = json.loads(statement) if isinstance(statement, str) else statement
    policy = eventbridge._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
    others = [one for one in policy["Statement"] if one.get("Sid") != name]
    eventbridge._event_bus_policies[bus] = {**policy, "Statement": [*others, {**statement, "Sid": name}]}
    return name, {}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Remove a statement."""
    eventbridge._remove_permission({"EventBusName": properties.get("EventBusName", "default"), "StatementId": physical_id})
