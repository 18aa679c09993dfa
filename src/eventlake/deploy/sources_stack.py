"""templates/sources.yaml: the stacks of all sources, and what the partition function may do for them.

It stands between root.yaml and the sources, so that root.yaml names the settings once and stays small enough to be deployed by its text.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.closing_policies import CLOSING_GRANT, CLOSING_STACK
from eventlake.deploy.cloudformation import Tagged, Template, attribute, equals, nested_stack, ref, sub, template_text, when
from eventlake.deploy.delivery_stream import stream_arn
from eventlake.deploy.detecting_policies import DETECTING_GRANT, DETECTIONS_STACK
from eventlake.deploy.limits import require_limits
from eventlake.deploy.parameters import DETECTING, LAKE_NAME, RETAINING, SETTINGS
from eventlake.deploy.partition_policies import partition_policies
from eventlake.deploy.retaining_policies import RETAINING_GRANT, RETAINS, RETENTION_STACK, kept_days, kept_days_if_any
from eventlake.deploy.source_stack import CLOSES, COMMENT, PASSED
from eventlake.deploy.switches import bus_name, conditions, own_parameters, switch, webhook_switch
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.sources import DECLARATION
from eventlake.stack_names import database_name, short_title, webhook_name

LONGEST_WEBHOOK_SOURCE = 34
"""Characters that the 64 of a function's name leave beside the lake's name and what the function is."""

SOURCES_COMMENT = COMMENT.replace("declaration of the source", "declarations of the sources")


def sources_stack_text(sources: Sequence[Source]) -> str:
    """Write the template as YAML."""
    return template_text(sources_stack(sources), SOURCES_COMMENT)


def sources_stack(sources: Sequence[Source]) -> Template:
    """Describe the stacks of these sources. Raises DeclarationError for more than AWS takes."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "eventlake - the stacks of the sources.",
        "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W3002"]}}},  # paths to nested templates, as in root.yaml
        "Parameters": _parameters(sources),
        "Conditions": {
            "Closes": CLOSES,
            "Detects": equals("Detections", "on"),
            "Retains": RETAINS,
            **conditions(sources),
        },
        "Resources": {
            **partition_policies(sources),
            **CLOSING_GRANT.policies(sources),
            CLOSING_STACK: _closing(sources),
            **RETAINING_GRANT.policies(sources),
            RETENTION_STACK: _retaining(sources),
            **DETECTING_GRANT.policies(sources),
            DETECTIONS_STACK: _detecting(sources),
            **{_resource(source): _stack(source) for source in sources},
            **{_webhook_resource(source): _webhook(source) for source in sources if source.webhook is not None},
        },
        "Outputs": {"AlertTopicArn": _ALERT_TOPIC}
        | {
            url_name(source): url_output(source, _webhook_resource(source), "WebhookUrl")
            for source in sources
            if source.webhook is not None
        }
        | {name: output for source in sources for name, output in outputs(source, _resource(source)).items()},
    }
    require_limits("The template of all sources", template)
    return template


def outputs(source: Source, stack: str, *, passed_on: bool = False) -> Template:
    """Describe what is told of a source outside of its own stack: database, promised names of tables, the analysts' policy.

    stack: the resource whose outputs they are. passed_on: whether they have these names there already, and not those of the source's stack.
    """
    title = short_title(source)
    told = {
        database_name(source): ("GlueDatabaseName", f"Glue database of {source.title}."),
        **{name: (name, f"Table {table} of {source.title}.") for table, name in source.stack.table_outputs.items()},
        f"{title}AnalystPolicyArn": ("AnalystPolicyArn", f"Managed policy for people who query {source.title}."),
    }
    return {
        name: {"Condition": switch(source), "Description": text, "Value": attribute(stack, f"Outputs.{name if passed_on else inner}")}
        for name, (inner, text) in told.items()
    }


def url_name(source: Source) -> str:
    """Return the name of the output that gives the URL of its webhook."""
    return f"{short_title(source)}WebhookUrl"


def url_output(source: Source, stack: str, name: str) -> Template:
    """Describe the output that gives the URL of its webhook. stack, name: the resource whose output it is, and the name it has there."""
    text = f"URL that {source.title} posts to."
    return {"Condition": webhook_switch(source), "Description": text, "Value": attribute(stack, f"Outputs.{name}")}


def _parameters(sources: Sequence[Source]) -> Template:
    own = {name: value for source in sources for name, value in own_parameters(source).items()}
    passed = {name: {"Type": "String", "Description": text} for name, text in {**PASSED, **OF_FUNCTIONS}.items()}
    return {"LakeName": LAKE_NAME, **own, **SETTINGS, **RETAINING, **DETECTING, **passed}


