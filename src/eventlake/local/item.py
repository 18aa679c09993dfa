"""One document of an input, as its bytes stand there, with its place. Cut by `eventlake.local.documents`, told by whoever takes it."""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.errors import EventError


@dataclass(slots=True)  # no tuple, and not frozen: those take twice and four times as long to make
class Item:
    """One document as its bytes stand there: its line, from 1, and where it begins in the input, from 0."""

    line: int
    data: bytes
    at: int = 0

    @property
    def place(self) -> str:
        """Return where it begins, for a person: both numbers from 1."""
        return f"line {self.line:,}, byte {self.at + 1:,}"

    def failed(self, error: EventError) -> EventError:
        """Return the error of this document with its place, unless it is what the input begins with."""
        if self.data == b"[":
            return EventError(error.code, f"The array that begins at {self.place} does not end: events may be missing behind its last one.")
        if not self.at:
            return error
        sentence = str(error)
        return EventError(error.code, f"{sentence if sentence.endswith('...') else sentence.rstrip('.')}; it begins at {self.place}.")
