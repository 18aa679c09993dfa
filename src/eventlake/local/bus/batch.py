"""`POST /events`, and webhooks: the documents of a body -> the frames to store, and what the sender is told.

What is no event is kept with its reason and its place, and told by its line; it never stops its neighbours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from eventlake.local.bus.answer import HttpError
from eventlake.local.bus.body import BODY_LIMIT
from eventlake.local.documents import taken_of
from eventlake.local.encodings import in_utf8
from eventlake.local.guess import WHITE
from eventlake.local.item import Item
from eventlake.local.spool.frames import EVENT, REJECTED, encode_alike
from eventlake.local.spool.rejection import pack
from eventlake.pipeline.envelope import Accepted, Taken

EVENTS_LIMIT = 100_000
"""How many events a request may hold: enough for 64 MiB of 671 bytes each, and a bound for what the answer takes."""
REJECTS_LIMIT = 1000
"""How many documents of a request may be no events: each costs ten times what an event does, and nobody means to send more."""
_PARTS_LIMIT = 1 << 22
"""How many lines, or commas of an array, a request may hold, before it is taken apart: 64 MiB of nothing else take seconds."""
_SMALL_BYTES = 1 << 20
_SMALL_PARTS = 20_000
_ARRAY = re.compile(rb"\s*\[")

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Batch:
    """What a request became: the frames to store, the answer once they are, and its status: 413 where a rest was not taken."""

    frames: bytes
    answer: bytes
    status: int = 200


def is_small(body: bytes) -> bool:
    """Return True if a body is read in some milliseconds."""
    return len(body) < _SMALL_BYTES and _parts(body) < _SMALL_PARTS


def read_batch(
    body: bytes, arrival: int, take: Callable[[bytes], Taken], whole: Callable[[bytes], str | None] = lambda _line: None
) -> Batch:
    """Read the batch that a body holds. Raises HttpError if it holds none, or too much.

    arrival: microseconds since 1970, UTC. take: makes events of a document. whole: gives the id of a document that is stored as it stands.
    """
    if len(body) > _PARTS_LIMIT and _parts(body) > _PARTS_LIMIT:
        raise _too_many()
    batch = _Batch(arrival)
    text = in_utf8(body)
    for item, found in taken_of(text, take, batch.add_lines(text, whole)):
        if not batch.takes(found):
            return batch.whole(item)
        batch.add(item, found)
    return batch.whole()


class _Batch:
    """A request while it is taken apart."""

    def __init__(self, arrival: int) -> None:
        self._arrival = arrival
        self._frames: list[bytes] = []
        self._events: list[bytes] = []
        """Those behind the frames."""
        self._said: list[dict[str, Any]] = []
        self._opened: Counter[str] = Counter()
        self._rejected = 0
        self._size = 0

    def add_lines(self, text: bytes, whole: Callable[[bytes], str | None]) -> int:
        """Add the lines with which a text begins, as long as each is an event that is stored as it stands; return how much of the text they are.

        Raises HttpError.
        """
        at, size = 0, len(text)
        while at < size:
            end = text.find(b"\n", at)  # as `split` does it, in two thirds of the time
            line_end = size if end < 0 else end
            if data := text[at:line_end].strip(WHITE):
                event_id = whole(data) if data.startswith(b"{") else None
                if event_id is None:
                    break
                self._events.append(data)
                self._said.append({"id": event_id})
            at = line_end + 1
        if len(self._said) > EVENTS_LIMIT:
            raise _too_many()
        return min(at, size)

    def takes(self, taken: Taken) -> bool:
        """Return False for a document that would be one too many that is no event."""
        return taken.error is None or self._rejected < REJECTS_LIMIT

    def add(self, item: Item, taken: Taken) -> None:
        """Add a document: an event, what holds events, or what is kept with its reason. Raises HttpError."""
        for event in taken.accepted:
            self._events.append(event.body)
            self._said.append({"id": event.id})
        if taken.error is not None:
            self._end_events()
            self._frames.append(encode_alike(REJECTED, self._arrival, (pack(item.failed(taken.error), item.data),)))
            self._said.append({"ErrorCode": taken.error.code, "ErrorMessage": str(taken.error), "line": item.line, "byte": item.at + 1})
            self._rejected += 1
        if taken.opened:
            self._count(taken.opened, taken.accepted)
        if len(self._said) > EVENTS_LIMIT:
            raise _too_many()

    def _end_events(self) -> None:
        """Put the events that came so far into frames."""
        if self._events:
            self._frames.append(encode_alike(EVENT, self._arrival, self._events))
            self._events = []

    def _count(self, opened: dict[str, int], events: Sequence[Accepted]) -> None:
        """Count what was opened, which may be more than was sent."""
        self._opened.update(opened)
        self._size += sum(len(event.body) for event in events)
        if self._size > BODY_LIMIT:
            raise HttpError(413, f"What is opened in a request may have {BODY_LIMIT >> 20} MiB; send less at once.")

    def whole(self, rest: Item | None = None) -> Batch:
        """Return the frames and the answer. rest: the document with which begins what is not taken. Raises HttpError if there was nothing."""
        self._end_events()
        if not self._frames and not self._opened:
            raise HttpError(400, "The request holds no event.")
        opened = {"opened": dict(self._opened)} if self._opened else {}
        answer = {"accepted": len(self._said) - self._rejected, "rejected": self._rejected, **opened, "events": self._said}
        if rest is None:
            return Batch(b"".join(self._frames), _encode(answer))
        message = (
            f"{REJECTS_LIMIT:,} documents of the request are no events, as many as one may hold. What stands before {rest.place} is stored or kept; "
            "nothing is from there on: correct it and send it in a request of its own."
        )
        return Batch(b"".join(self._frames), _encode({"message": message, "rest": {"line": rest.line, "byte": rest.at + 1}, **answer}), 413)


def _parts(body: bytes) -> int:
    """Count, about, how many items a body may hold at most."""
    return _count(body, b"\n") + (_count(body, b",") if _ARRAY.match(body) else 0)


def _count(body: bytes, byte: bytes) -> int:
    """Count a byte that is rare. To leave it out is six times as fast, and takes as much memory again."""
    return body.count(byte) if len(body) > _SMALL_BYTES else len(body) - len(body.replace(byte, b""))


def _too_many() -> HttpError:
    return HttpError(413, f"A request holds at most {EVENTS_LIMIT:,} events; send less at once.")
