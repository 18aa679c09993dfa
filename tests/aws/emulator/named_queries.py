"""AWS::Athena::NamedQuery, which ministack's CloudFormation does not know.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html
"""

from __future__ import annotations

import json
from typing import Any

import ministack.services.athena as athena
import ministack.services.cloudformation.provisioners as provisioners


def install() -> None:
    """Add the resource type to the registry, the dictionary that knows how to create a workgroup."""
    for registry in list(vars(provisioners).values()):
        if isinstance(registry, dict) and "create" in (registry.get("AWS::Athena::WorkGroup") or {}):
            registry["AWS::Athena::NamedQuery"] = {"create": create, "delete": delete}


def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
    """(physical id, attributes) of a new named query. A change of any property replaces it, as on AWS."""
    asked = {"Name": f"{stack_name}-{logical_id}", "WorkGroup": "primary", "Description": "", **properties}
    status, _, body = athena._create_named_query(asked)
    answer = json.loads(body)
    if status >= 300:
        raise ValueError(answer.get("message", answer))
    return answer["NamedQueryId"], {"NamedQueryId": answer["NamedQueryId"]}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Remove a named query."""
    athena._delete_named_query({"NamedQueryId": physical_id})
