"""Firehose's streams, written to by botocore's own client: what a call does not take is sent again, alone and after a pause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from eventlake.backends.delivery_streams import DeliveryStreams
from eventlake.errors import ServiceError

BUSY = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
DAMAGED = {"ErrorCode": "InternalFailure", "ErrorMessage": "Not now."}
TAKEN = {"RecordId": "1"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """A client of Firehose whose calls and answers are checked against its model."""
    client = boto3.client("firehose", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def expect(stub: Stubber, records: list[bytes], *answers: dict[str, str]) -> None:
    """One call with these records, and what it answers to each."""
    asked: dict[str, Any] = {"DeliveryStreamName": "lake-orders", "Records": [{"Data": one} for one in records]}
    failed = sum("ErrorCode" in one for one in answers)
    stub.add_response("put_record_batch", {"FailedPutCount": failed, "RequestResponses": list(answers)}, asked)


def test_only_what_was_not_taken_is_sent_again(stub: Stubber) -> None:
    """In its order, after pauses that grow."""
    pauses: list[float] = []
    expect(stub, [b"a", b"b", b"c"], BUSY, TAKEN, DAMAGED)
    expect(stub, [b"a", b"c"], TAKEN, BUSY)
    expect(stub, [b"c"], TAKEN)
    assert DeliveryStreams(stub.client, pauses.append).put("lake-orders", [b"a", b"b", b"c"]) == {}
    assert 0 < pauses[0] <= 0.25
    assert 0.25 < pauses[1] <= 0.5


def test_what_is_never_taken_is_named_with_its_reason(stub: Stubber) -> None:
    """After eight calls."""
    expect(stub, [b"a", b"b"], TAKEN, BUSY)
    for _ in range(7):
        expect(stub, [b"b"], BUSY)
    refused = DeliveryStreams(stub.client, lambda _: None).put("lake-orders", [b"a", b"b"])
    assert refused == {1: "ServiceUnavailableException: Slow down."}


def test_a_stream_that_refuses_the_whole_call_takes_nothing(stub: Stubber) -> None:
    """It is not there, or may not be written to."""
    stub.add_client_error("put_record_batch", "ResourceNotFoundException", "Firehose lake-orders not found")
    with pytest.raises(ServiceError, match="lake-orders"):
        DeliveryStreams(stub.client).put("lake-orders", [b"a"])


def test_a_call_that_fails_after_a_part_was_taken_forgets_no_part(stub: Stubber) -> None:
    """What was taken by the call before counts."""
    expect(stub, [b"a", b"b"], TAKEN, BUSY)
    for _ in range(7):
        stub.add_client_error("put_record_batch", "ServiceUnavailableException", "Away.")
    assert list(DeliveryStreams(stub.client, lambda _: None).put("lake-orders", [b"a", b"b"])) == [1]


def test_what_is_too_much_for_a_call_is_put_in_several(stub: Stubber) -> None:
    """At most 500 records and 4 MiB each."""
    large = b"l" * 1_000_000
    expect(stub, [b"s"] * 500, *[TAKEN] * 500)
    expect(stub, [b"s", large, large, large, large], *[TAKEN] * 5)
    expect(stub, [large], BUSY)
    expect(stub, [large], TAKEN)
    assert DeliveryStreams(stub.client, lambda _: None).put("lake-orders", [b"s"] * 501 + [large] * 5) == {}
