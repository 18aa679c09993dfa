"""The Terraform module against the CloudFormation templates, resource by resource and property by property, as `terraform` works it out."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventlake.deploy.cloudformation import Template, read_template
from eventlake.deploy.derived import ACCOUNTS, TEMPLATES
from eventlake.deploy.terraform.expressions import snake
from eventlake.deploy.terraform.module import module
from eventlake.errors import ConfigurationError
from project import ROOT
from resolved_templates import Stack
from terraform_twin import ACCOUNT, PARTITION, REGION, SUFFIX, evaluate

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b"
EVERYTHING = {
    "EventBusName": "aws.partner/auth0.com/example-1234/auth0.logs",
    **dict.fromkeys(("CodeBuild", "CodeCommit", "CodeDeploy", "CodePipeline", "Eventlake", "Detections"), "on"),
    "LogBucketName": "events-of-example",
    "KeepRawEvents": "yes",
    "ArchiveDays": 30,
    "Closing": "hourly",
    "KmsKeyArn": KEY,
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/bound",
    "Retention": "declared",
    "ObjectLockDays": 90,
    "DeletingRoleArn": f"arn:aws:iam::{ACCOUNT}:role/deleter",
    "AccessLogBucketName": "access-logs-of-example",
    "PseudonymKeysSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:keys",
    "Auth0WebhookTokensSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tokens",
    "AlertWebhookUrl": "https://hooks.example.com/a",
    "AlertWebhookKey": "not-a-secret",
    "AlertWebhookForm": "teams",
}
LEAST = {
    "RetentionDays": 400,
    "CodePipeline": "off",
    "LogFormat": "json",
    "BufferingHintsSizeInMBs": 5,
    "Alarms": "off",
    "QuietHours": 0,
    "LogRetentionDays": 1,
}
"""Settings under which every condition of every template holds but the one of RetentionDays, and such that none does but that one and JSON lines."""

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


@pytest.fixture(scope="module")
def templates() -> dict[str, Template]:
    """Give every template of a lake by its path below templates/, as they are committed; those for other accounts are no part of it."""
    of_lake = [path for path in (ROOT / TEMPLATES).rglob("*.yaml") if ROOT / ACCOUNTS not in path.parents]
    return {path.relative_to(ROOT / TEMPLATES).as_posix(): read_template(path.read_text("utf-8")) for path in of_lake}


@pytest.mark.slow
@needs_terraform
@pytest.mark.parametrize("given", [EVERYTHING, LEAST], ids=["everything on", "the least"])
def test_terraform_makes_what_cloudformation_makes(
    given: dict[str, Any], templates: dict[str, Template], written: Path, tmp_path: Path
) -> None:
    """Each resource is there under the same settings, and every value of every property is an argument of a name that fits."""
    shutil.copytree(written, tmp_path / "module")
    found = evaluate(tmp_path / "module", {"name": "lake", **{snake(name): value for name, value in given.items()}}, tmp_path / "twin")
    made = dict(_made("root", found, templates))
    pseudo = {"AccountId": ACCOUNT, "Region": REGION, "Partition": PARTITION, "URLSuffix": SUFFIX, "StackName": "lake"}
    stack = Stack("root.yaml", templates, given, {f"AWS::{name}": value for name, value in pseudo.items()})
    wanted = {(place, snake(name)): resource for place, name, resource in stack.resources()}
    for (place, name), resource in wanted.items():
        own = [key for key in made if key[0] == place and _belongs(key[2], name, place, wanted)]
        assert own, f"{place}: there is no {name}"
        _compare(f"{place}: {name}", resource, [made.pop(key) for key in own])
    made.pop(("root", "aws_cloudformation_stack", "lake"))
    assert not made, "Terraform makes what CloudFormation does not"


def _made(place: str, found: dict[str, Any], templates: dict[str, Template]) -> Iterator[tuple[tuple[str, str, str], Any]]:
    """Yield each resource that is made, by its module, type and name."""
    for kind, named in found["own"].items():
        for name, body in named.items():
            if body.get("count", 1):
                yield (place, kind, name), body
    stacks = {snake(name): resource["Properties"].get("TemplateURL") for name, resource in templates[f"{place}.yaml"]["Resources"].items()}
    for name, inner in found["modules"].items():
        if inner is not None:
            nested = posixpath.normpath(posixpath.join(posixpath.dirname(place), stacks[name]))
            yield from _made(nested.removesuffix(".yaml"), inner, templates)


def _belongs(name: str, owner: str, place: str, wanted: dict[tuple[str, str], Any]) -> bool:
    """Return True if a resource of Terraform is one of the template's, or a part of it and of none with a longer name."""
    owners = [one for where, one in wanted if where == place and (name == one or name.startswith(f"{one}_"))]
    return bool(owners) and max(owners, key=len) == owner


