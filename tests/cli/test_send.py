"""`send`: files of every form, into a lake and through a bus, with the same outcome."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from eventlake.cli import run

KIND = "CodePipeline Pipeline Execution State Change"


def event(number: int) -> dict[str, Any]:
    """A pipeline's event."""
    detail = {"pipeline": "web", "execution-id": f"x-{number}", "state": "STARTED", "version": 3.0}
    return {
        "version": "0",
        "id": f"e-{number}",
        "detail-type": KIND,
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": "2026-11-20T10:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:web"],
        "detail": detail,
    }


def sns(message: str) -> dict[str, Any]:
    """A notification around a message."""
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": message}


def mixed() -> tuple[bytes, list[bytes]]:
    """A file with six events in every form, and what is broken in it."""
    one, two, three, four, five, six = (event(number) for number in range(1, 7))
    batch = {"Records": [{"messageId": "1", "receiptHandle": "h", "body": body} for body in (json.dumps(sns(json.dumps(five))), "words")]}
    broken = [b'{"id": "cut', b'{"a":,\n  "b": 1}', json.dumps(batch).encode()]
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL"}]}
    parts = [json.dumps(one).encode(), broken[0], json.dumps(two, indent=1).encode() + json.dumps(sns(json.dumps(three))).encode()]
    parts += [broken[1], json.dumps([four, control]).encode(), broken[2], gzip.compress(json.dumps(six).encode(), mtime=0)]
    return b"\n".join(parts), broken


Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command beside a file with every form in it; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVENTLAKE_LAKE", raising=False)
    (tmp_path / "mixed").write_bytes(mixed()[0])

    def type_words(*words: str) -> tuple[int, str, str]:
        code = run(words)
        said = capfd.readouterr()
        return code, said.out, said.err

    return type_words


