from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.template_rules import RULES, findings
from eventlake.deploy.cloudformation import Template, read_template

FOLDER = Path(__file__).resolve().parents[2] / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_keeps_our_own_rules(path: Path) -> None:
    """No committed template breaks one of the rules that no public linter has."""
    assert findings(read_template(path.read_text())) == []


LINTED = [pytest.param(path, id=path.stem, marks=() if path.stem in {"auth0", "root"} else pytest.mark.slow) for path in TEMPLATES]
"""Every day the root, and one of the templates that derive from sources."""


@pytest.mark.slow
@pytest.mark.parametrize("region", ["us-east-1", pytest.param("eu-central-1", marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", LINTED)
def test_a_template_passes_cfn_lint(path: Path, region: str) -> None:
    """AWS's resource schemas find nothing, warnings included; only what the `package` command replaces is left out, by the template itself."""
    import cfnlint.api  # here, because it takes longer to load than all that is tested

    config = cfnlint.api.ManualArgs(include_checks=["W", "E"], regions=[region])
    matches = cfnlint.api.lint_file(path, config=config)
    assert [f"{match.rule.id} {match.message} {match.linenumber}" for match in matches] == []


def test_a_template_fits_cloudformations_limits() -> None:
    """The outermost template goes in by its text (51,200 bytes), the others over S3 (1 MB); at most 200 parameters and outputs, 500 resources."""
    root = FOLDER / "root.yaml"
    assert root.stat().st_size < 48_000  # packaged, its paths become addresses of 100 bytes each
    for path in TEMPLATES:
        template = read_template(path.read_text())
        assert path.stat().st_size < 1_000_000
        assert len(template.get("Parameters", {})) <= 200
        assert len(template.get("Outputs", {})) <= 200
        assert len(template["Resources"]) <= 500


ALLOW = {"Effect": "Allow", "Action": ["glue:CreatePartition"], "Resource": ["arn:aws:glue:::table/a/b"]}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "firehose.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": "1"}, "ArnLike": {"aws:SourceArn": "a"}},
}
TLS = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
BUCKET = {
    "BucketEncryption": {},
    "VersioningConfiguration": {"Status": "Enabled"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "PublicAccessBlockConfiguration": dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    ),
    "LifecycleConfiguration": {"Rules": [{"AbortIncompleteMultipartUpload": {}}]},
}
FUNCTION: Template = {
    "Runtime": "python3.14",
    "Architectures": ["arm64"],
    "LoggingConfig": {"LogGroup": "g", "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"},
    "TracingConfig": {"Mode": "PassThrough"},
    "Timeout": 60,
    "DeadLetterConfig": {},
}
STREAM = {
    "DeliveryStreamEncryptionConfigurationInput": {},
    "ExtendedS3DestinationConfiguration": {
        "CloudWatchLoggingOptions": {"Enabled": True},
        "ProcessingConfiguration": {"NumberOfRetries": "3"},
        "Prefix": "logs/!{timestamp:yyyy/MM/dd/HH}/",
        "ErrorOutputPrefix": "error/logs/!{firehose:error-output-type}/",
    },
}
ALARM = {"AlarmDescription": "Events wait in Firehose for too long.", "TreatMissingData": "notBreaching"}


def _one(kind: str, properties: Template, **more: Any) -> Template:
    return {"Resources": {"It": {"Type": kind, "Properties": properties, **more}}}


def _policy(statement: Template) -> Template:
    return _one("AWS::IAM::Policy", {"PolicyDocument": {"Statement": [statement]}})


def _bucket(properties: Template, policy: str = "It", **more: Any) -> Template:
    template = _one("AWS::S3::Bucket", properties, **{"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", **more})
    template["Resources"]["Policy"] = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": policy}, "PolicyDocument": {"Statement": [TLS]}},
    }
    return template


def _queue(properties: Template, policy: str = "It") -> Template:
    template = _one("AWS::SQS::Queue", properties)
    template["Resources"]["Policy"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": policy}], "PolicyDocument": {"Statement": [TLS]}},
    }
    return template


