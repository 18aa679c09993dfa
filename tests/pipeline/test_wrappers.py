"""What other services put around events is opened, an event never, and what is broken inside is told once."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.pipeline import wrappers
from eventlake.pipeline.envelope import Intake, Taken
from eventlake.sources import load

INTAKE = Intake(load(), FAST)


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    """An envelope with an id of its own."""
    return {"id": f"e-{number}", "detail-type": "Build", "source": "my.app", "detail": {"ratio": 6.0}, **more}


def sns(message: str) -> dict[str, Any]:
    """A notification as SNS posts it over HTTPS."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:builds",
        "Subject": "build",
        "Message": message,
        "Timestamp": "2026-11-20T10:00:00.000Z",
        "SignatureVersion": "1",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/",
    }


def sqs(*bodies: str) -> dict[str, Any]:
    """Messages as Lambda gets them."""
    records = [{"messageId": str(n), "receiptHandle": "h", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    return {"Records": records}


def packed(value: object, *, compressed: bool = False) -> str:
    """Base64 of JSON, as it is or gzip."""
    data = json.dumps(value).encode()
    return base64.b64encode(gzip.compress(data, mtime=0) if compressed else data).decode()


def logs(*messages: str, kind: str = "DATA_MESSAGE") -> dict[str, Any]:
    """What CloudWatch Logs sends to a subscriber."""
    events = [{"id": str(n), "timestamp": 1_795_000_000_000 + n, "message": message} for n, message in enumerate(messages)]
    return {"messageType": kind, "owner": "123456789012", "logGroup": "/app", "logStream": "s", "logEvents": events}


def take(value: object) -> Taken:
    """What becomes of an item."""
    return INTAKE.take(json.dumps(value).encode())


E1, E2 = json.dumps(event(1)), json.dumps(event(2))


@pytest.mark.parametrize(
    ("wrapper", "kinds", "ids"),
    [
        (sns(E1), {"SNS notification": 1}, ["e-1"]),
        (
            {"Records": [{"EventSource": "aws:sns", "Sns": sns(E1)}, {"EventSource": "aws:sns", "Sns": sns(E2)}]},
            {"SNS notification": 2},
            ["e-1", "e-2"],
        ),
        (sqs(E1, E2), {"SQS message": 2}, ["e-1", "e-2"]),
        ({"Messages": [{"MessageId": "1", "ReceiptHandle": "h", "MD5OfBody": "m", "Body": E1}]}, {"SQS message": 1}, ["e-1"]),
        ({"MessageId": "1", "ReceiptHandle": "h", "Body": E2}, {"SQS message": 1}, ["e-2"]),
        (sqs(json.dumps(sns(E1))), {"SQS message": 1, "SNS notification": 1}, ["e-1"]),
        ({"Records": [{"kinesis": {"partitionKey": "p", "data": packed(event(1))}}]}, {"Kinesis record": 1}, ["e-1"]),
        ({"Records": [{"SequenceNumber": "4", "PartitionKey": "p", "Data": packed(event(2))}]}, {"Kinesis record": 1}, ["e-2"]),
        ({"records": [{"recordId": "r", "data": packed(event(1))}]}, {"Firehose record": 1}, ["e-1"]),
        ({"attemptsMade": 4, "errorCode": "Lambda.ProcessingFailed", "rawData": packed(event(1))}, {"failed Firehose record": 1}, ["e-1"]),
        ({"lastErrorCode": "DataFormatConversion.MalformedData", "rawData": packed(event(2))}, {"failed Firehose record": 1}, ["e-2"]),
        ({"awslogs": {"data": packed(logs(E1, E2), compressed=True)}}, {"CloudWatch Logs subscription": 1}, ["e-1", "e-2"]),
        (logs(E2), {"CloudWatch Logs subscription": 1}, ["e-2"]),
        (logs("CWL CONTROL MESSAGE", kind="CONTROL_MESSAGE"), {"CloudWatch Logs control message": 1}, []),
        (
            {"Records": [{"kinesis": {"data": packed(logs(E1), compressed=True)}}]},
            {"Kinesis record": 1, "CloudWatch Logs subscription": 1},
            ["e-1"],
        ),
        ({"start": 0, "limit": 50, "length": 2, "total": 9, "logs": [event(1), event(2)]}, {"page of Auth0 logs": 1}, ["e-1", "e-2"]),
        ({"logs": [], "length": 0, "total": 0}, {"page of Auth0 logs": 1}, []),
        ([event(1), [event(2)]], {}, ["e-1", "e-2"]),
        (sns(json.dumps([event(1), event(2)])), {"SNS notification": 1}, ["e-1", "e-2"]),
        (sns("\ufeff" + E1 + "\n" + E2 + "\n"), {"SNS notification": 1}, ["e-1", "e-2"]),
    ],
)
def test_what_services_put_around_events_is_opened(wrapper: object, kinds: dict[str, int], ids: list[str]) -> None:
    """Each kind is counted, and the events inside keep their ids and their numbers' text."""
    taken = take(wrapper)

    assert taken.error is None
    assert (taken.opened, [one.id for one in taken.accepted]) == (kinds, ids)
    assert all(b'"ratio": 6.0' in one.body for one in taken.accepted)


def test_auth0s_logs_in_a_page_get_their_envelope() -> None:
    """As they do outside of one."""
    log = {"log_id": "900", "type": "fp", "date": "2026-11-20T10:00:00.000Z", "details": {"error": "no"}}
    inside, outside = take({"logs": [log], "total": 1, "start": 0, "limit": 1, "length": 1}), take(log)

    assert [one.body for one in inside.accepted] == [one.body for one in outside.accepted]


@pytest.mark.parametrize("fields", [sns(E2), sqs(E2), logs(E2), {"logs": [event(2)], "total": 1}, {"awslogs": {"data": "x"}}])
def test_an_event_with_the_fields_of_a_wrapper_is_an_event(fields: dict[str, Any]) -> None:
    """Its detail-type says what it is, beside the fields or with them in its detail."""
    for whole in (event(1, **fields), event(1, detail=fields)):
        taken = take(whole)
        assert ([one.id for one in taken.accepted], taken.opened) == (["e-1"], None)
        assert json.loads(taken.accepted[0].body) == whole


@pytest.mark.parametrize(
    "value",
    [
        {"Type": "Notification", "Message": E1},
        {"Type": "SubscriptionConfirmation", "TopicArn": "t", "Message": "confirm"},
        {"Records": []},
        {"Records": [{"s3": {"object": {"key": "k"}}}]},
        {"Records": [{"messageId": "1", "receiptHandle": "h", "body": E1}, {"s3": {}}]},
        {"logs": [event(1)], "mine": True},
        {"body": E1},
        {"messageType": "OTHER", "logEvents": [{"message": E1}]},
    ],
)
def test_what_only_resembles_a_wrapper_is_no_event(value: object) -> None:
    """It fails as it did, and nothing is said to be opened."""
    taken = take(value)

    assert (taken.accepted, taken.opened) == ([], None)
    assert taken.error is not None
    assert taken.error.code == "NotAnEvent"


@pytest.mark.parametrize(
    ("wrapper", "code"),
    [
        (sns("plain words"), "NotJson"),
        (sns('{"id": "cut'), "NotJson"),
        (sns('{"other": 1}'), "NotAnEvent"),
        (sqs(E1, "{broken", E2), "NotJson"),
        ({"awslogs": {"data": "no base64!"}}, "NotJson"),
        ({"awslogs": {"data": packed(logs(E1), compressed=True)[:40]}}, "NotJson"),
        ({"Records": [{"kinesis": {"data": base64.b64encode(b"\xff{").decode()}}]}, "InvalidUtf8"),
        (logs("START RequestId: 1", E1), "NotJson"),
    ],
)
def test_a_wrapper_with_something_broken_inside_fails_once(wrapper: object, code: str) -> None:
    """What is whole inside is accepted; the error says what was opened and how much of it is none."""
    taken = take(wrapper)

    assert taken.error is not None
    assert taken.error.code == code
    assert str(taken.error).startswith("In the ")
    assert [one.id for one in taken.accepted] == [one for one in ("e-1", "e-2") if one in json.dumps(wrapper)]


def test_wrappers_inside_each_other_end_at_a_limit() -> None:
    """As many as allowed are opened, one more is an error."""
    text = E1
    for _ in range(wrappers.LEVELS_LIMIT):
        text = json.dumps(sns(text))
    deeper = json.dumps(sns(text))

    assert [one.id for one in INTAKE.take(text.encode()).accepted] == ["e-1"]
    error = INTAKE.take(deeper.encode()).error
    assert error is not None
    assert (error.code, "8 wrappers" in str(error)) == ("TooDeep", True)


def test_what_comes_out_of_a_wrapper_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small it came, and over all its parts together."""
    monkeypatch.setattr(wrappers, "OPENED_LIMIT_BYTES", 256 << 10)
    part = base64.b64encode(gzip.compress(b" " * (100 << 10), 1, mtime=0)).decode()
    error = take({"Records": [{"kinesis": {"data": part}}, {"kinesis": {"data": part}}, {"kinesis": {"data": part}}]}).error

    assert error is not None
    assert error.code == "TooLarge"


def test_a_wrapper_may_be_larger_than_an_event() -> None:
    """A page or a batch holds many."""
    big = [event(number, detail={"text": "x" * 1000, "ratio": 6.0}) for number in range(1500)]

    assert len(take({"logs": big, "total": 1500}).accepted) == 1500
