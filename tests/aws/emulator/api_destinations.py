"""Connections and API destinations in templates, which ministack knows by its API alone; and the role under which a rule posts.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import json
import logging
from typing import Any

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.eventbridge as eventbridge

from aws.emulator import permissions

SERVICE = "events.amazonaws.com"

log = logging.getLogger(__name__)


def install() -> None:
    """Add the resource types to the registry, and ask before a rule posts."""
    for registry in list(vars(provisioners).values()):
        if isinstance(registry, dict) and "create" in (registry.get("AWS::Events::Rule") or {}):
            registry["AWS::Events::Connection"] = {"create": create_connection, "delete": delete_connection}
            registry["AWS::Events::ApiDestination"] = {"create": create_destination, "delete": delete_destination}
    invoke = eventbridge._invoke_target

    def invoke_allowed(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if ":api-destination/" not in target["Arn"] or may(target, rule):
            invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_allowed


def may(target: dict[str, Any], rule: dict[str, Any]) -> bool:
    """Whether the target's role trusts EventBridge for the rule, and may post."""
    try:
        permissions.require(target.get("RoleArn", ""), SERVICE, rule["Arn"], [("events:InvokeApiDestination", target["Arn"])])
    except permissions.AccessDenied as denied:
        log.warning("Rule %s: %s", rule["Arn"], denied)
        return False
    return True


def create_connection(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of a new connection."""
    made = answered(eventbridge._create_connection(properties))
    return properties["Name"], {"Arn": made["ConnectionArn"]}


def delete_connection(physical_id: str, _properties: dict[str, Any]) -> None:
    """Delete a connection."""
    eventbridge._delete_connection({"Name": physical_id})


def create_destination(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of a new API destination."""
    made = answered(eventbridge._create_api_destination(properties))
    return properties["Name"], {"Arn": made["ApiDestinationArn"]}


def delete_destination(physical_id: str, _properties: dict[str, Any]) -> None:
    """Delete an API destination."""
    eventbridge._delete_api_destination({"Name": physical_id})


def answered(answer: tuple[int, Any, Any]) -> dict[str, Any]:
    """The body of an answer. Raises ValueError for an error."""
    status, _, body = answer
    said: dict[str, Any] = json.loads(body)
    if status >= 300:
        raise ValueError(said.get("message", said))
    return said
