"""History is not deleted by the way: locked versions, and one role that alone may delete them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws.client import ACCOUNT, REGION, Aws
from aws.deploying import deploy_packaged
from aws.lake import PROJECT

pytestmark = pytest.mark.aws

BUCKET = "kept-123456789012-us-east-1"
KEY = "logs/2026/11/20/10/x.parquet"


@pytest.fixture(scope="module")
def kept(aws: Aws) -> Callable[..., None]:
    """Deploys the stack of the buckets with some parameters; an object lies in it from the first time on."""
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:kept-objects"
    told = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    aws.service("sqs").create_queue(
        QueueName="kept-objects", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [told]})}
    )
    given = {
        "LakeName": "kept",
        "LogBucketName": BUCKET,
        "ObjectQueueArn": queue,
        "KmsKeyArn": "",
        "RetentionDays": "0",
        "ScanLimitInMBs": "100",
        "AccessLogBucketName": "",
        "ObjectLockDays": "0",
        "DeletingRoleArn": "",
    }

    def deployed(**parameters: str) -> None:
        deploy_packaged(aws, PROJECT / "templates" / "lake.yaml", "kept", {**given, **parameters})

    return deployed


def code_of(ask: Callable[[], Any]) -> str:
    """The code of the error of a call, empty if there is none."""
    try:
        ask()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_versions_are_locked_in_a_bucket_that_is_there_already(aws: Aws, kept: Callable[..., None]) -> None:
    """The lock comes with an update, the bucket and what lies in it stay; a new version cannot be deleted, a delete marker can be put."""
    s3 = aws.service("s3")
    kept()
    before = s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"before")["VersionId"]

    kept(ObjectLockDays="30")
    rule = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]["Rule"]
    assert rule == {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
    locked = s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"locked")["VersionId"]
    assert code_of(lambda: s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=locked)) == "AccessDenied"
    assert code_of(lambda: s3.delete_object(Bucket=BUCKET, Key=KEY)) == ""
    assert s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=before)["Body"].read() == b"before"


def test_one_role_alone_deletes_versions(aws: Aws, kept: Callable[..., None]) -> None:
    """Who may do everything by a policy of his own may not, nor change the lifecycle or suspend versions; he still writes."""
    s3 = aws.service("s3")
    kept(DeletingRoleArn=f"arn:aws:iam::{ACCOUNT}:role/keeper")
    version = s3.put_object(Bucket=BUCKET, Key="logs/2026/11/20/11/y.parquet", Body=b"y")["VersionId"]
    lifecycle = {"Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    attempts = {
        "delete a version": lambda: s3.delete_object(Bucket=BUCKET, Key="logs/2026/11/20/11/y.parquet", VersionId=version),
        "let the bucket delete": lambda: s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=lifecycle),
        "suspend versions": lambda: s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}),
    }
    assert {name: code_of(ask) for name, ask in attempts.items()} == dict.fromkeys(attempts, "AccessDenied")
