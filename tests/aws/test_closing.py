"""Hours of a deployed lake are closed by its function, through Athena's API on a real Trino, with IAM enforced."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import Aws, eventually
from aws.closable import PREFIX, TABLE, Closable, closable_lake, of
from aws.deploying import delete

pytestmark = pytest.mark.java

GZIP = b"\x1f\x8b"


@pytest.fixture(scope="module", params=["parquet", "json"])
def closable(request: pytest.FixtureRequest, aws: Aws, trino: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closable]:
    """A lake of either format whose hours can be closed."""
    if request.param == "parquet":
        yield request.getfixturevalue("closes")
    else:
        yield closable_lake(aws, "closesjson", tmp_path_factory.mktemp("closesjson"), {"LogFormat": "json"})
        delete(aws, "closesjson")


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
    closable.age("2026/03/11/04", datetime.now(UTC) - timedelta(days=2))

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
