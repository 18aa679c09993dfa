"""Hours of a deployed lake are closed by its function, through Athena's API on a real Trino, with IAM enforced."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws.athena import Athena
from aws.client import Aws, eventually
from aws.deploying import delete
from aws.events import TABLES, samples, tables_of
from aws.lake import Lake, deployed
from aws.roles import without

pytestmark = pytest.mark.java

TABLE = "pipeline_execution_state_change"
PREFIX = TABLES[TABLE].prefix
GZIP = b"\x1f\x8b"
EVENT = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])


@dataclass(frozen=True)
class Closable:
    """A lake whose hours are closed when a test asks for it, and its Athena."""

    lake: Lake
    athena: Athena

    def close(self, **asked: Any) -> dict[str, Any]:
        """What the function answers to a call."""
        called = self.lake.aws.service("lambda").invoke(FunctionName=f"{self.lake.name}-compaction", Payload=json.dumps(asked).encode())
        answer: dict[str, Any] = json.load(called["Payload"])
        assert "FunctionError" not in called, answer
        return answer

    def deliver(self, count: int, hour: str, *copies: str) -> list[str]:
        """The ids of events that lie in objects of an hour that is over, `YYYY/MM/DD/HH`, once under each name."""
        before = set(self.lake.bucket.keys(f"{PREFIX}/"))
        ids = self.lake.put([EVENT] * count)
        self.lake.arrived(ids, [PREFIX])
        for key in set(self.lake.bucket.keys(f"{PREFIX}/{datetime.now(UTC):%Y/%m/%d}/")) - before:
            self.move(key, hour, copies)
        eventually(lambda: self.partition(hour))
        return ids

    def move(self, key: str, hour: str, names: tuple[str, ...]) -> None:
        """Move an object to another hour, once under each name."""
        s3, bucket = self.lake.aws.service("s3"), self.lake.bucket.name
        for name in names:
            wanted = f"{PREFIX}/{hour}/{name}-{key.rpartition('/')[2]}"
            s3.copy_object(Bucket=bucket, Key=wanted, CopySource={"Bucket": bucket, "Key": key})
        s3.delete_object(Bucket=bucket, Key=key)

    def partition(self, hour: str) -> dict[str, Any] | None:
        """The partition of an hour, if there is one."""
        day, _, number = hour.rpartition("/")
        values = [day.replace("/", "-"), number]
        return next((one for one in self.lake.partitions(TABLE) if one["Values"] == values), None)

    def location(self, hour: str) -> str:
        """Where an hour lies, below the bucket."""
        partition = self.partition(hour)
        assert partition is not None
        return str(partition["StorageDescriptor"]["Location"]).partition(f"{self.lake.bucket.name}/")[2]

    def counts(self, day: str) -> dict[str, tuple[int, int]]:
        """{hour: (rows, events)} of a day, `YYYY-MM-DD`, as Athena sees it."""
        sql = f"SELECT hour, count(*), count(DISTINCT event_id) FROM {TABLE} WHERE date = DATE '{day}' GROUP BY hour"
        return {str(hour): (int(rows or 0), int(events or 0)) for hour, rows, events in self.athena.rows(sql)}


@pytest.fixture(scope="module", params=["parquet", "json"])
def closable(request: pytest.FixtureRequest, aws: Aws, trino: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closable]:
    """A lake of either format whose hours can be closed; its schedule calls once a day."""
    name = f"closes{request.param}"
    parameters = {"Closing": "daily", "LogFormat": request.param, "BufferingHintsIntervalInSeconds": "60"}
    lake = deployed(aws, name, tmp_path_factory.mktemp(name), parameters)
    yield Closable(lake, Athena(aws, name, lake.database(TABLE)))
    delete(aws, name)


def of(answer: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Some of what is said of each closed hour."""
    assert answer["failed"] == []
    return [tuple(one[name] for name in names) for one in answer["closed"]]


def test_hours_of_a_day_are_closed_together(closable: Closable) -> None:
    """Two copies of an object in one hour and its first copy's events in the next: each event is there once, in the hour that was first."""
    closable.deliver(5, "2026/03/01/22", "a", "b")
    closable.deliver(3, "2026/03/01/23", "c")
    assert closable.counts("2026-03-01") == {"22": (10, 5), "23": (3, 3)}

    answer = closable.close()

    assert of(answer, "hour", "generation", "rows", "duplicates") == [("2026-03-01T22", 1, 5, 5), ("2026-03-01T23", 1, 3, 0)]
    assert closable.counts("2026-03-01") == {"22": (5, 5), "23": (3, 3)}
    assert closable.location("2026/03/01/22").startswith(f"closed/codepipeline/{PREFIX}/2026/03/01/")
    assert of(closable.close(), "hour") == []


