"""Whether a role may do what a service does in its name: its trust in the service, then its policies.

ministack checks the callers of its API. What Firehose and EventBridge do under a role happens inside, so it is asked here. As in
ministack, nothing is denied unless AUTH=true. Each denial is counted as the metric `Denied` of the namespace `Emulator`, by Principal and Action.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

import ministack.app as app
import ministack.core.iam_evaluator as iam_evaluator
import ministack.services.iam as iam
from ministack.core.responses import get_account_id, get_region

from aws.emulator import control, metrics


class AccessDenied(Exception):
    """The role may not; the text is the sentence of AWS."""


def install() -> None:
    """Let every caller pass for one that speaks TLS, because the emulator speaks plain HTTP on the loopback; count what is denied."""
    iam_evaluator._request_origin = ContextVar("origin", default=("127.0.0.1", True))  # what a service does in a thread of its own
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)
    enforce = iam_evaluator.enforce

    def enforce_and_count(access_key: str, action: str, *arguments: Any, **keywords: Any) -> Any:
        action = action.removesuffix("Batch") if action.startswith("sqs:") else action  # a batch is asked for its one action
        denied = enforce(access_key, action, *arguments, **keywords)
        if isinstance(denied, iam_evaluator.EvalResult):
            count_denial(denied.principal_arn, action)
        return denied

    iam_evaluator.enforce = enforce_and_count


def require(role_arn: str, service: str, source_arn: str, wanted: list[tuple[str, str]]) -> None:
    """Raise AccessDenied unless the service may assume the role for this source, and the role may do each (action, resource ARN)."""
    if not app.AUTH:
        return
    name = role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get(name)
    if role is None or not trusts(role, service, source_arn):
        count_denial(role_arn, "sts:AssumeRole")
        raise AccessDenied(f"{service} is unable to assume role {role_arn}.")
    policies = iam_evaluator._gather_role_policies(name, get_account_id())
    boundary = iam_evaluator._permissions_boundary(iam._roles, name, get_account_id())
    for action, resource in wanted:
        asked = context(f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{service}", action, resource, {})
        if iam_evaluator.evaluate(asked, policies, *boundary).decision != "Allow":
            count_denial(asked.principal_arn, action)
            raise AccessDenied(f"{asked.principal_arn} is not authorized to perform: {action} on resource: {resource}")


def count_denial(principal_arn: str, action: str) -> None:
    """Count what a role or user was not allowed to do."""
    metrics.publish(control.NAMESPACE, "Denied", 1, Principal=principal_arn.split("/")[1], Action=action)


def trusts(role: dict[str, Any], service: str, source_arn: str) -> bool:
    """Whether the role's trust policy lets a service assume it for this source."""
    asked = context(
        "*", "sts:AssumeRole", "*", {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id(), "sts:externalid": get_account_id()}
    )
    document = role.get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    statements = [{**statement, "Resource": "*"} for statement in document.get("Statement", [])]
    return bool(iam_evaluator.evaluate_resource_policy({"Statement": statements}, asked, service=service).decision == "Allow")


def context(principal_arn: str, action: str, resource: str, keys: dict[str, str]) -> Any:
    """What the evaluator is told of a request."""
    return iam_evaluator.EvalContext(
        principal_arn=principal_arn,
        principal_type="AssumedRole" if ":assumed-role/" in principal_arn else "Service",
        principal_account=get_account_id() if ":assumed-role/" in principal_arn else "",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context=keys,
    )
