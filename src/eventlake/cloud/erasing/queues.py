"""The queues of a lake on AWS in which events wait: their messages are looked at, and those that name a person are taken out.

A message cannot be looked at without hiding it from others for a while; what stays is shown again at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing
from eventlake.pipeline.erasing import Person

QUEUES = ("undelivered", "functions-dead")
"""How they are called behind the lake's name. The other queues tell of keys of objects only."""
_HIDDEN_S = 60
_AT_ONCE, _MOST_CALLS = 10, 10_000


@dataclass(frozen=True, slots=True)
class Message:
    """A message that names the person. queue: the name of its queue."""

    queue: str
    id: str
    receipt: str


class Queue:
    """One queue. client: boto3's for SQS."""

    def __init__(self, client: Any, name: str) -> None:  # boto3's client has no types
        self._client = client
        self.name = name
        self._url = ""

    def naming(self, person: Person, *, is_taking: bool = False) -> list[Message]:
        """Return the messages that name a person; each is taken out if so wished. Raises ServiceError."""
        if not self._address():
            return []
        found, others = list[Message](), list[Message]()
        for said in self._messages():
            message = Message(self.name, said["MessageId"], said["ReceiptHandle"])
            (found if person.is_named(_text(said)) else others).append(message)
        self._of_each(others, "change_message_visibility_batch", {"VisibilityTimeout": 0})
        if is_taking:
            self._of_each(found, "delete_message_batch", {})
        else:
            self._of_each(found, "change_message_visibility_batch", {"VisibilityTimeout": 0})
        return found

    def _messages(self) -> Iterator[Any]:  # SQS's answers
        seen: set[str] = set()
        for _ in range(_MOST_CALLS):
            with failing(f'The queue "{self.name}" cannot be read'):
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=_AT_ONCE,
                    VisibilityTimeout=_HIDDEN_S,
                    WaitTimeSeconds=1,
                    MessageAttributeNames=["All"],
                )
            new = [one for one in answer.get("Messages", []) if one["MessageId"] not in seen]
            if not new:
                return
            seen |= {one["MessageId"] for one in new}
            yield from new

    def _address(self) -> str:
        """Return the queue's URL; nothing if there is no such queue."""
        if not self._url:
            with failing(f'The queue "{self.name}" cannot be found'):
                try:
                    self._url = self._client.get_queue_url(QueueName=self.name)["QueueUrl"]
                except ClientError as error:
                    if "NonExistentQueue" not in code_of(error):
                        raise
        return self._url

    def _of_each(self, messages: Sequence[Message], operation: str, more: dict[str, int]) -> None:
        for at in range(0, len(messages), _AT_ONCE):
            entries = [{"Id": str(place), "ReceiptHandle": one.receipt, **more} for place, one in enumerate(messages[at : at + _AT_ONCE])]
            with failing(f'The queue "{self.name}" does not let its messages be handled'):
                getattr(self._client, operation)(QueueUrl=self._url, Entries=entries)


def _text(said: Any) -> bytes:  # SQS's message
    attributes = (str(one.get("StringValue", "")) for one in said.get("MessageAttributes", {}).values())
    return "\n".join([said["Body"], *attributes]).encode()
