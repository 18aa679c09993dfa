"""Who may do what in a source's stack: the roles of EventBridge and Firehose, the analysts' policy.

Every action on exactly the resources it needs; every trust policy names this account and the resources that may assume the role
(https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). docs/security.md says why each is there.
"""

from __future__ import annotations

import re
from typing import Any

from eventlake.deploy.cloudformation import Tagged, Template, ref, sub, when
from eventlake.deploy.delivery_stream import HAS_BUS, may_lack_bus, rule_arn, stream_arn
from eventlake.layout import CLOSED, results_prefix
from eventlake.model import Source
from eventlake.stack_names import workgroup_name

VERSION = "2012-10-17"
_ATHENA = "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}"
_GLUE = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
_BUCKET = "arn:${AWS::Partition}:s3:::${LogBucketName}"
_RESULTS = "arn:${AWS::Partition}:s3:::${ResultsBucketName}"
_LOG_STREAM = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${DeliveryStreamLogGroup}:log-stream:${DeliveryStreamLogStream}"
)
"""The attribute Arn of a log group ends in `:*`, behind which no log stream can be named:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html"""


def events_role(source: Source) -> Template:
    """Let EventBridge put records on the source's streams, for its rules alone."""
    rules = [rule_arn(source, table) for table in source.tables]
    statement = _allow("PutRecords", ["firehose:PutRecord", "firehose:PutRecordBatch"], [stream_arn(table) for table in source.tables])
    role = _role("events.amazonaws.com", rules, f"EventBridge puts events of {source.title} on their delivery streams.", [statement])
    return role | {"Condition": HAS_BUS} if may_lack_bus(source) else role


def delivery_role(source: Source) -> Template:
    """Describe Firehose's role; what it may do is in `delivery_policy`, because the streams wait for it."""
    streams = [stream_arn(table) for table in source.tables]
    return _role("firehose.amazonaws.com", streams, f"Firehose transforms events of {source.title} and writes them to S3.", [])


def delivery_policy(source: Source) -> Template:
    """Let Firehose list the bucket, write below the source's prefixes, call the transform function, read the columns, write its log."""
    folders = [folder for table in source.tables for folder in (table.prefix, table.error_prefix)]
    raw = [sub(f"{_BUCKET}/raw/{table.name}/*") for table in source.tables]
    statements = [
        _allow("FindBucket", ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [_BUCKET]),
        _allow("WriteObjects", _WRITE, [f"{_BUCKET}/{folder}/*" for folder in folders]),
        when("KeepsRawEvents", {"Sid": "WriteRawEvents", "Effect": "Allow", "Action": _WRITE, "Resource": raw}),
        _allow(
            "Transform",
            ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
            ["${TransformFunctionArn}", "${TransformFunctionArn}:*"],
        ),
        _allow("ReadColumns", ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"], _catalog(source)),
        _allow("WriteLog", ["logs:PutLogEvents"], [_LOG_STREAM]),
        when("HasKey", _use_key(["kms:Decrypt", "kms:GenerateDataKey"])),
    ]
    return _policy("delivery", ref("DeliveryRole"), statements)


def analyst_policy(source: Source) -> Template:
    """Describe a managed policy for people who query the source's tables, and nothing else of the lake: not the answers of others either."""
    prefixes = [*(f"{table.prefix}/*" for table in source.tables), f"{CLOSED}{source.name}/*"]
    results = f"{results_prefix(source.name)}*"
    statements = [
        _allow("Query", _QUERY, [f"{_ATHENA}:workgroup/{workgroup_name('${LakeName}', source.name)}"]),
        _allow("ReadCatalog", _READ_CATALOG, _catalog(source)),
        _allow("FindBuckets", ["s3:GetBucketLocation"], [_BUCKET, _RESULTS]),
        _list("ListObjects", _BUCKET, prefixes),
        _allow("ReadObjects", ["s3:GetObject"], [f"{_BUCKET}/{prefix}" for prefix in prefixes]),
        _allow("KeepResults", ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], [f"{_RESULTS}/{results}"]),
        _list("ListResults", _RESULTS, [results]),
        when("HasKey", _use_key(["kms:Decrypt", "kms:GenerateDataKey"])),
    ]
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"Query the tables of {source.title} in Athena.",
            "PolicyDocument": {"Version": VERSION, "Statement": statements},
        },
    }


_WRITE = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"]
_QUERY = [
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StopQueryExecution",
    "athena:ListQueryExecutions",
    "athena:ListNamedQueries",
    "athena:GetNamedQuery",
    "athena:BatchGetNamedQuery",
]
_READ_CATALOG = [
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
]


def _catalog(source: Source) -> list[str]:
    """Name the catalog, the source's database and its tables: Glue wants all three."""
    tables = [f"{_GLUE}:table/${{GlueDatabaseName}}/{table.name}" for table in source.tables]
    return [f"{_GLUE}:catalog", f"{_GLUE}:database/${{GlueDatabaseName}}", *tables]


def _allow(sid: str, actions: list[str], resources: list[str]) -> Template:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [_resource(resource) for resource in resources]}


def _list(sid: str, bucket: str, prefixes: list[str]) -> Template:
    """Let somebody list a bucket below these prefixes, written with a `*` behind them."""
    return {**_allow(sid, ["s3:ListBucket"], [bucket]), "Condition": {"StringLike": {"s3:prefix": [*prefixes]}}}


def _resource(text: str) -> Tagged:
    whole = re.fullmatch(r"\$\{(\w+)\}", text)
    return ref(whole[1]) if whole else sub(text)


def _use_key(actions: list[str]) -> Template:
    return {
        "Sid": "UseKey",
        "Effect": "Allow",
        "Action": actions,
        "Resource": [ref("KmsKeyArn")],
        "Condition": {"StringEquals": {"kms:ViaService": sub("s3.${AWS::Region}.${AWS::URLSuffix}")}},
    }


def _policy(name: str, role: Tagged, statements: list[Any]) -> Template:  # statements are dicts or Tagged
    document = {"Version": VERSION, "Statement": statements}
    return {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": name, "Roles": [role], "PolicyDocument": document}}


def _role(service: str, callers: list[str], description: str, statements: list[Template]) -> Template:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")},
            "ArnLike": {"aws:SourceArn": [sub(caller) for caller in callers]},
        },
    }
    policies = [{"PolicyName": "main", "PolicyDocument": {"Version": VERSION, "Statement": statements}}] if statements else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": description,
            "AssumeRolePolicyDocument": {"Version": VERSION, "Statement": [trust]},
            "PermissionsBoundary": when("HasBoundary", ref("PermissionsBoundaryArn")),
            **({"Policies": policies} if policies else {}),
        },
    }
