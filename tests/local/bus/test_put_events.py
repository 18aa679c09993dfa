"""EventBridge's protocol, through clients that know nothing of eventlake: the AWS CLI and boto3."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus.answer import AwsError
from eventlake.local.bus.body import BODY_LIMIT
from eventlake.local.bus.pressure import Pressure, Refusal
from eventlake.local.bus.put_events import put_events
from eventlake.local.bus.put_events import test_event_pattern as answer_to_test  # pytest would take it for a test
from eventlake.pipeline.router import Router
from eventlake.sources import load
from running_bus import running

ENTRY = {"Source": "aws.codepipeline", "DetailType": "CodePipeline Pipeline Execution State Change", "Detail": '{"state": "STARTED"}'}
EVENT = json.dumps({"id": "1", "account": "1", "source": "x", "time": "2026-11-20T10:00:00Z", "region": "r", "detail-type": "d"})
TOKEN = "0123456789abcdef"
NOW = datetime(2026, 11, 20, 10, 0, 0, 999_000, tzinfo=UTC)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "eu-central-1"}


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[str]:
    """The URL of a bus that runs as a user starts it; it ends well, and has said nothing but that it is ready."""
    command = [sys.executable, "-m", "eventlake", "serve", "--port", "0", "--lake", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **environment}) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("Ready: ").strip()
        process.terminate()
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bus without a token."""
    with serving(tmp_path_factory.mktemp("lake")) as url:
        yield url


@pytest.fixture
def events(bus: str) -> Any:
    """boto3's client of EventBridge, pointed at the bus."""
    return client_of(bus)


def client_of(bus: str, config: Config | None = None) -> Any:
    """boto3's client of EventBridge, pointed at a bus."""
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client("events", endpoint_url=bus, region_name="eu-central-1", config=config, **keys)


