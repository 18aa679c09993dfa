"""The partition function as Lambda runs it: hours registered once, failures reported by message, nothing lost under throttling."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest

from eventlake.functions import deployed, partition
from eventlake.functions.partition import handler
from functions.glue_server import Glue, serving_glue
from functions.runtime_api import Container, running

BUCKET = "eventlake-123456789012-us-east-1"
SETTINGS = {"LAKE_NAME": "eventlake", "LOG_FORMAT": "parquet", "DATABASES": "auth0=logins codepipeline=codepipeline_event_logs"}
CONTAINERS = Path(__file__).with_name("containers.py")


@pytest.fixture
def glue() -> Iterator[Glue]:
    """An empty catalog."""
    with serving_glue() as glue:
        yield glue


def settings(glue: Glue) -> dict[str, str]:
    """The function's environment, with Glue in it."""
    return {**SETTINGS, "AWS_ENDPOINT_URL_GLUE": glue.endpoint, "AWS_DEFAULT_REGION": "us-east-1", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture
def here(glue: Glue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Glue]:
    """A fresh container in this process, for what needs no process of its own."""
    for name, value in {**settings(glue), "AWS_ACCESS_KEY_ID": "here"}.items():
        monkeypatch.setenv(name, value)
    forget()
    yield glue
    forget()


def forget() -> None:
    """Make the next call that of a new container."""
    for cached in (partition._partitioner, deployed.sources, deployed.tables, partition._client):
        cached.cache_clear()


def message(message_id: str, *keys: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """A message of the queue that tells of these objects, keys URL-encoded as S3 does it."""
    records = [
        {"eventName": event, "s3": {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key, safe="/"), "size": 1}}} for key in keys
    ]
    return {"messageId": message_id, "body": json.dumps({"Records": records}), "eventSource": "aws:sqs"}


def failed(answer: Any) -> list[str]:
    """The messages that must come again."""
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def log(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the function has logged since it was asked last."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# What comes from S3


def test_recorded_notifications_become_partitions(glue: Glue, recorded: Callable[[str], Any], tmp_path: Path) -> None:
    """Two log objects and one of failed records, through the queue, under Lambda's runtime client."""
    with running("eventlake.functions.partition.handler", tmp_path, settings(glue)) as container:
        answer = container.invoke(recorded("s3-objects-through-sqs"))
        assert (answer.is_error, answer.value) == (False, {"batchItemFailures": []})
        check_report(container, {"ObjectsSeen": 2, "PartitionsCreated": 2, "FailedObjects": 1, "ForeignObjects": 0})
        container.invoke(recorded("s3-objects-through-sqs"))

    assert sorted(glue.partitions) == [
        ("codepipeline_event_logs", "pipeline_execution_state_change", "2026-11-20", "10"),
        ("logins", "auth0_logs", "2026-11-20", "10"),
    ]
    assert len(glue.calls) == 2
    described = glue.partitions["logins", "auth0_logs", "2026-11-20", "10"]
    assert described["Location"] == f"s3://{BUCKET}/logs/2026/11/20/10/"
    assert described["Columns"][:2] == [{"Name": "log_id", "Type": "string"}, {"Name": "timestamp", "Type": "string"}]


def check_report(container: Container, counts: dict[str, int]) -> None:
    """The last batch's line has these counts; that records failed is a metric of the lake."""
    line = [entry for entry in container.lines() if entry["message"] == "Notifications read."][-1]
    assert {name: line[name] for name in counts} == counts
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Dimensions"], [metric["Name"] for metric in directive["Metrics"]]) == ([["Lake"]], ["FailedObjects"])


def test_test_events_are_done_at_once(glue: Glue, recorded: Callable[[str], Any], tmp_path: Path) -> None:
    """S3's own when a notification is set up; the console's are answered with what was expected."""
    with running("eventlake.functions.partition.handler", tmp_path, settings(glue)) as container:
        assert container.invoke(recorded("s3-test-event-through-sqs")).value == {"batchItemFailures": []}
        for name in ("hello-world-console-test", "s3-console-test"):
            answer = container.invoke(recorded(name))
            assert not answer.is_error
            assert answer.value["message"].startswith("This is no batch of SQS messages: expected Records with messageId, got ")

    assert glue.calls == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        5,
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "{}",
        '{"Records": 5}',
        '{"Records": [{}]}',
        '{"Records": [5]}',
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}',
        "[" * 100_000,
    ],
)
def test_a_body_that_is_no_notification_stops_no_neighbour(here: Glue, body: Any) -> None:
    """It alone is failed, and ends in the dead-letter queue, where a person sees it."""
    batch = [message("a", "logs/2026/11/20/10/a.gz"), {"messageId": "b", "body": body}, message("c", "logs/2026/11/20/11/c.gz")]

    assert failed(handler({"Records": batch}, None)) == ["b"]
    assert [place[3] for place in here.partitions] == ["10", "11"]


