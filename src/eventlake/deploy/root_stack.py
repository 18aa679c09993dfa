"""templates/root.yaml: the parameters and outputs of a deployment, and the nested stacks.

Written from the declarations, because every source brings its switch, its database, its bus and its outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from eventlake.deploy.cloudformation import Tagged, Template, attribute, equals, is_set, nested_stack, ref, sub, template_text, when
from eventlake.deploy.limits import require_limits
from eventlake.deploy.parameters import (
    DETECTING,
    FUNCTIONS_ONLY,
    LAKE_ONLY,
    LOG_BUCKET_NAME,
    RETAINING,
    SETTINGS,
    SMALLEST_PARQUET_BUFFER_MB,
)
from eventlake.deploy.retaining_policies import RETAINS, declared_days, kept_days_if_any
from eventlake.deploy.sources_stack import SOURCES_COMMENT, outputs, url_name, url_output
from eventlake.deploy.switches import condition, conditions, own_parameters, switch, webhook_switch
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.pipeline.masking import asks_for_pseudonyms
from eventlake.stack_names import database_name, webhook_name


def root_stack_text(sources: Sequence[Source]) -> str:
    """Write the template as YAML."""
    return template_text(root_stack(sources), SOURCES_COMMENT)


def root_stack(sources: Sequence[Source]) -> Template:
    """Describe a deployment of these sources. Raises DeclarationError if two come to the same parameter, or all to more than AWS takes."""
    _check_names(sources)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "eventlake - every event of your pipelines and logins in your own bucket, queried with Athena.",
        "Metadata": {
            "AWS::CloudFormation::Interface": {"ParameterGroups": _groups(sources)},
            "cfn-lint": {"config": {"ignore_checks": ["W3002"]}},  # paths to nested templates, which `aws cloudformation package` uploads
        },
        "Parameters": _parameters(sources),
        "Rules": {"ParquetWantsLargeBuffers": _parquet_rule(), "RetentionKnowsHolds": _retention_rule()} | _pseudonyms_rule(sources),
        "Conditions": {
            "HasLogBucketName": is_set("LogBucketName"),
            "HasPseudonymKeys": is_set("PseudonymKeysSecretArn"),
            "Detects": equals("Detections", "on"),
            "Retains": RETAINS,
            **conditions(sources),
        },
        "Resources": _resources(sources),
        "Outputs": _outputs(sources),
    }
    require_limits("The template of the whole lake", template)
    return template


_OWN_NAMES = (
    "LakeName",
    "LogBucketName",
    "ResultsBucketName",
    "TransformFunctionArn",
    "PartitionRoleName",
    "FunctionDeadLetterQueueArn",
    "UndeliveredQueueArn",
)
"""Parameters of the nested stacks, which no source may take."""


def _check_names(sources: Sequence[Source]) -> None:
    names = [name for source in sources for name in (*own_parameters(source), switch(source))] + [
        *SETTINGS,
        *LAKE_ONLY,
        *FUNCTIONS_ONLY,
        *DETECTING,
        *RETAINING,
        *_OWN_NAMES,
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        titles = ", ".join(source.title for source in sources)
        raise DeclarationError(
            f'Two sources come to the parameter "{twice[0]}": give them titles that differ in letters or digits ({titles}).'
        )


def _groups(sources: Sequence[Source]) -> list[Template]:
    own = [name for source in sources for name in own_parameters(source)]
    return [
        {"Label": {"default": "Sources"}, "Parameters": own},
        {"Label": {"default": "The lake"}, "Parameters": ["LogBucketName", *SETTINGS, *LAKE_ONLY, *FUNCTIONS_ONLY]},
        {"Label": {"default": "What is not kept for ever"}, "Parameters": [*RETAINING]},
        {"Label": {"default": "Detections"}, "Parameters": [*DETECTING]},
    ]


def _parameters(sources: Sequence[Source]) -> Template:
    own = {name: value for source in sources for name, value in own_parameters(source).items()}
    return {**own, "LogBucketName": LOG_BUCKET_NAME, **SETTINGS, **LAKE_ONLY, **FUNCTIONS_ONLY, **RETAINING, **DETECTING}


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


def _retention_rule() -> Template:
    """Refuse a bucket that removes by itself, whatever a legal hold keeps, beside a function that does not."""
    return {
        "RuleCondition": RETAINS,
        "Assertions": [
            {
                "Assert": equals("RetentionDays", "0"),
                "AssertDescription": "With Retention RetentionDays is 0 - a bucket that deletes by itself takes legal holds, and what they keep, too.",
            }
        ],
    }


def _pseudonyms_rule(sources: Sequence[Source]) -> Template:
    """Refuse, before anything is made, that a source is on whose pseudonyms nobody could make; nothing if no table asks for any."""
    asking = [source for source in sources if any(map(asks_for_pseudonyms, source.tables))]
    if not asking:
        return {}
    is_on = reduce(lambda some, more: Tagged("Or", [some, more]), map(condition, asking))  # one Or takes ten at most
    assertion = {
        "Assert": is_set("PseudonymKeysSecretArn"),
        "AssertDescription": f"{', '.join(source.title for source in asking)} - personal data becomes pseudonyms, so PseudonymKeysSecretArn is needed.",
    }
    return {
        "PseudonymsWantKeys": {
            "RuleCondition": is_on,
            "Assertions": [assertion],
        }
    }


def _resources(sources: Sequence[Source]) -> Template:
    lake_name = {"LakeName": ref("AWS::StackName")}
    shared = {name: ref(name) for name in ("KmsKeyArn", "Alarms", "AlarmTopicArn")}
    bucket = {"LogBucketName": when("HasLogBucketName", ref("LogBucketName"), sub("${AWS::StackName}-${AWS::AccountId}-${AWS::Region}"))}
    upkeep = {**lake_name, **bucket, **shared}
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
        **bucket,
        "Databases": sub(_databases(sources)),
        "KeptDays": kept_days_if_any(sources),
        **{name: ref(name) for name in ("LogFormat", "LogRetentionDays", "KmsKeyArn", "PermissionsBoundaryArn", *FUNCTIONS_ONLY)},
    }
    return {
        "Upkeep": nested_stack("upkeep.yaml", upkeep),
        "Lake": nested_stack("lake.yaml", lake),
        "Functions": nested_stack("functions.yaml", functions),
        "Sources": nested_stack("sources.yaml", lake_name | _passed_to_sources(sources)),
    }


LONGEST_DATABASES = 3_600
"""Bytes of them all, with the days that their tables are kept, that the settings of a function, 4 KB together, leave: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def _databases(sources: Sequence[Source]) -> str:
    """Write the database of each source, as the partition function reads them. Raises DeclarationError for too many."""
    length = sum(len(f"{source.name}={source.database} ") for source in sources) + len(declared_days(sources))
    if length > LONGEST_DATABASES:
        raise DeclarationError(
            f"The names of {len(sources)} sources and their databases come to {length:,} bytes, and the settings of a function take "
            f"{LONGEST_DATABASES:,}: give shorter names, or deploy some of them as a lake of its own."
        )
    return " ".join(f"{source.name}=${{{database_name(source)}}}" for source in sources)


