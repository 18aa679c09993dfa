"""Events that EventBridge could not put on a table's stream: they wait in the lake's queue of dead letters, each with the reason.

They are listed as failed records are, sent to their table's stream, and only then taken from the queue.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.catalog.entries import FailedEntry
from eventlake.cloud.deployment import Deployment
from eventlake.pipeline.failed_records import record_id

QUEUE = "undelivered"
"""How the queue is called behind the lake's name."""
LOOKING_S, SENDING_S = 30, 900
"""For how long the queue hides what is looked at, and what is sent."""
_AT_ONCE = 10
_MOST = 10_000
"""How many messages a call gives, and how many are looked at in one run."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the queue: the failed record that it is, its event, and by what it is taken from the queue."""

    entry: FailedEntry
    event: bytes
    receipt: str


class Undelivered:
    """The queue of events that could not be delivered. Raises ServiceError for what the user may not do there."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        self._name = f"{deployment.name}-{QUEUE}"
        self._tables = {f"{deployment.name}-{table.stream}": table.name for table in deployment.tables}
        self._client = session.client("sqs")
        self._url = ""

    def letters(self, hidden_s: int) -> list[Letter]:
        """Look at the messages of the queue, the newest first; nobody else sees them for so many seconds, or until they are put back."""
        found: dict[str, Letter] = {}
        for message in self._messages(hidden_s):
            letter = self._letter(message)
            found[letter.entry.id] = letter
        return sorted(found.values(), key=lambda letter: letter.entry.arrival, reverse=True)

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Show messages again that were looked at."""
        self._of_each(letters, "change_message_visibility_batch", {"VisibilityTimeout": 0})

    def take(self, letters: Sequence[Letter]) -> None:
        """Take messages from the queue whose events are on their stream."""
        self._of_each(letters, "delete_message_batch", {})

    def _messages(self, hidden_s: int) -> Iterator[Mapping[str, Any]]:  # SQS's answers
        url = self._address()
        if not url:
            return
        for _ in range(_MOST // _AT_ONCE):
            with failing(f'The queue "{self._name}" cannot be read'):
                answer = self._client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=_AT_ONCE,
                    VisibilityTimeout=hidden_s,
                    WaitTimeSeconds=1,
                    AttributeNames=["SentTimestamp"],
                    MessageAttributeNames=["All"],
                )
            if not answer.get("Messages"):
                return
            yield from answer["Messages"]

    def _address(self) -> str:
        """Return the queue's URL; nothing if there is no such queue, as in a lake that others made."""
        if not self._url:
            with failing(f'The queue "{self._name}" cannot be found'):
                try:
                    self._url = self._client.get_queue_url(QueueName=self._name)["QueueUrl"]
                except ClientError as error:
                    if "NonExistentQueue" not in code_of(error):
                        raise
        return self._url

    def _letter(self, message: Mapping[str, Any]) -> Letter:  # SQS's message
        said = {name: str(value.get("StringValue", "")) for name, value in message.get("MessageAttributes", {}).items()}
        event = message["Body"].encode()
        sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
        stream = self._tables.get(said.get("TARGET_ARN", "").rpartition("/")[2], QUEUE)
        entry = FailedEntry(
            record_id(stream, event, sent),
            stream,
            said.get("ERROR_CODE") or "Undelivered",
            f"{said.get('ERROR_MESSAGE', 'EventBridge gave no reason.')} (rule {said.get('RULE_ARN', 'unknown')})",
            sent,
            len(event),
            f"sqs:{self._name}/{message['MessageId']}",
            0,
        )
        return Letter(entry, event, message["ReceiptHandle"])

    def _of_each(self, letters: Sequence[Letter], operation: str, more: Mapping[str, int]) -> None:
        for start in range(0, len(letters), _AT_ONCE):
            entries = [
                {"Id": str(place), "ReceiptHandle": letter.receipt, **more}
                for place, letter in enumerate(letters[start : start + _AT_ONCE])
            ]
            with failing(f'The queue "{self._name}" does not let its messages be handled'):
                getattr(self._client, operation)(QueueUrl=self._address(), Entries=entries)