CASES: list[tuple[str, Template, Template]] = [
    ("every_resource_is_named", _policy(ALLOW), _policy({**ALLOW, "Resource": "*"})),
    ("every_action_is_named", _policy(ALLOW), _policy({**ALLOW, "Action": "glue:*"})),
    ("every_service_is_confined", _policy(TRUST), _policy({**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}})),
    ("every_service_is_confined", _policy(TRUST), _policy({**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": "a"}}})),
    ("every_year_is_the_calendars", _one("X", {"Prefix": "!{timestamp:yyyy}"}), _one("X", {"Prefix": "!{timestamp:YYYY}"})),
    (
        "every_target_is_tried_and_kept",
        _one("AWS::Events::Rule", {"Targets": [{"RetryPolicy": {"a": 1}, "DeadLetterConfig": {"Arn": "q"}}]}),
        _one("AWS::Events::Rule", {"Targets": [{"RetryPolicy": {"a": 1}}]}),
    ),
    ("every_queue_ends_somewhere", _queue({"SqsManagedSseEnabled": True}), _queue({})),
    ("every_queue_ends_somewhere", _queue({"SqsManagedSseEnabled": True}), _queue({"SqsManagedSseEnabled": True}, policy="Other")),
    (
        "every_policy_wants_tls",
        _bucket(BUCKET),
        _one("AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Statement": [ALLOW]}}),
    ),
    *(
        ("every_bucket_is_closed", _bucket(BUCKET), _bucket({key: value for key, value in BUCKET.items() if key != missing}))
        for missing in BUCKET
    ),
    ("every_bucket_is_closed", _bucket(BUCKET), _bucket(BUCKET, policy="Other")),
    ("every_kept_resource_is_kept_twice", _bucket(BUCKET), _bucket(BUCKET, UpdateReplacePolicy="Delete")),
    ("every_kept_resource_is_kept_twice", _bucket(BUCKET), _bucket(BUCKET, DeletionPolicy="Delete", UpdateReplacePolicy="Delete")),
    ("every_log_ends", _one("AWS::Logs::LogGroup", {"RetentionInDays": 30}), _one("AWS::Logs::LogGroup", {})),
    (
        "every_function_is_current",
        _one("AWS::Lambda::Function", FUNCTION),
        _one("AWS::Lambda::Function", {**FUNCTION, "Runtime": "python3.8"}),
    ),
    (
        "every_function_is_current",
        _one("AWS::Lambda::Function", FUNCTION),
        _one("AWS::Lambda::Function", {**FUNCTION, "LoggingConfig": {**FUNCTION["LoggingConfig"], "ApplicationLogLevel": "WARN"}}),
    ),
    (
        "every_function_is_current",
        _one("AWS::Lambda::EventSourceMapping", {"FunctionResponseTypes": ["ReportBatchItemFailures"]}),
        _one("AWS::Lambda::EventSourceMapping", {}),
    ),
    (
        "every_stream_is_whole",
        _one("AWS::KinesisFirehose::DeliveryStream", STREAM),
        _one("AWS::KinesisFirehose::DeliveryStream", {**STREAM, "ExtendedS3DestinationConfiguration": {}}),
    ),
    ("every_role_can_be_bounded", _one("AWS::IAM::Role", {"PermissionsBoundary": "b"}), _one("AWS::IAM::Role", {})),
    (
        "every_word_is_explained",
        _one("AWS::CloudWatch::Alarm", ALARM),
        _one("AWS::CloudWatch::Alarm", {**ALARM, "AlarmDescription": "Late."}),
    ),
    (
        "every_word_is_explained",
        {"Parameters": {"A": {"Description": "Name of the lake."}}},
        {"Parameters": {"A": {"Description": "Name"}}},
    ),
    (
        "every_skip_has_its_reason",
        _one("X", {}, Metadata={"checkov": {"skip": [{"id": "1", "comment": "It calls nothing, so there is no network to confine."}]}}),
        _one("X", {}, Metadata={"checkov": {"skip": [{"id": "1", "comment": "not needed"}]}}),
    ),
    (
        "every_log_stream_is_named_by_its_group",
        {"Resources": {"G": {"Type": "AWS::Logs::LogGroup"}, "R": {"Type": "X", "Properties": {"Resource": {"Fn::Sub": "${G.Arn}"}}}}},
        {
            "Resources": {
                "G": {"Type": "AWS::Logs::LogGroup"},
                "R": {"Type": "X", "Properties": {"Resource": {"Fn::Sub": "${G.Arn}:log-stream:s"}}},
            }
        },
    ),
    ("every_name_is_spelt_right", {"Parameters": {"DestinationName": {}}}, {"Parameters": {"DesintationName": {}}}),
]


@pytest.mark.parametrize(("rule", "good", "bad"), CASES, ids=[f"{rule}-{place}" for place, (rule, _, _) in enumerate(CASES)])
def test_a_rule_finds_what_it_is_for(rule: str, good: Template, bad: Template) -> None:
    """Each rule passes the good fixture and finds the bad one, so that a clean template means something."""
    assert list(RULES[rule](good)) == []
    assert list(RULES[rule](bad)) != []


def test_every_rule_has_a_fixture() -> None:
    """A rule without a bad example could hold for ever without looking."""
    assert {rule for rule, _, _ in CASES} == set(RULES)
