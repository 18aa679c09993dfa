"""Rules for templates that no public linter has, each a function from a template to what is wrong with it.

A template comes as `read_template` gives it: an intrinsic function is `{"Fn::Sub": ...}` or `{"Ref": ...}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from eventlake.deploy.cloudformation import Template, statements

Rule = Callable[[Template], Iterator[str]]


def findings(template: Template) -> list[str]:
    """What all rules say of a template."""
    return [f"{name}: {finding}" for name, rule in RULES.items() for finding in rule(template)]


def resources(template: Template, kind: str) -> dict[str, Any]:
    """The properties of all resources of a type, by logical id."""
    found = template.get("Resources") or {}
    return {name: resource.get("Properties") or {} for name, resource in found.items() if resource["Type"] == kind}


def texts(value: Any) -> Iterator[str]:
    """Every text anywhere below."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def as_list(value: Any) -> list[Any]:
    """The value as a list, as IAM takes one or many."""
    return value if isinstance(value, list) else [value]


def every_resource_is_named(template: Template) -> Iterator[str]:
    """No statement allows anything on `*`."""
    for statement in statements(template):
        if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource")):
            yield f'{statement["Action"]} on "*"'


def every_action_is_named(template: Template) -> Iterator[str]:
    """No statement allows an action with a wildcard."""
    for statement in statements(template):
        for action in as_list(statement.get("Action")):
            if statement["Effect"] == "Allow" and "*" in action:
                yield f'"{action}"'


def every_service_is_confined(template: Template) -> Iterator[str]:
    """Where a service may assume a role or send, its account and the resources it acts for are named."""
    for statement in statements(template):
        principal = statement.get("Principal")
        if statement["Effect"] != "Allow" or not isinstance(principal, dict) or principal.keys() == {"AWS"}:
            continue
        keys = {key for operator in (statement.get("Condition") or {}).values() for key in operator}
        for wanted in ("aws:SourceAccount", "aws:SourceArn"):
            if wanted not in keys:
                yield f"{statement['Principal']} without {wanted}"


def every_year_is_the_calendars(template: Template) -> Iterator[str]:
    """`YYYY` in a Firehose expression is the year of the week, wrong in the last days of December."""
    for text in texts(template):
        if "!{timestamp:" in text and "Y" in text:
            yield text


