from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.template_rules import as_list, resources
from eventlake.deploy.cloudformation import read_template, statements
from eventlake.deploy.derived import clone_folder
from eventlake.deploy.root_stack import root_stack_text
from eventlake.deploy.source_stack import source_stack_text
from eventlake.deploy.sources_stack import sources_stack_text
from eventlake.detections.detection import as_queries, load_detections
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.pipeline.batch import places_name
from eventlake.query.saved import load_saved, positional
from eventlake.sources import load
from eventlake.sources.declaration import parse_source
from eventlake.stack_names import short_title

SOURCES = {source.name: source for source in load()}
SAVED = load_saved(list(SOURCES.values())) | {one.name: one for one in as_queries(load_detections(list(SOURCES.values())))}

REGISTRY = """
name = "registry"
title = "Amazon ECR"
doc = "Images pushed to repositories."
reference = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html"
database = "registry_event_logs"

[[table]]
name = "ecr_image_action"
doc = "One log line for each image."
pattern = { source = ["aws.ecr"], detail-type = ["ECR Image Action"] }
columns = [{ name = "repository", type = "string", from = "$.detail.repository-name", doc = "Name of the repository." }]
"""


@cache
def _built_in(name: str) -> dict[str, Any]:
    """Return the stack of a built-in source, which no test changes: the committed one is what derives, as another test holds."""
    return read_template((clone_folder() / "templates" / "sources" / f"{name}.yaml").read_text("utf-8"))


@cache
def _root() -> dict[str, Any]:
    """Return the committed root of the built-in sources."""
    return read_template((clone_folder() / "templates" / "root.yaml").read_text("utf-8"))


def test_a_stack_keeps_the_promised_parameters_and_outputs() -> None:
    """Who deployed the lakes before this one finds their names and defaults, spelt right."""
    root = _root()
    assert root["Parameters"]["CodePipelineGlueDatabaseName"]["Default"] == "codepipeline_event_logs"
    assert root["Parameters"]["Auth0GlueDatabaseName"]["Default"] == "auth0_event_logs"
    assert {"EventBusName", "BufferingHintsSizeInMBs", "BufferingHintsIntervalInSeconds"} <= set(root["Parameters"])
    tables = {"PipelineStateChangeTablename", "StageStateChangeTablename", "ActionStateChangeTablename", "GlueTableName"}
    assert tables | {"LogBucket", "CodePipelineGlueDatabaseName", "Auth0GlueDatabaseName"} <= set(root["Outputs"])
    for name in ("codepipeline", "auth0"):
        stack = _built_in(name)
        assert stack["Parameters"]["GlueDatabaseName"]["Default"] == SOURCES[name].database
        assert {"GlueDatabaseName", "DeliveryStreamLogGroup", "DeliveryStreamLogStream"} <= set(stack["Outputs"])


def test_the_defaults_deploy_codepipeline_and_leave_out_what_needs_a_name() -> None:
    """The two commands work without a parameter: Auth0 waits for its event bus, the quieter sources for their switch."""
    root = _root()
    defaults = {name: parameter.get("Default") for name, parameter in root["Parameters"].items()}
    assert None not in defaults.values()
    assert [defaults["CodePipeline"], defaults["CodeBuild"], defaults["CodeDeploy"], defaults["EventBusName"]] == ["on", "off", "off", ""]
    assert defaults["LogFormat"] == "parquet"
    assert [defaults["BufferingHintsIntervalInSeconds"], defaults["BufferingHintsSizeInMBs"]] == [300, 64]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_table_has_the_declared_columns_in_lower_case(source: Source) -> None:
    """Glue's columns are the declaration's, in its order, and the partition keys are date and hour."""
    tables = {table["TableInput"]["Name"]: table["TableInput"] for table in resources(_built_in(source.name), "AWS::Glue::Table").values()}
    assert sorted(tables) == sorted(name for table in source.tables for name in (table.name, places_name(table)))
    for table in source.tables:
        columns = tables[table.name]["StorageDescriptor"]["Columns"]
        assert [(one["Name"], one["Type"]) for one in columns] == [(column.stored_name, column.type) for column in table.columns]
        assert [(key["Name"], key["Type"]) for key in tables[table.name]["PartitionKeys"]] == [("date", "date"), ("hour", "string")]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_table_has_its_rule_stream_and_prefixes(source: Source) -> None:
    """The declared event pattern feeds the table's stream, which writes below the table's prefixes."""
    stack = _built_in(source.name)
    rules = list(resources(stack, "AWS::Events::Rule").values())
    streams = list(resources(stack, "AWS::KinesisFirehose::DeliveryStream").values())
    assert [rule["EventPattern"] for rule in rules] == [table.pattern for table in source.tables]
    for table, stream in zip(source.tables, streams, strict=True):
        destination = stream["ExtendedS3DestinationConfiguration"]
        assert destination["Prefix"] == f"{table.prefix}/!{{timestamp:yyyy/MM/dd/HH}}/"
        assert destination["ErrorOutputPrefix"].startswith(f"error/{table.name}/!{{firehose:error-output-type}}/year=!{{timestamp:yyyy}}/")
        assert stream["DeliveryStreamName"] == {"Fn::Sub": f"${{LakeName}}-{table.stream}"}
    assert all(("EventBusName" in rule) == (source.bus != "default") for rule in rules)


