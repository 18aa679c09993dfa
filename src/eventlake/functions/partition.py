"""S3's notifications, through a queue -> the hour of every new object is a partition of its table in Glue.

SQS calls it with a batch of messages, or a schedule with `{"queue": URL}`, and it takes them itself. What could not be done is reported by
message, or left in the queue, comes again, and ends in the dead-letter queue; a message is never lost for its neighbour's sake. One call to
Glue for each hour and container, however many objects land in the hour. An hour that was kept long enough is left alone, unless a legal hold
keeps it: what was removed is not brought back by a notification that comes twice.
Formats: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (partial batch responses) and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from os import environ
from typing import Any
from urllib.parse import unquote_plus

from eventlake.backends.glue import GlueCatalog
from eventlake.backends.object_queue import ObjectQueue
from eventlake.errors import LayoutError
from eventlake.functions.deployed import retention, tables
from eventlake.functions.metrics import embedded_metrics, say
from eventlake.layout import BACKFILLED, CLOSED, CLOSINGS, ERASED, REDRIVEN, RETAINED, Hour
from eventlake.pipeline.partition import Partitioner

AT_ONCE = 100
"""Messages that are taken together where a schedule calls, as many as SQS gives where it does."""

SPARE_MS = 5_000
"""With less time left than this no call to Glue is begun: a message reported as failed comes again at once, one cut off waits."""

LOGGED_OBJECTS = 20
"""How many foreign objects of a batch are named in the log; all are counted."""

_TRIES = 3
"""Calls to Glue before a message is given back: the queue has more patience than a running function."""

ERRORS = "error/"
"""Prefix of failed records."""

NO_LOG_OBJECTS = ("raw/", CLOSED, CLOSINGS, REDRIVEN, BACKFILLED, RETAINED, ERASED)
"""Prefixes of what needs no partition: whole events kept on request, and what closing, redriving, backfilling, retention and erasing keep."""

ERROR_KINDS = ("processing-failed", "format-conversion-failed")
"""Firehose's error-output-type where S3 is the destination: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""


def handler(event: Any, context: Any) -> dict[str, Any]:  # any JSON value and Lambda's context in, JSON as SQS defines it out
    """Return the messages that must come again, as `batchItemFailures`; for what is no batch of messages, a sentence that says so.

    Of a queue that a schedule names, all that wait are taken, and how many they were is told. Raises ServiceError if it cannot be read.
    """
    if isinstance(event, dict) and isinstance(event.get("queue"), str):
        return {"messages": _drain(ObjectQueue(_client("sqs"), event["queue"]), context)}
    messages = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(messages, list) or not all(isinstance(one, dict) and isinstance(one.get("messageId"), str) for one in messages):
        shown = f"an object with the keys {sorted(event)[:10]}" if isinstance(event, dict) else f"a {type(event).__name__}"
        return {"batchItemFailures": [], "message": f"This is no batch of SQS messages: expected Records with messageId, got {shown}."}
    failed = _register([(message["messageId"], message.get("body")) for message in messages], context)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _drain(queue: ObjectQueue, context: Any) -> int:  # Lambda's context
    """Take what waits in a queue until nothing does, or the time is nearly over; return how many messages that were."""
    total, there_may_be_more = 0, True
    while there_may_be_more and _has_time(context):
        messages = queue.take(AT_ONCE)
        if messages:
            failed = _register([(message["MessageId"], message["Body"]) for message in messages], context)
            queue.remove([message for message in messages if message["MessageId"] not in failed])
        total += len(messages)
        there_may_be_more = len(messages) >= AT_ONCE
    return total


def _register(messages: Sequence[tuple[str, Any]], context: Any) -> Mapping[str, None]:  # ids and bodies; Lambda's context
    """Make sure of the hours that messages tell of; return the ids of those that must come again, in order."""
    notifications = _Notifications()
    for message_id, body in messages:
        notifications.read(message_id, body)
    notifications.make_sure(context)
    notifications.report()
    return notifications.failed


def _has_time(context: Any) -> bool:  # Lambda's context
    return context is None or context.get_remaining_time_in_millis() >= SPARE_MS