GIVEN_BY_TERRAFORM = {
    "count",
    "destination",
    "source_code_hash",
    "filename",
    "name_prefix",
    "filter",
    "rule",
    "event_bus_name",
    "enabled",
    "role",
}
GIVEN_BY_TERRAFORM |= {"policy_arn", "bucket"}
"""Arguments that no property says: what a resource belongs to, and what CloudFormation takes as said."""

SAID_OTHERWISE = {("DeliveryStreamType", "DirectPut"), ("Code", "../src/")}
OTHER_WORDS = {"RecursiveDeleteOption": "force_destroy", "Topics": "arn"}
"""Arguments whose names share no word with the property's."""


def _compare(what: str, resource: Template, bodies: list[dict[str, Any]]) -> None:
    """Find each value of the template in one of the arguments, under a name that shares a word with the property's; and nothing else there."""
    left = [leaf for body in bodies for leaf in _leaves(body)]
    assert _columns(resource["Properties"].get("TableInput", {}).get("StorageDescriptor", {})) == _columns(bodies[0]), what
    for name, value in sorted(_leaves(_plain(resource["Properties"])), key=lambda leaf: -len(leaf[0])):
        if (name, value) in SAID_OTHERWISE:
            continue
        fitting = [leaf for leaf in left if leaf[1] == value and _share_a_word(name, leaf[0])]
        assert fitting, f"{what}: {name} {value} is not among {[leaf for leaf in left if leaf[1] == value or _share_a_word(name, leaf[0])]}"
        left.remove(max(fitting, key=lambda leaf: snake(name) == leaf[0]))
    assert not [leaf for leaf in left if leaf[0] not in GIVEN_BY_TERRAFORM], what


def _columns(part: Any) -> list[str]:
    """Return the names of a table's columns in their order, as either says them; none for what is no table."""
    stored = part.get("storage_descriptor", [part])[0]
    columns = stored.get("Columns") or stored.get("columns") or [one for some in stored.get("dynamic columns", []) for one in some]
    return [column.get("Name") or column.get("name") for column in columns]


def _plain(part: Any) -> Any:
    """Write pairs of name and value as a map, and repeat a document for each that it is given to."""
    plain = dict(part)
    if "Dimensions" in plain:
        plain["Dimensions"] = {pair["Name"]: pair["Value"] for pair in plain["Dimensions"]}
    for several in ("Queues", "Topics"):
        if several in plain:
            plain["PolicyDocument"] = [json.dumps(plain["PolicyDocument"])] * len(plain[several])
    return plain


