"""Detections on a deployed lake: events in, one statement of Athena's, alerts to the topic, the webhook and the table; and each right is needed."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws.client import ACCOUNT, REGION, Aws, CommandFailed, eventually
from aws.emulator.alarms import state
from aws.events import samples
from aws.lake import AUTH0_BUS, PROJECT, Lake, deployed
from aws.objects import Queue
from aws.roles import count, is_refused, less, policies, put_policy, rights
from aws.roles import without as without_action
from aws.test_permissions import declared

pytestmark = pytest.mark.java

NAME = "detects"
TEMPLATE = PROJECT / "templates" / "detections.yaml"
ROLE = declared(TEMPLATE, "AWS::IAM::Role")["DetectionsRole"]["Policies"][0]
OF_SOURCES = declared(PROJECT / "templates" / "sources.yaml", "AWS::IAM::ManagedPolicy")["DetectingPolicy1"]
NOT_ASKED_FOR = {"s3:AbortMultipartUpload"}
"""For parts of a result that could not be finished."""
AT_THE_EDGES = {"WriteLog", "KeepFailedCalls", "SeeThatThereIsNoState", "ReadLinesToDetect", "ListLinesToDetect"}
"""Without these an alert is told all the same here; log lines, the emulator's Athena reads with rights of its own."""
RIGHTS = [
    right for policy in (ROLE, OF_SOURCES) for right in rights(policy) if right[1] not in NOT_ASKED_FOR and right[0] not in AT_THE_EDGES
]
FOR_TEAMS = declared(TEMPLATE, "AWS::Events::Rule")["AlertWebhookRule"]["Targets"][0]["InputTransformer"]["InputTemplate"][1]
FOUND = "credential_stuffing"
LOGIN = next(event for event in samples() if "auth0" in event["source"] and event["detail"].get("data", {}).get("type") == "fp")


