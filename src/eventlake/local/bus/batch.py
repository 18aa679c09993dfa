"""`POST /events`: the documents of a body -> the frames to store, and what the sender is told.

What is no event is kept with its reason and its place, and told by its line; it never stops its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from eventlake.errors import EventError
from eventlake.local.bus.answer import HttpError
from eventlake.local.documents import split
from eventlake.local.spool.frames import EVENT, REJECTED, Entry, encode
from eventlake.local.spool.rejection import pack
from eventlake.pipeline.envelope import Intake

EVENTS_LIMIT = 100_000
"""How many events a request may hold: enough for 64 MiB of 671 bytes each, and a bound for what the answer takes."""
_PARTS_LIMIT = 1 << 22
"""How many lines, or commas of an array, a request may hold, before it is taken apart: 64 MiB of nothing else take seconds."""
_SMALL_BYTES = 1 << 20
_SMALL_PARTS = 20_000
_ARRAY = re.compile(rb"\s*\[")

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Batch:
    """What a request became: the frames to store, and the answer once they are."""

    frames: bytes
    answer: bytes


def is_small(body: bytes) -> bool:
    """Return True if a body is read in some milliseconds."""
    return len(body) < _SMALL_BYTES and _parts(body) < _SMALL_PARTS


def read_batch(body: bytes, intake: Intake, arrival: int) -> Batch:
    """Read the batch that a body holds. arrival: microseconds since 1970, UTC. Raises HttpError if it holds none, or too much."""
    if len(body) > _PARTS_LIMIT and _parts(body) > _PARTS_LIMIT:
        raise _too_many()
    entries: list[Entry] = []
    said: list[dict[str, Any]] = []
    accepted = 0
    items = list(islice(split(body), EVENTS_LIMIT + 1))
    if len(items) > EVENTS_LIMIT:
        raise _too_many()
    for item in items:
        try:
            event = intake.accept(item.data)
        except EventError as error:
            entries.append((REJECTED, arrival, pack(item.failed(error), item.data)))
            said.append({"ErrorCode": error.code, "ErrorMessage": str(error), "line": item.line, "byte": item.at + 1})
        else:
            entries.append((EVENT, arrival, event.body))
            said.append({"id": event.id})
            accepted += 1
    if not entries:
        raise HttpError(400, "The request holds no event.")
    return Batch(encode(entries), _encode({"accepted": accepted, "rejected": len(said) - accepted, "events": said}))


def _parts(body: bytes) -> int:
    """Count, about, how many items a body may hold at most."""
    return body.count(b"\n") + (body.count(b",") if _ARRAY.match(body) else 0)


def _too_many() -> HttpError:
    return HttpError(413, f"A request holds at most {EVENTS_LIMIT:,} events; send less at once.")