def test_a_late_object_opens_its_hour_again(closable: Closable) -> None:
    """The next closing holds both, and counts an event once that came with it a second time."""
    closable.deliver(4, "2026/03/02/07", "first")
    closable.close()
    (first,) = [key for key in closable.lake.bucket.keys(f"{PREFIX}/2026/03/02/07/") if "first" in key]
    closable.deliver(2, "2026/03/02/07", "late")
    closable.lake.aws.service("s3").copy_object(
        Bucket=closable.lake.bucket.name,
        Key=first.replace("first", "again"),
        CopySource={"Bucket": closable.lake.bucket.name, "Key": first},
    )

    answer = closable.close()

    assert of(answer, "hour", "generation", "rows", "duplicates") == [("2026-03-02T07", 2, 6, 4)]
    assert closable.counts("2026-03-02") == {"07": (6, 6)}


def test_an_event_that_another_day_holds_is_left_out(closable: Closable) -> None:
    """Over a midnight: whoever closed first keeps it."""
    closable.deliver(3, "2026/03/04/23", "first")
    closable.close()
    (key,) = closable.lake.bucket.keys(f"{PREFIX}/2026/03/04/23/")
    s3, bucket = closable.lake.aws.service("s3"), closable.lake.bucket.name
    s3.copy_object(Bucket=bucket, Key=key.replace("/04/23/", "/05/01/"), CopySource={"Bucket": bucket, "Key": key})
    eventually(lambda: closable.partition("2026/03/05/01"))

    answer = closable.close()

    assert of(answer, "hour", "rows", "duplicates") == [("2026-03-05T01", 0, 3)]
    assert closable.counts("2026-03-05") == {}


def test_json_lines_stay_as_they_are(closable: Closable) -> None:
    """What is written in a closed hour are the very lines that came, none changed."""
    if "json" not in closable.lake.name:
        pytest.skip("the lake is not one of JSON lines")
    closable.deliver(3, "2026/03/06/01", "only")
    bucket = closable.lake.bucket
    before = [bucket.read(key) for key in bucket.keys(f"{PREFIX}/2026/03/06/01/")]

    closable.close()

    after = [bucket.read(key) for key in bucket.keys(closable.location("2026/03/06/01"))]
    assert sorted(lines(before)) == sorted(lines(after)) != []


def lines(bodies: list[bytes]) -> list[bytes]:
    """The lines of objects, each read as what its bytes are."""
    return [line for body in bodies for line in (gzip.decompress(body) if body.startswith(GZIP) else body).splitlines()]


def test_of_two_closers_at_once_one_closes(closable: Closable) -> None:
    """Nothing is lost, nothing is there twice, and who came second leaves nothing that readers see."""
    closable.deliver(6, "2026/03/07/05", "a", "b")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: closable.close(), range(2)))

    assert sum(len(answer["closed"]) for answer in answers) == 1
    assert [answer["failed"] for answer in answers] == [[], []]
    assert closable.counts("2026-03-07") == {"05": (6, 6)}


def test_throttled_calls_lose_nothing(closable: Closable) -> None:
    """A tenth of the calls of Glue and Athena is refused for a while; the hours are closed by then or the next time."""
    cloudwatch = closable.lake.aws.service("cloudwatch")
    actions = ["glue:UpdatePartition", "glue:GetPartitions", "athena:StartQueryExecution", "athena:GetQueryExecution"]
    hours = [f"2026/03/08/{hour:02d}" for hour in range(3)]
    for hour in hours:
        closable.deliver(2, hour, "a", "b")
    throttle(cloudwatch, actions, 0.1)

    closable.close()
    throttle(cloudwatch, actions, 0.0)
    closable.close()

    assert closable.counts("2026-03-08") == {hour[-2:]: (2, 2) for hour in hours}


def throttle(cloudwatch: Any, actions: list[str], share: float) -> None:
    """Let a share of the calls of these actions be refused."""
    for action in actions:
        data = {"MetricName": "ThrottledShare", "Dimensions": [{"Name": "Action", "Value": action}], "Value": share}
        cloudwatch.put_metric_data(Namespace="Emulator", MetricData=[data])


