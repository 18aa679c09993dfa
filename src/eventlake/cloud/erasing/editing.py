"""Bytes that name a person -> the same without them: failed records, whole events one after the other, and texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eventlake.errors import CorruptObjectError
from eventlake.local.mentions import unpacked
from eventlake.pipeline.erasing import Person


@dataclass(frozen=True, slots=True)
class Edited:
    """What is left. rows: before. erased: those that were removed whole. edited: those that stay without the name."""

    data: bytes
    rows: int
    erased: int
    edited: int


def failures_without(data: bytes, person: Person) -> Edited:
    """Return failed records, one a line, without those that name the person, also within what they keep in base64."""
    lines = data.splitlines(keepends=True)
    staying = [line for line in lines if not any(map(person.is_named, unpacked(line)))]
    return Edited(b"".join(staying), len(lines), len(lines) - len(staying), 0)


def events_without(data: bytes, person: Person, lines_of: Callable[[bytes], list[bytes]]) -> Edited:
    """Return events, joined with nothing or a line's end between, without those of the person. lines_of: the log lines of an event."""
    kept, rows, erased, edited = list[bytes](), 0, 0, 0
    for event in _documents(data):
        rows += 1
        if not person.is_named(event):
            kept.append(event)
        elif any(map(person.has, lines_of(event.strip()))):
            erased += 1
        else:
            kept.append(person.edited(event))
            edited += 1
    return Edited(b"".join(kept), rows, erased, edited)


def text_without(data: bytes, person: Person, name: str) -> Edited:
    """Return a text with every mention replaced. name: how errors name it. Raises CorruptObjectError for what is no text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise CorruptObjectError(
            f'"{name}" names the person and is no text that could be edited: remove it and its versions yourself.'
        ) from None
    return Edited(person.edited(data), 1, 0, 1)


def _documents(data: bytes) -> Iterator[bytes]:
    """Yield JSON documents with the white space behind each; what is none comes in one piece, with all that follows it."""
    text, decoder, at = data.decode("utf-8", "surrogateescape"), json.JSONDecoder(), 0
    while at < len(text):
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = len(text)
        while end < len(text) and text[end].isspace():
            end += 1
        yield text[at:end].encode("utf-8", "surrogateescape")
        at = end