def test_what_comes_waits_in_one_of_two_buffers_for_long() -> None:
    """In front of the transform or behind it, and a minute in the other: an event is in its object as soon, whichever it is."""
    for stream in resources(_built_in("codepipeline"), "AWS::KinesisFirehose::DeliveryStream").values():
        destination = stream["ExtendedS3DestinationConfiguration"]
        (processor,) = destination["ProcessingConfiguration"]["Processors"]
        before = {one["ParameterName"]: one["ParameterValue"] for one in processor["Parameters"]}["BufferIntervalInSeconds"]
        long = {"Ref": "BufferingHintsIntervalInSeconds"}
        assert before == {"Fn::If": ["BuffersEvents", long, "60"]}
        assert destination["BufferingHints"]["IntervalInSeconds"] == {"Fn::If": ["BuffersEvents", 60, long]}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_saved_query_and_every_detection_is_a_named_query(source: Source) -> None:
    """Each place of a parameter is a `?`, and the description names them in order; a detection asks about the window that ends now."""
    found = {query["Name"]["Fn::Sub"]: query for query in resources(_built_in(source.name), "AWS::Athena::NamedQuery").values()}
    own = [query for query in SAVED.values() if query.source == source.name]
    assert sorted(found) == sorted(f"${{LakeName}} {query.name}" for query in own)
    for query in own:
        named = found[f"${{LakeName}} {query.name}"]
        assert len(named["Description"]) <= 1024
        for parameter in query.parameters:
            assert f"{parameter.name} ({parameter.type}" in named["Description"]
        sql, parameters = positional(query)
        assert named["QueryString"].endswith(sql + "\n")
        assert len(parameters) == len(re.findall(r":[a-z_]+\b", re.sub(r"'[^']*'", "", query.sql).replace("::", "")))


def test_the_partition_function_may_create_partitions_of_the_tables_and_nothing_else() -> None:
    """One action on the catalog and, where a source is on, its database and each of its tables."""
    stack = read_template(sources_stack_text([SOURCES["codepipeline"]]))
    policy = resources(stack, "AWS::IAM::ManagedPolicy")["PartitionPolicy1"]
    (statement,) = statements(policy)
    assert policy["Roles"] == [{"Ref": "PartitionRoleName"}]
    assert as_list(statement["Action"]) == ["glue:CreatePartition"]
    catalog, *conditional = statement["Resource"]
    assert catalog["Fn::Sub"].endswith(":catalog")
    assert all((one["Fn::If"][0], one["Fn::If"][2]) == ("HasCodePipeline", {"Ref": "AWS::NoValue"}) for one in conditional)
    assert [one["Fn::If"][1]["Fn::Sub"].split(":")[-1] for one in conditional] == [
        "database/${CodePipelineGlueDatabaseName}",
        "table/${CodePipelineGlueDatabaseName}/pipeline_execution_state_change",
        "table/${CodePipelineGlueDatabaseName}/stage_execution_state_change",
        "table/${CodePipelineGlueDatabaseName}/action_execution_state_change",
    ]


