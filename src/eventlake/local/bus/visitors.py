"""Lets browsers in to what stands beside the bus, such as the page: those that pass the bus's guard; those that show no token may sign in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from eventlake.local.bus.answer import Application, HttpError, Message, Receive, Send, answer_to, respond
from eventlake.local.bus.guard import Guard

_log = logging.getLogger(__name__)


class Beside(Protocol):
    """What stands beside the bus for as long as it runs, made elsewhere."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""

    async def run(self) -> None:
        """Have it made until `end`."""

    def end(self) -> None:
        """Have everybody answered soon who waits: the bus ends."""

    async def stop(self) -> None:
        """Return when nothing of it runs any more."""


class Visitors:
    """The ASGI application of what stands beside. sign_in: makes, of the guard, what those are answered who show no token."""

    def __init__(self, guard: Guard, beside: Application, sign_in: Callable[[Guard], Application] | None = None) -> None:
        self._guard = guard
        self._beside = beside
        self._sign_in = None if sign_in is None else sign_in(guard)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let what is beside answer those who pass the guard."""
        try:
            headers = self._guard.headers(scope["headers"])
            self._guard.check_sender(headers, scope["method"])
        except HttpError as error:
            await respond(send, answer_to(error, to_aws=False))
            return
        answering = self._beside
        try:
            self._guard.check_visitor(headers)
        except HttpError as error:
            if self._sign_in is None:
                await respond(send, answer_to(error, to_aws=False))
                return
            answering = self._sign_in
        await _pass_on(answering, scope, receive, send)


async def _pass_on(answering: Application, scope: Message, receive: Receive, send: Send) -> None:
    """Have an application answer, and say so where it fails."""
    has_begun = False

    async def sent(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        await send(message)

    try:
        await answering(scope, receive, sent)
    except Exception:  # the server would answer without an id by which both sides can speak of it
        _log.exception("What stands beside the bus failed to answer %s %s.", scope["method"], scope["path"])
        if has_begun:
            raise
        await respond(send, answer_to(HttpError(500, "The bus failed, and said why where it runs."), to_aws=False))
