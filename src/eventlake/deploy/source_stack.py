"""templates/sources/<name>.yaml: everything one source needs, as a nested stack.

Database and tables, rules, delivery streams, roles, alarms and named queries; what it shares with other sources comes in as parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.alarms import HAS_ALARMS_OF_BUS, alarms
from eventlake.deploy.archive import archive
from eventlake.deploy.cloudformation import Tagged, Template, cut, equals, is_set, ref, template_text, when
from eventlake.deploy.delivery_stream import BUFFERS_EVENTS, HAS_BUS, delivery_stream, may_lack_bus, rule, stream_id
from eventlake.deploy.glue_table import glue_table, places_table
from eventlake.deploy.limits import require_limits
from eventlake.deploy.named_query import named_query
from eventlake.deploy.parameters import LAKE_NAME, SETTINGS, database_parameter, event_bus_parameter
from eventlake.deploy.roles import analyst_policy, delivery_policy, delivery_role, events_role
from eventlake.deploy.workgroup import work_group
from eventlake.errors import DeclarationError
from eventlake.model import Source, Table
from eventlake.pipeline.batch import places_name
from eventlake.query.saved import SavedQuery
from eventlake.sources import DECLARATION
from eventlake.stack_names import logical_id, table_output

COMMENT = "Written by `eventlake templates` from the declaration of the source; changes made here are overwritten."

LONGEST_DESCRIPTION = 1_024
"""Bytes of the description of a template or output; Glue takes twice as much."""

LONGEST_TABLE_NAME = 42
"""Characters that the 64 of a delivery stream's name leave beside the lake's name and a hyphen."""

CLOSES = Tagged("Not", [equals("Closing", "off")])
"""Whether hours are closed."""

PASSED: dict[str, str] = {
    "LogBucketName": "Bucket that the log lines go to.",
    "ResultsBucketName": "Bucket of Athena's results.",
    "ScanLimitInMBs": "Megabytes that one Athena query may read before it is stopped.",
    "TransformFunctionArn": "ARN of the function that turns events into log lines.",
    "UndeliveredQueueArn": "ARN of the queue for events that EventBridge could not deliver.",
}
"""What the other stacks give to the stack of a source."""


def source_stack_text(source: Source, saved: Sequence[SavedQuery]) -> str:
    """Write the template of a source as YAML."""
    return template_text(source_stack(source, saved), COMMENT)


def source_stack(source: Source, saved: Sequence[SavedQuery]) -> Template:
    """Describe all that a source needs. saved: its saved queries. Raises DeclarationError for more or longer names than AWS takes."""
    for table in source.tables:
        if len(table.name) > LONGEST_TABLE_NAME:
            raise DeclarationError(
                f'{source.name}/{DECLARATION}: table "{table.name}" has {len(table.name)} characters; '
                f"its delivery stream is named after it, which leaves {LONGEST_TABLE_NAME}."
            )
    _require_places(source)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": cut(f"eventlake - {source.title} - {source.doc}", LONGEST_DESCRIPTION),
        "Parameters": _parameters(source),
        "Conditions": {
            "IsParquet": equals("LogFormat", "parquet"),
            "Closes": CLOSES,
            BUFFERS_EVENTS: equals("BufferingOf", "events"),
            "KeepsRawEvents": equals("KeepRawEvents", "yes"),
            "Archives": _archives(source),
            "HasKey": is_set("KmsKeyArn"),
            "HasBoundary": is_set("PermissionsBoundaryArn"),
            "HasTopic": is_set("AlarmTopicArn"),
            "HasAlarms": equals("Alarms", "on"),
            **_bus_conditions(source),
            "HasQuietAlarm": Tagged("And", [{"Condition": "HasAlarms"}, Tagged("Not", [equals("QuietHours", "0")])]),
        },
        "Resources": _resources(source, saved),
        "Outputs": _outputs(source),
    }
    require_limits(f"{source.name}/{DECLARATION}", template)
    return template


def _archives(source: Source) -> Tagged:
    """Say when the events of a source's bus are archived: when that is asked for, and there is a bus."""
    asked = Tagged("Not", [equals("ArchiveDays", "0")])
    return Tagged("And", [asked, is_set("EventBusName")]) if may_lack_bus(source) else asked


