"""templates/accounts/: one lake for the events of many accounts and regions. Neither is part of a lake; both deploy by their text.

sender.yaml     in each account and region that sends: a rule for each source that is on, its role, and a queue for what could not be sent
receiver.yaml   in the lake's account and region: who may put events on its bus, accounts by name or an organization
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.archive import pattern
from eventlake.deploy.cloudformation import Tagged, Template, attribute, equals, is_set, ref, sub, template_text, when
from eventlake.deploy.delivery_stream import LONGEST_RETRY_S, MOST_RETRIES
from eventlake.deploy.parameters import LAKE_NAME, SETTINGS
from eventlake.deploy.switches import condition, own_parameters, switch
from eventlake.model import Source
from eventlake.stack_names import short_title

COMMENT = "Written by `eventlake templates` from the declarations of the sources; changes made here are overwritten."
_VERSION = "2012-10-17"
_RULES = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${LakeName}-send-*"
_KEEP_S = 1_209_600
"""14 days, the longest that a queue keeps a message."""


def accounts_files(sources: Sequence[Source]) -> dict[str, str]:
    """Write both templates, by their file names."""
    return {"sender.yaml": template_text(sender_stack(sources), COMMENT), "receiver.yaml": template_text(receiver_stack(), COMMENT)}


def sender_stack(sources: Sequence[Source]) -> Template:
    """Describe what an account deploys that sends its events to a lake elsewhere: those of sources of the default bus.

    A rule asks for the account's and region's own events alone: EventBridge sends on no event that was sent to it once.
    """
    sent = [source for source in sources if source.bus == "default"]
    switches = {short_title(source): own_parameters(source)[short_title(source)] for source in sent}
    shared = {name: SETTINGS[name] for name in ("Alarms", "AlarmTopicArn", "PermissionsBoundaryArn")}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "eventlake - sends the events of this account and region to the bus of a lake elsewhere.",
        "Parameters": {"LakeName": {**LAKE_NAME, "Default": "eventlake"}, "ReceiverBusArn": _RECEIVER_BUS, **switches, **shared},
        "Conditions": {
            "HasAlarms": equals("Alarms", "on"),
            "HasTopic": is_set("AlarmTopicArn"),
            "HasBoundary": is_set("PermissionsBoundaryArn"),
            **{switch(source): condition(source) for source in sent},
        },
        "Resources": {
            "SendingRole": _role(),
            "UnsentQueue": _queue(),
            "UnsentQueuePolicy": _queue_policy(),
            "UnsentAlarm": _alarm(),
            **{f"{short_title(source)}Rule": _rule(source) for source in sent},
        },
        "Outputs": {"UnsentQueueUrl": {"Description": "Queue of events that could not be sent.", "Value": ref("UnsentQueue")}},
    }


_RECEIVER_BUS: Template = {
    "Type": "String",
    "AllowedPattern": r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[\w./-]+",
    "ConstraintDescription": "The ARN of an event bus.",
    "Description": "Event bus of the lake's account and region, such as arn:aws:events:us-east-1:123456789012:event-bus/default.",
}


def _role() -> Template:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}, "ArnLike": {"aws:SourceArn": sub(_RULES)}},
    }
    put = {"Sid": "PutEvents", "Effect": "Allow", "Action": "events:PutEvents", "Resource": ref("ReceiverBusArn")}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": "EventBridge puts events on the bus of the lake.",
            "AssumeRolePolicyDocument": {"Version": _VERSION, "Statement": [trust]},
            "PermissionsBoundary": when("HasBoundary", ref("PermissionsBoundaryArn")),
            "Policies": [{"PolicyName": "send", "PolicyDocument": {"Version": _VERSION, "Statement": [put]}}],
        },
    }


def _queue() -> Template:
    return {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Metadata": {
            "checkov": {
                "skip": [{"id": "CKV_AWS_27", "comment": "Always encrypted, by SQS itself; a key of KMS would have to let EventBridge in."}]
            }
        },
        "Properties": {
            "QueueName": sub("${LakeName}-unsent"),
            "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": _KEEP_S,
        },
    }


def _queue_policy() -> Template:
    queue = attribute("UnsentQueue", "Arn")
    keep = {
        "Sid": "KeepUnsent",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}, "ArnLike": {"aws:SourceArn": sub(_RULES)}},
    }
    tls = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}},
    }
    document = {"Version": _VERSION, "Statement": [keep, tls]}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [ref("UnsentQueue")], "PolicyDocument": document}}


def _alarm() -> Template:
    topic = when("HasTopic", [ref("AlarmTopicArn")])
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": "HasAlarms",
        "Properties": {
            "AlarmName": sub("${LakeName}-unsent"),
            "AlarmDescription": "Events that the lake's bus did not take; each message is one, with the reason in its attributes.",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": attribute("UnsentQueue", "QueueName")}],
            "Statistic": "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "TreatMissingData": "notBreaching",
            "AlarmActions": topic,
            "OKActions": topic,
        },
    }


def _rule(source: Source) -> Template:
    """Describe the rule of a source: what any of its tables takes, of this account and region."""
    target = {
        "Id": "lake",
        "Arn": ref("ReceiverBusArn"),
        "RoleArn": attribute("SendingRole", "Arn"),
        "DeadLetterConfig": {"Arn": attribute("UnsentQueue", "Arn")},
        "RetryPolicy": {"MaximumEventAgeInSeconds": LONGEST_RETRY_S, "MaximumRetryAttempts": MOST_RETRIES},
    }
    return {
        "Type": "AWS::Events::Rule",
        "Condition": switch(source),
        "Properties": {
            "Name": sub(f"${{LakeName}}-send-{source.name.replace('_', '-')}"),
            "Description": f"Sends events of {source.title} to the lake.",
            "EventPattern": {**pattern(source), "account": [ref("AWS::AccountId")], "region": [ref("AWS::Region")]},
            "State": "ENABLED",
            "Targets": [target],
        },
    }


def receiver_stack() -> Template:
    """Describe who may put events on the bus of the lake: nobody until an organization or an account is named."""
    bus = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"
    put = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": sub(bus)}
    organization = {"StringEquals": {"aws:PrincipalOrgID": ref("OrganizationId")}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "eventlake - who may put events on the bus of the lake.",
        "Parameters": _RECEIVER_PARAMETERS,
        "Conditions": {
            "HasOrganization": is_set("OrganizationId"),
            "HasAccounts": Tagged("Not", [Tagged("Equals", [Tagged("Join", ["", ref("SenderAccountIds")]), ""])]),
        },
        "Resources": {
            "OrganizationMaySend": _bus_policy("HasOrganization", "organization", {**put, "Principal": "*", "Condition": organization}),
            "AccountsMaySend": _bus_policy("HasAccounts", "accounts", {**put, "Principal": {"AWS": ref("SenderAccountIds")}}),
        },
        "Outputs": {"ReceiverBusArn": {"Description": "What senders are given as ReceiverBusArn.", "Value": sub(bus)}},
    }


_RECEIVER_PARAMETERS: Template = {
    "LakeName": {**LAKE_NAME, "Default": "eventlake"},
    "OrganizationId": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "(o-[a-z0-9]{10,32})?",
        "ConstraintDescription": "The id of an organization, such as o-a1b2c3d4e5, or nothing.",
        "Description": "AWS organization all of whose accounts may send. Empty - none.",
    },
    "SenderAccountIds": {
        "Type": "CommaDelimitedList",
        "Default": "",
        "AllowedPattern": r"(\d{12})?",
        "ConstraintDescription": "Ids of accounts, twelve digits each, parted by commas, or nothing.",
        "Description": "Accounts that may send. Empty - none.",
    },
}


def _bus_policy(condition: str, name: str, statement: Template) -> Template:
    return {
        "Type": "AWS::Events::EventBusPolicy",
        "Condition": condition,
        "Properties": {"StatementId": sub(f"${{LakeName}}-{name}"), "Statement": statement},
    }