def test_a_source_of_a_user_becomes_a_stack_the_same_way() -> None:
    """A declaration in a folder of one's own gets its switch, its database, its nested stack and its outputs."""
    registry = parse_source(REGISTRY)
    root = read_template(root_stack_text([*SOURCES.values(), registry]))
    assert short_title(registry) == "ECR"
    assert root["Parameters"]["ECR"]["Default"] == "on"
    assert root["Parameters"]["ECRGlueDatabaseName"]["Default"] == "registry_event_logs"
    stacks = read_template(sources_stack_text([*SOURCES.values(), registry]))
    assert stacks["Resources"]["ECRSource"]["Properties"]["TemplateURL"] == "sources/registry.yaml"
    assert {"ECRGlueDatabaseName", "ECRAnalystPolicyArn"} <= set(root["Outputs"])
    assert "EcrImageActionTableName" in read_template(source_stack_text(registry, []))["Outputs"]
    assert "registry=${ECRGlueDatabaseName}" in root["Resources"]["Functions"]["Properties"]["Parameters"]["Databases"]["Fn::Sub"]


def test_a_table_whose_stream_could_not_be_named_is_refused() -> None:
    """Firehose takes 64 characters, and the lake's name is among them."""
    registry = parse_source(REGISTRY.replace('"ecr_image_action"', f'"{"a" * 43}"'))
    with pytest.raises(DeclarationError, match="has 43 characters; its delivery stream is named after it, which leaves 42"):
        source_stack_text(registry, [])


def test_two_sources_of_one_title_are_refused() -> None:
    """They would share a parameter, so neither could be switched."""
    first, second = parse_source(REGISTRY), parse_source(REGISTRY.replace('name = "registry"', 'name = "images"'))
    with pytest.raises(DeclarationError, match='come to the parameter "ECR"'):
        root_stack_text([first, second])


def test_a_nested_stack_gets_every_parameter_it_wants() -> None:
    """Whatever a stack asks for without a default, the one around it passes, and passes nothing else."""
    templates = Path(__file__).resolve().parents[2] / "templates"
    for name, resource in {**_root()["Resources"], **read_template(sources_stack_text(list(SOURCES.values())))["Resources"]}.items():
        if resource["Type"] != "AWS::CloudFormation::Stack":
            continue
        wanted = read_template((templates / resource["Properties"]["TemplateURL"]).read_text())["Parameters"]
        passed = set(resource["Properties"]["Parameters"])
        assert {key for key, value in wanted.items() if "Default" not in value} <= passed <= set(wanted), name


def test_a_source_without_its_bus_has_neither_rules_nor_what_belongs_to_them() -> None:
    """Auth0 may come by its webhook alone; CodePipeline's bus is always there."""
    template = _built_in("auth0")
    of_bus = {
        name for name, one in template["Resources"].items() if one.get("Condition") in {"HasEventBus", "HasAlarmsOfEventBus", "Archives"}
    }

    assert of_bus == {"Auth0LogsRule", "EventsRole", "Auth0LogsLostAlarm", "Archive"}
    assert all("EventBusName" in str(template["Conditions"][name]) for name in ("HasEventBus", "Archives"))
    assert template["Parameters"]["EventBusName"]["Default"] == ""
    assert "HasEventBus" not in _built_in("codepipeline")["Conditions"]


def test_a_webhook_is_a_stack_of_its_own_that_is_switched_on_by_its_tokens() -> None:
    """It gets the streams of its source and no others; a name that no function can bear is refused."""
    webhook = read_template(sources_stack_text(list(SOURCES.values())))["Resources"]["Auth0Webhook"]

    assert (webhook["Condition"], webhook["DependsOn"]) == ("HasAuth0Webhook", ["Auth0Source"])
    parameters = webhook["Properties"]["Parameters"]
    assert str(parameters["StreamArns"]).count("deliverystream/") == 1
    with pytest.raises(DeclarationError, match="leaves 34"):
        sources_stack_text([replace(SOURCES["auth0"], name="a" * 35)])
