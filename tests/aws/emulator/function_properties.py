"""The dead-letter queue of a function that a template declares: ministack drops it, here it reaches the function.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from typing import Any

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.lambda_svc as lambda_svc


def install() -> None:
    """Set the property when CloudFormation creates or updates a function."""
    create, update = provisioners._lambda_create, provisioners._lambda_update

    def create_whole(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        made = create(logical_id, properties, stack)
        keep(made[0], properties)
        return made

    def update_whole(physical_id: str, old: dict[str, Any], properties: dict[str, Any], *more: Any, **named: Any) -> Any:
        made = update(physical_id, old, properties, *more, **named)
        keep(made[0], properties)
        return made

    for registry in list(vars(provisioners).values()):
        handlers = registry.get("AWS::Lambda::Function") if isinstance(registry, dict) else None
        if isinstance(handlers, dict) and handlers.get("create") is create:
            handlers.update(create=create_whole, update=update_whole)


def keep(name: str, properties: dict[str, Any]) -> None:
    """Let a function have its dead-letter queue."""
    config = lambda_svc._functions[name]["config"]
    config.pop("DeadLetterConfig", None)
    if properties.get("DeadLetterConfig"):
        config["DeadLetterConfig"] = properties["DeadLetterConfig"]
