"""The function behind a webhook's URL: who may post, what goes on the streams, and that 200 means that Firehose has all of it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from eventlake.backends.delivery_streams import DeliveryStreams
from eventlake.backends.secret_tokens import read_tokens
from eventlake.errors import ConfigurationError, EventError, ServiceError
from eventlake.functions import webhook
from eventlake.functions.webhook import AGAIN_S, FRESH_S, USABLE_S, Refused, Tokens, Webhook
from eventlake.pipeline.transform import Transform
from eventlake.pipeline.webhook_tokens import WebhookTokens
from eventlake.sources import load

AUTH0 = next(source for source in load() if source.name == "auth0")
TOKEN, NEXT = "0123456789abcdef", "fedcba9876543210"
NOW = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
CONTEXT = SimpleNamespace(invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:eventlake-auth0-webhook")
ENTRIES = [{"log_id": f"90{number}", "data": {"date": "2026-11-20T10:00:00.000Z", "type": "f"}} for number in range(3)]
ARRAY = json.dumps(ENTRIES)
STREAM = "eventlake-auth0-logs"


class Firehose:
    """A client of Firehose that takes what a test lets it take."""

    def __init__(self, takes: Callable[[], bool] = lambda: True) -> None:
        self.records: dict[str, list[bytes]] = {}
        self._takes = takes

    def put_record_batch(self, DeliveryStreamName: str, Records: Sequence[dict[str, bytes]]) -> dict[str, Any]:
        """Answer as Firehose does, within its limits."""
        assert len(Records) <= 500
        assert sum(len(record["Data"]) for record in Records) <= 4 << 20
        answers: list[dict[str, str]] = []
        for record in Records:
            assert len(record["Data"]) <= 1_024_000
            if self._takes():
                self.records.setdefault(DeliveryStreamName, []).append(record["Data"])
                answers.append({"RecordId": "1"})
            else:
                answers.append({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
        return {"FailedPutCount": sum("ErrorCode" in one for one in answers), "RequestResponses": answers}


def over(client: Any) -> Webhook:  # a client of Firehose
    """The webhook of Auth0 over a client, without pauses."""
    return Webhook(AUTH0, DeliveryStreams(client, lambda _: None, tries=6), {"account": "123456789012", "region": "eu-central-1"})


@pytest.fixture
def firehose(monkeypatch: pytest.MonkeyPatch) -> Firehose:
    """What the function's handler writes to."""
    client = Firehose()
    tokens = Tokens(lambda: WebhookTokens({"auth0": [TOKEN]}))
    monkeypatch.setenv("SOURCE", "auth0")
    monkeypatch.setattr(webhook, "_webhook", lambda _: over(client))
    monkeypatch.setattr(webhook, "_tokens", lambda: tokens)
    return client


def post(body: str | bytes, token: str = TOKEN, method: str = "POST", **headers: str) -> dict[str, Any]:
    """What Lambda is answered for a request; bytes come in base64, as it hands over what is no text."""
    given = {name.replace("_", "-"): value for name, value in {**headers, "authorization": token}.items() if value}
    text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    context = {"http": {"method": method}}
    event = {"requestContext": context, "headers": given, "body": text, "isBase64Encoded": isinstance(body, bytes)}
    return webhook.handler(event, CONTEXT)


@pytest.mark.parametrize(
    "body",
    [ARRAY, "\n".join(map(json.dumps, ENTRIES)), json.dumps({"logs": ENTRIES}), ARRAY.encode(), gzip.compress(ARRAY.encode(), mtime=0)],
    ids=["array", "lines", "object", "bytes", "gzip"],
)
def test_all_formats_go_on_the_stream_of_the_table(firehose: Firehose, body: str | bytes) -> None:
    """As the events that EventBridge would have put there, with the account and the region of the function."""
    answer = post(body)

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"accepted": 3, "rejected": 0})
    events = [json.loads(record) for record in firehose.records[STREAM]]
    assert [event["detail"] for event in events] == ENTRIES
    assert {(event["account"], event["region"], event["detail-type"]) for event in events} == {
        ("123456789012", "eu-central-1", "Auth0 log")
    }


