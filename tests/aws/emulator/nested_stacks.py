"""The update of a nested stack: what of it does not change keeps its attributes, which ministack forgets, so that others can still refer to them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

from __future__ import annotations

from typing import Any

import ministack.services.cloudformation as cloudformation
import ministack.services.cloudformation.provisioners as provisioners


def install() -> None:
    """Give the update of a resource the attributes that are known of it."""
    update = provisioners._update_resource

    def update_knowing(
        kind: str, physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None, attributes: Any = None
    ) -> Any:
        known = cloudformation._stacks.get(stack, {}).get("_resources", {}).get(logical_id, {})
        return update(kind, physical_id, old, new, stack, logical_id, attributes or known.get("Attributes"))

    provisioners._update_resource = update_knowing