def aws(bus: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The AWS CLI."""
    command = [str(Path(sys.executable).parent / "aws"), "events", *words, "--endpoint-url", bus]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **CREDENTIALS, **environment})


@pytest.mark.slow
def test_the_aws_cli_puts_events(bus: str) -> None:
    """Good entries get an id, bad ones their error, as EventBridge answers."""
    answer = json.loads(aws(bus, "put-events", "--entries", json.dumps([ENTRY, {**ENTRY, "Detail": "nope"}])).stdout)

    assert answer["FailedEntryCount"] == 1
    assert len(answer["Entries"][0]["EventId"]) == 36
    assert answer["Entries"][1] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


@pytest.mark.slow
def test_the_aws_cli_tests_patterns(bus: str) -> None:
    """TestEventPattern answers, and refuses a pattern in EventBridge's words."""
    right = aws(bus, "test-event-pattern", "--event-pattern", '{"source": ["x"]}', "--event", EVENT)
    wrong = aws(bus, "test-event-pattern", "--event-pattern", '{"source": []}', "--event", EVENT)

    assert json.loads(right.stdout) == {"Result": True}
    assert (
        "(InvalidEventPatternException) when calling the TestEventPattern operation: Event pattern is not valid. Reason: " in wrong.stderr
    )


@pytest.mark.slow
def test_the_access_key_of_the_aws_cli_is_the_token(tmp_path: Path) -> None:
    """One that is wrong is refused with the code of AWS, before anything is stored."""
    words = ("put-events", "--entries", json.dumps([ENTRY]))
    with serving(tmp_path / "lake", EVENTLAKE_TOKEN=TOKEN) as url:
        wrong = aws(url, *words)
        right = aws(url, *words, AWS_ACCESS_KEY_ID=TOKEN)

    assert "(UnrecognizedClientException)" in wrong.stderr
    assert json.loads(right.stdout)["FailedEntryCount"] == 0


def test_an_upload_beyond_the_limit_hears_so(bus: str) -> None:
    """Although the answer comes before the body was read."""
    with closing(http.client.HTTPConnection(bus.removeprefix("http://"), timeout=120)) as connection:
        connection.request("POST", "/events", bytes(BODY_LIMIT + 1))

        assert connection.getresponse().status == 413


def test_strangers_bytes_are_no_server_errors(bus: str) -> None:
    """Whatever is damaged in a request, the answer is none, or one below 500; the bus lives, and does not chatter (see `serving`)."""
    choice = random.Random(1)
    requests = [
        b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n[{},]",
        b'POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSEvents.PutEvents\r\nContent-Length: 14\r\n\r\n{"Entries":[]}',
        b"POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]
    statuses = [status_of(bus, request) for request in requests]
    statuses += [status_of(bus, damaged(choice.choice(requests), choice)) for _ in range(300)]

    assert not [status for status in statuses if status >= 500]
    assert status_of(bus, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == 200


def damaged(request: bytes, choice: random.Random) -> bytes:
    """The request with some bytes changed, removed or added."""
    data = bytearray(request)
    for _ in range(choice.randint(1, 5)):
        at = choice.randrange(len(data))
        data[at : at + choice.randint(0, 3)] = choice.randbytes(choice.randint(0, 3))
    return bytes(data)


def status_of(bus: str, request: bytes) -> int:
    """What the bus answers to these bytes, 0 if it waits for more or hangs up."""
    host, _, port = bus.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.recv(1000)
        except ConnectionError:
            return 0
    return int(answer[9:12]) if answer else 0


def test_another_operation_is_unknown(events: Any) -> None:
    """The client hears it as it would from AWS."""
    with pytest.raises(ClientError) as refused:
        events.list_rules()

    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


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
    [
        ([ENTRY] * 11, "less than or equal to 10"),
        ([{**ENTRY, "Detail": json.dumps({"a": "x" * (1 << 20)})}], "over the limit"),
        ([{**ENTRY, "Detail": json.dumps({"a": "x" * 200_000})}] * 6, "over the limit"),
    ],
)
def test_boto3_hears_of_limits(events: Any, entries: list[dict[str, str]], words: str) -> None:
    """More than ten entries, or more than 1 MB, fail as a whole."""
    with pytest.raises(ClientError, match=words) as error:
        events.put_events(Entries=entries)

    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_an_incomplete_event_cannot_be_tested(events: Any) -> None:
    """The fields that an event must have are named; `resources` is none of them."""
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


def test_entries_of_any_kinds_become_events_of_their_own() -> None:
    """What an entry has in common with the one before it is written once, and nothing else of that one: in EventBridge's order, without blanks."""
    kinds: list[dict[str, Any]] = [
        {},
        {},
        {"Source": "é\n"},
        {"DetailType": '"'},
        {"Time": 0},
        {"Resources": ["a", "b"]},
        {"Detail": '{"a":1}'},
        {},
    ]
    entries = [{**ENTRY, **kind} for kind in kinds]

    put = put_events(json.dumps({"Entries": entries}).encode(), "eu-central-1", NOW)

    ids = [said["EventId"] for said in json.loads(put.answer)["Entries"]]
    assert put.bodies == [msgspec.json.encode(envelope(entry, event_id)) for entry, event_id in zip(entries, ids, strict=True)]


def envelope(entry: dict[str, Any], event_id: str) -> dict[str, Any]:
    """The event that an entry becomes."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": "123456789012",
        "time": "1970-01-01T00:00:00Z" if "Time" in entry else "2026-11-20T10:00:00Z",
        "region": "eu-central-1",
        "resources": entry.get("Resources", []),
        "detail": msgspec.Raw(entry["Detail"].encode()),
    }


def test_what_is_wrong_with_an_entry_is_none_of_its_neighbours() -> None:
    """Each of them is taken or refused by itself, the first thing that is wrong is told, and the next entry of its kind is as good as before."""
    wrong = [{"Detail": "["}, {"Detail": ""}, {"Time": "never"}, {"Time": "never", "Detail": "["}, {"Source": "", "Detail": ""}]
    entries = [{**ENTRY, **kind} for one in wrong for kind in (one, {})]

    put = put_events(json.dumps({"Entries": entries}).encode(), "r", NOW)

    said = json.loads(put.answer)
    messages = [entry.get("ErrorMessage", "") for entry in said["Entries"]]
    assert (said["FailedEntryCount"], len(put.bodies), messages[1::2]) == (5, 5, [""] * 5)
    for message, words in zip(messages[::2], ["malformed", "Detail", "Time", "malformed", "Source"], strict=True):
        assert words in message


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1_795_000_000, "2026-11-18T11:06:40Z"),
        (1_795_000_000.5, "2026-11-18T11:06:40Z"),
        ("2026-11-18T07:06:40Z", "2026-11-18T07:06:40Z"),
        ("2026-11-18T08:06:40+01:00", "2026-11-18T07:06:40Z"),
        ("0099-01-01T00:00:00", "0099-01-01T00:00:00Z"),
    ],
)
def test_the_time_of_an_entry_is_kept(time: object, expected: str) -> None:
    """Epoch seconds and ISO 8601."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Time": time}]}).encode(), "r", NOW)

    assert json.loads(put.bodies[0])["time"] == expected


