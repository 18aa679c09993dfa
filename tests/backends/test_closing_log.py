"""The closings of a table in a bucket: each number is written once, by whoever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aws.client import Aws
from aws_lake import new_bucket
from eventlake.backends.closing_log import ClosingLog
from eventlake.errors import CorruptObjectError, GenerationConflictError, StorageServiceError
from eventlake.layout import closing_key
from eventlake.pipeline.closings import Closing

CLOSING = Closing("auth0_logs", 1, datetime(2026, 11, 20, tzinfo=UTC), ())


@pytest.fixture
def bucket(aws: Aws) -> str:
    """An empty bucket."""
    return new_bucket(aws)


def test_the_last_closing_is_found(aws: Aws, bucket: str) -> None:
    """By one listing, however many there are; another table's do not count."""
    log = ClosingLog(aws.service("s3"), bucket)
    assert log.last("auth0_logs") == 0
    for number in range(1, 12):
        log.append(replace(CLOSING, number=number))
    log.append(replace(CLOSING, table="auth0_logs_old", number=99))

    assert log.last("auth0_logs") == 11
    assert ClosingLog(aws.service("s3"), bucket).read("auth0_logs", 11) == replace(CLOSING, number=11)


def test_who_comes_second_is_refused(aws: Aws, bucket: str) -> None:
    """What is written stays; the same closing may come twice, as after an answer that was lost."""
    first, second = ClosingLog(aws.service("s3"), bucket), ClosingLog(aws.service("s3"), bucket)
    first.append(CLOSING)
    first.append(CLOSING)

    with pytest.raises(GenerationConflictError, match="auth0_logs is being closed by somebody else"):
        second.append(replace(CLOSING, closed_at=datetime(2026, 11, 21, tzinfo=UTC)))

    assert second.read("auth0_logs", 1) == CLOSING


def test_a_damaged_closing_is_told(aws: Aws, bucket: str) -> None:
    """By its key; so is one that is not there."""
    key = closing_key("auth0_logs", 3)
    aws.service("s3").put_object(Bucket=bucket, Key=key, Body=b"{")
    log = ClosingLog(aws.service("s3"), bucket)

    with pytest.raises(CorruptObjectError, match=key):
        log.read("auth0_logs", 3)
    with pytest.raises(StorageServiceError, match=closing_key("auth0_logs", 4)):
        log.read("auth0_logs", 4)
