"""The writer of a spool: it lives in the bus, and what it says is appended is on disk.

The spool is an append-only log of segments. Callers that append at the same time share one write and one synchronisation: a group.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from eventlake.backends.disk import disk_bytes, storage_error
from eventlake.errors import EventlakeError, StorageError
from eventlake.local.crash import crash_point
from eventlake.local.spool.files import FileSystem
from eventlake.local.spool.frames import Entry, encode, group_begins
from eventlake.local.spool.header import Header, Origin, encoded, new_header
from eventlake.local.spool.segments import damage_in, segment_path, segments_of

SEGMENT_BYTES = 64 << 20
_SEGMENTS_OF_DISK = 16
_LEAST_SEGMENT_BYTES = 1 << 20
"""Into how many segments a small disk goes at least: the last one is never dropped, so it must leave room; and how small they become."""
_GROUP_LIMIT = 1000
"""How many callers share a write at most."""


class SpoolWriter:
    """The one writer of a spool: a thread that writes what callers hand in, in groups, to segments of its own.

    at_least: the position that the log must not begin before, because everything before it is delivered. origin: what new segments say of
    their writer. require_held: raises LakeTakenError once the lake is no longer this process's; then nothing more is acknowledged.
    Opening cuts a torn tail off; `cut_bytes` says how much. Damage is left to the reader. Raises StorageError.
    """

    def __init__(
        self,
        folder: Path,
        at_least: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        files: FileSystem | None = None,
        origin: Origin = Origin(),  # noqa: B008  it is frozen
        require_held: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._files = files or FileSystem()
        self._origin = origin
        self._require_held = require_held
        self._descriptor = -1
        self._header = Header()
        self._is_torn = False
        self.cut_bytes = 0
        try:
            self._files.make_folder(folder)
            self._segment_bytes = min(segment_bytes, max(disk_bytes(folder) // _SEGMENTS_OF_DISK, _LEAST_SEGMENT_BYTES))
            self._start = self._end = max(at_least, self._finish_last())
            self._keep_names()
        except OSError as error:
            raise self._storage_error(error, "opened") from None
        self._queue: queue.SimpleQueue[_Handed | None] = queue.SimpleQueue()
        self._handing_in = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def end(self) -> int:
        """Return the position after the last durable frame."""
        return self._end

    def submit(self, frames: list[bytes]) -> Future[int]:
        """Hand in what `encode` made; the future gives the durable end of the log, or raises StorageFullError or StorageError."""
        return self._hand_in(_Handed(frames, Future()))

    def _hand_in(self, handed: _Handed) -> Future[int]:
        with self._handing_in:
            if self._closed:
                handed.future.set_exception(StorageError(f'The spool "{self._folder}" is closed; start the bus again.'))
            else:
                self._queue.put(handed)
        return handed.future

    def begin_anew(self) -> Future[int]:
        """Have all that is handed in from here on stand in a segment of its own; the future gives where that begins, or raises StorageError."""
        return self._hand_in(_Handed([], Future(), begins=True))

    def append(self, entries: Sequence[Entry]) -> int:
        """Append entries; when it returns they are durable. Gives the end of the log."""
        return self.submit([encode(entries)]).result()

    def close(self) -> None:
        """Write what was handed in, then close. A second call does nothing."""
        with self._handing_in:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        if self._descriptor >= 0:
            self._end_well()
            os.close(self._descriptor)

    def _finish_last(self) -> int:
        """Return where the log ends. What another writer left is finished: a torn tail is cut off, what it did not synchronise is."""
        segments = segments_of(self._folder)
        if not segments:
            return 0
        position, path = segments[-1]
        whole = damage_in(path.read_bytes(), position)[1]
        if whole == 0:
            self.cut_bytes = path.stat().st_size
            self._files.unlink(path)  # a writer that still has it open shall not write to the one that takes its name
            return position
        descriptor = self._files.open_for_append(path)
        try:
            self.cut_bytes = os.fstat(descriptor).st_size - whole
            if self.cut_bytes:
                self._files.truncate(descriptor, whole)
            self._files.sync(descriptor)
        finally:
            os.close(descriptor)
        crash_point("spool reopened")
        return position + whole

    def _keep_names(self) -> None:
        """Make the names of segments, spool and lake durable, also those that a process made that ended before it could."""
        self._files.sync_folder(self._folder)
        with contextlib.suppress(PermissionError):  # a folder that may not be listed was there before the lake
            for above in list(self._folder.parents)[:2]:
                self._files.sync_folder(above)

    def _new_segment(self, position: int) -> int:
        """Begin a file and return its descriptor; its name is durable before anything is in it."""
        descriptor = self._files.open_for_append(segment_path(self._folder, position))
        try:
            self._files.sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            raise
        crash_point("segment begun")
        return descriptor

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            while not self._queue.empty() and len(group) < _GROUP_LIMIT:
                handed = self._queue.get()
                if handed is None:
                    self._queue.put(None)
                    break
                group.append(handed)
            for begins, part in itertools.groupby(group, lambda handed: handed.begins):
                self._write_group([handed for handed in part if handed.future.set_running_or_notify_cancel()], begins=begins)

    def _write_group(self, group: list[_Handed], *, begins: bool) -> None:
        """Write, or begin a segment, and tell those who wait, whatever happens."""
        try:
            if begins:
                self._begin_anew()
            else:
                self._write([data for handed in group for data in handed.frames])
        except (OSError, EventlakeError, MemoryError) as error:
            known = self._storage_error(error, "written") if isinstance(error, OSError) else error
            for handed in group:
                handed.future.set_exception(known)
            return
        for handed in group:
            handed.future.set_result(self._end)

    def _write(self, frames: list[bytes]) -> None:
        """Make a group durable, or leave the log as it was. Raises LakeTakenError if another process may have looked at the log meanwhile."""
        self._require_held()
        if self._is_torn:
            self._take_back()
        if self._descriptor < 0 or (frames and self._end - self._start >= self._segment_bytes):
            self._begin_segment()
        begins = self._end
        data = b"" if begins > self._start else encoded(self._header, begins)
        data += b"".join([group_begins(begins + len(data), self._header.salt), *frames])
        try:
            self._files.write(self._descriptor, data)
            crash_point("group written")
            self._files.sync(self._descriptor)
            crash_point("group synchronised")
        except OSError:
            self._is_torn = True
            with contextlib.suppress(OSError):  # it is tried again before the next group
                self._take_back()
            raise
        self._require_held()
        self._end += len(data)

    def _begin_anew(self) -> None:
        """Begin a segment, unless nothing is in the last one yet. Raises OSError, LakeTakenError."""
        self._require_held()
        if self._is_torn:
            self._take_back()
        if self._descriptor < 0 or self._end > self._start:
            self._begin_segment()

    def _begin_segment(self) -> None:
        following = self._new_segment(self._end)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._start, self._header = following, self._end, new_header(self._origin)

    def _take_back(self) -> None:
        """Cut a half-written group off again. Raises OSError."""
        self._files.truncate(self._descriptor, self._end - self._start)
        self._files.sync(self._descriptor)
        self._is_torn = False

    def _end_well(self) -> None:
        """Let an empty group follow the last one, so that damage in it can be told from what a power cut leaves."""
        with contextlib.suppress(OSError, EventlakeError):
            if self._end > self._start:
                self._write([])

    def _storage_error(self, error: OSError, what: str) -> StorageError:
        return storage_error(error, f'The spool "{self._folder}" cannot be {what}')


@dataclass(frozen=True, slots=True)
class _Handed:
    """Frames that a caller handed in, or its wish for a segment of its own, and where it waits."""

    frames: list[bytes]
    future: Future[int]
    begins: bool = False
