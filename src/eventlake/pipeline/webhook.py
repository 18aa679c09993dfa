"""What a provider's webhook posts -> the envelopes that EventBridge would have delivered, or why not.

Takes a body's documents, which are entries in a bare form of the one source whose webhook it is, and what holds some. The id of an event follows
from the entry's own, so that an entry that is posted again is a duplicate. Called by the bus and by `eventlake.functions.webhook`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from eventlake.errors import EventError
from eventlake.model import Source
from eventlake.pipeline import wrappers
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.envelope import Accepted, Taken, id_of, in_envelope, inside
from eventlake.pipeline.leftovers import ORIGIN
from eventlake.pipeline.path import parse_path, value_at
from eventlake.pipeline.pattern import compile_pattern
from eventlake.pipeline.reading import read_object, unwritable

PATH = "/webhooks/"
"""Where a webhook posts to, with the name of its source behind it."""

_NAMESPACE = uuid.UUID("0d0f4a0e-6a53-5f0e-8d5b-0c7f9c2b8f61")
_BROKEN_LIMIT = 1000
"""After so many broken documents the rest of a body is one: looking for the ends of more would take too long."""
_WHITE = " \t\r\n"
_NEXT_ELEMENT = re.compile(r",[ \t\r\n]*(?=\{)")
_GAP = re.compile(r"[ \t\r\n,]*")
_BLANKS = re.compile(r"[ \t\r\n]*")

_scan = json.JSONDecoder().raw_decode


class Entries:
    """The entries of one source. around: what each envelope says beside what the source declares, such as account and region."""

    def __init__(self, source: Source, around: Mapping[str, str] | None = None) -> None:
        assert source.webhook is not None
        self._source = source.name
        self._bare = [(compile_pattern(bare.pattern), bare) for bare in source.bare]
        self._ids = [parse_path(path) for path in source.webhook.id]
        self._around = {**(around or {}), ORIGIN: source.webhook.origin}

    def take(self, data: bytes, arrival: datetime) -> Taken:
        """Take one document of a body: an entry, or an array or object of some. arrival: when it was posted, in UTC. Raises nothing."""
        try:
            return Taken([self.accept(data, arrival)])
        except EventError as error:
            found = wrappers.opened(data, partial(self.accept, arrival=arrival)) if error.code == "NotAnEvent" else None
            return Taken([], error=error) if found is None else Taken(found.events, found.kinds, inside(found))

    def accept(self, data: bytes, arrival: datetime) -> Accepted:
        """Turn one entry into an envelope, whose time is its arrival, as EventBridge writes it.

        Raises EventError: NotJson, InvalidUtf8, TooLarge, TooDeep, NotANumber, LoneSurrogate or NotAnEvent.
        """
        item = read_object(data, STANDARD)
        bare = next((bare for rule, bare in self._bare if rule.matches(item)), None)
        if bare is None:  # a whole envelope neither: it could be of any source, and this sender has the token of one
            keys = ", ".join(f'"{key[:40]}"' for key in list(item)[:5]) or "none"
            raise EventError("NotAnEvent", f'The object is no entry that the webhook of "{self._source}" takes; its keys are {keys}.')
        event = in_envelope(item, bare)
        try:
            event |= {"id": self._id(event), **self._around, "time": f"{arrival:%Y-%m-%dT%H:%M:%SZ}"}
            return Accepted(event["id"], STANDARD.encode(event))
        except (UnicodeError, ValueError, RecursionError) as error:
            raise error if isinstance(error, EventError) else unwritable(error) from None

    def _id(self, event: dict[str, Any]) -> str:
        """Return the id of an event: a UUID (version 5) of the entry's own id, of all of it where it has none."""
        own = next((found for found in (value_at(event, path) for path in self._ids) if found.__class__ is str and found), None)
        return id_of(event, STANDARD) if own is None else str(uuid.uuid5(_NAMESPACE, f"{self._source} {own}"))


def documents(body: bytes) -> Iterator[bytes]:
    """Cut a body into its documents: the elements of an array, or what follows each other, with line breaks or without.

    What is broken is a document too: as far as its line goes, in an array as far as the next object.
    """
    text = body.decode("utf-8-sig", "surrogateescape")
    at = _BLANKS.match(text, 0).end()  # type: ignore[union-attr]  # it matches anything
    is_array = text.startswith("[", at)
    gap = _GAP if is_array else _BLANKS
    end = len(text.rstrip(_WHITE).removesuffix("]")) if is_array else len(text)
    at = gap.match(text, at + is_array).end()  # type: ignore[union-attr]  # it matches anything
    broken = 0
    while at < end:
        try:
            _, stop = _scan(text, at)
        except (ValueError, RecursionError):
            broken += 1
            stop = _end_of_broken(text, at, end, is_array) if broken < _BROKEN_LIMIT else end
        yield text[at:stop].strip(_WHITE).encode("utf-8", "surrogateescape")
        at = gap.match(text, stop).end()  # type: ignore[union-attr]  # it matches anything


def _end_of_broken(text: str, at: int, end: int, is_array: bool) -> int:
    if is_array:
        found = _NEXT_ELEMENT.search(text, at + 1, end)
        return end if found is None else found.start()
    line_end = text.find("\n", at)
    return end if line_end < 0 else line_end
