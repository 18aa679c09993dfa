from __future__ import annotations

from typing import Any

import pytest

from eventlake.deploy.terraform.expressions import Address, Scope, expression, snake, value

QUEUE = Address("aws_sqs_queue.queue", False, "url", {"Arn": "arn"})
ALARM = Address("aws_cloudwatch_metric_alarm.alarm", True, "alarm_name", {})
GROUP = Address("aws_cloudwatch_log_group.group", False, "name", {"Arn": "{}:*"})
STACK = Address("module.upkeep", False, "", None)
SCOPE = Scope(
    "lake.yaml",
    {
        "LakeName": {"Type": "String"},
        "Days": {"Type": "Number"},
        "Secret": {"Type": "String", "NoEcho": True},
        "Arns": {"Type": "CommaDelimitedList"},
    },
    {"Queue": QUEUE, "Alarm": ALARM, "Group": GROUP, "Upkeep": STACK},
    "var.aws",
    "var.name",
)
NOTHING = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("BufferingHintsSizeInMBs", "buffering_hints_size_in_mbs"),
        ("KmsKeyArn", "kms_key_arn"),
        ("KMSMasterKeyID", "kms_master_key_id"),
        ("Auth0GlueDatabaseName", "auth0_glue_database_name"),
        ("delivery-stream", "delivery_stream"),
    ],
)
def test_names_are_written_as_terraforms_are(name: str, written: str) -> None:
    """A word begins at a capital letter, and an abbreviation is one word."""
    assert snake(name) == written


@pytest.mark.parametrize(
    ("part", "written"),
    [
        ("/${place}/ %{x}", "/$${place}/ %%{x}"),
        ({"Ref": "LakeName"}, "${var.lake_name}"),
        ({"Ref": "Arns"}, '${split(",", var.arns)}'),
        ({"Ref": "AWS::AccountId"}, "${var.aws.account_id}"),
        ({"Ref": "Queue"}, "${aws_sqs_queue.queue.url}"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "${aws_sqs_queue.queue.arn}"),
        ({"Ref": "Alarm"}, "${one(aws_cloudwatch_metric_alarm.alarm[*].alarm_name)}"),
        ({"Fn::GetAtt": ["Upkeep", "Outputs.QueueArn"]}, "${module.upkeep.queue_arn}"),
        ({"Fn::Sub": "arn:${AWS::Partition}:a/${LakeName}-x/${!literal}"}, "arn:${var.aws.partition}:a/${var.lake_name}-x/$${literal}"),
        ({"Fn::Sub": "${Group.Arn}:log-stream:s"}, "${aws_cloudwatch_log_group.group.arn}:*:log-stream:s"),
        ({"Fn::If": ["HasKey", "a", NOTHING]}, '${(local.has_key ? "a" : null)}'),
        (["a", {"Ref": "LakeName"}], ["a", "${var.lake_name}"]),
        (["a", {"Fn::If": ["HasKey", "b", NOTHING]}], '${[for each in ["a", (local.has_key ? "b" : null)] : each if each != null]}'),
    ],
)
def test_a_part_of_a_template_as_json(part: Any, written: Any) -> None:
    """What is plain stays plain; what is worked out stands in braces; a place that a template leaves empty is left out."""
    assert value(part, SCOPE) == written


@pytest.mark.parametrize(
    ("part", "written"),
    [
        ({"Fn::Equals": [{"Ref": "Days"}, "0"]}, '(tostring(var.days) == "0")'),
        ({"Fn::Equals": [{"Ref": "Secret"}, ""]}, '(nonsensitive(var.secret) == "")'),
        ({"Fn::And": [{"Condition": "A"}, {"Fn::Not": [{"Condition": "B"}]}]}, "(local.a && !local.b)"),
        ({"Fn::Sub": 'a "${LakeName}"'}, '"a \\"${var.lake_name}\\""'),
        ({"Fn::GetAtt": ["Group", "Arn"]}, '"${aws_cloudwatch_log_group.group.arn}:*"'),
        ({"a": [1, True]}, '{"a" = [1, true]}'),
    ],
)
def test_a_part_of_a_template_as_an_expression(part: Any, written: str) -> None:
    """CloudFormation compares texts, so a number becomes one; that a secret is empty is no secret."""
    assert expression(part, SCOPE) == written
