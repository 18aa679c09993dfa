"""templates/root.yaml: the parameters and outputs of a deployment, and the nested stacks.

Written from the declarations, because every source brings its switch, its database, its bus and its outputs. A source of the default bus
is switched by a parameter of its title (`CodePipeline`: on or off), any other by naming its event bus.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.cloudformation import Tagged, Template, attribute, equals, is_set, ref, sub, template_text, when
from eventlake.deploy.parameters import (
    LAKE_ONLY,
    LOG_BUCKET_NAME,
    SETTINGS,
    SMALLEST_PARQUET_BUFFER_MB,
    database_parameter,
    event_bus_parameter,
)
from eventlake.deploy.source_stack import COMMENT
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.stack_names import database_name, short_title, table_output


def root_stack_text(sources: Sequence[Source]) -> str:
    """Write the template as YAML."""
    return template_text(root_stack(sources), COMMENT.replace("declaration of the source", "declarations of the sources"))


def root_stack(sources: Sequence[Source]) -> Template:
    """Describe a deployment of these sources. Raises DeclarationError if two sources come to the same parameter."""
    _check_names(sources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "eventlake - every event of your pipelines and logins in your own bucket, queried with Athena.",
        "Metadata": {
            "AWS::CloudFormation::Interface": {"ParameterGroups": _groups(sources)},
            "cfn-lint": {"config": {"ignore_checks": ["W3002"]}},  # paths to nested templates, which `aws cloudformation package` uploads
        },
        "Parameters": _parameters(sources),
        "Rules": {"ParquetWantsLargeBuffers": _parquet_rule()},
        "Conditions": {"HasLogBucketName": is_set("LogBucketName"), **{switch(source): _condition(source) for source in sources}},
        "Resources": _resources(sources),
        "Outputs": _outputs(sources),
    }


def switch(source: Source) -> str:
    """Return the condition under which a source is deployed."""
    return f"Has{short_title(source)}"


def bus_name(source: Source) -> str:
    """Return the name of the parameter that names its event bus."""
    return source.stack.event_bus_parameter or f"{short_title(source)}EventBusName"


def _check_names(sources: Sequence[Source]) -> None:
    names = [name for source in sources for name in (*_own_parameters(source), switch(source))] + list({**SETTINGS, **LAKE_ONLY})
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        titles = ", ".join(source.title for source in sources)
        raise DeclarationError(
            f'Two sources come to the parameter "{twice[0]}": give them titles that differ in letters or digits ({titles}).'
        )


def _groups(sources: Sequence[Source]) -> list[Template]:
    own = [{"Label": {"default": source.title}, "Parameters": list(_own_parameters(source))} for source in sources]
    return [*own, {"Label": {"default": "All sources"}, "Parameters": ["LogBucketName", *SETTINGS, *LAKE_ONLY]}]


def _parameters(sources: Sequence[Source]) -> Template:
    own = {name: value for source in sources for name, value in _own_parameters(source).items()}
    return {**own, "LogBucketName": LOG_BUCKET_NAME, **SETTINGS, **LAKE_ONLY}


def _own_parameters(source: Source) -> Template:
    database = {database_name(source): database_parameter(source)}
    if source.bus != "default":
        return {bus_name(source): event_bus_parameter(source, optional=True), **database}
    onoff = {
        "Type": "String",
        "Default": "on" if source.stack.deployed else "off",
        "AllowedValues": ["on", "off"],
        "Description": f"Whether events of {source.title} are captured.",
    }
    return {short_title(source): onoff, **database}


def _condition(source: Source) -> Tagged:
    return equals(short_title(source), "on") if source.bus == "default" else is_set(bus_name(source))


def _parquet_rule() -> Template:
    """Refuse small buffers with Parquet before anything is made; CloudFormation cannot compare numbers, so they are listed."""
    small = [str(size) for size in range(1, SMALLEST_PARQUET_BUFFER_MB)]
    return {
        "RuleCondition": equals("LogFormat", "parquet"),
        "Assertions": [
            {
                "Assert": Tagged("Not", [Tagged("Contains", [small, ref("BufferingHintsSizeInMBs")])]),
                "AssertDescription": f"With LogFormat parquet BufferingHintsSizeInMBs is {SMALLEST_PARQUET_BUFFER_MB} or more; json takes less.",
            }
        ],
    }


def _resources(sources: Sequence[Source]) -> Template:
    lake_name = {"LakeName": ref("AWS::StackName")}
    shared = {name: ref(name) for name in ("KmsKeyArn", "Alarms", "AlarmTopicArn")}
    bucket = {"LogBucketName": when("HasLogBucketName", ref("LogBucketName"), sub("${AWS::StackName}-${AWS::AccountId}-${AWS::Region}"))}
    upkeep = {**lake_name, **bucket, "Alarms": shared["Alarms"], "AlarmTopicArn": shared["AlarmTopicArn"]}
    lake = {
        **lake_name,
        **bucket,
        "ObjectQueueArn": attribute("Upkeep", "Outputs.ObjectQueueArn"),
        "KmsKeyArn": shared["KmsKeyArn"],
        **{name: ref(name) for name in LAKE_ONLY},
    }
    functions = {
        **lake_name,
        "ObjectQueueArn": attribute("Upkeep", "Outputs.ObjectQueueArn"),
        "FunctionDeadLetterQueueArn": attribute("Upkeep", "Outputs.FunctionDeadLetterQueueArn"),
        "Databases": sub(" ".join(f"{source.name}=${{{database_name(source)}}}" for source in sources)),
        **{name: ref(name) for name in ("LogFormat", "LogRetentionDays", "KmsKeyArn", "PermissionsBoundaryArn")},
    }
    return {
        "Upkeep": _nested("upkeep.yaml", upkeep),
        "Lake": _nested("lake.yaml", lake),
        "Functions": _nested("functions.yaml", functions),
        **{_resource(source): _source(source, lake_name) for source in sources},
    }


def _resource(source: Source) -> str:
    return f"{short_title(source)}Source"


def _source(source: Source, lake_name: Template) -> Template:
    bus = {} if source.bus == "default" else {"EventBusName": ref(bus_name(source))}
    parameters = {
        **lake_name,
        "GlueDatabaseName": ref(database_name(source)),
        **bus,
        **{name: ref(name) for name in SETTINGS},
        "LogBucketName": attribute("Lake", "Outputs.LogBucket"),
        "ResultsBucketName": attribute("Lake", "Outputs.ResultsBucket"),
        "ScanLimitInMBs": ref("ScanLimitInMBs"),
        "TransformFunctionArn": attribute("Functions", "Outputs.TransformFunctionArn"),
        "PartitionRoleName": attribute("Functions", "Outputs.PartitionRoleName"),
        "UndeliveredQueueArn": attribute("Upkeep", "Outputs.UndeliveredQueueArn"),
    }
    return {**_nested(f"sources/{source.name}.yaml", parameters), "Condition": switch(source)}


def _nested(path: str, parameters: Template) -> Template:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": path, "Parameters": parameters}}


def _outputs(sources: Sequence[Source]) -> Template:
    outputs = {
        "LogBucket": {"Description": "Bucket of the log lines.", "Value": attribute("Lake", "Outputs.LogBucket")},
        "ResultsBucket": {"Description": "Bucket of Athena's results.", "Value": attribute("Lake", "Outputs.ResultsBucket")},
        "WorkGroup": {"Description": "Athena workgroup for queries over several sources.", "Value": attribute("Lake", "Outputs.WorkGroup")},
        "LogFormat": {"Description": "Format of the log lines.", "Value": ref("LogFormat")},
    }
    for source in sources:
        title = short_title(source)
        tables = {table_output(source, table): f"Table of {source.title}: {table.doc}" for table in source.tables}
        own = {
            database_name(source): ("GlueDatabaseName", f"Glue database of {source.title}."),
            **{name: (name, text) for name, text in tables.items()},
            f"{title}DeliveryStreamLogGroup": ("DeliveryStreamLogGroup", f"Log group of the delivery streams of {source.title}."),
            f"{title}DeliveryStreamLogStream": ("DeliveryStreamLogStream", f"Log stream of the delivery streams of {source.title}."),
            f"{title}AnalystPolicyArn": ("AnalystPolicyArn", f"Managed policy for people who query {source.title}."),
        }
        outputs |= {
            name: {"Condition": switch(source), "Description": text, "Value": attribute(_resource(source), f"Outputs.{inner}")}
            for name, (inner, text) in own.items()
        }
    return outputs