def _bus_conditions(source: Source) -> Template:
    """Say whether there is a bus, of a source that may come by its webhook alone."""
    if not may_lack_bus(source):
        return {}
    return {HAS_BUS: is_set("EventBusName"), HAS_ALARMS_OF_BUS: Tagged("And", [{"Condition": "HasAlarms"}, {"Condition": HAS_BUS}])}


def _require_places(source: Source) -> None:
    """Raise DeclarationError if a table has the name of another's places."""
    taken = {places_name(table): table.name for table in source.tables}
    for table in source.tables:
        if table.name in taken:
            raise DeclarationError(
                f'{source.name}/{DECLARATION}: table "{table.name}" has the name by which "{taken[table.name]}" is closed; give it another.'
            )


def _parameters(source: Source) -> Template:
    own = {"GlueDatabaseName": database_parameter(source)}
    if source.bus != "default":
        own["EventBusName"] = event_bus_parameter(source, optional=may_lack_bus(source))
    passed = {name: {"Type": "String", "Description": text} for name, text in PASSED.items()}
    return {"LakeName": LAKE_NAME, **own, **SETTINGS, **passed}


def _resources(source: Source, saved: Sequence[SavedQuery]) -> Template:
    resources = {
        "GlueDatabase": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": ref("AWS::AccountId"),
                "DatabaseInput": {"Name": ref("GlueDatabaseName"), "Description": cut(source.doc, LONGEST_DESCRIPTION)},
            },
        },
        "DeliveryStreamLogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Metadata": _LOG_GROUP_SKIP,
            "Properties": {"RetentionInDays": ref("LogRetentionDays"), "KmsKeyId": when("HasKey", ref("KmsKeyArn"))},
        },
        "DeliveryStreamLogStream": {
            "Type": "AWS::Logs::LogStream",
            "Properties": {"LogGroupName": ref("DeliveryStreamLogGroup"), "LogStreamName": "S3Delivery"},
        },
        "WorkGroup": work_group(source),
        "EventsRole": events_role(source),
        "DeliveryRole": delivery_role(source),
        "DeliveryPolicy": delivery_policy(source),
        "AnalystPolicy": analyst_policy(source),
        "Archive": archive(source),
    }
    for table in source.tables:
        resources |= _resources_of(source, table)
    return resources | dict(alarms(source)) | {logical_id("Query", query.name): named_query(query) for query in saved}


_LOG_GROUP_SKIP = {
    "checkov": {"skip": [{"id": "CKV_AWS_158", "comment": "Encrypted by CloudWatch; with a KMS key when KmsKeyArn names one."}]}
}


def _resources_of(source: Source, table: Table) -> Template:
    return {
        logical_id(table.name, "Table"): glue_table(table, "GlueDatabase"),
        logical_id(table.name, "Places"): places_table(table, "GlueDatabase"),
        stream_id(table): delivery_stream(table),
        logical_id(table.name, "Rule"): rule(source, table),
    }


def _outputs(source: Source) -> Template:
    tables = {
        table_output(source, table): _output(cut(f"Table: {table.doc}", LONGEST_DESCRIPTION), ref(logical_id(table.name, "Table")))
        for table in source.tables
    }
    return {
        "GlueDatabaseName": _output(f"Glue database of {source.title}.", ref("GlueDatabase")),
        **tables,
        "DeliveryStreamLogGroup": _output("Log group of the delivery streams.", ref("DeliveryStreamLogGroup")),
        "DeliveryStreamLogStream": _output("Log stream of the delivery streams.", ref("DeliveryStreamLogStream")),
        "WorkGroup": _output(f"Athena workgroup in which people query {source.title}.", ref("WorkGroup")),
        "AnalystPolicyArn": _output(f"Managed policy for people who query {source.title}.", ref("AnalystPolicy")),
    }


def _output(description: str, value: Tagged) -> Template:
    return {"Description": description, "Value": value}