@pytest.mark.parametrize("token", ["", "Bearer ", NEXT, TOKEN[:-1], f"{TOKEN}é", f"Basic {TOKEN}"])
def test_who_shows_no_token_is_refused(firehose: Firehose, token: str) -> None:
    """Before the body is looked at."""
    answer = post("{broken", token)

    assert (answer["statusCode"], answer["headers"]["www-authenticate"]) == (401, "Bearer")
    assert firehose.records == {}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", {}, 400),
        ("[]", {}, 400),
        (ARRAY, {"content_encoding": "gzip"}, 400),
        (gzip.compress(ARRAY.encode(), mtime=0)[:-9], {}, 400),
        (gzip.compress(b" " * (17 << 20), mtime=0), {}, 413),
    ],
)
def test_a_request_that_holds_nothing_is_told_so(firehose: Firehose, body: str | bytes, headers: dict[str, str], status: int) -> None:
    """In a sentence, and nothing is stored."""
    answer = post(body, **headers)

    assert answer["statusCode"] == status
    assert json.loads(answer["body"])["message"].endswith(".")
    assert firehose.records == {}


def test_only_posts_are_taken(firehose: Firehose) -> None:
    """The answer says so, without a token too."""
    assert post("", "", "GET")["headers"]["allow"] == "POST"
    assert firehose.records == {}


@pytest.mark.parametrize(
    "refused",
    [
        b"{not json",
        b'{"a": 1}',
        b'{"id": "1", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com", "detail": {"data": {"type": "s"}}}',
        b'{"log_id": "1", "data": {"type": "s", "x": NaN}}',
        b'{"log_id": "1", "data": {"type": "' + b"x" * 2_500_000 + b'"}}',
    ],
    ids=["broken", "no entry", "an event", "NaN", "too large"],
)
def test_what_is_no_entry_is_kept_as_failed_and_its_neighbours_are_stored(firehose: Firehose, refused: bytes) -> None:
    """Every byte of it goes on the stream, where the transform makes no log line of it."""
    answer = post(json.dumps(ENTRIES[0]).encode() + b"\n" + refused + b"\n" + json.dumps(ENTRIES[1]).encode())

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"accepted": 2, "rejected": 1})
    transform, lines, kept = Transform(AUTH0.tables[0]), 0, b""
    for record in firehose.records[STREAM]:
        try:
            transform(record)
            lines += 1
        except EventError:
            kept += record.removeprefix(b"refused by the webhook: ")
    assert (lines, kept) == (2, refused)


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_nothing_of_many_is_lost_where_a_tenth_fails(count: int) -> None:
    """Whatever Firehose does not take of a batch is sent again; what is not answered with 200 is posted again, and has the same ids."""
    dice = random.Random(20261129)

    class Failing(Firehose):
        def put_record_batch(self, DeliveryStreamName: str, Records: Sequence[dict[str, bytes]]) -> dict[str, Any]:
            """Fail as a whole too, one time in ten."""
            if dice.random() < 0.1:
                raise ClientError({"Error": {"Code": "ServiceUnavailableException", "Message": "Slow down."}}, "PutRecordBatch")
            return super().put_record_batch(DeliveryStreamName, Records)

    client = Failing(lambda: dice.random() >= 0.1)
    function = over(client)

    def status(body: bytes) -> int:
        try:
            return int(function.take(body, NOW)["statusCode"])
        except Refused as refused:
            return refused.status

    statuses: list[int] = []
    for first in range(0, count, 100):
        body = json.dumps([{"log_id": f"id-{number}", "data": {"type": "s"}} for number in range(first, first + 100)]).encode()
        statuses.append(status(body))
        while statuses[-1] != 200:
            statuses.append(status(body))

    assert set(statuses) == {200, 503}
    assert len({json.loads(record)["id"] for record in client.records[STREAM]}) == count


