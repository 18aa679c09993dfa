"""AWS::Events::Archive, which ministack's CloudFormation does not know, and replays that keep to the rules they are given.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ReplayDestination.html
"""

from __future__ import annotations

import json
from typing import Any

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.eventbridge as eventbridge


def install() -> None:
    """Add the resource type to the registry, and ask a replay for its rules before a target has an event."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::Archive"] = {"create": create, "update": update, "delete": delete}
    invoke = eventbridge._invoke_target

    def invoke_filtered(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], *more: Any) -> None:
        name = event.get("ReplayName")
        if name and rule["Arn"] not in eventbridge._replays[name]["Destination"].get("FilterArns", [rule["Arn"]]):
            return
        invoke(target, event, rule, *more)

    eventbridge._invoke_target = invoke_filtered


def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of a new archive."""
    asked = {"ArchiveName": f"{stack_name}-{logical_id}", **asked_of(properties), "EventSourceArn": properties["SourceArn"]}
    answer = answered(eventbridge._create_archive(asked))
    return asked["ArchiveName"], {"Arn": answer["ArchiveArn"], "ArchiveName": asked["ArchiveName"]}


def update(physical_id: str, _old: dict[str, Any], properties: dict[str, Any], *_more: Any) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of an archive with other days or another pattern."""
    answer = answered(eventbridge._update_archive(asked_of(properties) | {"ArchiveName": physical_id}))
    return physical_id, {"Arn": answer["ArchiveArn"], "ArchiveName": physical_id}


def delete(physical_id: str, _properties: dict[str, Any]) -> None:
    """Remove an archive."""
    eventbridge._delete_archive({"ArchiveName": physical_id})


def asked_of(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties of a template in the API's words."""
    asked = {name: value for name, value in properties.items() if name != "SourceArn"}
    return asked | {"EventPattern": json.dumps(properties["EventPattern"]), "RetentionDays": int(properties["RetentionDays"])}


def answered(answer: Any) -> dict[str, Any]:
    """The body of an answer. Raises ValueError for one that refuses."""
    status, _, body = answer
    told: dict[str, Any] = json.loads(body)
    if status >= 300:
        raise ValueError(told.get("message", told))
    return told