class _Notifications:
    """The messages of one call, the hours that their objects need, and what became of them.

    failed: the ids of messages that must come again, each once, in order.
    """

    def __init__(self) -> None:
        self.failed: dict[str, None] = {}
        self._hours: dict[tuple[str, str, Hour], tuple[str, list[str]]] = {}
        """Bucket, table and hour -> the key of an object there, and the messages that told of one."""
        self._seen: Counter[str] = Counter()
        self._created: Counter[str] = Counter()
        self._error_objects: Counter[tuple[str, str]] = Counter()
        self._foreign = self._over = 0

    def read(self, message_id: str, body: Any) -> None:  # JSON text, or whatever came
        """Note the objects that a message tells of; a body that is no notification fails its message, and no other."""
        try:
            objects = list(_objects(body))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            say("ERROR", "The message is no notification of S3.", messageId=message_id, reason=f"{type(error).__name__}: {error}"[:300])
            self.failed[message_id] = None
            return
        for bucket, key in objects:
            self._note(message_id, bucket, key)

    def _note(self, message_id: str, bucket: str, key: str) -> None:
        if key.startswith(NO_LOG_OBJECTS):
            return
        if key.startswith(ERRORS):
            self._error_objects[_failed_kind(key)] += 1
            return
        try:
            table, hour = _partitioner(bucket).owner(key)
        except LayoutError as error:  # no time will make it belong
            self._foreign += 1
            if self._foreign <= LOGGED_OBJECTS:
                say("WARNING", str(error), bucket=bucket, key=key)
            return
        self._seen[table.name] += 1
        self._hours.setdefault((bucket, table.name, hour), (key, []))[1].append(message_id)

    def make_sure(self, context: Any) -> None:  # Lambda's context
        """Make sure of each hour, with one call; the messages of an hour for which that fails are failed."""
        for (bucket, table, hour), (key, message_ids) in self._hours.items():
            try:
                if not _has_time(context):
                    raise TimeoutError("No time was left for the call to Glue; the messages come again.")
                if retention().is_over(table, hour, datetime.now(UTC)):
                    if not _is_held(bucket, table, hour):
                        self._over += 1
                        say("INFO", "The hour was kept long enough: it is not registered.", Table=table, hour=str(hour))
                        continue
                    _partitioner(bucket).forget(table, hour)
                created = _partitioner(bucket).ensure(key)
            except Exception as error:  # whatever it is, the other hours are tried, and the queue keeps these messages
                say("ERROR", str(error), Table=table, hour=str(hour), error=type(error).__name__, messages=len(message_ids))
                self.failed.update(dict.fromkeys(message_ids))
            else:
                if created:
                    self._created[table] += 1
                    say("INFO", "Partition created.", Table=table, hour=str(hour))

    def report(self) -> None:
        """Say what became of the batch, of each table, and of each kind of failed records; only that records failed is a metric, for its alarm."""
        counts = {
            "ObjectsSeen": self._seen.total(),
            "PartitionsCreated": self._created.total(),
            "FailedObjects": self._error_objects.total(),
            "ForeignObjects": self._foreign,
            "HoursOver": self._over,
        }
        metrics = {"_aws": embedded_metrics((["FailedObjects"], [["Lake"]]))} if self._error_objects else {}
        say("WARNING" if self.failed else "INFO", "Notifications read.", failedMessages=len(self.failed), **counts, **metrics)
        for table, number in self._seen.items():
            say("INFO", "Objects of a table.", Table=table, ObjectsSeen=number, PartitionsCreated=self._created[table])
        for (name, kind), number in self._error_objects.items():
            say("WARNING", "Failed records were written.", Table=name, Kind=kind, FailedObjects=number)


def _objects(body: str) -> Iterator[tuple[str, str]]:
    """Yield bucket and key of the objects that a message names, none for S3's test. Raises ValueError, TypeError or KeyError for any other."""
    notification = json.loads(body)
    if notification.get("Event") == "s3:TestEvent":
        return
    for record in notification["Records"]:
        if record["eventName"].startswith("ObjectCreated"):
            bucket, key = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
            yield bucket, unquote_plus(key, errors="strict")


def _failed_kind(key: str) -> tuple[str, str]:
    """Return table and kind of an object of failed records, from its key `error/<table>/<kind>/...`; unknown names become `unknown`."""
    _, name, kind, *_ = [*key.split("/"), "", ""]
    known = any(table.name == name for table in tables())
    return (name if known else "unknown"), (kind if kind in ERROR_KINDS else "unknown")


def _is_held(bucket: str, table: str, hour: Hour) -> bool:
    """Return True for an hour that a legal hold keeps. Raises StorageError if the holds cannot be read."""
    from eventlake.backends.hold_objects import HoldObjects  # a cold start needs nothing of it
    from eventlake.pipeline.holds import held

    return held(HoldObjects(_client("s3"), bucket).read(), table, hour) is not None


@cache
def _partitioner(bucket: str) -> Partitioner:
    """Return the partitioner of a bucket; it remembers what it made while the container lives."""
    return Partitioner(GlueCatalog(_client("glue"), tables(), bucket), tables(), environ["LOG_FORMAT"])


@cache
def _client(service: str) -> Any:  # boto3's clients have no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=5, read_timeout=10)))
    wait_between_tries(client, _TRIES)
    return client
