"""Where the bus has a token, a browser signs in once, and nobody else sees anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus.answer import Message, Receive, Send
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.guard import Guard, Names
from eventlake.local.bus.pressure import Pressure
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load
from eventlake.web.sign_in import SignIn
from visits import staying
from web.conftest import END

TOKEN = "token-of-a-test-0123"
HTML = {"accept": "text/html"}


async def page(_scope: Message, _receive: Receive, send: Send) -> None:
    """What lies behind the guard."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


class Visitor:
    """Asks a bus with a token, as a browser does."""

    def __init__(self, folder: Path) -> None:
        pressure = Pressure(folder, lambda: 0.0, reserve_bytes=0)
        self.bus = Bus(SpoolWriter(folder), Intake(load(), FAST), pressure, lambda: END, token=TOKEN, beside=page, sign_in=SignIn)

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8787", **(headers or {})}.items()]
        asyncio.run(self.bus({"type": "http", "method": method, "path": path, "query_string": b"", "headers": given}, staying(body), send))
        return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, sent[1]["body"]


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    """Somebody at a bus with a token."""
    return Visitor(tmp_path)


def test_without_the_token_there_is_a_form_and_nothing_else(visitor: Visitor) -> None:
    """On every address; programs hear what is wanted."""
    assert all(visitor.ask(path, HTML)[0] == 401 and b"behind" not in visitor.ask(path, HTML)[2] for path in ("/", "/tiles/x", "/lake"))
    assert b'name="token"' in visitor.ask("/", HTML)[2]
    assert visitor.ask("/")[0] == 401
    assert visitor.ask("/static/page.css")[0] == 200


def test_the_token_opens_the_page_for_this_browser(visitor: Visitor) -> None:
    """By a cookie that scripts do not see and other sites do not send, and that does not hold the token."""
    status, headers, _ = visitor.ask("/sign-in", {"sec-fetch-site": "same-origin"}, "POST", f"token={TOKEN}".encode())
    cookie = headers["set-cookie"].partition(";")[0]

    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"].endswith("; HttpOnly; SameSite=Strict; Path=/")
    assert TOKEN not in headers["set-cookie"]
    assert visitor.ask("/", {"cookie": cookie})[2] == b"behind"
    assert visitor.ask("/", {"cookie": f"other=1; {cookie}; more=2"})[2] == b"behind"


@pytest.mark.parametrize("cookie", ["eventlake=", "eventlake=" + "0" * 64, f"eventlake={TOKEN}", "noteventlake={}", "eventlake={}0"])
def test_another_cookie_opens_nothing(visitor: Visitor, cookie: str) -> None:
    """Nor the token itself in its place."""
    shown = cookie.format(Guard(Names(), TOKEN).fingerprint)

    assert visitor.ask("/", HTML | {"cookie": shown})[0] == 401


def test_the_cookie_sends_no_events(visitor: Visitor) -> None:
    """It is for looking alone."""
    fingerprint = Guard(Names(), TOKEN).fingerprint

    assert visitor.ask("/events", {"cookie": f"eventlake={fingerprint}"}, "POST", b"{}")[0] == 401


@pytest.mark.parametrize("body", [b"", b"token=", b"token=wrong", b"token=" + b"x" * 10_000, b"\xff\xfe", b"other=1"])
def test_what_is_not_the_token_opens_nothing(visitor: Visitor, body: bytes) -> None:
    """And the form is there again."""
    status, headers, said = visitor.ask("/sign-in", None, "POST", body)

    assert status == 403
    assert "set-cookie" not in headers
    assert b'name="token"' in said


def test_another_site_cannot_sign_in(visitor: Visitor) -> None:
    """Its form is refused before it is read."""
    assert visitor.ask("/sign-in", {"sec-fetch-site": "cross-site"}, "POST", f"token={TOKEN}".encode())[0] == 403
    assert visitor.ask("/", HTML | {"host": "elsewhere.example"})[0] == 400


def test_two_tokens_have_two_fingerprints() -> None:
    """A new token signs everybody out."""
    assert Guard(Names(), TOKEN).fingerprint != Guard(Names(), TOKEN + "4").fingerprint
