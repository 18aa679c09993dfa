"""Every permission of the functions' roles is needed: without it something is refused, and nothing is lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws.client import Aws, eventually
from aws.deploying import delete
from aws.events import TABLES, samples, tables_of
from aws.lake import PROJECT, Lake, deployed
from aws.roles import broken, count, is_refused, policies, without

pytestmark = pytest.mark.aws

TABLE = "pipeline_execution_state_change"
EVENT = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])


def declared(template: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of a template's resources of one type; functions of CloudFormation stand as their arguments."""

    class Loader(yaml.CSafeLoader):  # type: ignore[misc]
        """Reads `!Sub x` as `x`."""

    def argument(loader: yaml.CSafeLoader, tag: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        return loader.construct_sequence(node, True) if isinstance(node, yaml.SequenceNode) else loader.construct_mapping(node, True)

    Loader.add_multi_constructor("!", argument)
    resources = yaml.load(template.read_text(encoding="utf-8"), Loader)["Resources"]
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def actions(properties: dict[str, Any]) -> Iterator[str]:
    """The actions that the policies of a role allow; those under a condition, which wants a key of one's own, no lake here has."""
    for policy in [*properties.get("Policies", []), *([properties] if "PolicyDocument" in properties else [])]:
        for statement in (one for one in policy["PolicyDocument"]["Statement"] if isinstance(one, dict)):
            yield from [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


ROLES = declared(PROJECT / "templates" / "functions.yaml", "AWS::IAM::Role")
OF_SOURCES = declared(PROJECT / "templates" / "sources.yaml", "AWS::IAM::ManagedPolicy")
PERMISSIONS = [
    *(("transform", action) for action in actions(ROLES["TransformRole"])),
    *(("partition", action) for action in actions(ROLES["PartitionRole"])),
    *(("partition", action) for action in actions(OF_SOURCES["PartitionPolicy1"])),
]


@pytest.fixture(scope="module")
def own(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake whose roles may be changed."""
    yield deployed(aws, "bounded", tmp_path_factory.mktemp("bounded"), {"BufferingHintsIntervalInSeconds": "60"})
    delete(aws, "bounded")


def role_of(lake: Lake, function: str) -> str:
    """The name of a function's role."""
    arn = lake.aws.service("lambda").get_function_configuration(FunctionName=f"{lake.name}-{function}")["Role"]
    return str(arn.rsplit("/", 1)[1])


def test_the_deployed_roles_may_do_what_is_tried_here(own: Lake) -> None:
    """No action of a function's role is left out below."""
    for function in ("transform", "partition"):
        document = "".join(policies(own.aws, role_of(own, function)).values())
        allowed = {word for word in document.split('"') if word.count(":") == 1 and word.partition(":")[0] in ("glue", "logs", "sqs")}
        assert allowed == {action for name, action in PERMISSIONS if name == function}


@pytest.mark.parametrize(("function", "action"), PERMISSIONS)
def test_without_a_permission_something_is_refused(own: Lake, function: str, action: str) -> None:
    """The action is used when an event goes through the lake or a call fails; with it again, the event and its hour are there."""
    role, client = role_of(own, function), own.aws.service("lambda")
    own.registered()
    before = count(own.aws, "Emulator", "Denied", Principal=role, Action=action)
    with without(own.aws, role, action):
        forget_partitions(own)
        if action == "sqs:SendMessage":
            with broken(own.aws, f"{own.name}-{function}"):
                client.invoke(FunctionName=f"{own.name}-{function}", InvocationType="Event", Payload=b"{}")
                assert is_refused(own.aws, role, action, before)
        ids = own.put([EVENT])
        assert is_refused(own.aws, role, action, before)
        if action.startswith("glue:"):
            assert not own.partitions(TABLE)
    own.arrived(ids, [TABLES[TABLE].prefix])
    assert eventually(lambda: own.partitions(TABLE))


def forget_partitions(lake: Lake) -> None:
    """Remove the partitions of the table, and let the functions forget that they made them."""
    glue = lake.aws.service("glue")
    for partition in lake.partitions(TABLE):
        glue.delete_partition(DatabaseName=lake.database(TABLE), TableName=TABLE, PartitionValues=partition["Values"])
    with broken(lake.aws, f"{lake.name}-partition"):  # a changed function starts anew
        pass