def _leaves(part: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value with the name it stands under; a document is one value."""
    if isinstance(part, dict) and re.search(r"PolicyDocument$|EventPattern$|^Redrive", name):
        yield name, json.dumps(part, sort_keys=True)
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from _leaves(inner, name if key == "Ref" else key.removeprefix("dynamic "))
    elif isinstance(part, list):
        for inner in part:
            yield from _leaves(inner, name)
    elif isinstance(part, str) and part.startswith("{") and '": ' + "<" not in part:
        yield name, json.dumps(json.loads(part), sort_keys=True)
    elif part is not None:
        yield name, str(part).lower() if isinstance(part, bool) else str(part)


def _share_a_word(one: str, other: str) -> bool:
    words, others = ({word[:4] for word in snake(name).split("_")} for name in (one, other))
    return OTHER_WORDS.get(one) == other or one.lower() == other or bool(words & others)


def test_every_stack_has_a_module_and_the_root_has_the_outermost_stacks_outputs(templates: dict[str, Template], written: Path) -> None:
    """The module has the outputs of the stack under their names in Terraform, and every variable but the lake's name has a default."""
    found = list(written.rglob("*.tf.json"))
    assert len(found) == len(templates)
    root = module("root.yaml", templates)
    assert root["output"].keys() == {snake(name) for name in templates["root.yaml"]["Outputs"]}
    assert [name for name, variable in root["variable"].items() if "default" not in variable] == ["name"]


def test_what_a_role_may_do_is_there_before_who_uses_it(templates: dict[str, Template]) -> None:
    """CloudFormation makes a role with its policies; in Terraform they are resources of their own, so what uses the role waits for them."""
    functions = module("functions.yaml", templates)["resource"]
    assert functions["aws_lambda_function"]["partition_function"]["depends_on"] == ["aws_iam_role_policy.partition_role_partition"]


def test_a_module_waits_for_the_whole_of_those_whose_outputs_it_takes(templates: dict[str, Template]) -> None:
    """S3 asks the queue for its policy when the bucket's notification is made, so an output that is known is not enough."""
    root = module("root.yaml", templates)["module"]
    assert root["lake"]["depends_on"] == ["module.upkeep"]
    assert root["sources"]["depends_on"] == ["module.functions", "module.lake", "module.upkeep"]


def test_a_bucket_that_outlives_its_stack_is_not_destroyed(templates: dict[str, Template]) -> None:
    """What CloudFormation retains, Terraform refuses to destroy: it has no word for leaving it behind."""
    buckets = module("lake.yaml", templates)["resource"]["aws_s3_bucket"]
    assert [bucket["lifecycle"] for bucket in buckets.values()] == [{"prevent_destroy": True}] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Type": "AWS::EC2::VPC"}, "Upkeep.yaml, ObjectQueue: no resource of Terraform is known for the type AWS::EC2::VPC"),
        ({"Properties": {"DelaySeconds": 5}}, "ObjectQueue: no argument of Terraform is known for the property DelaySeconds"),
        ({"CreationPolicy": {}}, "ObjectQueue: CreationPolicy of a resource is not known to the translation"),
        ({"Properties": {"QueueName": {"Fn::Base64": "a"}}}, "the function Fn::Base64 is not known to the translation"),
        ({"Properties": {"QueueName": {"Ref": "AWS::NotificationARNs"}}}, "AWS::NotificationARNs is not known to the translation"),
        ({"Properties": {"QueueName": {"Ref": "Nobody"}}}, '"Nobody" is neither a parameter nor a resource'),
        ({"Properties": {"QueueName": {"Fn::GetAtt": ["UndeliveredQueue", "Age"]}}}, 'the attribute Age of "UndeliveredQueue"'),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(change: Template, reason: str, templates: dict[str, Template]) -> None:
    """A type, a property, an attribute or a function that the translation does not know ends it: nothing is left out unseen."""
    upkeep = templates["upkeep.yaml"]
    changed = {**upkeep, "Resources": {**upkeep["Resources"], "ObjectQueue": {**upkeep["Resources"]["ObjectQueue"], **change}}}
    with pytest.raises(ConfigurationError, match=re.escape(reason.removeprefix("Upkeep.yaml, "))):
        module("upkeep.yaml", {**templates, "upkeep.yaml": changed})