OF_FUNCTIONS = {
    "PartitionRoleName": "Name of the role of the function that creates partitions.",
    "FunctionDeadLetterQueueArn": "ARN of the queue for asynchronous calls of a function that failed.",
}
"""What the stacks of the functions give to this one alone."""


def _closing(sources: Sequence[Source]) -> Template:
    """Describe the stack that closes the hours of the sources that are on."""
    settings = (
        "LakeName",
        "Closing",
        "LogFormat",
        "BufferingHintsIntervalInSeconds",
        "LogRetentionDays",
        "KmsKeyArn",
        "PermissionsBoundaryArn",
    )
    passed = ("Alarms", "AlarmTopicArn", "LogBucketName", "ResultsBucketName", "ScanLimitInMBs", "FunctionDeadLetterQueueArn")
    parameters = {
        "Databases": _databases(sources),
        "KeptDays": kept_days_if_any(sources),
        **{name: ref(name) for name in (*settings, *passed)},
    }
    return {**nested_stack("closing.yaml", parameters), "Condition": "Closes"}


def _retaining(sources: Sequence[Source]) -> Template:
    """Describe the stack that removes hours of the sources that are on, once they were kept long enough."""
    settings = ("LakeName", "LogRetentionDays", "KmsKeyArn", "PermissionsBoundaryArn", "Alarms", "AlarmTopicArn")
    passed = ("LogBucketName", "FunctionDeadLetterQueueArn")
    parameters = {"Databases": _databases(sources), "KeptDays": kept_days(sources), **{name: ref(name) for name in (*settings, *passed)}}
    return {**nested_stack("retention.yaml", parameters), "Condition": "Retains"}


def _detecting(sources: Sequence[Source]) -> Template:
    """Describe the stack that runs the detections of the sources that are on."""
    settings = ("LakeName", "LogRetentionDays", "KmsKeyArn", "PermissionsBoundaryArn", "Alarms", "AlarmTopicArn", "ScanLimitInMBs")
    passed = (
        "LogBucketName",
        "ResultsBucketName",
        "FunctionDeadLetterQueueArn",
        "UndeliveredQueueArn",
        "AlertWebhookUrl",
        "AlertWebhookKey",
        "AlertWebhookForm",
        "DetectionMinutes",
    )
    parameters = {"Databases": _databases(sources), **{name: ref(name) for name in (*settings, *passed)}}
    return {**nested_stack("detections.yaml", parameters), "Condition": "Detects"}


_ALERT_TOPIC: Template = {
    "Condition": "Detects",
    "Description": "SNS topic of alerts.",
    "Value": attribute(DETECTIONS_STACK, "Outputs.AlertTopicArn"),
}


def _databases(sources: Sequence[Source]) -> Tagged:
    """Write the database of each source that is on, as functions read them."""
    return Tagged("Join", [" ", [when(switch(source), sub(f"{source.name}=${{{database_name(source)}}}"), "") for source in sources]])


def _webhook_resource(source: Source) -> str:
    return f"{short_title(source)}Webhook"


def _webhook(source: Source) -> Template:
    """Describe the stack of a source's webhook, whose streams are there first. Raises DeclarationError for a name that its function cannot bear."""
    if len(source.name) > LONGEST_WEBHOOK_SOURCE:
        raise DeclarationError(
            f'{source.name}/{DECLARATION}: "name" has {len(source.name)} characters; the function of its webhook is named after it, '
            f"which leaves {LONGEST_WEBHOOK_SOURCE}."
        )
    settings = (
        "LakeName",
        "LogRetentionDays",
        "KmsKeyArn",
        "PermissionsBoundaryArn",
        "Alarms",
        "AlarmTopicArn",
        "FunctionDeadLetterQueueArn",
    )
    parameters = {
        "SourceName": source.name,
        "StreamArns": Tagged("Join", [",", [sub(stream_arn(table)) for table in source.tables]]),
        "WebhookTokensSecretArn": ref(webhook_name(source)),
        **{name: ref(name) for name in settings},
    }
    return {**nested_stack("webhook.yaml", parameters), "Condition": webhook_switch(source), "DependsOn": [_resource(source)]}


def _resource(source: Source) -> str:
    return f"{short_title(source)}Source"


def _stack(source: Source) -> Template:
    bus = {} if source.bus == "default" else {"EventBusName": ref(bus_name(source))}
    names = ("LakeName", *SETTINGS, *PASSED)
    parameters = {"GlueDatabaseName": ref(database_name(source)), **bus, **{name: ref(name) for name in names}}
    return {**nested_stack(f"sources/{source.name}.yaml", parameters), "Condition": switch(source)}
