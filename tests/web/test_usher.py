"""The page has a process of its own: what befalls that process is told to browsers, and no sender of events hears of it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from eventlake.web import usher as usher_module
from eventlake.web.process import Task
from eventlake.web.usher import Usher
from eventlake.web.wire import heard, pieces
from visits import staying
from web.test_serving import EVENT, Served, served  # noqa: F401  a fixture

_PROGRAM = """
import os, signal, sys
from eventlake.web.process import Serving, socket, asyncio
async def page(scope, receive, send):
    if scope["path"] == "/dies":
        os.kill(os.getpid(), signal.SIGKILL)
    body = await receive()
    if scope["path"] == "/waits":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    if scope["path"] == "/fails":
        raise ValueError("on purpose")
    headers = [(b"x-said", body["body"]), (b"x-pid", b"%d" % os.getpid()), (b"x-nice", b"%d" % os.nice(0))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"a" * 200_000, "more_body": True})
    if scope["path"] == "/breaks":
        raise ConnectionError
    await send({"type": "http.response.body", "body": b"b"})
asyncio.run(Serving(socket.socket(fileno=int(sys.argv[1])), lambda: os.write(1, b"ready\\n")).run(page))
"""


@dataclass(frozen=True)
class Program:
    """A page of a few lines in a process of its own, in place of the lake's."""

    text: str
    begun: list[int] = field(default_factory=list)
    """Has an item for each of its processes."""

    def arguments(self, control: int) -> Sequence[str]:
        """As the page's own task has them."""
        self.begun.append(control)
        return [sys.executable, "-c", self.text, str(control)]


def asked(usher: Usher, path: str, body: bytes = b"", headers: Sequence[tuple[bytes, bytes]] = ()) -> Any:
    """The messages of an answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": list(headers)}
    return sent, usher(scope, staying(body), send)


async def running(usher: Usher, *paths: str, **given: Any) -> list[list[Any]]:
    """What a page answers to one request after another, from its beginning to its end."""
    life, answers = asyncio.create_task(usher.run()), []
    for path in paths:
        sent, answering = asked(usher, path, **given)
        await answering
        answers.append(sent)
    await usher.stop()
    await asyncio.wait_for(life, 120)
    return answers


def whole(sent: Sequence[Any]) -> bytes:
    """The body of an answer."""
    return b"".join(message["body"] for message in sent[1:])


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees how slow a machine is on which a process begins."""
    monkeypatch.setattr(usher_module, "PATIENCE_S", 60.0)


def test_what_a_browser_sends_and_gets_is_passed_on() -> None:
    """A body there, and a long answer back, which ends; one that breaks off has no end."""
    told: list[str] = []
    first, broken = asyncio.run(running(Usher(Program(_PROGRAM), told.append), "/", "/breaks", body=b"form"))  # type: ignore[arg-type]

    assert first[0]["status"] == 200
    assert (b"x-said", b"form") in first[0]["headers"]
    assert (b"x-nice", b"%d" % min(os.nice(0) + usher_module.NICENESS, 19)) in first[0]["headers"]
    assert whole(first) == b"a" * 200_000 + b"b"
    assert [message.get("more_body", False) for message in first[-2:]] == [True, False]
    assert all(message.get("more_body") for message in broken[1:])
    assert told == []


def test_a_process_that_dies_comes_back() -> None:
    """Whoever asked it is told to ask again; the next is answered."""
    dead, back = asyncio.run(running(Usher(Program(_PROGRAM), print), "/dies", "/"))  # type: ignore[arg-type]

    assert dead[0]["status"] == 503
    assert (b"retry-after", b"2") in dead[0]["headers"]
    assert back[0]["status"] == 200


def test_a_browser_that_leaves_before_it_is_answered_is_nobody_elses_matter() -> None:
    """The process stays: it answers whoever asks after that, as who moves from page to page fast leaves many questions behind."""

    async def told() -> list[bytes]:
        usher = Usher(Program(_PROGRAM), print)  # type: ignore[arg-type]
        life = asyncio.create_task(usher.run())
        before, answering = asked(usher, "/")
        await answering
        leaves = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])

        async def left() -> Any:
            return next(leaves)

        scope = {"type": "http", "method": "GET", "path": "/waits", "query_string": b"", "headers": []}
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await usher(scope, left, send)
        after, answering = asked(usher, "/")
        await answering
        await usher.stop()
        await asyncio.wait_for(life, 120)
        return [dict(messages[0]["headers"])[b"x-pid"] for messages in (before, after)]

    first, second = asyncio.run(told())
    assert first == second


def test_a_page_that_fails_is_one_answer(capfd: pytest.CaptureFixture[str]) -> None:
    """The process says why, and goes on."""
    failed, next_one = asyncio.run(running(Usher(Program(_PROGRAM), print), "/fails", "/"))  # type: ignore[arg-type]

    assert (failed[0]["status"], next_one[0]["status"]) == (500, 200)
    assert b"could not be made" in whole(failed)
    assert "on purpose" in capfd.readouterr().err


