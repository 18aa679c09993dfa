"""In whose name Athena is asked, and what it does there: the workgroup of a call, and the catalog and buckets that a query needs.

    a call about a query   the resource is the workgroup that ran it, also where the call names the query alone
    a query                the caller's policies are asked for what Athena uses of Glue and S3 in the caller's name

Of the tables, those are asked for that stand with their database in the statement; of the objects, those that stand there, one of each place.
Not asked for: s3:AbortMultipartUpload, which Athena uses where a part of a result could not be written. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html and s3-permissions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import ministack.app as app
import ministack.core.iam_actions as iam_actions
import ministack.core.iam_evaluator as iam_evaluator
import ministack.services.athena as athena
from ministack.core.responses import get_account_id, get_region

from aws.emulator import permissions

TABLES_NAMED = re.compile(r'"?\b(\w+)"?\."?(\w+)"?', re.ASCII)
OBJECTS_NAMED = re.compile(r"'s3://([^/']+)/([^']*)'")
READ_TABLE = ("glue:GetDatabase", "glue:GetTable")
READ_PARTITIONS = ("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition")
Asked = tuple[str, str, dict[str, str]]
"""An action, the ARN of its resource, and the keys of its conditions."""


def install() -> None:
    """Give the check of a caller's policies the workgroup of the query that a call names."""
    resource_of = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account_id: str) -> str:
        if service == "athena" and (workgroup := workgroup_of(body)):
            return f"arn:aws:athena:{region}:{account_id}:workgroup/{workgroup}"
        found: str = resource_of(service, method, path, headers, body, parameters, region, account_id)
        return found

    iam_actions.extract_resource_arn = resource_arn


def workgroup_of(body: bytes) -> str:
    """The workgroup of the query execution or named query that a request names, empty if it names none that exists."""
    try:
        asked = json.loads(body)
    except ValueError:
        return ""
    named = [
        athena._executions.get(asked.get("QueryExecutionId")),
        athena._named_queries.get(asked.get("NamedQueryId")),
        *(athena._named_queries.get(each) for each in asked.get("NamedQueryIds") or []),
    ]
    return next((str(each["WorkGroup"]) for each in named if each), "")


def require(access_key: str, wanted: Iterator[Asked]) -> None:
    """Raise AccessDenied unless whoever has this key may do all of it. What a role may not is counted, as every denial is."""
    if not app.AUTH:
        return
    caller = iam_evaluator.resolve_principal(access_key, get_account_id())
    if getattr(caller, "policies", None) is None:
        return  # root, for whom nothing is checked
    for action, resource, keys in wanted:
        asked = iam_evaluator.EvalContext(
            principal_arn=caller.arn,
            principal_type=caller.type,
            principal_account=caller.account,
            action=action,
            resource_arn=resource,
            region=get_region(),
            secure_transport=True,
            service_context=keys,
            principal_keys=caller.keys,
        )
        if iam_evaluator.evaluate(asked, caller.policies, *caller.limits).decision != "Allow":
            permissions.count_denial(caller.arn, action)
            raise permissions.AccessDenied(f"{caller.arn} is not authorized to perform: {action} on resource: {resource}")


def to_run(sql: str, result: str, unloads_to: str | None, known: Any) -> Iterator[Asked]:
    """What Athena does in the caller's name to run a statement. result, unloads_to: addresses in S3. known: Glue's tables by database/name."""
    yield from to_write(result, lists=False)
    if unloads_to:
        yield from to_write(f"{unloads_to}x", lists=True)
    for schema, name in sorted({(schema, name) for schema, name in TABLES_NAMED.findall(sql) if f"{schema}/{name}" in known}):
        yield from to_read_table(schema, name, known[f"{schema}/{name}"])
    places = {(bucket, key.rpartition("/")[0]): key for bucket, key in OBJECTS_NAMED.findall(sql) if not key.endswith("/")}
    for (bucket, place), key in sorted(places.items()):
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": f"{place}/"}
        yield "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", {}


def to_write(address: str, *, lists: bool) -> Iterator[Asked]:
    """What it does to write an object; lists: it looks first whether something lies there."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    yield "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}", {}
    yield "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", {}
    if lists:
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": f"{key.rpartition('/')[0]}/"}


def to_read_table(schema: str, name: str, table: dict[str, Any]) -> Iterator[Asked]:
    """What it asks Glue about a table; partitions are not looked up where a place is computed."""
    is_projected = (table.get("Parameters") or {}).get("projection.enabled") == "true"
    catalog = f"arn:aws:glue:{get_region()}:{get_account_id()}"
    for action in READ_TABLE if is_projected or not table.get("PartitionKeys") else READ_TABLE + READ_PARTITIONS:
        resources = [f"{catalog}:catalog", f"{catalog}:database/{schema}", f"{catalog}:table/{schema}/{name}"]
        for resource in resources[:2] if action == "glue:GetDatabase" else resources:
            yield action, resource, {}


def to_read_result(address: str) -> Iterator[Asked]:
    """What it does to answer GetQueryResults."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    yield "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", {}
