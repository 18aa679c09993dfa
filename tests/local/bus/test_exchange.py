"""Answers as they leave: ordinary ones in one write, all others as uvicorn sends them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from eventlake.local.bus.answer import Answer, Message, Receive, Send, respond
from eventlake.local.bus.exchange import Exchange


class Written(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        """Keep it."""
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Take note."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Return True once it was closed."""
        return self.is_closed


def exchanged(application: Any, method: str = "POST", keep_alive: bool = True) -> Written:
    """What a server writes for an application's answer."""

    async def exchange() -> Written:
        transport, log = Written(), logging.getLogger("nobody")
        one = Exchange(
            scope={"type": "http", "method": method, "path": "/"},  # type: ignore[typeddict-item]  # what an answer needs of it
            transport=transport,
            flow=FlowControl(transport),
            logger=log,
            access_logger=log,
            access_log=False,
            default_headers=[(b"date", b"today")],
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=keep_alive,
            on_response=lambda: None,
        )
        await one.run_asgi(application)
        return transport

    return asyncio.run(exchange())


async def _answering(_scope: Message, _receive: Receive, send: Send) -> None:
    await respond(send, Answer(200, b"{}", headers=((b"x-amzn-requestid", b"r-1"),)))


def test_an_ordinary_answer_leaves_in_one_write() -> None:
    """Head and body together, with what the server adds to each."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-amzn-requestid: r-1\r\ndate: today\r\n\r\n"

    assert exchanged(_answering).writes == [head + b"{}"]


def test_the_last_answer_of_a_connection_says_so() -> None:
    """And the connection is closed behind it."""
    written = exchanged(_answering, keep_alive=False)

    assert b"connection: close\r\n" in b"".join(written.writes)
    assert written.is_closed


def test_an_answer_to_head_has_no_body() -> None:
    """Only the length that the body would have."""
    said = b"".join(exchanged(_answering, "HEAD").writes)

    assert b"content-length: 2\r\n" in said
    assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\0b"])
def test_a_header_cannot_hold_another(value: bytes) -> None:
    """Nor a character that ends it for some; nothing of such an answer leaves."""

    async def answering(_scope: Message, _receive: Receive, send: Send) -> None:
        await respond(send, Answer(200, b"{}", value))

    written = exchanged(answering)

    assert (written.writes, written.is_closed) == ([], True)


def test_an_application_that_fails_before_its_body_is_answered_500() -> None:
    """For nothing of the answer that it began has left."""

    async def failing(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        raise ZeroDivisionError

    assert b"".join(exchanged(failing).writes).startswith(b"HTTP/1.1 500 ")


def test_an_answer_in_pieces_leaves_as_they_come() -> None:
    """The head with the first of them."""

    async def streaming(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    said = b"".join(exchanged(streaming).writes)

    assert b"transfer-encoding: chunked\r\n" in said
    assert said.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_an_answer_that_breaks_its_word_is_cut_off() -> None:
    """A body of another length than its head says would be taken for the next answer."""

    async def short(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"{}"})

    assert exchanged(short).is_closed
