"""The queue that S3 tells of new objects, read by the partition function itself where a schedule calls it.

What is taken is hidden for as long as the queue says, and comes again unless it is removed; what came too often is a dead letter.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventlake.backends.aws import failing

_AT_ONCE = 10
"""Messages that SQS gives, and takes, in one call: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""


class ObjectQueue:
    """A queue. client: boto3's for SQS."""

    def __init__(self, client: Any, url: str) -> None:  # boto3's client has no types
        self._client = client
        self._url = url

    def take(self, most: int) -> list[dict[str, Any]]:  # messages as SQS gives them
        """Take messages until there are no more, or some more than wanted. Raises ServiceError."""
        taken: list[dict[str, Any]] = []
        while len(taken) < most:
            with failing("The queue of new objects cannot be read"):
                answer = self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_AT_ONCE)
            found = answer.get("Messages", [])
            taken += found
            if not found:
                break
        return taken

    def remove(self, messages: Sequence[dict[str, Any]]) -> None:  # messages as they were taken
        """Remove messages that are done with; one that stays comes again, and is done with once more. Raises ServiceError."""
        for begin in range(0, len(messages), _AT_ONCE):
            some = enumerate(messages[begin : begin + _AT_ONCE])
            entries = [{"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]} for number, one in some]
            with failing("What is done with cannot be removed from the queue of new objects"):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
