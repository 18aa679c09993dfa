"""A lake with a page that is served, and the Chromium that looks at it; without either, what needs them is skipped."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlake.history import History
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 180_000
"""How long a window waits for what must come: only what never comes may fail, on however loaded a machine."""
MARKS = (
    "<script>window.ran=1</script>",
    '"><img src=/none onerror="window.ran=1">',
    "javascript:window.ran=1",
    "\u202eturned\u202c",
    "long" * 2500,
)
"""Harmless texts that would show that they ran, turn what is written, or break the layout."""


class Served:
    """A bus over a lake, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(folder), "--port", "0", "--buffer-seconds", "0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ.copy())
        assert self.process.stdout is not None
        found = re.fullmatch(r"Ready: (http://127\.0\.0\.1:(\d+))\n", self.process.stdout.readline())
        assert found
        self.url, self.port = found[1], int(found[2])

    def send(self, *events: dict[str, Any]) -> None:
        """Send events to the bus."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/events", json.dumps(list(events)))
        assert connection.getresponse().status == 200
        connection.close()

    def answers(self) -> bool:
        """Whether the page's process, which begins after the bus, is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/sql")
        status = connection.getresponse().status
        connection.close()
        return status == 200


def entry(number: int, text: str) -> dict[str, Any]:
    """An entry of the tenant log of just now, with a text wherever one may stand."""
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    texts = dict.fromkeys(("user_name", "description", "client_name", "connection", "organization_name"), text)
    data = {**texts, "type": "f", "date": at, "log_id": f"m{number}", "ip": "192.0.2.77"}
    source = "aws.partner/auth0.com/x/auth0.logs"
    return {"id": f"m{number}", "source": source, "detail-type": "Auth0 log", "time": at, "detail": {"log_id": f"m{number}", "data": data}}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Ten days of history until now, and entries that hold a stranger's marks."""
    folder, now = tmp_path_factory.mktemp("lake"), datetime.now(UTC)
    with Importer(folder, load(), now=lambda: now, log_format="parquet") as importer:
        history = History(4, now - timedelta(days=10), now, 0.25, users=60)
        importer.accept([Item(number, body) for number, (_, body) in enumerate(history, 1)])
        importer.deliver()
    bus = Served(folder)
    bus.send(*[entry(number, text) for number, text in enumerate(MARKS)])
    while not bus.answers():
        time.sleep(1)
    yield bus
    bus.process.terminate()
    bus.process.communicate(timeout=60)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by playwright."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs playwright: requirements-browser.lock")
    if CHROMIUM is None:
        pytest.skip("needs a chromium on the path")
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium as root has none
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


class Window:
    """A window of the browser, and all that it complains about or asks for elsewhere."""

    def __init__(self, chromium: Any, url: str, **options: Any) -> None:
        self.context = chromium.new_context(base_url=url, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.url = url
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(f"{said.text} {said.location}") if said.type in {"error", "warning"} else None
        )
        self.page.on("request", lambda asked: self.complaints.append(asked.url) if not asked.url.startswith((url, "data:")) else None)

    def open(self, path: str) -> Any:
        """Open a page and wait until all its tiles are there."""
        self.page.goto(path, wait_until="load")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until every tile is there."""
        self.page.locator("section[data-waiting]").first.wait_for(state="detached")


@pytest.fixture
def window(chromium: Any, served: Served) -> Iterator[Window]:
    """A window of a usual size."""
    opened = Window(chromium, served.url, viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()
    assert opened.complaints == []