def every_target_is_tried_and_kept(template: Template) -> Iterator[str]:
    """A rule's target has a retry policy and a dead-letter queue."""
    for name, rule in resources(template, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if not target.get("RetryPolicy") or not target.get("DeadLetterConfig"):
                yield name


def every_queue_ends_somewhere(template: Template) -> Iterator[str]:
    """A queue that something reads has a dead-letter queue, and every queue is encrypted."""
    queues = resources(template, "AWS::SQS::Queue")
    dead = {text for queue in queues.values() for text in texts(queue.get("RedrivePolicy", {}))}
    policed = {text for policy in resources(template, "AWS::SQS::QueuePolicy").values() for text in texts(policy["Queues"])}
    for name, queue in queues.items():
        if not queue.get("SqsManagedSseEnabled") and not queue.get("KmsMasterKeyId"):
            yield f"{name} is not encrypted"
        if name not in policed:
            yield f"{name} has no policy"
        if name == "ObjectQueue" and "RedrivePolicy" not in queue:
            yield f"{name} keeps a poisonous message for ever"
    yield from (f"{name} is no queue" for name in dead - set(queues) - {"Arn"})


def every_policy_wants_tls(template: Template) -> Iterator[str]:
    """Buckets and queues refuse what does not come over TLS."""
    for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"):
        for name, policy in resources(template, kind).items():
            denials = [one for one in statements(policy) if one["Effect"] == "Deny"]
            if not any("aws:SecureTransport" in str(one.get("Condition")) and one["Principal"] == "*" for one in denials):
                yield name


def every_bucket_is_closed(template: Template) -> Iterator[str]:
    """A bucket is encrypted, versioned, owned, closed to the public, clears uploads, and has a policy."""
    policed = {text for policy in resources(template, "AWS::S3::BucketPolicy").values() for text in texts(policy["Bucket"])}
    for name, bucket in resources(template, "AWS::S3::Bucket").items():
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        wanted = {
            "encryption": "BucketEncryption" in bucket,
            "versions": bucket.get("VersioningConfiguration", {}).get("Status") == "Enabled",
            "the owner": "BucketOwnerEnforced" in str(bucket.get("OwnershipControls")),
            "blocked public access": len(blocked) == 4 and all(blocked.values()),
            "an end to abandoned uploads": "AbortIncompleteMultipartUpload" in str(bucket.get("LifecycleConfiguration")),
            "a policy": name in policed,
        }
        yield from (f"{name} lacks {what}" for what, there in wanted.items() if not there)


def every_kept_resource_is_kept_twice(template: Template) -> Iterator[str]:
    """DeletionPolicy and UpdateReplacePolicy say the same; what holds data is retained."""
    for name, resource in (template.get("Resources") or {}).items():
        if resource.get("DeletionPolicy") != resource.get("UpdateReplacePolicy"):
            yield f"{name} says two things"
        if resource["Type"] == "AWS::S3::Bucket" and resource.get("DeletionPolicy") != "Retain":
            yield f"{name} goes with the stack"


def every_log_ends(template: Template) -> Iterator[str]:
    """A log group has a retention."""
    for name, group in resources(template, "AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group:
            yield name


def every_function_is_current(template: Template) -> Iterator[str]:
    """A function runs on a current Python on arm64, with a log group of all that it writes, a time limit and a dead-letter queue, and begins no traces."""
    for name, function in resources(template, "AWS::Lambda::Function").items():
        wanted = {
            "a current Python": function.get("Runtime") in {"python3.13", "python3.14"},
            "arm64": function.get("Architectures") == ["arm64"],
            "its log group": "LogGroup" in (log := function.get("LoggingConfig", {})),
            "a log of all that it writes": log.get("LogFormat") == "Text" or log.get("ApplicationLogLevel") == "INFO",
            "traces of others alone": function.get("TracingConfig", {}).get("Mode") == "PassThrough",
            "a time limit": "Timeout" in function,
            "a dead-letter queue": "DeadLetterConfig" in function,
        }
        yield from (f"{name} lacks {what}" for what, there in wanted.items() if not there)
    for name, mapping in resources(template, "AWS::Lambda::EventSourceMapping").items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} repeats whole batches"


def every_stream_is_whole(template: Template) -> Iterator[str]:
    """A delivery stream is encrypted, writes a log, retries its transform, and names the folder of its failures."""
    for name, stream in resources(template, "AWS::KinesisFirehose::DeliveryStream").items():
        destination = stream["ExtendedS3DestinationConfiguration"]
        wanted = {
            "encryption": "DeliveryStreamEncryptionConfigurationInput" in stream,
            "its log": destination.get("CloudWatchLoggingOptions", {}).get("Enabled"),
            "retries": "NumberOfRetries" in str(destination.get("ProcessingConfiguration")),
            "a folder by hour": destination.get("Prefix", "").endswith("/!{timestamp:yyyy/MM/dd/HH}/"),
            "a folder of failures by kind": "!{firehose:error-output-type}" in destination.get("ErrorOutputPrefix", ""),
        }
        yield from (f"{name} lacks {what}" for what, there in wanted.items() if not there)


def every_role_can_be_bounded(template: Template) -> Iterator[str]:
    """A role takes the permissions boundary."""
    for name, role in resources(template, "AWS::IAM::Role").items():
        if "PermissionsBoundary" not in role:
            yield name


def every_word_is_explained(template: Template) -> Iterator[str]:
    """Parameters, outputs and alarms say what they are; a parameter is constrained or its value comes from another stack."""
    for section in ("Parameters", "Outputs"):
        for name, entry in (template.get(section) or {}).items():
            if len(entry.get("Description", "").split()) < 3:
                yield f"{section} {name}"
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        if len(alarm.get("AlarmDescription", "").split()) < 6 or "TreatMissingData" not in alarm:
            yield name


def every_skip_has_its_reason(template: Template) -> Iterator[str]:
    """What another linter is told to skip has its reason in words."""
    for name, resource in (template.get("Resources") or {}).items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            if len(skip.get("comment", "").split()) < 8:
                yield f"{name} {skip['id']}"


def every_name_is_spelt_right(template: Template) -> Iterator[str]:
    """A misspelling in a parameter or output is kept for ever."""
    for section in ("Parameters", "Outputs", "Resources"):
        for name in template.get(section) or {}:
            if re.search(r"Desintation|Recieve|Seperat|Bukcet|Partion|Tabel", name):
                yield name


def every_log_stream_is_named_by_its_group(template: Template) -> Iterator[str]:
    """Nothing is written behind the attribute Arn of a log group: it ends in `:*` already, so what comes behind that matches no log stream."""
    for group in resources(template, "AWS::Logs::LogGroup"):
        for text in texts(template):
            if f"${{{group}.Arn}}:" in text:
                yield text


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        every_resource_is_named,
        every_action_is_named,
        every_service_is_confined,
        every_year_is_the_calendars,
        every_target_is_tried_and_kept,
        every_queue_ends_somewhere,
        every_policy_wants_tls,
        every_bucket_is_closed,
        every_kept_resource_is_kept_twice,
        every_log_ends,
        every_log_stream_is_named_by_its_group,
        every_function_is_current,
        every_stream_is_whole,
        every_role_can_be_bounded,
        every_word_is_explained,
        every_skip_has_its_reason,
        every_name_is_spelt_right,
    )
}
