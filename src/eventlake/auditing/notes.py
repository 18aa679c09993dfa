"""Where deeds are noted: the journal of a lake in a folder, the event bus of one on AWS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from eventlake.auditing.entry import FAILED, Entry
from eventlake.errors import EventlakeError


class Notes:
    """Notes deeds, each before it is answered."""

    def note(self, entry: Entry) -> None:
        """Note a deed. Raises StorageError where that is demanded and cannot be done."""
        raise NotImplementedError

    def require(self) -> None:
        """Make sure that a deed which is to be done can be noted. Raises StorageError where that is demanded and cannot be done."""

    @contextlib.contextmanager
    def noting(self, action: str, via: str) -> Iterator[None]:
        """Note a deed when it ends, whichever way; it is not begun where it must be noted and cannot be. Raises StorageError."""
        self.require()
        try:
            yield
        except EventlakeError as error:
            self.note(Entry(action, via, outcome=FAILED, problem=str(error)))
            raise
        self.note(Entry(action, via))