def test_keys_are_decoded_once(here: Glue) -> None:
    """`+` and `%` in a name stay what they are; an encoded slash, colon or umlaut is read."""
    keys = ["logs/2026/11/20/10/a b+c%2Fd=é.gz", "logs/2026/11/20/11/100%25.gz"]

    assert failed(handler({"Records": [message("a", *keys)]}, None)) == []
    assert [place[3] for place in here.partitions] == ["10", "11"]


def test_objects_that_belong_to_no_table_are_told_and_not_retried(here: Glue, capsys: pytest.CaptureFixture[str]) -> None:
    """No time will make them belong. Those of a source that is switched off are among them."""
    keys = [
        "readme.txt",
        "logs/2026/11/20/readme.txt",
        "logs/2026/13/20/10/a.gz",
        "logs/year=2026/a.gz",
        "logs/2026/11/20/10/_temporary",
        "logs/2026/11/20/10/",
        "nobody/2026/11/20/10/a.gz",
        "build_state_change/2026/11/20/10/a.gz",
    ]
    others = ["raw/auth0_logs/2026/11/20/10/a", "closed/auth0/logs/2026/11/20/1-ab/hour=10/a", "closing/auth0_logs/9999999998"]

    assert failed(handler({"Records": [message("a", *keys, *others, "logs/2026/11/20/10/a.gz")]}, None)) == []

    said = log(capsys)
    assert [entry["key"] for entry in said if "key" in entry] == keys
    assert next(entry for entry in said if entry["message"] == "Notifications read.")["ForeignObjects"] == len(keys)
    assert "_aws" not in said[-1]
    assert len(here.partitions) == 1


def test_removed_objects_make_no_partition(here: Glue) -> None:
    """Only what was created counts, should somebody widen the notification."""
    assert failed(handler({"Records": [message("a", "logs/2026/11/20/10/a.gz", event="ObjectRemoved:Delete")]}, None)) == []
    assert here.calls == []


def test_failed_records_are_counted_by_table_and_kind(here: Glue, capsys: pytest.CaptureFixture[str]) -> None:
    """Names that Firehose would not write are one: nobody can fill the log with a thousand keys."""
    hour = "year=2026/month=11/day=20/hour=10"
    keys = [
        f"error/auth0_logs/processing-failed/{hour}/a",
        f"error/auth0_logs/processing-failed/{hour}/b",
        f"error/auth0_logs/format-conversion-failed/{hour}/c",
        "error/nobody/other/d",
        "error/e",
    ]

    handler({"Records": [message(str(number), key) for number, key in enumerate(keys)]}, None)

    said = log(capsys)
    counted = {(entry["Table"], entry["Kind"]): entry["FailedObjects"] for entry in said if "Kind" in entry}
    assert counted == {
        ("auth0_logs", "processing-failed"): 2,
        ("auth0_logs", "format-conversion-failed"): 1,
        ("unknown", "unknown"): 2,
    }
    assert [entry["FailedObjects"] for entry in said if entry["message"] == "Notifications read."] == [5]
    assert here.calls == []


# What Glue answers


def test_an_hour_is_asked_for_once_in_a_batch_and_in_a_container(here: Glue) -> None:
    """Sixty objects in an hour are one call, and none in the next batch."""
    batch = {"Records": [message(str(number), f"logs/2026/11/20/10/{number}.gz") for number in range(60)]}

    assert failed(handler(batch, None)) == failed(handler(batch, None)) == []
    assert [outcome for _, _, outcome in here.calls] == ["Created"]


def test_a_partition_that_exists_is_normal(here: Glue, capsys: pytest.CaptureFixture[str]) -> None:
    """Another container made it: no error, nothing created, not asked again."""
    batch = {"Records": [message("a", "logs/2026/11/20/10/a.gz")]}
    handler(batch, None)
    forget()
    log(capsys)

    assert failed(handler(batch, None)) == failed(handler(batch, None)) == []
    assert [outcome for _, _, outcome in here.calls] == ["Created", "AlreadyExistsException"]
    assert {entry["level"] for entry in log(capsys)} == {"INFO"}


