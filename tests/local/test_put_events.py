"""EventBridge's protocol, through clients that know nothing of eventlake: the AWS CLI and boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventlake.local.put_events import AwsError, put_events

ENTRY = {"Source": "aws.codepipeline", "DetailType": "CodePipeline Pipeline Execution State Change", "Detail": '{"state": "STARTED"}'}
NOW = datetime(2026, 11, 20, 10, 0, 0, 999_000, tzinfo=UTC)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bus that runs as a user starts it."""
    folder = tmp_path_factory.mktemp("lake")
    command = [sys.executable, "-m", "eventlake", "serve", "--port", "0", "--lake", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("Ready: ").strip()
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture
def events(bus: str) -> Any:
    """boto3's client of EventBridge, pointed at the bus."""
    return boto3.client("events", endpoint_url=bus, region_name="eu-central-1", aws_access_key_id="local", aws_secret_access_key="local")


def aws(bus: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The AWS CLI."""
    command = [str(Path(sys.executable).parent / "aws"), "events", *words, "--endpoint-url", bus]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **CREDENTIALS})


def test_the_aws_cli_puts_events(bus: str) -> None:
    """Good entries get an id, bad ones their error, as EventBridge answers."""
    answer = json.loads(aws(bus, "put-events", "--entries", json.dumps([ENTRY, {**ENTRY, "Detail": "nope"}])).stdout)

    assert answer["FailedEntryCount"] == 1
    assert len(answer["Entries"][0]["EventId"]) == 36
    assert answer["Entries"][1] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def test_the_aws_cli_tests_patterns(bus: str) -> None:
    """TestEventPattern answers, and refuses a pattern in EventBridge's words."""
    event = {"id": "1", "account": "1", "source": "x", "time": "2026-11-20T10:00:00Z", "region": "r", "resources": [], "detail-type": "d"}

    right = aws(bus, "test-event-pattern", "--event-pattern", '{"source": ["x"]}', "--event", json.dumps(event))
    wrong = aws(bus, "test-event-pattern", "--event-pattern", '{"source": []}', "--event", json.dumps(event))

    assert json.loads(right.stdout) == {"Result": True}
    assert (
        "(InvalidEventPatternException) when calling the TestEventPattern operation: Event pattern is not valid. Reason: " in wrong.stderr
    )


def test_another_operation_is_unknown(bus: str) -> None:
    """The client hears it as it would from AWS."""
    assert "(UnknownOperationException)" in aws(bus, "list-rules").stderr


def test_boto3_hears_what_is_missing(events: Any) -> None:
    """Each required argument is named."""
    answer = events.put_events(
        Entries=[{"Source": "a", "DetailType": "b"}, {"DetailType": "b", "Detail": "{}"}, {"Source": "a", "Detail": "{}"}]
    )

    assert [entry["ErrorMessage"] for entry in answer["Entries"]] == [
        f"Parameter {name} is not valid. Reason: {name} is a required argument." for name in ("Detail", "Source", "DetailType")
    ]


@pytest.mark.parametrize(
    ("entries", "words"),
    [([ENTRY] * 11, "less than or equal to 10"), ([{**ENTRY, "Detail": json.dumps({"a": "x" * 262_144})}], "over the limit")],
)
def test_boto3_hears_of_limits(events: Any, entries: list[dict[str, str]], words: str) -> None:
    """More than ten entries, or more than 256 KB, fail as a whole."""
    with pytest.raises(ClientError, match=words) as error:
        events.put_events(Entries=entries)

    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_an_incomplete_event_cannot_be_tested(events: Any) -> None:
    """The fields that an event must have are named."""
    with pytest.raises(ClientError, match="detail-type"):
        events.test_event_pattern(EventPattern='{"source": ["x"]}', Event='{"id": "1"}')


def test_an_entry_becomes_the_envelope_that_rules_see() -> None:
    """Time to the second, the client's region, the detail's own bytes."""
    put = put_events(
        json.dumps({"Entries": [{**ENTRY, "Resources": ["arn:a"], "Detail": '{"version": 6.0}'}]}).encode(), "eu-central-1", NOW
    )
    event = json.loads(put.bodies[0])

    assert event == {
        "version": "0",
        "id": json.loads(put.answer)["Entries"][0]["EventId"],
        "detail-type": ENTRY["DetailType"],
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": "2026-11-20T10:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:a"],
        "detail": {"version": 6.0},
    }
    assert b'"detail":{"version": 6.0}' in put.bodies[0]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1_795_000_000, "2026-11-18T11:06:40Z"),
        (1_795_000_000.5, "2026-11-18T11:06:40Z"),
        ("2026-11-18T07:06:40Z", "2026-11-18T07:06:40Z"),
        ("2026-11-18T08:06:40+01:00", "2026-11-18T07:06:40Z"),
    ],
)
def test_the_time_of_an_entry_is_kept(time: object, expected: str) -> None:
    """Epoch seconds and ISO 8601."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Time": time}]}).encode(), "r", NOW)

    assert json.loads(put.bodies[0])["time"] == expected


@pytest.mark.parametrize("detail", ["[]", "1", "", "{", '{"a":' * 80 + "1" + "}" * 80])
def test_a_detail_that_is_no_object_is_malformed(detail: str) -> None:
    """Also one that no log line could hold."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Detail": detail}]}).encode(), "r", NOW)

    assert put.bodies == []
    assert json.loads(put.answer)["FailedEntryCount"] == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Entries": 5}', b'{"Entries": [5]}', b"\xff"])
def test_a_request_of_another_form_is_refused(body: bytes) -> None:
    """With the error that AWS's services have for it."""
    with pytest.raises(AwsError):
        put_events(body, "r", NOW)
