"""What CloudFormation makes of the small stack, beyond what ministack knows."""

from __future__ import annotations

import pytest

from aws.client import Aws

pytestmark = pytest.mark.aws

BUCKET = "harness-123456789012-us-east-1"


def test_a_bucket_keeps_what_its_template_says(small_stack: Aws) -> None:
    """Lifecycle and encryption reach the bucket."""
    (rule,) = small_stack("s3api", "get-bucket-lifecycle-configuration", "--bucket", BUCKET)["Rules"]
    assert (rule["ID"], rule["Filter"], rule["Expiration"]) == ("failures", {"Prefix": "error/"}, {"Days": 90})
    encryption = small_stack("s3api", "get-bucket-encryption", "--bucket", BUCKET)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_named_query_is_there(small_stack: Aws) -> None:
    """AWS::Athena::NamedQuery is a query that Athena lists."""
    athena = small_stack.service("athena")
    ids = athena.list_named_queries()["NamedQueryIds"]
    queries = [athena.get_named_query(NamedQueryId=each)["NamedQuery"] for each in ids]
    assert [query["QueryString"] for query in queries if query["Name"] == "everything"] == ["SELECT name, count FROM upper"]


def test_who_is_not_allowed_is_refused(small_stack: Aws) -> None:
    """The emulator checks policies: the session's user passes by his own, a user without any does not."""
    iam = small_stack.service("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = Aws(small_stack.endpoint, small_stack.home, key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(Exception, match="not authorized to perform: glue:GetDatabases"):
        nobody("glue", "get-databases")