@pytest.mark.parametrize("taken", [0, 1])
def test_what_firehose_does_not_take_in_the_end_is_no_200(taken: int) -> None:
    """Auth0 is told when to come again; what comes twice then has the same id."""
    left = [taken]

    def takes() -> bool:
        left[0] -= 1
        return left[0] >= 0

    client = Firehose(takes)
    with pytest.raises(Refused) as refused:
        over(client).take(ARRAY.encode(), NOW)

    assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "10"})
    again = Firehose()
    over(again).take(ARRAY.encode(), NOW)
    assert client.records.get(STREAM, []) == again.records[STREAM][:taken]


def test_a_stream_that_may_not_be_written_to_is_no_200(capsys: pytest.CaptureFixture[str]) -> None:
    """The log says which right is missing."""

    class Closed:
        def put_record_batch(self, **_: Any) -> None:
            """Refuse."""
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "PutRecordBatch")

    with pytest.raises(Refused) as refused:
        over(Closed()).take(ARRAY.encode(), NOW)

    assert refused.value.status == 503
    assert "PutRecordBatch" in capsys.readouterr().out


class Secret:
    """A secret whose tokens, or refusal, a test decides."""

    def __init__(self, *tokens: str) -> None:
        self.held: WebhookTokens | Exception = WebhookTokens({"auth0": tokens})
        self.asked = 0
        self.now = 0.0
        self.tokens = Tokens(self.read, lambda: self.now)

    def read(self) -> WebhookTokens:
        """Read it."""
        self.asked += 1
        if isinstance(self.held, Exception):
            try:
                raise self.held
            except (ClientError, ConnectTimeoutError):
                raise ConfigurationError("The secret cannot be read.") from None
        return self.held

    def status(self, token: str) -> int:
        """What a request with this token is answered."""
        try:
            self.tokens.require("auth0", token.encode())
        except Refused as refused:
            return refused.status
        return 200


def test_a_new_token_is_known_at_once_and_an_old_one_forgotten_soon() -> None:
    """Without a new start; strangers have the secret read once in some seconds at most."""
    secret = Secret(TOKEN)
    assert [secret.status(TOKEN), secret.status(NEXT), secret.status(NEXT)] == [200, 401, 401]
    assert secret.asked == 1

    secret.held, secret.now = WebhookTokens({"auth0": [TOKEN, NEXT]}), AGAIN_S
    assert [secret.status(NEXT), secret.status(TOKEN)] == [200, 200]
    assert secret.asked == 2

    secret.held, secret.now = WebhookTokens({"auth0": [NEXT]}), AGAIN_S + FRESH_S
    assert [secret.status(TOKEN), secret.status(NEXT)] == [401, 200]


def test_tokens_outlive_a_secrets_manager_that_is_away() -> None:
    """For an hour; a secret that may not be read closes the webhook at once, and Auth0 comes again."""
    away = ConnectTimeoutError(endpoint_url="https://secretsmanager")
    secret = Secret(TOKEN)
    assert secret.status(TOKEN) == 200
    secret.held, secret.now = away, FRESH_S
    assert secret.status(TOKEN) == 200
    secret.now = USABLE_S + FRESH_S
    assert secret.status(TOKEN) == 503

    secret = Secret(TOKEN)
    assert secret.status(TOKEN) == 200
    secret.held, secret.now = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"), FRESH_S
    assert secret.status(TOKEN) == 503


def test_a_secret_without_a_token_of_the_source_is_a_closed_webhook() -> None:
    """As on one machine."""
    assert Secret().status(TOKEN) == 404


@pytest.mark.parametrize("answer", [{"SecretBinary": b"x"}, {"SecretString": "token"}])
def test_a_secret_that_holds_no_tokens_is_told(answer: dict[str, Any]) -> None:
    """By its ARN, without its text."""
    client = SimpleNamespace(get_secret_value=lambda **_: answer)

    with pytest.raises(ConfigurationError, match="arn:the-secret"):
        read_tokens(lambda _: client, "arn:the-secret")


