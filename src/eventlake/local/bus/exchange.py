"""One request and its answer: uvicorn's, but that an answer which is whole leaves in one write, without a look at each of its headers.

Nothing of an answer leaves before the first of its body does, as ASGI has it: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from eventlake.local.bus.answer import REQUEST_ID, Message, RawHeaders

_ORDINARY = frozenset({b"content-type", b"content-length", b"retry-after", REQUEST_ID})
"""The headers of most answers, of which none changes how the answer is sent."""
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Exchange(RequestResponseCycle):
    """One request and its answer."""

    @classmethod
    def of(cls, asked: HttpToolsProtocol) -> Exchange:
        """Make that of the request whose headers a connection has read."""
        return cls(
            scope=asked.scope,
            transport=asked.transport,
            flow=asked.flow,
            logger=asked.logger,
            access_logger=asked.access_logger,
            access_log=asked.access_log,
            default_headers=asked.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=asked.expect_100_continue,
            keep_alive=asked.scope["http_version"] != "1.0" and asked.parser.should_keep_alive(),
            on_response=asked.on_response_complete,
        )

    _start: Message | None = None
    """The beginning of an answer, which waits for the first of its body."""

    async def send(self, message: Any) -> None:  # as uvicorn has it, with a type for each message
        """Send what an application says."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            await super().send(message)
        elif not self._sent_at_once(start, message):
            await super().send(start)  # type: ignore[arg-type]  # it is such a message
            await super().send(message)

    def _sent_at_once(self, start: Message, message: Message) -> bool:
        """Send an ordinary answer that is whole, to an ordinary request; return False for any other, of which nothing is sent then."""
        body: bytes = message.get("body", b"")
        headers: RawHeaders = start["headers"]
        if message.get("more_body") or not self._is_ordinary() or (b"content-length", b"%d" % len(body)) not in headers:
            return False
        lines = [STATUS_LINE[start["status"]]]
        for name, value in headers:
            if name not in _ORDINARY or _CONTROL.search(value):
                return False
            lines += (name, b": ", value, b"\r\n")
        for name, value in self.default_headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n", body)
        self.transport.write(b"".join(lines))
        self.response_started = self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True

    def _is_ordinary(self) -> bool:
        """Return True if the connection lives on, takes what is written, and the answer has a body that is told nobody else."""
        kept = self.keep_alive and not self.disconnected and not self.flow.write_paused
        return kept and self.scope["method"] != "HEAD" and not self.access_log