@pytest.mark.parametrize(
    "error", ["EntityNotFoundException", "AccessDeniedException", "InternalServiceException", "ResourceNumberLimitExceededException"]
)
def test_every_other_error_fails_the_messages_of_its_hour(here: Glue, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them come again, with the reason in the log; once Glue answers, they succeed."""
    batch = {"Records": [message("a", "logs/2026/11/20/10/a.gz"), message("b", "readme.txt"), message("c", "logs/2026/11/20/10/c.gz")]}
    here.error = error
    assert failed(handler(batch, None)) == ["a", "c"]
    errors = [entry for entry in log(capsys) if entry["level"] == "ERROR"]
    assert [(entry["Table"], entry["hour"], entry["messages"]) for entry in errors] == [("auth0_logs", "2026-11-20T10", 2)]
    assert error.removesuffix("Exception") in errors[0]["message"]

    here.error = None
    assert failed(handler(batch, None)) == []


def test_a_message_of_two_hours_comes_again_once(here: Glue) -> None:
    """Although both failed."""
    here.error = "EntityNotFoundException"

    assert failed(handler({"Records": [message("a", "logs/2026/11/20/10/a.gz", "logs/2026/11/20/11/b.gz")]}, None)) == ["a"]


def test_messages_come_again_when_the_time_is_over(here: Glue, tmp_path: Path) -> None:
    """Before Lambda would end the function in the middle of a call."""
    with running("eventlake.functions.partition.handler", tmp_path, settings(here), timeout_s=2) as container:
        answer = container.invoke({"Records": [message("a", "logs/2026/11/20/10/a.gz")]})

    assert failed(answer.value) == ["a"]
    assert here.calls == []


def test_a_lake_set_up_wrongly_fails_the_whole_batch(here: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is missing is no message's fault: the error is raised, and the queue keeps them all."""
    monkeypatch.delenv("DATABASES")
    forget()

    with pytest.raises(KeyError):
        handler({"Records": [message("a", "logs/2026/11/20/10/a.gz")]}, None)


def test_declarations_of_a_user_are_read_beside_the_functions(here: Glue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`eventlake templates --sources` puts them there; the lake's databases name the source."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "source.toml").write_text(
        """
        name = "shop"
        title = "Shop"
        doc = "Orders."
        reference = "https://example.com"
        database = "shop"
        [[table]]
        name = "orders"
        doc = "One line for each order."
        pattern = { source = ["shop"] }
        columns = [{ name = "order", type = "string", from = "$.detail.order", doc = "Its number." }]
        """
    )
    monkeypatch.setattr(deployed, "DECLARED", tmp_path)
    monkeypatch.setenv("DATABASES", "shop=orders_of_the_shop")
    forget()

    assert failed(handler({"Records": [message("a", "orders/2026/11/20/10/a.gz", "logs/2026/11/20/10/a.gz")]}, None)) == []
    assert list(here.partitions) == [("orders_of_the_shop", "orders", "2026-11-20", "10")]


# Where a schedule calls


class Queue:
    """A client of SQS and its one queue, which hides what was taken, and of what waits shows a few, as short polling does."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.waiting = [{"MessageId": one["messageId"], "Body": one["body"], "ReceiptHandle": f"of {one['messageId']}"} for one in messages]
        self.hidden: list[dict[str, Any]] = []
        self.asked = 0

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int) -> dict[str, Any]:
        """Give a few of those that wait, nothing where none does."""
        assert (QueueUrl, MaxNumberOfMessages) == (URL, 10)
        self.asked += 1
        given, self.waiting = self.waiting[:7], self.waiting[7:]
        self.hidden += given
        return {"Messages": given} if given else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> None:
        """Forget what was taken."""
        assert QueueUrl == URL
        self.asked += 1
        assert len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        gone = {entry["ReceiptHandle"] for entry in Entries}
        self.hidden = [one for one in self.hidden if one["ReceiptHandle"] not in gone]

    def left(self) -> list[str]:
        """The messages that come again."""
        return [one["MessageId"] for one in self.hidden + self.waiting]


URL = "https://sqs.us-east-1.amazonaws.com/123456789012/eventlake-objects"


def looked(monkeypatch: pytest.MonkeyPatch, queue: Queue, context: Any = None) -> Any:  # Lambda's context, and JSON
    """What the function answers the schedule."""
    client = partition._client
    with monkeypatch.context() as patched:
        patched.setattr(partition, "_client", lambda service: queue if service == "sqs" else client(service))
        return handler({"queue": URL}, context)


def test_a_schedule_has_all_that_waits_looked_at(here: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of messages; what is done with is gone."""
    queue = Queue(*(message(str(number), f"logs/2026/11/20/{number % 3:02}/{number}.gz") for number in range(250)))

    assert looked(monkeypatch, queue) == {"messages": 250}
    assert queue.left() == []
    assert sorted(place[3] for place in here.partitions) == ["00", "01", "02"]


def test_what_cannot_be_done_stays_in_the_queue(here: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours go; it comes again when the queue shows it, and is a dead letter in the end."""
    queue = Queue(message("a", "logs/2026/11/20/10/a.gz"), {"messageId": "b", "body": "no notification"}, message("c", "readme.txt"))

    assert looked(monkeypatch, queue) == {"messages": 3}
    assert queue.left() == ["b"]
    here.error = "InternalServiceException"
    queue = Queue(message("a", "logs/2026/11/20/11/a.gz"), message("c", "readme.txt"))
    looked(monkeypatch, queue)
    assert queue.left() == ["a"]


def test_an_empty_queue_is_asked_once_and_nothing_is_said(
    here: Glue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is empty nearly always, and each line costs. A message that lies there costs two requests more, as the bill has it."""
    queue = Queue()
    assert looked(monkeypatch, queue) == {"messages": 0}
    assert (queue.asked, log(capsys), here.calls) == (1, [], [])

    queue = Queue(message("a", "logs/2026/11/20/10/a.gz"))
    looked(monkeypatch, queue)
    assert queue.asked == 3


def test_nothing_is_taken_when_the_time_is_over(here: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next call takes it at once; what was taken would be hidden for minutes."""
    queue = Queue(message("a", "logs/2026/11/20/10/a.gz"))

    assert looked(monkeypatch, queue, SimpleNamespace(get_remaining_time_in_millis=lambda: 4_000)) == {"messages": 0}
    assert (queue.left(), queue.hidden, here.calls) == (["a"], [], [])


# Many at once


def drained(glue: Glue, messages: list[dict[str, Any]], containers: int = 20) -> dict[str, int]:
    """Feed messages to many containers at once until the queue is empty."""
    environment = {"PATH": "", **settings(glue), "PYTHONPATH": ":".join(sys.path), "AWS_EC2_METADATA_DISABLED": "true"}
    told = "\n".join(map(json.dumps, messages))
    done = subprocess.run(
        [sys.executable, str(CONTAINERS), str(containers)], input=told, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    summary: dict[str, int] = json.loads(done.stdout)
    return summary


def notifications(number: int, seed: int, hours: int = 1) -> list[dict[str, Any]]:
    """So many, of objects in these hours, a tenth of them twice, in any order."""
    chance = random.Random(seed)
    told = [message(f"m{index}", f"logs/2026/11/20/{index % hours:02}/{index}.gz") for index in range(number)]
    told += [{**one, "messageId": one["messageId"] + "-again"} for one in chance.sample(told, number // 10)]
    chance.shuffle(told)
    return told


@pytest.mark.slow
@pytest.mark.parametrize("objects", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_objects_of_an_hour_from_20_containers_are_one_partition(glue: Glue, objects: int) -> None:
    """In any order, duplicated: each container asks at most once, one of them creates it."""
    assert drained(glue, notifications(objects, seed=1)) == {"left": 0, "deliveries": 1}

    assert list(glue.partitions) == [("logins", "auth0_logs", "2026-11-20", "00")]
    assert max(Counter(caller for caller, _, _ in glue.calls).values()) == 1
    assert Counter(outcome for _, _, outcome in glue.calls)["Created"] == 1


@pytest.mark.slow
def test_nothing_is_lost_while_glue_throttles(glue: Glue) -> None:
    """Three of ten calls are refused: the queue drains, no message is delivered as often as a dead letter, and every hour is there."""
    glue.throttled = 0.3

    drain = drained(glue, notifications(600, seed=2, hours=4), containers=6)

    assert drain["left"] == 0
    assert drain["deliveries"] <= 8
    assert sorted(place[3] for place in glue.partitions) == ["00", "01", "02", "03"]
    answered = Counter((caller, place) for caller, place, outcome in glue.calls if outcome != "ThrottlingException")
    assert max(answered.values()) == 1
