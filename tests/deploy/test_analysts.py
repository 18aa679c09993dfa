"""No policy for the people of one source reaches anything of another source: read from the templates, as IAM would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from by_day import one_in
from deploy.template_rules import as_list, resources
from eventlake.deploy.cloudformation import Template, read_template, statements
from eventlake.deploy.source_stack import source_stack_text
from eventlake.model import Source
from eventlake.sources import load

VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
    "LakeName": "lake",
    "LogBucketName": "logs",
    "ResultsBucketName": "logs-results",
}
BUILT_IN = load()
AUTH0 = next(source for source in BUILT_IN if source.name == "auth0")


def _alike(name: str, prefix: str) -> Source:
    """Return a source whose names begin as those of another do."""
    table = replace(AUTH0.tables[0], name=f"{name}_logs", source=name, database=f"{name}_event_logs", prefix=prefix)
    return replace(AUTH0, name=name, title=name, database=f"{name}_event_logs", tables=(table,))


SOURCES = [*BUILT_IN, _alike("auth0_x", "logs_x"), _alike("auth", "logs-of-auth"), _alike("a", "lo")]


@cache
def _stack(name: str) -> Template:
    (source,) = (one for one in SOURCES if one.name == name)
    return read_template(source_stack_text(source, []))


def _policy(source: Source) -> list[dict[str, Any]]:
    """Return the statements of a source's policy for analysts, every name in its place."""
    (policy,) = resources(_stack(source.name), "AWS::IAM::ManagedPolicy").values()
    return statements(_resolved(policy, {**VALUES, "GlueDatabaseName": source.database}))


def _resolved(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_resolved(one, values) for one in part]
    if not isinstance(part, dict):
        return part
    if "Fn::Sub" in part:
        return re.sub(r"\$\{([\w:]+)\}", lambda found: values[found[1]], part["Fn::Sub"])
    return {key: _resolved(value, values) for key, value in part.items() if value != {"Ref": "KmsKeyArn"}}


def _is_allowed(policy: list[dict[str, Any]], action: str, resource: str, prefix: str | None = None) -> bool:
    """Tell whether a statement covers this; one on the key alone has no resource here."""
    return any(
        one["Effect"] == "Allow"
        and action in as_list(one["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in as_list(one.get("Resource", [])))
        and _lists(one, prefix)
        for one in policy
    )


def _lists(statement: dict[str, Any], prefix: str | None) -> bool:
    """Tell whether the condition of a statement lets this prefix be listed; None is a list of everything."""
    wanted = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
    return wanted is None or (prefix is not None and any(fnmatchcase(prefix, pattern) for pattern in wanted))


ATHENA = "arn:aws:athena:us-east-1:123456789012:workgroup/"
GLUE = "arn:aws:glue:us-east-1:123456789012:"
LOGS, RESULTS = "arn:aws:s3:::logs", "arn:aws:s3:::logs-results"
IN_WORKGROUP = ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution", "ListQueryExecutions", "GetNamedQuery")


def _belongings(source: Source) -> Iterator[tuple[str, str, str | None]]:
    """Yield what only the people of a source may do: action, resource, and the prefix of a list."""
    yield from ((f"athena:{action}", f"{ATHENA}lake-{source.name}", None) for action in IN_WORKGROUP)
    for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"):
        yield action, f"{RESULTS}/athena/{source.name}/0a1b.csv", None
    yield "s3:ListBucket", RESULTS, f"athena/{source.name}/"
    for table in source.tables:
        yield "s3:GetObject", f"{LOGS}/{table.prefix}/2026/11/20/10/x.parquet", None
        yield "s3:ListBucket", LOGS, f"{table.prefix}/2026/"
        yield "glue:GetTable", f"{GLUE}table/{source.database}/{table.name}", None
        yield "glue:GetPartitions", f"{GLUE}table/{source.database}/{table.name}", None
    yield "glue:GetDatabase", f"{GLUE}database/{source.database}", None


@pytest.mark.parametrize("source", one_in(3, SOURCES), ids=lambda source: source.name)
def test_an_analyst_may_ask_about_the_own_source(source: Source) -> None:
    """What is looked for below is there to be found."""
    policy = _policy(source)
    assert [one for one in _belongings(source) if not _is_allowed(policy, *one)] == []


@pytest.mark.parametrize("own", SOURCES, ids=lambda source: source.name)
def test_no_analyst_reaches_another_source(own: Source) -> None:
    """Neither its workgroup, its answers, its objects nor its tables, also where one name begins as the other does."""
    policy = _policy(own)
    assert [one for other in SOURCES if other != own for one in _belongings(other) if _is_allowed(policy, *one)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_an_analyst_reaches_nothing_of_the_whole_lake(source: Source) -> None:
    """Neither the workgroup and answers of all sources, nor failed and raw events, nor a list of either bucket; nothing is deleted."""
    policy = _policy(source)
    for key in ("lake/0a1b.csv", "athena/0a1b.csv", "x"):
        assert not _is_allowed(policy, "s3:GetObject", f"{RESULTS}/{key}")
    for key in (f"error/{source.tables[0].name}/x", f"raw/{source.tables[0].name}/x"):
        assert not _is_allowed(policy, "s3:GetObject", f"{LOGS}/{key}")
    for bucket in (LOGS, RESULTS):
        assert not any(_is_allowed(policy, "s3:ListBucket", bucket, prefix) for prefix in (None, "", "error/", "raw/", "lake/", "athena/"))
    assert not _is_allowed(policy, "athena:StartQueryExecution", f"{ATHENA}lake")
    assert not [action for one in policy for action in as_list(one["Action"]) if re.search("Delete|Update|Create|Put(?!Object)", action)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_answers_go_where_the_policy_reads_them(source: Source) -> None:
    """The workgroup is the source's, it insists on its place for results, and the saved queries are in it."""
    stack = _stack(source.name)
    (group,) = resources(stack, "AWS::Athena::WorkGroup").values()
    settings = group["WorkGroupConfiguration"]

    assert group["Name"] == {"Fn::Sub": f"${{LakeName}}-{source.name}"}
    assert settings["ResultConfiguration"]["OutputLocation"] == {"Fn::Sub": f"s3://${{ResultsBucketName}}/athena/{source.name}/"}
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == {"Fn::Sub": "${ScanLimitInMBs}000000"}
    named = resources(stack, "AWS::Athena::NamedQuery").values()
    assert all(query["WorkGroup"] == {"Ref": "WorkGroup"} for query in named)