class Hook(http.server.ThreadingHTTPServer):
    """A webhook on this machine, and what it got: the key it was shown, and the message."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.headers["X-Api-Key"], body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Detects:
    """A lake that runs detections when a test asks for it, a queue behind its topic, and its webhook. schedule: as it was deployed."""

    lake: Lake
    queue: str
    hook: Hook
    schedule: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def call(self, *detections: str) -> dict[str, Any]:
        """What the function answers to a call; what it says where it fails. detections: those that run, else all that are due."""
        asked = {"detections": detections} if detections else {}
        called = self.lake.aws.service("lambda").invoke(FunctionName=f"{NAME}-detections", Payload=json.dumps(asked).encode())
        answer: dict[str, Any] = json.load(called["Payload"])
        return answer

    def forget(self) -> None:
        """Take the state away, so that what is still found is told again."""
        self.lake.aws.service("s3").delete_object(Bucket=self.lake.outputs()["ResultsBucket"], Key="alerts/state.json")

    def in_topic(self) -> list[dict[str, Any]]:
        """The details of all alerts that the topic told so far."""
        sqs = self.lake.aws.service("sqs")
        for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            self.messages.append(json.loads(json.loads(message["Body"])["Message"])["detail"])
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return self.messages

    @property
    def role(self) -> str:
        """The name of the function's role."""
        arn = self.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{NAME}-detections")["Role"]
        return str(arn.rsplit("/", 1)[1])


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """A webhook that listens."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def detects(aws: Aws, trino: str, hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Detects:
    """A lake into which twelve users failed to log in from one address just now."""
    with suppress(CommandFailed):
        aws("events", "create-event-bus", "--name", AUTH0_BUS)
    on = {"EventBusName": AUTH0_BUS, "Eventlake": "on", "Detections": "on", "BufferingHintsIntervalInSeconds": "60"}
    webhook = {"AlertWebhookUrl": "https://alerts.example.com/hook", "AlertWebhookKey": "k3y"}
    lake = deployed(aws, NAME, tmp_path_factory.mktemp(NAME), {**on, **webhook})
    schedule = aws.service("scheduler").get_schedule(Name=f"{NAME}-detections")
    aws.service("scheduler").delete_schedule(Name=f"{NAME}-detections")
    # AWS posts to https alone, and the webhook of the test has no certificate.
    port = hook.server_address[1]
    aws.service("events").update_api_destination(Name=f"{NAME}-alerts", InvocationEndpoint=f"http://127.0.0.1:{port}/hook")
    sqs = aws.service("sqs")
    queue, topic = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}-alerts", lake.outputs()["AlertTopicArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]})
    url = sqs.create_queue(QueueName=f"{NAME}-alerts", Attributes={"Policy": policy})["QueueUrl"]
    aws.service("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    lake.arrived(lake.put(_login(number) for number in range(12)), ["logs"])
    eventually(lambda: lake.partitions("auth0_logs"))
    return Detects(lake, url, hook, schedule)


def _login(number: int) -> dict[str, Any]:
    moment = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    data = {
        **LOGIN["detail"]["data"],
        "date": moment,
        "log_id": f"d{number}",
        "user_name": f"user-{number}@example.com",
        "ip": "203.0.113.9",
    }
    return {**LOGIN, "time": moment, "detail": {"log_id": data["log_id"], "data": data}}


def test_events_become_an_alert_in_topic_webhook_and_table(detects: Detects) -> None:
    """Once, however often the function is called."""
    first, second = detects.call(), detects.call()
    assert (first.get("told"), first.get("failing"), second.get("told")) == (1, {}, 0), (first, second)

    [told] = eventually(detects.in_topic)
    assert (told["detection"], told["key"], told["state"]) == (FOUND, "203.0.113.9", "opened")
    assert eventually(lambda: detects.hook.got) == [("k3y", {"text": told["text"]})]
    [row] = eventually(lambda: detects.lake.rows(detects.lake.bucket.keys("alerts/")).get("alerts"))
    assert (row["event_id"], row["alert_id"], row["key"]) == (told["event-id"], told["alert-id"], "203.0.113.9")


def test_teams_gets_a_card(detects: Detects) -> None:
    """EventBridge writes the same words into it; the rule is changed here as the parameter AlertWebhookForm would have it."""
    events, rule = detects.lake.aws.service("events"), f"{NAME}-alerts-to-webhook"
    [target] = events.list_targets_by_rule(Rule=rule)["Targets"]
    before = len(detects.hook.got)
    of_teams = {**target["InputTransformer"], "InputTemplate": FOR_TEAMS}
    events.put_targets(Rule=rule, Targets=[{**target, "InputTransformer": of_teams}])
    try:
        detects.forget()
        assert detects.call(FOUND).get("told") == 1
        [(_, message)] = eventually(lambda: detects.hook.got[before:])
    finally:
        events.put_targets(Rule=rule, Targets=[target])
    told = eventually(detects.in_topic)[-1]
    [paragraph] = message["attachments"][0]["content"]["body"]
    assert paragraph["inlines"] == [{"type": "TextRun", "text": told["text"]}]


def test_the_deployed_role_may_do_what_is_tried_here(detects: Detects) -> None:
    """No statement of the role is left out."""
    documents = [json.loads(text) for text in policies(detects.lake.aws, detects.role).values()]
    allowed = {right for document in documents for right in rights({"PolicyDocument": document})}
    assert allowed == {right for policy in (ROLE, OF_SOURCES) for right in rights(policy)}


@pytest.mark.parametrize(("sid", "action"), RIGHTS)
def test_without_a_permission_nothing_is_told_and_afterwards_it_is(detects: Detects, sid: str, action: str) -> None:
    """The call says what is refused, and the next one that may tells the same alert; of one detection, as all of them are asked in one statement."""
    if (sid, action) != ("KeepState", "s3:GetObject"):
        detects.forget()
    else:
        detects.call(FOUND)
    with without(detects, sid, action):
        answer = detects.call(FOUND)
    assert answer.get("told", 0) == 0, answer
    assert action in json.dumps(answer), answer

    detects.forget()
    assert detects.call(FOUND).get("told") == 1
    assert len({told["event-id"] for told in eventually(detects.in_topic) if told["state"] == "opened"}) == 1


@pytest.mark.parametrize(("sid", "action"), [right for right in rights(ROLE) if right[0] in {"WriteLog"}])
def test_without_a_permission_the_log_or_the_trace_is_missing(detects: Detects, sid: str, action: str) -> None:
    """The function runs all the same."""
    before = count(detects.lake.aws, "Emulator", "Denied", Principal=detects.role, Action=action)
    with without(detects, sid, action):
        detects.call(FOUND)
        assert is_refused(detects.lake.aws, detects.role, action, before)


def test_without_its_role_the_rule_posts_nothing(detects: Detects) -> None:
    """The topic hears of the alert all the same."""
    before = len(detects.hook.got)
    topic = len(detects.in_topic())
    rule = detects.lake.aws.service("events").list_targets_by_rule(Rule=f"{NAME}-alerts-to-webhook")["Targets"][0]
    role = rule["RoleArn"].rsplit("/", 1)[1]
    refused = count(detects.lake.aws, "Emulator", "Denied", Principal=role, Action="events:InvokeApiDestination")
    [(name, text)] = policies(detects.lake.aws, role).items()
    put_policy(detects.lake.aws, role, name, json.dumps(less(text, "PostAlerts", "events:InvokeApiDestination")))
    try:
        detects.forget()
        assert detects.call(FOUND).get("told") == 1
        assert is_refused(detects.lake.aws, role, "events:InvokeApiDestination", refused)
        eventually(lambda: len(detects.in_topic()) > topic)
    finally:
        put_policy(detects.lake.aws, role, name, text)
    assert len(detects.hook.got) == before


def test_without_its_policy_the_topic_hears_nothing(detects: Detects) -> None:
    """Its one statement lets this rule in and nobody else; the webhook is called all the same, and the alert lies in the queue of undelivered events."""
    sns, topic = detects.lake.aws.service("sns"), detects.lake.outputs()["AlertTopicArn"]
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    [statement] = json.loads(policy)["Statement"]
    undelivered, heard, posted = Queue(detects.lake.aws, f"{NAME}-undelivered"), len(detects.in_topic()), len(detects.hook.got)
    other = statement["Condition"]["ArnEquals"]["aws:SourceArn"].replace("alerts-to-topic", "another")
    changed = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": {"ArnEquals": {"aws:SourceArn": other}}}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(changed))
    try:
        detects.forget()
        assert detects.call(FOUND).get("told") == 1
        [letter] = eventually(undelivered.take)
        assert json.loads(letter["Body"])["detail"]["detection"] == FOUND
        assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
        assert eventually(lambda: len(detects.hook.got) > posted)
        assert len(detects.in_topic()) == heard
    finally:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def test_the_schedule_runs_detections(detects: Detects) -> None:
    """It calls the function under its role, which trusts the schedule's group."""
    detects.forget()
    heard = len(detects.in_topic())
    with calling_soon(detects):
        assert eventually(lambda: len(detects.in_topic()) > heard)


