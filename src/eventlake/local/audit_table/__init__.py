"""The journal of an audit as the table `audit` of its lake: lines become rows of the hours in which they were written, each once.

How far the journal is read is stored together with the rows, so whoever is killed in between goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from eventlake.errors import DeclarationError, LakeLockedError, StorageError
from eventlake.interfaces import Page
from eventlake.local.backfilling import Backfiller
from eventlake.local.histories import LocalHistories
from eventlake.local.importing import Importer
from eventlake.local.joining import added_to
from eventlake.local.journal import FOLDER, event_of
from eventlake.local.lock import read_holder
from eventlake.local.tombstones import read_forgetting
from eventlake.model import Source
from eventlake.sources import DECLARATION, OPTIONAL
from eventlake.sources.declaration import read_source

TABLE = "audit"
_PAGE = 1_000
_NICENESS = 10
"""Of who adds to a lake beside its bus: below delivery."""


@cache
def audit_source() -> Source:
    """Return the source whose one table the journal becomes."""
    return read_source(OPTIONAL / TABLE / DECLARATION)


def bring_in(folder: Path, sources: Sequence[Source], *, gives_way: bool = False) -> int:
    """Bring the lines of a lake's journal in that are new, beside its bus too; how many there were.

    sources: the lake's other ones. gives_way: whether the process becomes nicer, beside a bus. Raises DeclarationError if one of them has a
    table of this name, LakeLockedError, StorageError.
    """
    others = [source for source in sources if source != audit_source()]
    if any(table.name == TABLE for source in others for table in source.tables):
        raise DeclarationError(
            f'A source of yours has a table "{TABLE}", so the journal of the audit becomes none: give yours another name.'
        )
    if not any((folder / FOLDER).glob("*.jsonl")):
        return 0
    with ExitStack() as opened:
        try:
            catalog = opened.enter_context(Importer(folder, [*others, audit_source()])).catalog
        except LakeLockedError:
            if not read_holder(folder).get("shares"):
                raise
            catalog = opened.enter_context(added_to(folder, [*others, audit_source()]))
            os.nice(_NICENESS if gives_way else 0)
        backfiller = Backfiller(LocalHistories(catalog, folder), [audit_source()], aside=folder, forgetting=read_forgetting(folder))
        return [progress.rows for progress in backfiller.pages(JournalHistory(folder))][-1]


class JournalHistory:
    """The journal of the lake in a folder. Its cursor is a file and how many of its lines are read: what is erased in a line keeps the line."""

    name = "audit/journal"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield the lines behind a cursor, in order; one that is not whole yet is left. Raises StorageError."""
        begun, _, read = cursor.partition(":")
        for file in sorted(self._folder.glob("*.jsonl")):
            if file.name >= begun:
                yield from self._pages(file, int(read) if file.name == begun else 0)

    def _pages(self, file: Path, read: int) -> Iterator[Page]:
        try:
            lines = file.read_bytes().split(b"\n")[read:-1]
        except OSError as error:
            raise StorageError(f'"{file}" cannot be read: {error.strerror}.') from None
        for at in range(0, len(lines), _PAGE):
            some = lines[at : at + _PAGE]
            yield Page([line for line in some if event_of(line) is not None], f"{file.name}:{read + at + len(some)}")
