"""The page of a bus that runs: it is there as soon as events are taken, and keeps nobody from sending or from ending the bus."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

LONG = "select count(*) from unnest(sequence(1, 10000)) a(x) cross join unnest(sequence(1, 10000)) b(y) cross join unnest(sequence(1, 1000)) c(z)"
"""Work for minutes, that reads nothing."""
EVENT = {"id": "e-1", "source": "aws.partner/auth0.com/x/auth0.logs", "detail-type": "Auth0 log", "detail": {"data": {"type": "s"}}}


class Served:
    """A bus in a process of its own, and what it says."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(folder), "--port", "0", "--buffer-seconds", "0.1"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        found = re.fullmatch(r"Ready: http://127\.0\.0\.1:(\d+)\n", self.process.stdout.readline())
        assert found
        self.port = int(found[1])

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            with answer:
                return answer.status, answer.read().decode()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A bus over a fresh lake."""
    served = Served(tmp_path / "lake")
    try:
        yield served
    finally:
        served.process.kill()
        served.process.communicate()


def test_what_was_sent_is_seen(served: Served) -> None:
    """On the page, once it is delivered; before, the page says that there is nothing."""
    assert "Shop" not in served.ask("GET", "/logins?from=-1h")[1]
    now = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
    event = {**EVENT, "time": now, "detail": {"data": {"type": "s", "log_id": "1", "date": now, "client_name": "Shop"}}}
    assert served.ask("POST", "/events", json.dumps(event).encode())[0] == 200

    end = time.monotonic() + 300
    while "Shop" not in (said := served.ask("GET", "/tiles/applications.json?from=-1h")[1]) and time.monotonic() < end:
        time.sleep(0.1)
    assert json.loads(said) == [{"application": "Shop", "logins": 1}]
    assert "Shop" in served.ask("GET", "/logins?from=-1h")[1]


@pytest.mark.slow
def test_a_long_query_keeps_nobody(served: Served) -> None:
    """Events are taken meanwhile, and the bus ends when it is told to; whoever asked hears that."""
    while served.ask("GET", "/sql")[0] != 200:  # the process of the page has not begun yet
        time.sleep(0.1)
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=600)) as asking:
        asking.request("GET", f"/sql?{urlencode({'q': LONG})}")
        time.sleep(2)  # the query runs by then, or is cancelled before it begins: both are right
        assert served.ask("POST", "/events", json.dumps({**EVENT, "time": "2026-11-20T10:00:00Z"}).encode())[0] == 200
        assert not select.select([asking.sock], [], [], 0)[0]

        served.process.send_signal(signal.SIGTERM)
        answer = asking.getresponse().read().decode()
    _, said = served.process.communicate(timeout=600)

    assert served.process.returncode == 0
    assert "cancelled" in answer or "not here just now" in answer  # where the page's process does not end within its five seconds
    assert "Traceback" not in said
    assert "The page" not in said


@pytest.mark.slow
def test_a_terminal_is_told_where_the_page_is(tmp_path: Path) -> None:
    """The address stands where a person reads; programs read stdout, and stderr holds trouble alone."""
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(tmp_path / "lake"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its_end, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("Ready: ").strip()
        said = os.read(terminal, 1000).decode()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(60) == 0

    os.close(its_end)
    os.close(terminal)
    assert f"The page: {url}/ in a browser." in said