def test_tokens_lie_in_a_parameter_or_in_a_secret() -> None:
    """Its ARN says in which; no other service is asked. A parameter is asked for by its name where that follows from the ARN."""
    held, asked = json.dumps({"auth0": [TOKEN]}), []

    def get_parameter(Name: str, WithDecryption: bool) -> dict[str, Any]:
        asked.append((Name, WithDecryption))
        return {"Parameter": {"Value": held}}

    def get_secret_value(SecretId: str) -> dict[str, Any]:
        asked.append((SecretId, True))
        return {"SecretString": held}

    clients = {"ssm": SimpleNamespace(get_parameter=get_parameter), "secretsmanager": SimpleNamespace(get_secret_value=get_secret_value)}
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:eventlake-webhooks-AbCdEf"
    parameter, flat = (f"arn:aws:ssm:us-east-1:123456789012:parameter/{name}" for name in ("eventlake/webhooks", "webhooks"))

    for arn, service in ((secret, "secretsmanager"), (parameter, "ssm"), (flat, "ssm")):
        tokens = read_tokens({service: clients[service]}.__getitem__, arn)
        assert tokens.admit("auth0", TOKEN.encode())
    assert asked == [(secret, True), ("/eventlake/webhooks", True), (flat, True)]


def test_a_parameter_that_cannot_be_read_is_told() -> None:
    """As one."""

    def absent(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")

    with pytest.raises(ServiceError, match='The parameter "arn:aws:ssm:us-east-1:123456789012:parameter/gone"'):
        read_tokens(lambda _: SimpleNamespace(get_parameter=absent), "arn:aws:ssm:us-east-1:123456789012:parameter/gone")


LARGE = """
import json, resource, sys
import boto3
from types import SimpleNamespace
from eventlake.functions import webhook
from functions.test_webhook import CONTEXT, TOKEN, Tokens, WebhookTokens, over

class Counting:
    records = 0
    def put_record_batch(self, DeliveryStreamName, Records):
        self.records += len(Records)
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}] * len(Records)}

boto3.client("firehose", region_name="us-east-1")
client = Counting()
webhook._webhook = lambda _: over(client)
webhook._tokens = lambda tokens=Tokens(lambda: WebhookTokens({"auth0": [TOKEN]})): tokens
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
answer = webhook.handler(json.loads(sys.stdin.read()), CONTEXT)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(answer["statusCode"], client.records, (after - before) // 1024)
"""


@pytest.mark.slow
def test_the_largest_request_fits_into_the_memory_of_the_function() -> None:
    """Six megabytes as Lambda hands them over need less than half of what the template gives."""
    entry = json.dumps({"log_id": "%09d", "data": {"date": "2026-11-20T10:00:00.000Z", "type": "f", "details": {"text": "x" * 350}}})
    body = "[" + ",".join(entry % number for number in range(12_500)) + "]"
    event = {"requestContext": {"http": {"method": "POST"}}, "headers": {"authorization": TOKEN}, "body": body, "isBase64Encoded": False}
    given = json.dumps(event)
    assert 5_500_000 < len(given.encode()) < 6 << 20

    environment = {**os.environ, "SOURCE": "auth0", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", LARGE], input=given, capture_output=True, text=True, check=True, env=environment)

    status, records, megabytes = map(int, done.stdout.split())
    assert (status, records) == (200, 12_500)
    assert megabytes < 128


def test_the_function_loads_the_standard_library_and_boto3_only() -> None:
    """What Lambda's Python has."""
    code = "import sys, json; before = set(sys.modules); import eventlake.functions.webhook, boto3; print(json.dumps(sorted(set(sys.modules) - before)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    of_boto3 = {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six", "awscrt"}
    assert {module.partition(".")[0] for module in loaded} - set(sys.stdlib_module_names) - of_boto3 - {"__mp_main__"} == {"eventlake"}
