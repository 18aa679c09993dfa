"""What a sender may hand in -> the one form that flows: an EventBridge envelope with an id.

Taken: whole envelopes; the notification form of the Developer Tools (`detailType`, no id,
https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html); objects that a source declares under `[[bare]]`, such as Auth0's
logs from its Management API and webhooks. Called by the bus and by `send`, before anything is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.errors import EventError
from eventlake.model import Bare, Source
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.path import parse_path, value_at
from eventlake.pipeline.reading import read_object, unwritable
from eventlake.pipeline.rule import compile_pattern

_NAMESPACE = uuid.UUID("6f1d3a52-8a5e-5c0b-9d3e-2f6f0f0c7b11")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One event as it will be stored: its id and the bytes of its envelope."""

    id: str
    body: bytes


class Intake:
    """Recognises what a sender hands in.

    An event without an id gets one that follows from its content, so that sending it again is a duplicate, not a second event.
    """

    def __init__(self, sources: Sequence[Source], codec: Codec = STANDARD) -> None:
        self._codec = codec
        self._bare = [(compile_pattern(bare.pattern), bare) for source in sources for bare in source.bare]

    def accept(self, data: bytes) -> Accepted:
        """Turn one item of input into an envelope; a whole envelope with an id keeps its bytes.

        Raises EventError: NotJson, InvalidUtf8, TooLarge, TooDeep, NotANumber, LoneSurrogate or NotAnEvent.
        """
        if self._codec is not STANDARD:
            try:
                return self._accept(data, self._codec)
            except EventError:
                pass
        return self._accept(data, STANDARD)

    def _accept(self, data: bytes, codec: Codec) -> Accepted:
        item = read_object(data, codec)
        event = self._envelope(item)
        event_id = event.get("id")
        if event_id.__class__ is str and event_id and event is item and codec is not STANDARD:
            return Accepted(event_id, data)
        try:
            event["id"] = event_id = id_of(event, codec)
            return Accepted(event_id, codec.encode(event))
        except (UnicodeError, ValueError, RecursionError) as error:
            raise error if isinstance(error, EventError) else unwritable(error) from None

    def _envelope(self, item: dict[str, Any]) -> dict[str, Any]:
        if "detail-type" in item:
            return item
        if "detailType" in item:
            return {"detail-type" if key == "detailType" else key: value for key, value in item.items()}
        bare = next((bare for rule, bare in self._bare if rule.matches(item)), None)
        if bare is not None:
            return in_envelope(item, bare)
        raise EventError(
            "NotAnEvent", f'The object is no event: it has no "detail-type" and no source declares its shape; its keys are {_keys(item)}.'
        )


def in_envelope(item: dict[str, Any], bare: Bare) -> dict[str, Any]:
    """Put the envelope around an object that its source declares for objects that come without one."""
    event: dict[str, Any] = {"version": "0"}
    for key, written in bare.envelope.items():
        value = value_at(item, parse_path(written)) if written.startswith("$.") else written
        if value is not None:
            event[key] = value
    inner = event
    *outer, last = parse_path(bare.into)
    for segment in outer:
        inner = inner.setdefault(str(segment), {})
    inner[str(last)] = item
    return event


def id_of(event: dict[str, Any], codec: Codec) -> str:
    """Return the id of an event: its own, or a UUID (version 5) of its content if it has none."""
    event_id = event.get("id")
    if event_id is None or event_id == "":
        return str(uuid.uuid5(_NAMESPACE, codec.encode(event).decode()))
    if not isinstance(event_id, str):
        raise EventError("NotAnEvent", f'The "id" of the event is {str(event_id)[:60]}, not a text.')
    return event_id


def _keys(item: dict[str, Any]) -> str:
    return ", ".join(f'"{key[:40]}"' for key in list(item)[:5]) + (", ..." if len(item) > 5 else "") if item else "none"
