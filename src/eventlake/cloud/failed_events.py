"""Everything that failed on AWS: what Firehose kept under `error/`, and what EventBridge could not put on a stream; each with its mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from eventlake.backends.aws import Session, is_denied
from eventlake.backends.catalog.entries import FailedEntry
from eventlake.backends.redriven_log import read_marks
from eventlake.cloud.deployment import Deployment, open_store
from eventlake.cloud.failed_records import FailedRecords
from eventlake.cloud.undelivered import LOOKING_S, SENDING_S, Letter, Undelivered
from eventlake.errors import EventError, ServiceError

_SHOWN = 20


class FailedEvents:
    """What failed in a lake on AWS. not_seen: why the queue of undelivered events could not be looked at; empty if it could."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        store = open_store(deployment, session)
        self.marks = read_marks(store)
        self._records = FailedRecords(store, deployment.sources, self.marks)
        self._undelivered = Undelivered(deployment, session) if deployment.name else None
        self._letters: dict[str, Letter] = {}
        self.not_seen = ""

    def newest(self, limit: int, *, redriven: bool = False) -> tuple[list[FailedEntry], bool]:
        """Return so many, the newest first, and whether there are more. redriven: those that were sent again too."""
        found, more = self._records.newest(limit, redriven=redriven)
        found += [one for one in self._looked_at() if redriven or one.redriven is None]
        found.sort(key=lambda entry: entry.arrival, reverse=True)
        return found[:limit], more or len(found) > limit

    def find(self, beginning: str) -> list[FailedEntry]:
        """Find those whose id begins like this, at most 20."""
        found = [one for one in self._looked_at() if one.id.startswith(beginning.lower())]
        return [*found, *self._records.find(beginning)][:_SHOWN]

    def original(self, entry: FailedEntry) -> bytes:
        """Return the bytes that failed. Raises StorageError, CorruptObjectError."""
        return self._letters[entry.id].event if entry.id in self._letters else self._records.original(entry)

    def every(self) -> Iterator[FailedEntry]:
        """Yield all of them, also those that were sent again; the queue's first, which nobody else sees until `put_back` or `take`."""
        yield from self._hidden(SENDING_S)
        yield from self._records.every()

    def originals(self, entries: Sequence[FailedEntry]) -> Iterator[tuple[FailedEntry, bytes | EventError]]:
        """Yield each with the bytes that failed, or why they cannot be read."""
        letters = [(one, self._letters[one.id].event) for one in entries if one.id in self._letters]
        return chain(letters, self._records.originals(one for one in entries if one.id not in self._letters))

    def take(self, ids: Iterable[str]) -> None:
        """Take from the queue those of these that are in it; their events are on their stream."""
        letters = [self._letters.pop(id) for id in ids if id in self._letters]
        if letters and self._undelivered is not None:
            self._undelivered.take(letters)

    def put_back(self) -> None:
        """Show in the queue again what was looked at and not taken."""
        if self._letters and self._undelivered is not None:
            self._undelivered.put_back(list(self._letters.values()))

    def _looked_at(self) -> list[FailedEntry]:
        """Return the events that wait in the queue, which stay there for everybody."""
        found = self._hidden(LOOKING_S)
        try:
            self.put_back()
        except ServiceError as error:
            if not is_denied(error):  # who may only look hides them for a moment
                raise
        return found

    def _hidden(self, seconds: int) -> list[FailedEntry]:
        """Return the events that wait in the queue, which nobody else sees for so many seconds."""
        try:
            found = self._undelivered.letters(seconds) if self._undelivered is not None else []
        except ServiceError as error:
            if not is_denied(error):
                raise
            found, self.not_seen = [], str(error)
        self._letters = {letter.entry.id: letter for letter in found}
        return [self._marked(letter.entry) for letter in found]

    def _marked(self, entry: FailedEntry) -> FailedEntry:
        mark = self.marks.get(entry.id)
        return replace(entry, redriven=mark.at, into=mark.into) if mark else entry