@pytest.mark.parametrize("time", ["yesterday", "", 1_795_000_000_000, -1e18, "0001-01-01T00:00:00+05:00"])
def test_a_time_that_is_none_is_refused(time: object) -> None:
    """Milliseconds are the usual mistake; the event would lie in the year 58851."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Time": time}]}).encode(), "r", NOW)

    assert put.bodies == []
    assert "Parameter Time is not valid." in json.loads(put.answer)["Entries"][0]["ErrorMessage"]


def test_the_limit_counts_entries_as_eventbridge_does() -> None:
    """1 MB of source, detail type, detail and resources in UTF-8, and 14 bytes for a time; not what JSON adds."""
    fixed = {"Source": "s", "DetailType": "d", "Time": 0, "Resources": ["é"]}
    room = 1024 * 1024 - len('{"a":""}') - len("sd") - 14 - 2

    for size, passes in ((room, True), (room + 1, False)):
        body = json.dumps({"Entries": [{**fixed, "Detail": json.dumps({"a": "x" * size}, separators=(",", ":"))}]}).encode()
        if passes:
            assert json.loads(put_events(body, "r", NOW).answer)["FailedEntryCount"] == 0
        else:
            with pytest.raises(AwsError, match="over the limit"):
                put_events(body, "r", NOW)


DETAILS = st.dictionaries(
    st.text(max_size=5), st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5), max_size=4
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "Source": st.text(max_size=5),
                "DetailType": st.text(max_size=5),
                "Detail": DETAILS.map(json.dumps) | st.text(max_size=5),
                "Resources": st.lists(st.text(max_size=5), max_size=3),
                "EventBusName": st.text(max_size=5),
            },
        ),
        min_size=1,
        max_size=10,
    )
)
def test_each_entry_becomes_its_event_or_its_error(entries: list[dict[str, Any]]) -> None:
    """Whatever characters are in it: answers in the order of entries, and nothing of an entry is changed."""
    put = put_events(json.dumps({"Entries": entries}).encode(), "r", NOW)
    answer = json.loads(put.answer)
    events = {event["id"]: event for event in map(json.loads, put.bodies)}

    assert len(answer["Entries"]) == len(entries)
    assert answer["FailedEntryCount"] == len(entries) - len(events)
    for entry, said in zip(entries, answer["Entries"], strict=True):
        if "EventId" in said:
            event = events[said["EventId"]]
            assert (event["source"], event["detail-type"]) == (entry["Source"], entry["DetailType"])
            assert (event["detail"], event["resources"]) == (json.loads(entry["Detail"]), entry.get("Resources", []))
        else:
            assert set(said) == {"ErrorCode", "ErrorMessage"}


@pytest.mark.parametrize("entries", [[300_000], [100_000] * 4, [900_000], [100_000] * 10])
def test_boto3_puts_a_megabyte(events: Any, entries: list[int]) -> None:
    """In one entry or in ten."""
    answer = events.put_events(Entries=[{**ENTRY, "Detail": json.dumps({"a": "x" * size})} for size in entries])

    assert answer["FailedEntryCount"] == 0


def nested(levels: int, opening: str = '{"a":', closing: str = "}") -> str:
    """A detail of so many levels."""
    return '{"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [63, 64, 70, 200, 900, 999, 1000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('[{"}\\"[":', "}]")])
def test_a_detail_as_deep_as_eventbridge_takes_it_is_taken(levels: int, opening: str, closing: str) -> None:
    """And what is too deep for a log line becomes a failed record, whose bytes are the event."""
    detail = nested(levels if len(closing) == 1 else levels // 2, opening, closing)
    deepest = levels if len(closing) == 1 else levels // 2 * 2 - 1
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Detail": detail}]}).encode(), "r", NOW)
    routed = Router(load(), FAST).route(put.bodies[0])

    assert json.loads(put.answer)["FailedEntryCount"] == 0
    assert detail.encode() in put.bodies[0]
    assert [error.code for _, error in routed.failures] == ([] if deepest < 64 else ["TooDeep"])


@pytest.mark.parametrize("detail", [nested(1001), nested(5000, "[", "]"), nested(100_000), '{"a":' + "[" * 100_000])
def test_a_detail_deeper_than_eventbridge_takes_it_is_malformed(detail: str) -> None:
    """The sender is told, and nothing is stored."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Detail": detail}]}).encode(), "r", NOW)

    assert put.bodies == []
    assert json.loads(put.answer)["Entries"][0]["ErrorCode"] == "MalformedDetail"


