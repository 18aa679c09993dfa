"""What a lake on AWS consists of, made in the emulator without a stack: for tests of what reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

from aws.client import Aws
from eventlake.backends.glue import storage_descriptor
from eventlake.model import PARTITION_KEYS, Table

NOBODY = "nobody"
"""A user who may do nothing."""


def new_bucket(aws: Aws) -> str:
    """A bucket that no other test has."""
    name = f"lake-{uuid4().hex[:12]}"
    aws.service("s3").create_bucket(Bucket=name)
    return name


def create_tables(aws: Aws, tables: Iterable[Table], bucket: str, log_format: str = "parquet") -> None:
    """The tables in Glue, each in its database, as a stack makes them."""
    glue = aws.service("glue")
    known = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    for table in tables:
        if table.database not in known:
            glue.create_database(DatabaseInput={"Name": table.database})
            known.add(table.database)
        glue.create_table(
            DatabaseName=table.database,
            TableInput={
                "Name": table.name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": log_format},
                "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
                "StorageDescriptor": storage_descriptor(table, f"s3://{bucket}/{table.prefix}/", log_format),
            },
        )


def nobody(aws: Aws) -> Aws:
    """The same AWS as a user who may do nothing."""
    return user(aws, NOBODY, [])


def user(aws: Aws, name: str, actions: Sequence[str], resources: Sequence[str] = ("*",)) -> Aws:
    """The same AWS as a user who may do these actions."""
    iam = aws.service("iam")
    if name not in {known["UserName"] for known in iam.list_users()["Users"]}:
        iam.create_user(UserName=name)
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Aws(aws.endpoint, aws.home.parent / name, key["AccessKeyId"], key["SecretAccessKey"])


def client_environment(aws: Aws) -> Mapping[str, str]:
    """The variables that bring any client to this AWS, and nobody's profile."""
    return {**aws.environment(), "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
