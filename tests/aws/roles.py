"""Takes rights away for a while, and tells what was refused: how the tests ask what a permission is for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aws.client import Aws, eventually


def policies(aws: Aws, role: str) -> dict[str, str]:
    """{name: document} of a role's policies: those inside it by their names, those attached to it by their ARNs."""
    iam = aws.service("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    inside = {name: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names}
    attached = [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
    return inside | {arn: attached_document(iam, arn) for arn in attached}


def attached_document(iam: Any, arn: str) -> str:
    """The document of a managed policy, in the version that counts."""
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return json.dumps(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def put_policy(aws: Aws, role: str, name: str, document: str) -> None:
    """Give a policy of a role another document. name: as `policies` tells it."""
    iam = aws.service("iam")
    if not name.startswith("arn:"):
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        return
    before = iam.get_policy(PolicyArn=name)["Policy"]["DefaultVersionId"]
    iam.create_policy_version(PolicyArn=name, PolicyDocument=document, SetAsDefault=True)
    iam.delete_policy_version(PolicyArn=name, VersionId=before)


@contextmanager
def without(aws: Aws, role: str, action: str) -> Iterator[None]:
    """Take an action out of all policies of a role."""
    changed = {name: document for name, document in policies(aws, role).items() if f'"{action}"' in document}
    assert changed, f"the role {role} may not {action} anyway"
    for name, document in changed.items():
        put_policy(aws, role, name, document.replace(f'"{action}"', '"none:None"'))
    try:
        yield
    finally:
        for name, document in changed.items():
            put_policy(aws, role, name, document)


def rights(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(Sid, action) of all that a policy allows; what stands under a condition, which wants a key of one's own, no lake here has."""
    for statement in (one for one in policy["PolicyDocument"]["Statement"] if isinstance(one, dict)):
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            yield statement["Sid"], action


@contextmanager
def without_in(aws: Aws, role: str, sid: str, action: str) -> Iterator[None]:
    """Take an action out of the statements of a role with this Sid, and leave it in the others."""
    changed = {name: text for name, text in policies(aws, role).items() if less(text, sid, action) != json.loads(text)}
    assert changed, f"no statement {sid} allows {action}"
    for name, text in changed.items():
        put_policy(aws, role, name, json.dumps(less(text, sid, action)))
    try:
        yield
    finally:
        for name, text in changed.items():
            put_policy(aws, role, name, text)


def less(text: str, sid: str, action: str) -> Any:
    """A policy's document without an action in one statement."""
    document = json.loads(text)
    for statement in document["Statement"]:
        if statement["Sid"] == sid:
            allowed = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            statement["Action"] = ["none:None" if one == action else one for one in allowed]
    return document


@contextmanager
def broken(aws: Aws, function: str) -> Iterator[None]:
    """Let a function fail at every call."""
    client = aws.service("lambda")
    handler = client.get_function_configuration(FunctionName=function)["Handler"]
    client.update_function_configuration(FunctionName=function, Handler="no_module.handler")
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=function, Handler=handler)


def count(aws: Aws, namespace: str, metric: str, **dimensions: str) -> float:
    """The sum of a metric since the emulator started."""
    now = datetime.now(UTC)
    asked = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    period = {"StartTime": now - timedelta(hours=6), "EndTime": now + timedelta(minutes=1), "Period": 86400, "Statistics": ["Sum"]}
    points = aws.service("cloudwatch").get_metric_statistics(Namespace=namespace, MetricName=metric, Dimensions=asked, **period)[
        "Datapoints"
    ]
    return float(sum(point["Sum"] for point in points))


def is_refused(aws: Aws, role: str, action: str, since: float) -> bool:
    """Whether a role was refused an action more often than before, waiting for it."""
    return eventually(lambda: count(aws, "Emulator", "Denied", Principal=role, Action=action) > since)


def transform_role(aws: Aws, lake: str) -> str:
    """The name of the role of a lake's transform function."""
    arn = aws.service("lambda").get_function_configuration(FunctionName=f"{lake}-transform")["Role"]
    return str(arn.rsplit("/", 1)[1])


def restart_transform(aws: Aws, lake: str) -> None:
    """Let a lake's transform function start anew, so that it reads what it remembered."""
    with broken(aws, f"{lake}-transform"):
        pass