class FullFor(Pressure):
    """A disk that has room again after so many requests."""

    def __init__(self, folder: Path, requests: int) -> None:
        super().__init__(folder, lambda: 0.0, reserve_bytes=0)
        self.asked = 0
        self._requests = requests

    def refusal(self, size_bytes: int = 0) -> Refusal | None:
        """Full, or what there is else."""
        self.asked += 1
        return self.full() if self.asked <= self._requests else super().refusal(size_bytes)


@pytest.mark.parametrize("mode", ["standard", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("legacy", "adaptive"))])
def test_boto3_sends_again_when_the_disk_was_full(tmp_path: Path, mode: Any) -> None:
    """As it does after every answer that says so: a status of its own would end the first attempt."""
    pressure = FullFor(tmp_path, 2)
    with running(tmp_path, pressure=pressure) as bus:
        client = client_of(bus.url, Config(retries={"mode": mode, "max_attempts": 3}))

        assert client.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
    assert pressure.asked == 3


def test_a_full_disk_is_told_to_aws_clients_with_the_time_to_wait(tmp_path: Path) -> None:
    """In seconds for all, in milliseconds for those that read it so."""
    with running(tmp_path, pressure=FullFor(tmp_path, 9)) as bus, pytest.raises(ClientError) as error:
        client_of(bus.url, Config(retries={"mode": "standard", "total_max_attempts": 1})).put_events(Entries=[ENTRY])

    answer = error.value.response
    assert answer["Error"]["Code"] == "ServiceUnavailable"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert [answer["ResponseMetadata"]["HTTPHeaders"][name] for name in ("retry-after", "x-amz-retry-after")] == ["10", "10000"]
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


@pytest.mark.parametrize("detail", ["[]", "1", "", "{"])
def test_a_detail_that_is_no_object_is_malformed(detail: str) -> None:
    """A text of JSON that is something else, or of no JSON."""
    put = put_events(json.dumps({"Entries": [{**ENTRY, "Detail": detail}]}).encode(), "r", NOW)

    assert put.bodies == []
    assert json.loads(put.answer)["FailedEntryCount"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "SerializationException"),
        (b"[]", "SerializationException"),
        (b'{"Entries": 5}', "SerializationException"),
        (b'{"Entries": [5]}', "SerializationException"),
        (b'{"Entries": [{"Detail": {}}]}', "SerializationException"),
        (b"\xff", "SerializationException"),
        (b"[" * 100_000, "SerializationException"),
        (b"{}", "ValidationException"),
        (b'{"Entries": null}', "ValidationException"),
        (b'{"Entries": []}', "ValidationException"),
    ],
)
def test_a_request_of_another_form_is_refused(body: bytes, code: str) -> None:
    """With the error that AWS's services have for it."""
    with pytest.raises(AwsError) as error:
        put_events(body, "r", NOW)

    assert error.value.code == code


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "ValidationException"),
        ({"EventPattern": "{}"}, "ValidationException"),
        ({"EventPattern": {}, "Event": "{}"}, "SerializationException"),
        ({"EventPattern": '{"source":["x"]}', "Event": "no json"}, "ValidationException"),
        ({"EventPattern": '{"source":["x"]}', "Event": "[]"}, "ValidationException"),
        ({"EventPattern": "no json", "Event": EVENT}, "InvalidEventPatternException"),
        ({"EventPattern": '{"source":"x"}', "Event": EVENT}, "InvalidEventPatternException"),
    ],
)
def test_a_pattern_cannot_be_tested_with_less(request_: dict[str, object], code: str) -> None:
    """What is missing or wrong has the code that AWS gives it."""
    with pytest.raises(AwsError) as error:
        answer_to_test(json.dumps(request_).encode())

    assert error.value.code == code
