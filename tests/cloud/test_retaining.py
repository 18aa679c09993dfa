"""Legal holds in a bucket: made once each, and none where the bucket deletes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aws.client import Aws
from aws_lake import new_bucket
from eventlake.backends.aws import Session
from eventlake.backends.removal_log import RemovalLog
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.retaining import HoldsOnAws
from eventlake.errors import ConfigurationError, CorruptObjectError, NameNotFoundError, UsageError
from eventlake.interfaces import Partition
from eventlake.layout import HOLDS, Hour
from eventlake.pipeline.holds import Hold
from eventlake.pipeline.removals import LINES, Removal

HOUR = Hour("2026-03-01", "05")
CASE = Hold("case 17/ä", "logins", HOUR, HOUR, "auth0|1", "claim", "2026-11-02T10:00:00Z")


@pytest.fixture
def bucket(here: Aws) -> str:
    """A bucket of its own."""
    return new_bucket(here)


@pytest.fixture
def holds(bucket: str) -> HoldsOnAws:
    """The holds in it."""
    return HoldsOnAws(Deployment(f"s3://{bucket}", "", bucket, "", ()), Session())


@pytest.mark.aws
def test_a_hold_is_placed_once_listed_and_released(holds: HoldsOnAws) -> None:
    """Whatever stands in its name; the same again is no harm, another of its name is refused."""
    assert holds.place(CASE) == []
    assert holds.place(CASE) == []
    with pytest.raises(UsageError, match="already"):
        holds.place(replace(CASE, table=""))
    assert holds.read() == [CASE]

    assert holds.release(CASE.name) == CASE

    assert holds.read() == []
    with pytest.raises(NameNotFoundError, match="There is no hold"):
        holds.release(CASE.name)


@pytest.mark.aws
def test_a_name_that_no_key_holds_is_refused(holds: HoldsOnAws) -> None:
    """Before S3 is asked."""
    with pytest.raises(UsageError, match="too long"):
        holds.place(replace(CASE, name="ä" * 400))


@pytest.mark.aws
def test_a_damaged_hold_is_told_and_not_left_out(here: Aws, bucket: str, holds: HoldsOnAws) -> None:
    """Who cannot read one removes nothing."""
    here.service("s3").put_object(Bucket=bucket, Key=f"{HOLDS}x.json", Body=b"{}")

    with pytest.raises(CorruptObjectError, match="Nothing is removed until then"):
        holds.read()


@pytest.mark.aws
def test_what_was_on_its_way_out_is_told(here: Aws, bucket: str, holds: HoldsOnAws) -> None:
    """Of what the hold is about alone, with what is known of it."""
    log = RemovalLog(here.service("s3"), bucket)
    partition = Partition("logins", HOUR, "logs/2026/03/01/05/", "parquet", {"generation": "2"})
    leaving = Removal("logins", LINES, HOUR, datetime(2026, 11, 1, tzinfo=UTC), partition, is_removing=True)
    for one in (leaving, replace(leaving, table="other"), replace(leaving, hour=Hour("2026-03-02", "05"))):
        log.write(one)

    (found,) = holds.place(CASE)

    assert found == leaving
    assert found.partition is not None
    assert found.partition.parameters == {"generation": "2"}


@pytest.mark.aws
def test_no_hold_is_placed_where_the_bucket_deletes_by_itself(here: Aws, bucket: str, holds: HoldsOnAws) -> None:
    """It would keep nothing, and not even itself."""
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
    here.service("s3").put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})

    with pytest.raises(ConfigurationError, match="what is 400 days old"):
        holds.place(CASE)

    assert holds.read() == []
