"""The webhook of a deployed lake, without any bus: who may post, the rows of the bus, faults of Firehose, rights that are missing.

It is deployed as sparingly as can be: events wait in front of the transform, and new hours are registered by the minute.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from aws.client import ACCOUNT, REGION, Aws, eventually
from aws.deploying import delete
from aws.lake import Lake, deployed
from aws.objects import Queue
from aws.roles import broken, count, is_refused, without
from aws_lake import client_environment
from eventlake.cli import run
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

pytestmark = pytest.mark.aws

NAME = "hooked"
PARAMETER = f"/{NAME}/webhooks"
TOKEN, NEXT = secrets.token_hex(16), secrets.token_hex(16)
AUTH0 = next(source for source in load() if source.name == "auth0")
DIFFERS = {"event_id", "event_origin", "event_source", "account", "event_region"}
"""What docs/webhook.md names; account and region are those of the function."""


@pytest.fixture(scope="module")
def secret(aws: Aws) -> str:
    """The ARN of the parameter that holds the token."""
    hold(aws, json.dumps({"auth0": [TOKEN]}))
    return str(aws.service("ssm").get_parameter(Name=PARAMETER)["Parameter"]["ARN"])


def hold(aws: Aws, text: str) -> None:
    """Put tokens into the parameter."""
    aws.service("ssm").put_parameter(Name=PARAMETER, Type="SecureString", Value=text, Overwrite=True)


@pytest.fixture(scope="module")
def hooked(aws: Aws, secret: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake that Auth0 reaches by webhook alone."""
    on = {"Auth0WebhookTokensSecretArn": secret, "CodePipeline": "off"}
    sparing = {"BufferingHintsIntervalInSeconds": "60", "BufferingOf": "events", "Registering": "by-minute"}
    yield deployed(aws, NAME, tmp_path_factory.mktemp(NAME), {**on, **sparing})
    delete(aws, NAME)


@cache
def host_of(lake: Lake) -> str:
    """The host of the URL that the stack tells; asked once, because a command takes its time."""
    return urlsplit(lake.outputs()["Auth0WebhookUrl"]).netloc


def post(lake: Lake, body: bytes, token: str = TOKEN, **headers: str) -> tuple[int, dict[str, Any]]:
    """What Auth0 is answered."""
    host = host_of(lake)
    given = {"host": host, "authorization": token, "content-type": "application/json", **headers}
    request = urllib.request.Request(lake.aws.endpoint, body, given, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def entries(first: int, number: int) -> list[dict[str, Any]]:
    """Some entries with ids of their own."""
    return [
        {"log_id": f"h{each}", "data": {"type": "s", "log_id": f"h{each}", "date": "2026-11-20T10:00:00.000Z"}}
        for each in range(first, first + number)
    ]


def rows(lake: Lake, ids: set[str]) -> list[dict[str, Any]]:
    """The rows of these entries, once each has one."""

    def look() -> list[dict[str, Any]] | None:
        found = [row for row in lake.rows(lake.bucket.keys("logs/")).get("logs", []) if row["log_id"] in ids]
        return found if {row["log_id"] for row in found} >= ids else None

    return eventually(look)


@pytest.mark.parametrize("token", ["", "Bearer ", NEXT, TOKEN[:-1]], ids=["none", "a word", "another", "the first of it"])
def test_who_shows_no_token_is_refused(hooked: Lake, token: str) -> None:
    """Whatever it posts."""
    assert post(hooked, json.dumps(entries(0, 1)).encode(), token)[0] == 401


def test_every_sample_is_the_row_that_it_is_over_the_bus(hooked: Lake) -> None:
    """But for the columns that the page names; there is no bus, and no rule."""
    wanted: dict[str, dict[str, Any]] = {}
    posted = []
    for name in names(AUTH0):
        sample = read_sample(AUTH0, name)
        event, line = json.loads(sample.event), sample.lines.get("auth0_logs", {})
        if "detail-type" in event and "log_id" in line and name not in {"values-that-do-not-fit", "date-missing"}:
            wanted[line["log_id"]] = line
            posted.append(json.dumps(event["detail"]))

    status, said = post(hooked, "\n".join(posted).encode())

    assert (status, said) == (200, {"accepted": len(posted), "rejected": 0})
    for row in rows(hooked, set(wanted)):
        told = {name: value for name, value in row.items() if value is not None and name not in DIFFERS}
        line = {name.lower(): value for name, value in wanted[row["log_id"]].items() if name.lower() not in DIFFERS}
        assert {name: _plain(value) for name, value in told.items()} == {name: _plain(value) for name, value in line.items()}
        assert (row["account"], row["event_region"], row["event_origin"]) == (ACCOUNT, REGION, "auth0-webhook")
    assert not hooked.aws.service("events").list_rules(NamePrefix=f"{NAME}-auth0")["Rules"]


def _plain(value: Any) -> str:
    """A value as text; times are written in several ways."""
    text = (
        value
        if isinstance(value, str)
        else value.isoformat(sep=" ", timespec="milliseconds")
        if hasattr(value, "isoformat")
        else str(value)
    )
    return text.removesuffix("+00:00")


def test_gzip_and_what_is_no_entry(hooked: Lake) -> None:
    """The neighbours are rows, and what is none is a failed record with its bytes."""
    good = [json.dumps(one).encode() for one in entries(100, 2)]
    broken_entry = b'{"log_id": "h-broken", "data": {"type"'

    status, said = post(
        hooked,
        gzip.compress(b"\n".join([good[0], broken_entry, good[1]])),
        **{"content-encoding": "gzip", "content-type": "application/octet-stream"},
    )

    assert (status, said) == (200, {"accepted": 2, "rejected": 1})
    assert len(rows(hooked, {"h100", "h101"})) == 2
    assert eventually(lambda: [one for one in hooked.failures() if "h-broken" in _raw(one)])


def _raw(record: dict[str, Any]) -> str:
    return base64.b64decode(record["rawData"]).decode()


def test_nothing_is_lost_where_a_tenth_of_the_records_fails(hooked: Lake) -> None:
    """The function sends them again, and answers when Firehose has all."""
    throttle(hooked.aws, 0.1)
    try:
        answers = [post(hooked, json.dumps(entries(first, 100)).encode()) for first in range(1000, 1300, 100)]
    finally:
        throttle(hooked.aws, 0.0)

    assert answers == [(200, {"accepted": 100, "rejected": 0})] * 3
    assert len(rows(hooked, {f"h{number}" for number in range(1000, 1300)})) == 300


def throttle(aws: Aws, share: float) -> None:
    """Have Firehose refuse a share of the records of batches."""
    datum = {"MetricName": "ThrottledShare", "Value": share, "Dimensions": [{"Name": "Action", "Value": "firehose:PutRecordBatch"}]}
    aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[datum])