def _passed_to_sources(sources: Sequence[Source]) -> Template:
    own = [name for source in sources for name in own_parameters(source)]
    return {
        **{name: ref(name) for name in (*own, *SETTINGS, *RETAINING, *DETECTING, "ScanLimitInMBs")},
        "LogBucketName": attribute("Lake", "Outputs.LogBucket"),
        "ResultsBucketName": attribute("Lake", "Outputs.ResultsBucket"),
        "TransformFunctionArn": attribute("Functions", "Outputs.TransformFunctionArn"),
        "PartitionRoleName": attribute("Functions", "Outputs.PartitionRoleName"),
        "FunctionDeadLetterQueueArn": attribute("Upkeep", "Outputs.FunctionDeadLetterQueueArn"),
        "UndeliveredQueueArn": attribute("Upkeep", "Outputs.UndeliveredQueueArn"),
    }


def _outputs(sources: Sequence[Source]) -> Template:
    of_lake = {
        "LogBucket": {"Description": "Bucket of the log lines.", "Value": attribute("Lake", "Outputs.LogBucket")},
        "ResultsBucket": {"Description": "Bucket of Athena's results.", "Value": attribute("Lake", "Outputs.ResultsBucket")},
        "WorkGroup": {"Description": "Athena workgroup for queries over several sources.", "Value": attribute("Lake", "Outputs.WorkGroup")},
        "LogFormat": {"Description": "Format of the log lines.", "Value": ref("LogFormat")},
    }
    of_lake["PseudonymKeysSecretArn"] = {
        "Condition": "HasPseudonymKeys",
        "Description": "Secret with the keys of pseudonyms.",
        "Value": ref("PseudonymKeysSecretArn"),
    }
    of_lake["AlertTopicArn"] = {
        "Condition": "Detects",
        "Description": "SNS topic of alerts.",
        "Value": attribute("Sources", "Outputs.AlertTopicArn"),
    }
    for source in sources:
        if source.webhook is not None:
            of_lake[url_name(source)] = url_output(source, "Sources", url_name(source))
            of_lake[webhook_name(source)] = {
                "Condition": webhook_switch(source),
                "Description": f"Secret with the tokens of the webhook of {source.title}.",
                "Value": ref(webhook_name(source)),
            }
    return of_lake | {name: output for source in sources for name, output in outputs(source, "Sources", passed_on=True).items()}