def test_a_closed_hour_is_not_moved_back_by_a_new_object(closable: Closable) -> None:
    """The partition function finds the hour registered, and leaves it where it is."""
    closable.deliver(2, "2026/03/09/09", "first")
    closable.close()
    closed = closable.location("2026/03/09/09")

    closable.deliver(1, "2026/03/09/09", "late")
    eventually(lambda: len(closable.lake.bucket.keys(f"{PREFIX}/2026/03/09/09/")) == 2)

    assert closable.location("2026/03/09/09") == closed
    closable.close()
    assert closable.counts("2026-03-09") == {"09": (3, 3)}


def test_what_was_closed_and_not_shown_is_shown_by_the_next(closable: Closable) -> None:
    """A closer that ended between writing down and showing: its closing counts, and the hour is not closed twice."""
    closable.deliver(2, "2026/03/10/04", "a", "b")
    open_partition = closable.partition("2026/03/10/04")
    assert open_partition is not None
    of(closable.close(), "hour")
    closed = closable.location("2026/03/10/04")
    wanted = {name: open_partition[name] for name in ("Values", "StorageDescriptor")}
    closable.lake.aws.service("glue").update_partition(
        DatabaseName=closable.lake.database(TABLE), TableName=TABLE, PartitionValueList=wanted["Values"], PartitionInput=wanted
    )

    assert of(closable.close(), "hour") == []

    assert closable.location("2026/03/10/04") == closed


def test_what_was_replaced_is_removed_after_a_day(closable: Closable) -> None:
    """Not before; readers see the same, and what arrives later still opens the hour."""
    closable.deliver(2, "2026/03/11/04", "a", "b")
    of(closable.close(), "hour")
    assert len(closable.lake.bucket.keys(f"{PREFIX}/2026/03/11/04/")) == 2
    partition = closable.partition("2026/03/11/04")
    assert partition is not None
    two_days_ago = {**partition["Parameters"], "closed_at": f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}
    wanted = {"Values": partition["Values"], "StorageDescriptor": partition["StorageDescriptor"], "Parameters": two_days_ago}
    closable.lake.aws.service("glue").update_partition(
        DatabaseName=closable.lake.database(TABLE), TableName=TABLE, PartitionValueList=wanted["Values"], PartitionInput=wanted
    )

    of(closable.close(), "hour")

    assert closable.lake.bucket.keys(f"{PREFIX}/2026/03/11/04/") == []
    assert closable.counts("2026-03-11") == {"04": (2, 2)}
    closable.deliver(1, "2026/03/11/04", "late")
    assert of(closable.close(), "generation", "rows") == [(2, 3)]


def test_an_hour_that_cannot_be_closed_keeps_no_other_from_it(closable: Closable) -> None:
    """A damaged object is told with its hour; the rest of its day is closed, and what is damaged stays where it is."""
    closable.deliver(2, "2026/03/12/01", "whole")
    closable.deliver(2, "2026/03/12/02", "whole")
    (key,) = closable.lake.bucket.keys(f"{PREFIX}/2026/03/12/02/")
    s3, bucket = closable.lake.aws.service("s3"), closable.lake.bucket.name
    s3.put_object(Bucket=bucket, Key=key, Body=s3.get_object(Bucket=bucket, Key=key)["Body"].read()[:-9])

    answer = closable.close()

    assert [one["hour"] for one in answer["closed"]] == ["2026-03-12T01"]
    assert [one["hours"] for one in answer["failed"]] == [["2026-03-12T02"]]
    assert closable.lake.bucket.keys(f"{PREFIX}/2026/03/12/02/") == [key]
    s3.delete_object(Bucket=bucket, Key=key)


USED = [
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
    "glue:GetPartitions",
    "glue:UpdatePartition",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
]
"""What the function itself calls when it closes an hour; Athena uses the others in its name, which the emulator does not ask for."""


@pytest.mark.parametrize("action", USED)
def test_without_a_permission_nothing_is_closed_and_nothing_is_lost(closable: Closable, action: str) -> None:
    """The hour stays as it is; with the permission again it is closed."""
    day = f"2026-04-{USED.index(action) + 1:02d}"
    closable.deliver(2, f"{day.replace('-', '/')}/01", "a", "b")
    arn = closable.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{closable.lake.name}-compaction")["Role"]
    with without(closable.lake.aws, arn.rsplit("/", 1)[1], action):
        assert closable.close()["failed"]
        assert closable.counts(day) == {"01": (4, 2)}

    closable.close()

    assert closable.counts(day) == {"01": (2, 2)}
