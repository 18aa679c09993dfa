"""Requests that came in one piece, as small ones do: what they need of a connection, and how the next of their kind is known by its head."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventlake.local.bus.at_once import Way

_BEGINNING = b"POST / HTTP/1.1\r\n"
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)\r\n", re.IGNORECASE)
_MOST_DIGITS = 10
"""Of a length that is read here; Python itself refuses one of some thousands."""


class Whole:
    """A request that no application answers, as uvicorn asks for it."""

    class _Nobody:
        """Waits for nothing of it."""

        def set(self) -> None:
            """Wake nobody."""

    message_event = _Nobody()
    response_started = False
    response_complete = False
    disconnected = False
    more_body = False
    keep_alive = True


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request that may come again, but for the length of its body: senders mostly repeat themselves. way: where it leads."""

    before: bytes
    after: bytes
    way: Way

    @classmethod
    def of(cls, request: bytes, body_bytes: int, way: Way) -> Head | None:
        """Return the head of a request that was read, if all of it and nothing else is in these bytes."""
        end = request.find(_END) + len(_END)
        length = _LENGTH.search(request, 0, end)
        if length is None or end != len(request) - body_bytes or not request.startswith(_BEGINNING):
            return None
        return cls(request[: length.start(1)], request[length.end(1) : end], way)

    def body_of(self, request: bytes) -> bytes | None:
        """Return the body of a request with this head, if that is what these bytes are, and nothing else."""
        if not request.startswith(self.before):
            return None
        digits = len(self.before)
        end = request.find(b"\r", digits)
        begins = end + len(self.after)
        length = request[digits:end]
        if len(length) > _MOST_DIGITS or not length.isdigit():
            return None
        if not request.startswith(self.after, end) or int(length) != len(request) - begins:
            return None
        return request[begins:]