@contextmanager
def _bus(folder: Path, buffer_seconds: int = 60) -> Iterator[str]:
    """Run a bus over the lake in the folder; when it has ended, everything is delivered."""
    serve = [sys.executable, "-m", "eventlake", "serve", "--port", "0", "--buffer-seconds", str(buffer_seconds)]
    with subprocess.Popen(serve, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("Ready: ").strip()
        process.terminate()


def check(typed: Typed, code: int, out: str, err: str) -> None:
    """See that the six events are in the table, and the three broken documents kept as they came."""
    assert (code, json.loads(out)) == (1, {"file": "mixed", "sent": 9, "stored": 6, "failed": 3})
    assert "mixed, line 2: The event is not JSON" in err
    assert "; it begins at line 2, byte " in err
    assert "In the SNS notification in SQS message, 1 of 2 are no events." in err
    assert "mixed: opened 2 SNS notifications, 1 CloudWatch Logs control message, 2 SQS messages." in err
    assert json.loads(typed("query", "select count(distinct event_id) as n from pipeline_execution_state_change")[1]) == {"n": 6}
    failed = [json.loads(line)["id"] for line in typed("failed")[1].splitlines()]
    assert sorted(typed("failed", "show", one, "--raw")[1].encode() for one in failed) == sorted(mixed()[1])


def test_a_file_of_every_form_is_stored(typed: Typed) -> None:
    """What is whole is in the table; what is broken is kept with its bytes and told with its place; what was opened is told."""
    check(typed, *typed("send", "mixed"))


def test_a_bus_makes_the_same_of_it(typed: Typed, tmp_path: Path) -> None:
    """The items travel as they are, so the bus cuts and opens them as `send` does."""
    with _bus(tmp_path) as url:
        said = typed("send", "mixed", "--bus", url)

    check(typed, *said)


def test_a_burst_can_be_queried_while_buffers_wait_for_more(typed: Typed, tmp_path: Path) -> None:
    """A buffer that is worth an object is delivered once nothing more comes; they may wait a quarter of an hour here."""
    padded = [{**event(number), "padding": "x" * 1000} for number in range(1200)]
    (tmp_path / "burst.jsonl").write_text("\n".join(map(json.dumps, padded)))
    until = time.monotonic() + 120
    with _bus(tmp_path, buffer_seconds=900) as url:
        assert typed("send", "burst.jsonl", "--bus", url)[0] == 0
        found = {"n": 0}
        while not found["n"] and time.monotonic() < until:
            time.sleep(0.1)
            found = json.loads(typed("query", "select count(*) as n from pipeline_execution_state_change")[1])

    assert found == {"n": 1200}


def test_lines_of_the_predecessors_are_stored_as_they_are(typed: Typed, tmp_path: Path) -> None:
    """Their columns keep their values, `details` is JSON once, and fields of the envelope find their columns."""
    login = {
        "type": "fp",
        "log_id": "900",
        "timestamp": "2026-11-20T10:00:00.123Z",
        "details": '{"error": {"message": "Wrong"}}',
        "ip": "203.0.113.7",
    }
    action = {
        "pipeline": "web",
        "stage": "Build",
        "action": "Compile",
        "state": "FAILED",
        "version": "6.0",
        "executionId": "x-1",
        "eventVersion": "0",
        "timestamp": "2026-11-20T10:00:00Z",
        "pipelineArn": "arn:aws:codepipeline:eu-west-1:123456789012:web",
        "type": {"owner": "AWS", "category": "Build", "provider": "CodeBuild", "version": "1"},
    }
    (tmp_path / "old.jsonl").write_text("\n".join(map(json.dumps, (login, action))))

    assert json.loads(typed("send", "old.jsonl")[1]) == {"file": "old.jsonl", "sent": 2, "stored": 2, "failed": 0}
    found = json.loads(
        typed("query", "select \"timestamp\", log_id, json_extract_scalar(details, '$.error.message') m, extra from auth0_logs")[1]
    )
    assert found == {"timestamp": login["timestamp"], "log_id": "900", "m": "Wrong", "extra": None}
    columns = "executionid, pipelinearn, stage, action, type.provider as provider, eventversion, extra"
    found = json.loads(typed("query", f"select {columns} from action_execution_state_change")[1])
    assert found == {
        "executionid": "x-1",
        "pipelinearn": action["pipelineArn"],
        "stage": "Build",
        "action": "Compile",
        "provider": "CodeBuild",
        "eventversion": "0",
        "extra": None,
    }


@pytest.mark.slow
def test_a_column_whose_type_was_changed_is_named(typed: Typed, tmp_path: Path) -> None:
    """The query names the column and both types, and `doctor` finds the object and says what to do."""
    source = """name = "app"
title = "App"
doc = "App."
reference = "https://example.com"
database = "app_logs"
[[table]]
name = "app_order"
doc = "Orders."
pattern = { source = ["my.app"] }
columns = [{ name = "amount", type = "TYPE", from = "$.detail.amount", doc = "Amount." }]
"""
    order = {"id": "o-1", "source": "my.app", "detail-type": "Order", "time": "2026-11-20T10:00:00Z", "detail": {"amount": "n/a"}}
    (tmp_path / "order.json").write_text(json.dumps(order))
    (tmp_path / "own" / "app").mkdir(parents=True)
    declaration = tmp_path / "own" / "app" / "source.toml"
    declaration.write_text(source.replace("TYPE", "string"))
    assert typed("send", "order.json", "--sources", "own")[0] == 0
    assert "declared as" not in "".join(typed("doctor", "--sources", "own")[1:])
    declaration.write_text(source.replace("TYPE", "double"))
    (tmp_path / "order.json").write_text(json.dumps({**order, "id": "o-2", "detail": {"amount": 3.5}}))
    typed("send", "order.json", "--sources", "own")

    code, _, err = typed("query", "select amount from app_order", "--sources", "own")
    found = "".join(typed("doctor", "--sources", "own")[1:])

    assert code != 0
    assert all(
        'keeps the column "amount" as varchar' in said and "declared as double now" in said for said in (err, found.replace('\\"', '"'))
    )


@pytest.mark.slow
@pytest.mark.parametrize("is_sent_to_a_bus", [False, True])
def test_what_stands_before_a_cut_is_stored(typed: Typed, tmp_path: Path, is_sent_to_a_bus: bool) -> None:
    """A file whose gzip stream is cut off is told, and its whole events are in the table; so are those of the file behind it."""
    lines = b"".join(json.dumps(event(number)).encode() + b"\n" for number in range(100))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines)[:-8])
    (tmp_path / "next").write_bytes(json.dumps(event(100)).encode())
    with _bus(tmp_path) if is_sent_to_a_bus else nullcontext("") as url:
        code, out, err = typed("send", "cut.gz", "gone", "next", *(("--bus", url) if url else ()))

    assert code == 1
    assert [json.loads(line)["stored"] for line in out.splitlines()] == [100, 0, 1]
    assert '"cut.gz" is not whole' in err
    assert '"gone" cannot be read' in err
    assert json.loads(typed("query", "select count(distinct event_id) as n from pipeline_execution_state_change")[1]) == {"n": 101}


class Changing(BaseHTTPRequestHandler):
    """A bus for one request, and another program from then on."""

    answers: ClassVar = [b'{"accepted":2,"rejected":0,"events":[{"id":"1"},{"id":"2"}]}']

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = self.answers.pop() if self.answers else b"<html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_what_was_stored_before_an_end_is_told(typed: Typed, tmp_path: Path) -> None:
    """Of each file; who sends all of it again has duplicates for a while."""
    (tmp_path / "first").write_bytes(b"\n".join(json.dumps(event(number)).encode() for number in range(2)))
    (tmp_path / "second").write_bytes(json.dumps(event(3)).encode())
    with HTTPServer(("127.0.0.1", 0), Changing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, out, err = typed("send", "first", "second", "--bus", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

    assert (code, out) == (254, "")
    assert err.startswith(
        "Before that, 2 events of first were stored by the bus. Sent again they are duplicates until their hour is closed.\n"
    )