def test_the_schedule_may_do_nothing_without_its_role(detects: Detects) -> None:
    """The one right of its role is needed."""
    role = detects.schedule["Target"]["RoleArn"].rpartition("/")[2]
    before = count(detects.lake.aws, "Emulator", "Denied", Principal=role, Action="lambda:InvokeFunction")
    with without_action(detects.lake.aws, role, "lambda:InvokeFunction"), calling_soon(detects):
        assert is_refused(detects.lake.aws, role, "lambda:InvokeFunction", before)


@pytest.mark.parametrize(("errors", "expected"), [([0, 1], "OK"), ([0], "OK"), ([1, 1], "ALARM"), ([], "ALARM")])
def test_the_alarm_goes_off_where_no_call_ended_well(errors: list[float], expected: str) -> None:
    """Each call of the time of three failed, or there was none; Lambda publishes 0 for one that did not fail."""
    alarm = declared(TEMPLATE, "AWS::CloudWatch::Alarm")["DetectionsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == (
        "AWS/Lambda",
        "Errors",
        "Minimum",
        ["IsSlow", 3 * 15 * 60, 3 * 5 * 60],
    )
    assert state(alarm, [min(errors, default=None)]) == expected


@contextmanager
def calling_soon(detects: Detects) -> Iterator[None]:
    """A schedule like the lake's, with its target and role, that calls once, now, for one detection."""
    client, name = detects.lake.aws.service("scheduler"), f"{NAME}-detections-{time.time_ns()}"  # one of its own: it calls once
    like = {"FlexibleTimeWindow": detects.schedule["FlexibleTimeWindow"], "Target": {**detects.schedule["Target"]}}
    like["Target"]["Input"] = json.dumps({"detections": [FOUND]})
    client.create_schedule(Name=name, ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})", **like)
    try:
        yield
    finally:
        client.delete_schedule(Name=name)


@contextmanager
def without(detects: Detects, sid: str, action: str) -> Iterator[None]:
    """Take an action out of the statements with this Sid, and leave it in the others."""
    aws = detects.lake.aws
    changed = {name: text for name, text in policies(aws, detects.role).items() if less(text, sid, action) != json.loads(text)}
    assert changed, f"no statement {sid} allows {action}"
    for name, text in changed.items():
        put_policy(aws, detects.role, name, json.dumps(less(text, sid, action)))
    try:
        yield
    finally:
        for name, text in changed.items():
            put_policy(aws, detects.role, name, text)
