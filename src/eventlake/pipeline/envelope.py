"""What a sender may hand in -> the one form that flows: an EventBridge envelope with an id.

Taken: whole envelopes; the notification form of the Developer Tools (`detailType`, no id,
https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html); objects that a source declares under `[[bare]]`, such as Auth0's
logs from its Management API and webhooks; and all of these inside what `eventlake.pipeline.wrappers` opens. Called by the bus and by
`send`, before anything is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.errors import EventError
from eventlake.model import Bare, Source
from eventlake.pipeline import wrappers
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.path import parse_path, value_at
from eventlake.pipeline.pattern import compile_pattern
from eventlake.pipeline.reading import SIZE_LIMIT_BYTES, may_be_deep, read_object, unwritable

_CODES_OF_WRAPPERS = frozenset(("NotAnEvent", "TooLarge", "TooDeep"))
"""What a wrapper fails with where an event is expected."""
_NAMESPACE = uuid.UUID("6f1d3a52-8a5e-5c0b-9d3e-2f6f0f0c7b11")


@dataclass(slots=True)  # not frozen: that takes four times as long to make, and one is made for each event
class Accepted:
    """One event as it will be stored: its id and the bytes of its envelope."""

    id: str
    body: bytes


@dataclass(slots=True)
class Taken:
    """What one item became: events, how many wrappers of which kind were opened for them, and why not all of it is events."""

    accepted: list[Accepted]
    opened: dict[str, int] | None = None
    error: EventError | None = None


class Intake:
    """Recognises what a sender hands in.

    An event without an id gets one that follows from its content, so that sending it again is a duplicate, not a second event.
    """

    def __init__(self, sources: Sequence[Source], codec: Codec = STANDARD) -> None:
        self._codec = codec
        self._bare = [(compile_pattern(bare.pattern), bare) for source in sources for bare in source.bare]

    def take(self, data: bytes) -> Taken:
        """Take one item of input: an event, or what other services put around events. Raises nothing."""
        try:
            return Taken([self.accept(data)])
        except EventError as error:
            if error.code not in _CODES_OF_WRAPPERS:
                return Taken([], error=error)
            found = wrappers.opened(data, self.accept)
            return Taken([], error=error) if found is None else Taken(found.events, found.kinds, inside(found))

    def whole(self, data: bytes) -> str | None:
        """Return the id of an event that is stored as its bytes stand, as nearly all are; None for any other item, which `take` takes."""
        if self._codec is STANDARD or len(data) > SIZE_LIMIT_BYTES or may_be_deep(data):
            return None
        try:
            event = self._codec.loads(data)
        except (ValueError, RecursionError):
            return None
        if event.__class__ is not dict or "detail-type" not in event:
            return None
        event_id = event.get("id")
        return event_id if event_id.__class__ is str and event_id else None

    def accept(self, data: bytes) -> Accepted:
        """Turn one item of input into an envelope; a whole envelope with an id keeps its bytes.

        Raises EventError: NotJson, InvalidUtf8, TooLarge, TooDeep, NotANumber, LoneSurrogate or NotAnEvent.
        """
        if self._codec is not STANDARD:
            try:
                return self._accept(data, self._codec)
            except EventError as error:
                if error.code == "NotAnEvent":  # it was read, and is none for any codec
                    raise
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


def inside(found: wrappers.Opened) -> EventError | None:
    """Return the error of a wrapper in which not everything is an event."""
    if not found.failures:
        return None
    first, count = found.failures[0], len(found.failures) + len(found.events)
    where = " in ".join(reversed(found.kinds)) or "array"
    return EventError(first.code, f"In the {where}, {len(found.failures):,} of {count:,} are no events. {first}")


def in_envelope(item: dict[str, Any], bare: Bare) -> dict[str, Any]:
    """Put the envelope around an object that its source declares for objects that come without one."""
    event: dict[str, Any] = {"version": "0"}
    for key, written in bare.envelope.items():
        value = value_at(item, parse_path(written)) if written.startswith("$.") else written
        if value is not None:
            event[key] = [value] if key == "resources" else value
    inner = event
    *outer, last = parse_path(bare.into)
    for segment in outer:
        inner = inner.setdefault(str(segment), {})
    inner[str(last)] = _as_in_events(item, bare) if bare.rename or bare.json else item
    return event


def _as_in_events(item: dict[str, Any], bare: Bare) -> dict[str, Any]:
    """Return an object with the keys and values that its source's events have."""
    made = {key: value for key, value in item.items() if key not in bare.rename}
    made |= {name: item[key] for key, name in bare.rename.items() if name and key in item}
    return made | {key: _opened(made[key]) for key in bare.json if key in made}


def _opened(value: Any) -> Any:  # any JSON value
    """Return what a text is the JSON of, if that is an object or an array; else the value as it is."""
    if value.__class__ is not str or value[:1] not in ("{", "["):
        return value
    try:
        return STANDARD.loads(value.encode())
    except (ValueError, RecursionError):
        return value


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
