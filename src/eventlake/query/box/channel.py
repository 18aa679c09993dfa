"""Frames over a socket: four bytes of length, one of kind, the body. Neither side reads more than it is willing to.

The two sides do not trust each other alike: the process that answers may have been taken over by its query, so what it sends is
bounded, decoded as the types that were announced, and nothing of it is ever evaluated.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable

CELL, QUESTION, HOURS, JOB, TRY = b"C", b"Q", b"H", b"J", b"T"
"""What is said to the process."""
READY, UNDERSTOOD, KEPT, ROWS, DONE, FAILED, REFUSED = b"W", b"U", b"K", b"R", b"D", b"F", b"N"
"""What it says."""
MOST_BYTES = 1 << 26
"""Nothing but an answer is longer: a statement and the names of its objects."""

_HEAD = struct.Struct(">Ic")
_LOOK_S = 0.1
"""How often somebody who waits looks whether he is still wanted."""


class ChannelClosedError(Exception):
    """The other side is gone, or sends what is no frame."""


class ChannelLateError(Exception):
    """The deadline has passed."""


def send(sock: socket.socket, kind: bytes, body: bytes) -> None:
    """Send one frame; blocks until the other side has taken it, or the socket's timeout."""
    try:
        sock.sendall(_HEAD.pack(len(body), kind) + body)
    except TimeoutError:
        raise ChannelLateError from None
    except OSError:
        raise ChannelClosedError from None


def receive(sock: socket.socket, most: int, deadline: float | None = None, look: Callable[[], None] | None = None) -> tuple[bytes, bytes]:
    """Return kind and body of the next frame, of `most` bytes at most.

    deadline: of time.monotonic(). look: called again and again while waiting, to raise if nobody wants the answer any more.
    Raises ChannelClosedError or ChannelLateError.
    """
    size, kind = _HEAD.unpack(_exactly(sock, _HEAD.size, deadline, look))
    if size > most:
        raise ChannelClosedError
    return kind, _exactly(sock, size, deadline, look)


def _exactly(sock: socket.socket, size: int, deadline: float | None, look: Callable[[], None] | None) -> bytes:
    parts, left = [], size
    while left:
        _wait(sock, deadline, look)
        try:
            more = sock.recv(min(left, 1 << 20))
        except OSError:
            raise ChannelClosedError from None
        if not more:
            raise ChannelClosedError
        parts.append(more)
        left -= len(more)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _wait(sock: socket.socket, deadline: float | None, look: Callable[[], None] | None) -> None:
    """Wait until there is something to read."""
    if deadline is None:
        return
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while True:
        if look is not None:
            look()
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChannelLateError
        if poll.poll(min(left, _LOOK_S) * 1000):
            return
