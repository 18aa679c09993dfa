"""Events that name who was erased -> no event, or the same with `[erased]` in the identifier's place, before any log line is made.

An event is of a person if a column of its table that is declared as personal data is the person's identifier; then nothing of it is kept. One
that names a person elsewhere, in the words of a text or as a key, is kept without the identifier. Identifiers are found in any case,
percent-encoded, escaped as JSON, and in base64 within a text that is looked at for one of these or begins as a packed JSON object does.

Called for each event, so `may_name` decides by its bytes: it looks only at the texts in which a character stands that some identifier has
and few texts do, and remembers those that name nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eventlake.errors import EventError
from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.erased import Search
from eventlake.pipeline.path import Path, parse_path, value_at
from eventlake.pipeline.reading import read_event
from eventlake.pipeline.tombstones import Tombstones

_REMEMBERED = 20_000
_LONGEST = 1_000
"""So many texts that name nobody are remembered, up to this length: the same come again and again."""
_SPELLED = (b"%", b"\\")
"""Where one stands, an identifier may be spelled without its rare character."""
_PACKED = b"eyJ"
"""Begins the base64 of a JSON object."""
_WORDS = bytes(ord(chr(one).lower()) if chr(one).isalnum() and one < 128 else 32 for one in range(256))
"""For `bytes.translate`: small letters and digits, and blanks for all else."""


class Forgetting:
    """What becomes of events in a lake where somebody was erased."""

    def __init__(self, stones: Tombstones) -> None:
        self._stones = stones
        self._ends = sorted({stone.until for stone in stones.stones if stone.until})
        self._searches: dict[int, Search] = {}
        self._all = Search(stones)
        plain = [anchor for anchor in self._all.anchors if anchor]
        self._needles = (*(needle for anchor in plain for needle in _needles(anchor)), *_SPELLED, _PACKED)
        self._lengths = self._all.lengths("")
        self._reads_all = '"' in self._all.anchors or not all(map(str.isascii, plain))
        self._clean: set[bytes] = set()
        self._subjects: dict[str, list[Path]] = {}

    def may_name(self, data: bytes) -> bool:
        """Return True if the bytes of an event may name somebody; False only if they do not."""
        if self._reads_all or b"\0" in data:  # UTF-16, in which nothing stands where it is looked for
            return True
        return self._names_by_anchor(data) or (bool(self._lengths) and self._names_by_word(data))

    def _names_by_anchor(self, data: bytes) -> bool:
        for needle in self._needles:
            at = data.find(needle)
            while at >= 0:
                end = data.find(b'"', at)
                text = data[data.rfind(b'"', 0, at) + 1 : end if end >= 0 else len(data)]
                if text not in self._clean and self._names(text):
                    return True
                at = data.find(needle, end) if end >= 0 else -1
        return False

    def _names_by_word(self, data: bytes) -> bool:
        return any(len(word) in self._lengths and word not in self._clean and self._names(word) for word in data.translate(_WORDS).split())

    def _names(self, text: bytes) -> bool:
        if self._all.names(text.decode("utf-8", "surrogateescape")):
            return True
        if len(text) <= _LONGEST:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return False

    def identifiers(self, data: bytes) -> set[str]:
        """Return who is named in the bytes of an event, or of a row, as folded identifiers."""
        return self._all.identifiers(data.decode("utf-8", "surrogateescape")) if self.may_name(data) else set()

    def remainder(self, data: bytes, is_of_erased: Callable[[dict[str, Any]], bool]) -> bytes | None:
        """Return what is left of an event, or of what is none, without who was erased; None if it is of such a person.

        is_of_erased: asked of the event, also where it is too large or too deep to be stored: on AWS, Firehose would keep it as it came.
        """
        try:
            event = read_event(data, STANDARD)
            if is_of_erased(event):
                return None
            left = self.without(event)
            return data if left is event else STANDARD.encode(left)
        except (EventError, ValueError, RecursionError):
            return None if _is_of(data, is_of_erased) else self.without_bytes(data)

    def is_of_erased(self, event: dict[str, Any], table: Table) -> bool:
        """Return True if an event is of somebody who was erased, as a table reads it."""
        places = self._subjects.get(table.name)
        if places is None:
            places = self._subjects[table.name] = [parse_path(path) for path in subject_paths(table)]
        return self.is_theirs(event, places)

    def is_theirs(self, event: dict[str, Any], places: Sequence[Path]) -> bool:
        """Return True if one of these places of an event holds the identifier of somebody who was erased."""
        search = self._search(event)
        return any(search.is_identifier(value_at(event, place)) for place in places)

    def without(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event without the identifiers that it mentions; its id stays one that no other event has."""
        search = self._search(event)
        kept: dict[str, Any] = search.without(event)
        if kept is not event and kept.get("id") != event.get("id"):
            kept["id"] = self._stones.key.mac(str(event.get("id")))[:32]
        return kept

    def without_bytes(self, data: bytes) -> bytes:
        """Return bytes that are no event without the identifiers that they mention."""
        text = data.decode("utf-8", "surrogateescape")
        kept = self._all.redacted(text)
        return data if kept is text else kept.encode("utf-8", "surrogateescape")

    def without_words(self, text: str) -> str:
        """Return a sentence without the identifiers that it mentions."""
        return self._all.redacted(text)

    def _search(self, event: dict[str, Any]) -> Search:
        """Return what searches for those who are to be forgotten of an event's moment."""
        if not self._ends:
            return self._all
        said = event.get("time")
        happened = said[:19] + "Z" if said.__class__ is str and said.endswith("Z") else ""
        past = sum(end <= happened for end in self._ends) if happened else 0
        if past not in self._searches:
            stones = [stone for stone in self._stones.stones if stone.is_about(happened)]
            self._searches[past] = Search(Tombstones(self._stones.key, stones))
        return self._searches[past]


def subject_paths(table: Table) -> list[str]:
    """Return where the events of a table say whose they are: the paths of its columns that are declared as personal data."""
    personal = {place.path for place in table.personal}
    return [path for column in table.columns for path in column.paths if path in personal]


def _is_of(data: bytes, is_of_erased: Callable[[dict[str, Any]], bool]) -> bool:
    """Return True if something is of a person who was erased, whatever keeps it from being stored; False where it cannot be told."""
    try:
        event = STANDARD.loads(data)
        return event.__class__ is dict and is_of_erased(event)
    except (EventError, ValueError, RecursionError):
        return False


def _needles(anchor: str) -> set[bytes]:
    return {anchor.encode(), anchor.upper().encode()}
