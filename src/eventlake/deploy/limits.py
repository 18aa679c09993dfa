"""What AWS takes of a template and its policies, looked at before anything is deployed, with every name as long as it may become.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from eventlake.deploy.cloudformation import NOTHING, Tagged, Template
from eventlake.errors import DeclarationError

PARAMETERS, OUTPUTS, RESOURCES = 200, 200, 500
MANAGED_POLICY_CHARACTERS, ROLE_CHARACTERS, TRUST_CHARACTERS = 6_144, 10_240, 2_048
"""Of one managed policy, of all policies that stand in one role, and of who may assume it; blanks do not count."""

LONGEST = {
    "AWS::Partition": 10,
    "AWS::Region": 14,
    "AWS::AccountId": 12,
    "AWS::URLSuffix": 16,
    "LakeName": 21,
    "LogBucketName": 55,
    "ResultsBucketName": 63,
    "EventBusName": 110,
    "TransformFunctionArn": 110,
    "KmsKeyArn": 100,
    "DeliveryStreamLogGroup": 110,
    "DeliveryStreamLogStream": 20,
}
"""Characters that a name may come to. EventBusName and the database may be longer, which no lake known has needed."""
_LONGEST_DATABASE = 64


def require_limits(what: str, template: Template) -> None:
    """Raise DeclarationError if AWS would refuse a template for its size. what: how the sentence begins, as `shop/source.toml`."""
    for section, limit in (("Parameters", PARAMETERS), ("Outputs", OUTPUTS), ("Resources", RESOURCES)):
        if len(template[section]) > limit:
            count = len(template[section])
            raise DeclarationError(f"{what}: comes to {count} {section.lower()}, and CloudFormation takes {limit} of a stack: {_REMEDY}.")
    for name, limit, characters in _policies(template["Resources"]):
        if characters > limit:
            raise DeclarationError(f"{what}: the policy {name} comes to {characters:,} characters, and IAM takes {limit:,}: {_REMEDY}.")


_REMEDY = "part it, so that each has fewer tables or shorter names"


def _policies(resources: Template) -> Iterator[tuple[str, int, int]]:
    """Yield each policy with what IAM takes and what it comes to; those of a role by the role."""
    inside: dict[str, int] = {}
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            yield name, MANAGED_POLICY_CHARACTERS, len(longest(properties["PolicyDocument"]))
        if resource["Type"] == "AWS::IAM::Role":
            yield name, TRUST_CHARACTERS, len(longest(properties["AssumeRolePolicyDocument"]))
            for policy in properties.get("Policies", []):
                inside[name] = inside.get(name, 0) + len(longest(policy["PolicyDocument"]))
        if resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                inside[role.argument] = inside.get(role.argument, 0) + len(longest(properties["PolicyDocument"]))
    yield from ((name, ROLE_CHARACTERS, characters) for name, characters in inside.items())


def longest(part: Any) -> str:  # a part of a template
    """Write a part of a template as JSON without blanks, every name at its longest and every condition true."""
    return json.dumps(_resolved(part), separators=(",", ":"), ensure_ascii=False)


def _resolved(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _resolved(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_resolved(one) for one in part if one != NOTHING]
    if not isinstance(part, Tagged):
        return part
    if part.name == "If":
        return _resolved(part.argument[1])
    if part.name == "Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: _placeholder(found[1]), part.argument)
    return _placeholder(str(part.argument))


def _placeholder(name: str) -> str:
    return "x" * LONGEST.get(name, _LONGEST_DATABASE)
