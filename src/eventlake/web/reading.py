"""Serves the page alone, over a lake that takes its events elsewhere: a lake on AWS, whose events go to its event buses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

import uvloop

from eventlake.errors import ConfigurationError
from eventlake.local.bus.address import Address
from eventlake.local.bus.answer import Answer, HttpError, Message, Receive, Send, answer_to, respond
from eventlake.local.bus.connections import Connections, Limits
from eventlake.local.bus.guard import Guard, usable_token
from eventlake.local.bus.server import Server, listening, room_for_connections, stopped_by_signals
from eventlake.local.bus.visitors import Beside, Visitors
from eventlake.web.sign_in import SignIn

_WELL = b'{"status":"ok","reads":true}'
_EVENTS_GO = HttpError(405, "This lake is on AWS, and is only looked at here: put events on its event buses.", [(b"allow", b"GET, HEAD")])


class Reading:
    """A page at an address, behind the guard that a bus has there.

    token: what visitors must show; it is demanded where the address is not this machine's own. names: what visitors call it beside its address.
    told: is given sentences for the person who runs it.
    """

    def __init__(
        self,
        page: Beside,
        *,
        host: str,
        port: int,
        token: str | None,
        names: Sequence[str] = (),
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._address, self._port, self._told = Address(host), port, told
        checked = usable_token(token)
        if checked is None and not self._address.is_own:
            raise ConfigurationError(
                f'At "{host}" others could look at the lake: set EVENTLAKE_TOKEN, or leave --host out to listen on this machine only.'
            )
        self._guard = Guard(self._address.names(names), checked)
        self._page = page
        self._visitors = Visitors(self._guard, page, SignIn)
        self._server: Server | None = None

    def run(self, ready: Callable[[str], None]) -> int:
        """Serve until SIGTERM or Ctrl-C; `ready` is given the URL. Raises ConfigurationError for a port in use."""
        with listening(self._address.host, self._port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            url = self._address.url(listener.getsockname()[1])
            limits = Limits(connections=room_for_connections(Limits().connections))
            self._server = Server(self, Connections(limits, lambda: False, self._told), lambda: ready(url), self._page.end)
            runner.run(self._served(self._server, listener))
        return 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz" or (scope["path"] in {"/", "/events"} and scope["method"] not in {"GET", "HEAD"}):
            await respond(send, self._plainly(scope))
            return
        await self._visitors(scope, receive, send)

    def _plainly(self, scope: Message) -> Answer:
        """Answer what is no page's: how it is, and that events go elsewhere."""
        try:
            self._guard.check_sender(self._guard.headers(scope["headers"]), scope["method"])
        except HttpError as error:
            return answer_to(error, to_aws=False)
        return Answer(200, _WELL) if scope["path"] == "/healthz" else answer_to(_EVENTS_GO, to_aws=False)

    async def _served(self, server: Server, listener: socket.socket) -> None:
        making = asyncio.create_task(self._page.run())
        try:
            with stopped_by_signals(self._stop):
                await server.serve(sockets=[listener])
        finally:
            await self._page.stop()
            making.cancel()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
