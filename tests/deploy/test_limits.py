from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from declared_sources import DECLARATION, declare
from eventlake.deploy.cloudformation import cut, read_template, statements
from eventlake.deploy.limits import MANAGED_POLICY_CHARACTERS
from eventlake.deploy.root_stack import root_stack_text
from eventlake.deploy.source_stack import source_stack, source_stack_text
from eventlake.deploy.sources_stack import sources_stack_text
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.sources import load
from eventlake.sources.declaration import parse_source

TEXT_BYTES = 51_200
"""What `deploy` sends without a bucket: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
ADDRESS = "https://s3.ap-southeast-1.amazonaws.com/a-bucket-of-templates-and-code/eventlake/0123456789abcdef0123456789abcdef.template"


def _sources(folder: Path, count: int) -> list[Source]:
    declare(folder, count)
    return list(load([folder]))


def _packaged(text: str) -> str:
    """Return a template as `aws cloudformation package` writes it."""
    from awscli.customizations.cloudformation.yamlhelper import yaml_dump, yaml_parse  # here, because it is not installed every day

    template = yaml_parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = ADDRESS
    packaged: str = yaml_dump(template)
    return packaged


@pytest.mark.slow
def test_a_lake_of_25_own_sources_is_deployed_by_its_text(tmp_path: Path) -> None:
    """Packaged, beside the built-in ones; and forty stay within every other limit."""
    assert len(_packaged(root_stack_text(_sources(tmp_path / "a", 25))).encode()) < TEXT_BYTES

    forty = _sources(tmp_path / "b", 40)
    for text in (root_stack_text(forty), sources_stack_text(forty)):
        template = read_template(text)
        assert len(_packaged(text).encode()) < 1_000_000
        assert len(template["Resources"]) <= 500
        assert max(len(template["Parameters"]), len(template["Outputs"])) <= 200


@pytest.mark.slow
def test_the_partition_function_may_create_partitions_of_every_source(tmp_path: Path) -> None:
    """In as many policies as it takes, each of which IAM takes, and the same table in one of them."""
    sources = _sources(tmp_path, 60)
    resources = read_template(sources_stack_text(sources))["Resources"]
    policies = [one for name, one in resources.items() if name.startswith("PartitionPolicy")]
    assert 1 < len(policies) <= 10
    named = [
        str(resource) for policy in policies for one in statements(policy) for resource in one["Resource"] if "table/" in str(resource)
    ]
    assert len(named) == len(set(named)) == sum(len(source.tables) for source in sources)
    for policy in policies:
        assert len(yaml.safe_dump(policy["Properties"]["PolicyDocument"], default_flow_style=True)) < 2 * MANAGED_POLICY_CHARACTERS


@pytest.mark.slow
def test_the_closing_function_may_close_hours_of_every_source(tmp_path: Path) -> None:
    """In as many policies as it takes; what landed for a table is named in one of them."""
    sources = _sources(tmp_path, 60)
    resources = read_template(sources_stack_text(sources))["Resources"]
    policies = [one for name, one in resources.items() if name.startswith("ClosingPolicy")]

    landed = [
        str(resource) for one in policies for said in statements(one) if said["Sid"] == "ReadLanded" for resource in said["Resource"][1:]
    ]

    assert 1 < len(policies) <= 10
    assert len(landed) == len(set(landed)) == sum(len(source.tables) for source in sources)


def _with_tables(count: int) -> Source:
    """Return a source with so many tables of long names."""
    source = parse_source(DECLARATION.format(name="shop", title="Shop"), "shop/source.toml")
    (table,) = source.tables
    return replace(source, tables=tuple(replace(table, name=f"{'t' * 38}_{number:03}", prefix=f"t{number}") for number in range(count)))


def test_a_source_of_more_tables_than_its_policies_hold_is_refused() -> None:
    """Before anything is deployed, with what is too long and what to do; a dozen go."""
    assert source_stack(_with_tables(12), [])
    with pytest.raises(
        DeclarationError, match=r"^shop/source.toml: the policy \w+ comes to 2,\d+ characters, and IAM takes 2,048: part it"
    ):
        source_stack(_with_tables(16), [])


def test_more_sources_than_a_stack_has_parameters_are_refused() -> None:
    """The lake is to be parted."""
    first = parse_source(DECLARATION.format(name="shop", title="Shop"))
    sources = [replace(first, name=f"s{number}", title=f"Shop {number}", database=f"d{number}") for number in range(95)]
    with pytest.raises(DeclarationError, match=r"comes to 2\d\d parameters, and CloudFormation takes 200"):
        root_stack_text(sources)


def test_more_names_than_a_function_takes_are_refused() -> None:
    """The partition function is told each source's database."""
    first = parse_source(DECLARATION.format(name="shop", title="Shop"))
    sources = [replace(first, name=f"s{number}_{'x' * 60}", title=f"Shop {number}", database=f"d{number}") for number in range(60)]
    with pytest.raises(DeclarationError, match="settings of a function take 3,600"):
        root_stack_text(sources)


def test_a_long_description_is_cut_and_not_refused() -> None:
    """Of a source and of a table; letters of several bytes stay whole."""
    source = parse_source(DECLARATION.format(name="shop", title="Shop").replace("What the shop shop sold.", "é" * 3_000))
    source = replace(source, tables=(replace(source.tables[0], doc="ß" * 3_000),))
    template = read_template(source_stack_text(source, []))
    table = template["Resources"]["ShopSoldTable"]["Properties"]["TableInput"]["Description"]
    assert len(template["Description"].encode()) <= 1_024
    assert len(template["Outputs"]["ShopSoldTableName"]["Description"].encode()) <= 1_024
    assert (table[-3:], table[0], len(table.encode())) == ("...", "ß", 2_047)
    assert cut("short", 10) == "short"
