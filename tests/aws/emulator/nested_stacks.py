"""Nested stacks: what an update leaves alone keeps its attributes, and what a template retains outlives the stack. ministack forgets both.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from typing import Any

import ministack.services.cloudformation as cloudformation
import ministack.services.cloudformation.provisioners as provisioners

RETAINED = ("Retain", "RetainExceptOnCreate")


def install() -> None:
    """Take the place of the two steps of a nested stack."""
    update, delete = provisioners._update_resource, provisioners._delete_resource

    def update_knowing(
        kind: str, physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None, attributes: Any = None
    ) -> Any:
        known = cloudformation._stacks.get(stack, {}).get("_resources", {}).get(logical_id, {})
        return update(kind, physical_id, old, new, stack, logical_id, attributes or known.get("Attributes"))

    def delete_unless_retained(
        kind: str, physical_id: str, properties: Any, stack: str | None = None, logical_id: str | None = None
    ) -> Any:
        if not is_retained(stack, logical_id):
            delete(kind, physical_id, properties, stack, logical_id)

    provisioners._update_resource, provisioners._delete_resource = update_knowing, delete_unless_retained


def is_retained(stack: str | None, logical_id: str | None) -> bool:
    """Whether a stack's template retains a resource when the stack goes."""
    template = cloudformation._stacks.get(stack, {}).get("_template") or {}
    return template.get("Resources", {}).get(logical_id, {}).get("DeletionPolicy") in RETAINED
