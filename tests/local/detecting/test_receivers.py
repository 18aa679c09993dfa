"""Files, commands and webhooks acknowledge an alert, or say why not."""

from __future__ import annotations

import contextlib
import errno
import http.server
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventlake.local.detecting import receivers
from eventlake.local.detecting.receivers import CommandReceiver, FileReceiver, NotTakenError, WebhookReceiver
from eventlake.sources import load
from eventlake.sources.samples import read_sample

SAMPLE = read_sample(next(source for source in load() if source.name == "eventlake"), "alert-opened").event
EVENT = json.dumps(json.loads(SAMPLE)).encode()
ID = json.loads(SAMPLE)["id"]


class Hook(http.server.ThreadingHTTPServer):
    """A webhook on this machine: what it answers, and what it got."""

    status, retry_after, drip = 200, "", 0.0

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it is, with a secret."""
        return f"http://127.0.0.1:{self.server_address[1]}/s3cr3t"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, self.headers["Idempotency-Key"], body))
        if self.server.drip:
            self._drip()
            return
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self) -> None:
        """Answer a byte at a time, each sooner than anybody loses patience, for as long as somebody listens."""
        answer = itertools.chain(b"HTTP/1.1 200 OK\r\nX-Slow: ", itertools.repeat(ord("y")))
        with contextlib.suppress(OSError):
            for byte in answer:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.drip)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that listens."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _refused(receiver: receivers.Receiver) -> NotTakenError:
    with pytest.raises(NotTakenError) as error:
        receiver.take(ID, EVENT)
    assert "s3cr3t" not in str(error.value)
    return error.value


def test_a_file_gets_one_line_an_event(tmp_path: Path) -> None:
    """Also behind a line that a crash cut off, and never the same event twice."""
    file = tmp_path / "alerts.jsonl"
    receiver = FileReceiver(file)
    receiver.take(ID, EVENT)
    receiver.take(ID, EVENT)
    with file.open("ab") as cut:
        cut.write(b'{"id": "cut o')
    receiver.take("other", EVENT.replace(ID.encode(), b"other"))
    lines = file.read_bytes().splitlines()
    assert [json.loads(lines[0])["id"], lines[1], json.loads(lines[2])["id"]] == [ID, b'{"id": "cut o', "other"]
    assert file.stat().st_mode & 0o007 == 0


def test_an_event_that_a_full_disk_cut_off_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that becomes full takes a part of a line; that part holds the event's id and is not the event."""
    file, room, write = tmp_path / "alerts.jsonl", [len(EVENT) - 10], os.write

    def fills(handle: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(handle, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr("os.write", fills)
    assert str(_refused(FileReceiver(file))) == "its file cannot be written: No space left on device"
    monkeypatch.setattr("os.write", write)
    FileReceiver(file).take(ID, EVENT)
    FileReceiver(file).take(ID, EVENT)

    assert file.read_bytes().splitlines() == [EVENT[:-10], EVENT]


def test_a_file_that_cannot_be_written_is_no_acknowledgement(tmp_path: Path) -> None:
    """The folder is not there."""
    assert str(_refused(FileReceiver(tmp_path / "s3cr3t" / "alerts.jsonl"))) == "its file cannot be written: No such file or directory"


def test_a_command_gets_the_event_on_stdin(tmp_path: Path) -> None:
    """No shell reads its arguments."""
    file = tmp_path / "got"
    code = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())"
    CommandReceiver([sys.executable, "-c", code, str(file), "$(id); "]).take(ID, EVENT)
    assert file.read_bytes() == b"$(id); " + EVENT + b"\n"


def test_a_command_that_fails_is_no_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one that is not there, or does not end."""
    assert str(_refused(CommandReceiver([sys.executable, "-c", "import sys; sys.exit(3) # s3cr3t"]))) == "its command ended with 3"
    assert str(_refused(CommandReceiver(["/nowhere/s3cr3t"]))) == "its command cannot be started: No such file or directory"
    monkeypatch.setattr(receivers, "_COMMAND_S", 0.2)
    assert "did not end within" in str(_refused(CommandReceiver([sys.executable, "-c", "import time; time.sleep(60)"])))


def test_a_command_that_reads_nothing_may_acknowledge() -> None:
    """It ends before it was told all."""
    CommandReceiver(["/bin/true"]).take(ID, EVENT * 1000)


def test_a_webhook_gets_json_with_the_id_of_the_event(hook: Hook) -> None:
    """By the id a receiver knows what it had already."""
    WebhookReceiver(hook.url, "event").take(ID, EVENT)
    assert hook.got == [("/s3cr3t", ID, json.loads(EVENT))]


@pytest.mark.parametrize(("status", "is_down"), [(500, True), (503, True), (429, True), (400, False), (410, False), (302, False)])
def test_an_answer_other_than_2xx_is_no_acknowledgement(hook: Hook, status: int, is_down: bool) -> None:
    """It is followed nowhere; and it is asked whether it takes nothing now, or only not this."""
    hook.status, hook.retry_after = status, "17"
    error = _refused(WebhookReceiver(hook.url, "slack"))
    assert (str(error), error.is_down, error.after_s) == (f"it answered {status}", is_down, 17.0)
    assert [path for path, _, _ in hook.got] == ["/s3cr3t"]


def test_a_webhook_that_is_not_there_is_no_acknowledgement(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a proxy is said to be."""
    monkeypatch.setenv("http_proxy", hook.url)
    assert str(_refused(WebhookReceiver("http://127.0.0.1:9/s3cr3t", "event"))) == "it cannot be reached: Connection refused"
    assert hook.got == []


def test_a_webhook_that_answers_a_byte_at_a_time_has_no_more_time_than_another(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """No read of it takes long, and it would never end."""
    monkeypatch.setattr(receivers, "_WEBHOOK_S", 0.3)
    hook.drip = 0.02

    assert str(_refused(WebhookReceiver(hook.url, "event"))) == "it did not answer within 0.3 seconds"
