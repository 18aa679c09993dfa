"""Firehose's streams, written to: what one call does not take of a batch is sent again, and nothing else.

Limits and partial failures: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eventlake.backends.aws import failing
from eventlake.errors import ServiceError

MOST_RECORDS = 500
MOST_BYTES = 4 << 20
MOST_BYTES_OF_RECORD = 1_024_000
"""What a call takes, and what a record may have: https://docs.aws.amazon.com/firehose/latest/dev/limits.html"""

_TRIES = 8
_FIRST_PAUSE_S = 0.25
"""After it, then twice as long each time, what was not taken is sent again: half a minute in all."""


class DeliveryStreams:
    """The delivery streams of a lake. client: boto3's for Firehose. wait: pauses for so many seconds. tries: how often a record is sent at most."""

    def __init__(self, client: Any, wait: Callable[[float], None] = time.sleep, tries: int = _TRIES) -> None:  # boto3's client has no types
        self._client = client
        self._wait = wait
        self._tries = tries

    def put(self, stream: str, records: Sequence[bytes]) -> dict[int, str]:
        """Put records on a stream; return the places of those that it does not take in the end, each with the reason.

        Raises ServiceError for what concerns the stream, such as a permission that is missing; then nothing was taken.
        """
        left = dict.fromkeys(range(len(records)), "")
        for attempt in range(self._tries):
            if attempt:
                self._wait(_FIRST_PAUSE_S * 2.0 ** (attempt - 1) * random.uniform(0.6, 1.0))
            try:
                left = self._put(stream, records, list(left))
            except ServiceError as error:
                if not attempt:
                    raise
                left = dict.fromkeys(left, str(error))
            if not left:
                break
        return left

    def _put(self, stream: str, records: Sequence[bytes], places: Sequence[int]) -> dict[int, str]:
        """Make as few calls as these places need; return which of them were not taken, and why."""
        left: dict[int, str] = {}
        for some in _calls(records, places):
            with failing(f'The stream "{stream}" does not take records'):
                answer = self._client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": records[place]} for place in some])
            answers = zip(some, answer["RequestResponses"], strict=True)
            left |= {place: f"{one['ErrorCode']}: {one.get('ErrorMessage', '')}" for place, one in answers if one.get("ErrorCode")}
        return left


def _calls(records: Sequence[bytes], places: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places in stretches of which each fits into a call."""
    some: list[int] = []
    size = 0
    for place in places:
        if some and (len(some) == MOST_RECORDS or size + len(records[place]) > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(place)
        size += len(records[place])
    if some:
        yield some