def test_a_process_that_cannot_begin_says_why_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a browser gets a sentence, which it asks again for by itself where it navigates."""
    monkeypatch.setattr(usher_module, "PATIENCE_S", 0.3)
    monkeypatch.setattr(usher_module, "_FIRST_PAUSE_S", 0.01)
    told: list[str] = []
    program = Program("print('The page cannot be shown: there is no lake.')")

    async def asked_while_it_fails() -> list[Any]:
        usher = Usher(program, told.append)  # type: ignore[arg-type]
        life = asyncio.create_task(usher.run())
        while len(program.begun) < 3:  # two of them have said it
            await asyncio.sleep(0.01)
        sent, answering = asked(usher, "/", headers=[(b"sec-fetch-mode", b"navigate")])
        await answering
        await usher.stop()
        await asyncio.wait_for(life, 120)
        return sent  # type: ignore[no-any-return]

    start, body = asyncio.run(asyncio.wait_for(asked_while_it_fails(), 300))

    assert start["status"] == 503
    assert b'http-equiv="refresh" content="2"' in body["body"]
    assert b"The page is not here just now" in body["body"]
    assert told == ["The page cannot be shown: there is no lake."]


def test_too_many_at_once_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process being asked."""
    monkeypatch.setattr(usher_module, "AT_ONCE", 0)
    ((start, body),) = asyncio.run(running(Usher(Program(_PROGRAM), print), "/"))  # type: ignore[arg-type]

    assert (start["status"], body["body"]) == (503, b"Too many look at once; try again in a moment.")


def test_what_lets_a_visitor_in_stays_with_the_bus() -> None:
    """The page hears of neither token nor cookie; of a body, no piece is long, and none is empty."""
    headers = [(b"authorization", b"Bearer t"), (b"cookie", b"eventlake=f"), (b"accept-encoding", b"gzip")]
    scope = {"method": "GET", "path": "/", "query_string": b"a=1", "headers": headers}

    assert heard(scope) == ("GET", "/", b"a=1", [(b"accept-encoding", b"gzip")])
    assert [len(piece) for piece in pieces(b"x" * 100_000)] == [65_540, 34_468]
    assert list(pieces(b"")) == []


def test_the_page_hears_who_only_follows_it() -> None:
    """Else it would take who follows for who looks himself, and hurry."""
    scope = {"method": "GET", "path": "/tiles/logins.part", "query_string": b"", "headers": [(b"x-follows", b"1"), (b"x-other", b"1")]}

    assert heard(scope).headers == [(b"x-follows", b"1")]


def page_process(bus: int) -> int:
    """The process of a bus that makes the page."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words, status = (folder / "cmdline").read_bytes().split(b"\0"), (folder / "stat").read_text()
        except OSError:
            continue
        if b"eventlake.web.process" in words and int(status.rpartition(")")[2].split()[1]) == bus:
            return int(folder.name)
    return 0


@pytest.mark.slow
def test_events_are_taken_while_ten_look_and_the_page_is_killed(served: Served) -> None:  # noqa: F811
    """Each event is acknowledged, and each of them is there once; the page is back, and the end of the bus waits for no stream."""
    over, lost = threading.Event(), []

    def look(number: int) -> None:
        stream = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        stream.request("GET", "/live")
        while not over.wait(0.05):
            try:
                if served.ask("GET", ("/", "/logins", "/lake")[number % 3])[0] not in {200, 503}:
                    lost.append(number)
            except (http.client.HTTPException, ConnectionError):  # its page broke off as the process was killed
                continue
        stream.close()

    lookers = [threading.Thread(target=look, args=(number,)) for number in range(10)]
    for one in lookers:
        one.start()
    now = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
    for number in range(200):
        if number % 80 == 40:
            served.ask("GET", "/healthz")
            while not (page := page_process(served.process.pid)):
                time.sleep(0.05)
            os.kill(page, signal.SIGKILL)
        data = {"type": "s", "log_id": f"l{number}", "date": now, "client_name": "Shop"}
        event = {**EVENT, "id": f"e-{number}", "time": now, "detail": {"log_id": f"l{number}", "data": data}}
        assert served.ask("POST", "/events", json.dumps(event).encode())[0] == 200
    over.set()
    for one in lookers:
        one.join()

    end = time.monotonic() + 300
    while "200" not in (said := served.ask("GET", "/tiles/applications.json?from=-1h")[1]) and time.monotonic() < end:
        time.sleep(0.2)
    assert json.loads(said) == [{"application": "Shop", "logins": 200}]
    assert lost == []
    stream = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    stream.request("GET", "/live")
    listened = stream.getresponse()
    listened.readline()
    page = page_process(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    listened.close()
    stream.close()
    assert not Path(f"/proc/{page}").exists()


@pytest.mark.slow
def test_a_bus_that_is_killed_takes_the_page_with_it(served: Served) -> None:  # noqa: F811
    """Nothing is left that would look at the lake for nobody."""
    while served.ask("GET", "/lake")[0] != 200:  # the process of the page has not begun yet
        time.sleep(0.1)
    page = page_process(served.process.pid)
    served.process.kill()
    served.process.wait(60)

    end = time.monotonic() + 300
    while Path(f"/proc/{page}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert page
    assert not Path(f"/proc/{page}").exists()


@pytest.mark.slow
def test_a_process_whose_bus_was_killed_before_it_began_ends_without_a_word(tmp_path: Path) -> None:
    """Nobody hears that it is ready, and nobody wants to know why not."""
    here, there = socket.socketpair()
    heard_by_nobody, said = os.pipe()
    os.close(heard_by_nobody)
    with here, there:
        command = Task(str(tmp_path / "lake")).arguments(there.fileno())
        ended = subprocess.run(command, stdout=said, stderr=subprocess.PIPE, pass_fds=[there.fileno()], timeout=60, check=False)
    os.close(said)

    assert (ended.returncode, ended.stderr) == (1, b"")
