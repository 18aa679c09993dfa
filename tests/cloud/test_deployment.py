"""Lakes on AWS: found by stack or bucket, or missed in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aws.client import Aws
from aws_lake import new_bucket, nobody, user
from eventlake.backends.aws import Session
from eventlake.cloud.deployment import Deployment, find, open_athena
from eventlake.errors import ConfigurationError, LakeNotFoundError, ServiceError
from eventlake.sources import load

SOURCES = load()


def create_stack(aws: Aws, name: str, outputs: dict[str, str]) -> None:
    """A stack with these outputs and next to nothing in it."""
    template: dict[str, Any] = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    client = aws.service("cloudformation")
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


@pytest.fixture(scope="module")
def stacked(aws: Aws) -> str:
    """The name of a stack that made a lake of two sources, one in a database of another name."""
    outputs = {
        "LogBucket": "some-logs",
        "WorkGroup": "some-workgroup",
        "Auth0GlueDatabaseName": "logins",
        "CodePipelineGlueDatabaseName": "codepipeline_event_logs",
    }
    create_stack(aws, "some", outputs)
    return "some"


@pytest.mark.aws
@pytest.mark.parametrize("named", ["aws:", "aws:1", "aws:some/thing", "s3://", "s3://A", "s3://bucket/prefix"])
def test_a_name_that_cannot_be_one_is_refused(here: Aws, named: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(ConfigurationError, match="does not name a"):
        find(named, SOURCES, Session())


@pytest.mark.aws
def test_a_stack_that_is_not_there_is_named_with_its_region(here: Aws) -> None:
    """The region is what is wrong most often."""
    with pytest.raises(LakeNotFoundError, match='no stack "absent" in us-east-1'):
        find("aws:absent", SOURCES, Session())
    with pytest.raises(LakeNotFoundError, match='no stack "absent" in eu-north-1'):
        find("aws:absent", SOURCES, Session(region="eu-north-1"))


@pytest.mark.aws
def test_a_stack_that_is_no_lake_is_told_apart(here: Aws) -> None:
    """It exists, and has no log bucket."""
    create_stack(here, "other", {"Something": "else"})
    with pytest.raises(LakeNotFoundError, match='"other" is no lake: it has no output LogBucket'):
        find("aws:other", SOURCES, Session())


@pytest.mark.aws
def test_a_bucket_that_is_not_there_is_named(here: Aws) -> None:
    """One sentence."""
    with pytest.raises(LakeNotFoundError, match='no bucket "absent-bucket"'):
        find("s3://absent-bucket", SOURCES, Session())


@pytest.mark.aws
def test_a_missing_permission_is_named(here: Aws, monkeypatch: pytest.MonkeyPatch, stacked: str) -> None:
    """Who may not look into stacks can name the bucket instead."""
    stranger = nobody(here)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stranger.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stranger.secret_key)
    with pytest.raises(ServiceError, match="the permission cloudformation:DescribeStacks") as raised:
        find(f"aws:{stacked}", SOURCES, Session())
    assert raised.value.exit_code == 254


@pytest.mark.aws
def test_who_may_not_look_into_stacks_finds_the_lake_by_its_usual_names(here: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """People who query have the analysts' policy and nothing else: that they may ask where the bucket lies is enough."""
    create_stack(here, "usual", {"LogBucket": "usual-123456789012-us-east-1"})
    here.service("s3").create_bucket(Bucket="usual-123456789012-us-east-1")
    analyst = user(here, "analyst", ["s3:GetBucketLocation"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", analyst.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", analyst.secret_key)

    lake = find("aws:usual", SOURCES, Session())
    assert (lake.name, lake.bucket, lake.workgroup) == ("usual", "usual-123456789012-us-east-1", "usual")
    assert lake.sources == SOURCES
    with pytest.raises(ServiceError, match="the permission cloudformation:DescribeStacks"):
        find("aws:unusual", SOURCES, Session())


@pytest.mark.aws
@pytest.mark.parametrize(
    ("without", "arguments", "sentence"),
    [
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], {}, "there are no AWS credentials"),
        ([], {"profile": "absent"}, 'no AWS profile "absent"'),
        (["AWS_DEFAULT_REGION"], {}, "no AWS region is named"),
        ([], {"region": "not a region"}, "is no name of an AWS region|not a region"),
        ([], {"endpoint_url": "http://127.0.0.1:9"}, r"http://127\.0\.0\.1:9/ cannot be reached"),
        ([], {"endpoint_url": "nonsense"}, "nonsense"),
    ],
)
def test_what_the_environment_lacks_is_one_sentence(
    here: Aws, monkeypatch: pytest.MonkeyPatch, without: list[str], arguments: dict[str, str], sentence: str
) -> None:
    """Credentials, a profile, a region, an endpoint that answers; all end with 253."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between two tries
    for name in without:
        monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=sentence) as raised:
        find("aws:some", SOURCES, Session(**arguments))
    assert raised.value.exit_code == 253
    assert "\n" not in str(raised.value)


@pytest.mark.aws
def test_a_stack_says_what_its_lake_consists_of(here: Aws, stacked: str) -> None:
    """Bucket, workgroup, and the sources that are switched on, with their databases."""
    lake = find(f"aws:{stacked}", SOURCES, Session())

    assert (lake.name, lake.bucket, lake.workgroup, lake.status) == ("some", "some-logs", "some-workgroup", "CREATE_COMPLETE")
    assert {source.name: source.database for source in lake.sources} == {"auth0": "logins", "codepipeline": "codepipeline_event_logs"}
    assert {table.name: table.database for table in lake.tables}["auth0_logs"] == "logins"
    assert lake.workgroups == {"logins": "some-auth0", "codepipeline_event_logs": "some-codepipeline"}
    assert open_athena(lake, Session())._workgroups == lake.workgroups


@pytest.mark.aws
@pytest.mark.parametrize(
    ("bucket", "lake"),
    [("eventlake-123456789012-eu-west-1", "eventlake"), ("my-lake-123456789012-us-gov-west-1", "my-lake"), ("logs-of-ours", "")],
)
def test_a_bucket_tells_the_rest_by_its_name(here: Aws, bucket: str, lake: str) -> None:
    """If nobody gave it one; the sources are then all that are declared."""
    here.service("s3").create_bucket(Bucket=bucket)
    found = find(f"s3://{bucket}", SOURCES, Session())

    assert (found.name, found.bucket, found.workgroup) == (lake, bucket, lake)
    assert found.sources == SOURCES


@pytest.mark.aws
def test_athena_wants_a_workgroup(here: Aws) -> None:
    """One that is named counts more than the lake's."""
    lake = find(f"s3://{new_bucket(here)}", SOURCES, Session())
    with pytest.raises(ConfigurationError, match="--workgroup"):
        open_athena(lake, Session())

    mine = open_athena(lake, Session(), "mine")
    assert (mine._workgroup, mine._workgroups) == ("mine", {})
    assert open_athena(Deployment("aws:a", "a", "b", "its-own", ()), Session())._workgroup == "its-own"