@pytest.mark.parametrize("action", ["firehose:PutRecordBatch", "ssm:GetParameter"])
def test_without_a_right_auth0_is_told_to_come_again(hooked: Lake, action: str) -> None:
    """Nothing is said to be stored, and afterwards it is."""
    role = role_of(hooked)
    number = 2000 if action.startswith("firehose") else 2001
    body = json.dumps(entries(number, 1)).encode()
    before = count(hooked.aws, "Emulator", "Denied", Principal=role, Action=action)
    with without(hooked.aws, role, action):
        forget(hooked)
        assert post(hooked, body)[0] == 503
        assert is_refused(hooked.aws, role, action, before)
    forget(hooked)

    assert post(hooked, body)[0] == 200
    assert len(rows(hooked, {f"h{number}"})) == 1


def test_a_token_is_replaced_while_both_hold(hooked: Lake) -> None:
    """Without a deployment; the old one goes when it is taken out."""
    body = json.dumps(entries(3000, 1)).encode()

    def held(tokens: list[str]) -> None:
        hold(hooked.aws, json.dumps({"auth0": tokens}))

    try:
        held([TOKEN, NEXT])
        assert eventually(lambda: post(hooked, body, NEXT)[0] == 200)
        assert post(hooked, body)[0] == 200
        held([NEXT])
        forget(hooked)
        assert [post(hooked, body, token)[0] for token in (TOKEN, NEXT)] == [401, 200]
    finally:
        held([TOKEN])
        forget(hooked)


def test_doctor_names_a_webhook_without_tokens(hooked: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """And has nothing to say of one that is open."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in client_environment(hooked.aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def told() -> str:
        capfd.readouterr()
        run(("doctor", "--lake", f"aws:{NAME}"))
        return capfd.readouterr().out

    assert "webhook" not in told()
    hold(hooked.aws, '{"auth0": []}')
    assert 'The webhook of \\"auth0\\" has no token' in told()
    hold(hooked.aws, "tokens")
    assert "holds no tokens of webhooks" in told()
    hold(hooked.aws, json.dumps({"auth0": [TOKEN]}))


def test_a_new_hour_is_registered_when_the_schedule_calls(hooked: Lake) -> None:
    """Under its role; nothing waits at the queue, and what is done with lies there no longer."""
    client = hooked.aws.service("scheduler")
    known = client.get_schedule(Name=f"{NAME}-partition")
    assert known["ScheduleExpression"] == "rate(1 minute)"
    assert not hooked.aws.service("lambda").list_event_source_mappings(FunctionName=f"{NAME}-partition")["EventSourceMappings"]
    assert post(hooked, json.dumps(entries(4000, 1)).encode())[0] == 200
    rows(hooked, {"h4000"})

    soon = {"ScheduleExpression": f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})", "FlexibleTimeWindow": known["FlexibleTimeWindow"]}
    client.create_schedule(Name=f"{NAME}-partition-soon", Target=known["Target"], **soon)
    try:
        assert eventually(lambda: hooked.partitions("auth0_logs"))
        objects = Queue(hooked.aws, f"{NAME}-objects")
        assert eventually(lambda: objects.waiting() == 0)
    finally:
        client.delete_schedule(Name=f"{NAME}-partition-soon")


def test_where_no_secret_is_named_there_is_no_webhook(lake: Lake) -> None:
    """Neither a function nor a URL."""
    assert "Auth0WebhookUrl" not in lake.outputs()
    functions = [one["FunctionName"] for one in lake.aws.service("lambda").list_functions()["Functions"]]
    assert f"{lake.name}-auth0-webhook" not in functions


def role_of(lake: Lake) -> str:
    """The name of the function's role."""
    arn = lake.aws.service("lambda").get_function_configuration(FunctionName=f"{lake.name}-auth0-webhook")["Role"]
    return str(arn.rsplit("/", 1)[1])


def forget(lake: Lake) -> None:
    """Let the function start anew, so that it reads its tokens."""
    with broken(lake.aws, f"{lake.name}-auth0-webhook"):
        pass
