"""Who may query one source reads, lists, stops and overwrites nothing of another: asked of a deployed lake, with IAM enforced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws.client import Aws
from aws.lake import AUTH0_BUS, Lake, deployed
from aws.serving import serving

pytestmark = pytest.mark.aws


@dataclass(frozen=True)
class Analyst:
    """A user with the policy of one source and nothing else. query: what was asked in its workgroup, key: where the answer lies."""

    source: str
    athena: Any
    s3: Any
    glue: Any
    query: str
    key: str


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with two sources, on an emulator whose own engine answers Athena's API."""
    with serving(tmp_path_factory.mktemp("emulator"), TRINO_URL="") as emulator:
        emulator.aws("events", "create-event-bus", "--name", AUTH0_BUS)
        yield deployed(emulator.aws, "eventlake", tmp_path_factory.mktemp("lake"), {"EventBusName": AUTH0_BUS, "Alarms": "off"})


@pytest.fixture(scope="module")
def analysts(lake: Lake) -> dict[str, Analyst]:
    """One for each source, each with an answer."""
    return {source: analyst(lake, source, title) for source, title in (("auth0", "Auth0"), ("codepipeline", "CodePipeline"))}


def analyst(lake: Lake, source: str, title: str) -> Analyst:
    """A user who asked one thing in the workgroup of the source."""
    iam = lake.aws.service("iam")
    iam.create_user(UserName=source)
    iam.attach_user_policy(UserName=source, PolicyArn=lake.outputs()[f"{title}AnalystPolicyArn"])
    key = iam.create_access_key(UserName=source)["AccessKey"]
    user = Aws(lake.aws.endpoint, lake.aws.home.parent / source, key["AccessKeyId"], key["SecretAccessKey"])
    athena = user.service("athena")
    query = athena.start_query_execution(QueryString="select 1", WorkGroup=f"{lake.name}-{source}")["QueryExecutionId"]
    location = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["ResultConfiguration"]["OutputLocation"]
    bucket, _, at = location.removeprefix("s3://").partition("/")
    assert (bucket, at.rpartition("/")[0]) == (f"{lake.bucket.name}-results", f"athena/{source}")
    lake.aws.service("s3").put_object(Bucket=bucket, Key=at, Body=b"an answer")
    return Analyst(source, athena, user.service("s3"), user.service("glue"), query, at)


def is_denied(ask: Callable[[], object]) -> bool:
    """Whether a call is refused for want of a permission. Raises ClientError for any other refusal."""
    try:
        ask()
    except ClientError as error:
        if "AccessDenied" not in error.response["Error"]["Code"]:
            raise
        return True
    return False


def asked(lake: Lake, who: Analyst, whose: Analyst) -> dict[str, Callable[[], object]]:
    """What one analyst may try on the belongings of one, by its name."""
    group, results, logs = f"{lake.name}-{whose.source}", f"{lake.bucket.name}-results", lake.bucket.name
    prefix = {"auth0": "logs", "codepipeline": "pipeline_execution_state_change"}[whose.source]
    table = {"auth0": "auth0_logs"}.get(whose.source, prefix)
    return {
        "start": lambda: who.athena.start_query_execution(QueryString="select 1", WorkGroup=group),
        "read the SQL": lambda: who.athena.get_query_execution(QueryExecutionId=whose.query),
        "read the answer": lambda: who.athena.get_query_results(QueryExecutionId=whose.query),
        "stop": lambda: who.athena.stop_query_execution(QueryExecutionId=whose.query),
        "list queries": lambda: who.athena.list_query_executions(WorkGroup=group),
        "list saved queries": lambda: who.athena.list_named_queries(WorkGroup=group),
        "read the result": lambda: who.s3.get_object(Bucket=results, Key=whose.key),
        "overwrite the result": lambda: who.s3.put_object(Bucket=results, Key=whose.key, Body=b"another"),
        "list results": lambda: who.s3.list_objects_v2(Bucket=results, Prefix=f"athena/{whose.source}/"),
        "list objects": lambda: who.s3.list_objects_v2(Bucket=logs, Prefix=f"{prefix}/"),
        "read the table": lambda: who.glue.get_table(DatabaseName=f"{whose.source}_event_logs", Name=table),
        "read partitions": lambda: who.glue.get_partitions(DatabaseName=f"{whose.source}_event_logs", TableName=table),
    }


@pytest.mark.parametrize(("who", "whose"), [("auth0", "codepipeline"), ("codepipeline", "auth0")])
def test_nothing_of_another_source_is_reached(lake: Lake, analysts: dict[str, Analyst], who: str, whose: str) -> None:
    """Each thing is refused there, and what was answered before is as it was."""
    attempts = asked(lake, analysts[who], analysts[whose])
    assert [name for name, ask in attempts.items() if not is_denied(ask)] == []

    kept = lake.aws.service("s3").get_object(Bucket=f"{lake.bucket.name}-results", Key=analysts[whose].key)["Body"].read()
    assert kept == b"an answer"


@pytest.mark.parametrize("who", ["auth0", "codepipeline"])
def test_everything_of_the_own_source_is_reached(lake: Lake, analysts: dict[str, Analyst], who: str) -> None:
    """So that what is refused elsewhere is not refused for another reason."""
    attempts = asked(lake, analysts[who], analysts[who])
    assert [name for name, ask in attempts.items() if is_denied(ask)] == []


@pytest.mark.parametrize("who", ["auth0", "codepipeline"])
def test_nothing_of_the_whole_lake_is_reached(lake: Lake, analysts: dict[str, Analyst], who: str) -> None:
    """Neither its workgroup, nor a list of a whole bucket, nor the failed records of the own source."""
    own = analysts[who]
    whole = {
        "start": lambda: own.athena.start_query_execution(QueryString="select 1", WorkGroup=lake.name),
        "list results": lambda: own.s3.list_objects_v2(Bucket=f"{lake.bucket.name}-results"),
        "list the results of all": lambda: own.s3.list_objects_v2(Bucket=f"{lake.bucket.name}-results", Prefix="athena/"),
        "list objects": lambda: own.s3.list_objects_v2(Bucket=lake.bucket.name),
        "list failed records": lambda: own.s3.list_objects_v2(Bucket=lake.bucket.name, Prefix="error/"),
        "delete an answer": lambda: own.s3.delete_object(Bucket=f"{lake.bucket.name}-results", Key=own.key),
    }
    assert [name for name, ask in whole.items() if not is_denied(ask)] == []
