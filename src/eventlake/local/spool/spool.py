"""The spool: accepted events on disk, in order, until they are delivered.

An append-only log of segments; a segment is named by the position of its first byte, and a position is a byte count over the life of the
lake. A frame is a header (length and CRC32 of the rest, kind, arrival) and a body. Callers that append at the same time share one write and
one synchronisation: a group. It begins with a frame that names its own position, and no group is written before the one in front of it is
durable; so a damaged frame with a group behind it was acknowledged, and one without may be what a power cut left of the last write. The
writer lives in the bus, the reader in delivery; only whole, synchronised frames are ever read.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.errors import CorruptObjectError, StorageError
from eventlake.local.delivery.crash import crash_point
from eventlake.local.spool.files import FileSystem

EVENT = 0
"""The body is the bytes of one EventBridge envelope."""
REJECTED = 1
"""The body is a rejection (see `eventlake.local.spool.rejection`): bad input with its reason."""
_GROUP = 2
"""A group begins; in place of the arrival stands the frame's own position, and there is no body. Readers do not see it."""

_HEADER = struct.Struct("<IIBQ")
_CHECKED = struct.Struct("<BQ")
_CHECKED_FROM = 8
"""The checksum covers the header from the kind on, and the body."""
_SUFFIX = ".log"
_GROUP_BEGINS = re.compile(rb"(?=\0{4}.{4}\x02)", re.DOTALL)
"""No length, any checksum, the kind."""

SEGMENT_BYTES = 64 << 20
_GROUP_LIMIT = 1000
"""How many callers share a write at most."""

Entry = tuple[int, int, bytes]
"""Kind, arrival in microseconds since 1970 in UTC, body."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One accepted item: where it begins and ends in the log, its kind, its arrival in microseconds since 1970 (UTC), its body."""

    position: int
    end: int
    kind: int
    arrival: int
    body: bytes


def encode(entries: Iterable[Entry]) -> bytes:
    """Encode entries as the bytes of their frames."""
    parts: list[bytes] = []
    for kind, arrival, body in entries:
        checksum = zlib.crc32(body, zlib.crc32(_CHECKED.pack(kind, arrival)))
        parts += (_HEADER.pack(len(body), checksum, kind, arrival), body)
    return b"".join(parts)


def _segments(folder: Path) -> list[tuple[int, Path]]:
    """Return the position and path of each segment, in order."""
    return sorted((int(path.stem), path) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def _spans(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield where the whole frames at the beginning of these bytes begin and end, their kind and arrival; end at a cut or damaged one."""
    at, view = 0, memoryview(data)
    while at + _HEADER.size <= len(data):
        length, checksum, kind, arrival = _HEADER.unpack_from(data, at)
        end = at + _HEADER.size + length
        if end > len(data) or zlib.crc32(view[at + _CHECKED_FROM : end]) != checksum:
            return
        yield at, end, kind, arrival
        at = end


class SpoolWriter:
    """The one writer of a spool: a thread that writes what callers hand in, in groups.

    at_least: the position that the log must not begin before, because everything before it is delivered.
    Opening cuts a torn tail off; `cut_bytes` says how much. Raises CorruptObjectError for damage elsewhere, StorageError.
    """

    def __init__(self, folder: Path, at_least: int = 0, segment_bytes: int = SEGMENT_BYTES, files: FileSystem | None = None) -> None:
        self._folder = folder
        self._files = files or FileSystem()
        self._segment_bytes = segment_bytes
        self._start = self._end = 0
        self._descriptor = -1
        self.cut_bytes = 0
        try:
            self._files.make_folder(folder)
            self._open(at_least)
            self._keep_names()
        except OSError as error:
            raise self._storage_error(error, "opened") from None
        self._damaged: StorageError | None = None
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
        handed = _Handed(frames, Future())
        with self._handing_in:
            if self._closed:
                handed.future.set_exception(StorageError(f'The spool "{self._folder}" is closed; start the bus again.'))
            else:
                self._queue.put(handed)
        return handed.future

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
        os.close(self._descriptor)

    def _open(self, at_least: int) -> None:
        """Go on in the last segment, or begin one."""
        segments = _segments(self._folder)
        if segments:
            self._reopen(*segments[-1])
            if self._end >= at_least:
                return
            os.close(self._descriptor)
        self._descriptor = self._new_segment(at_least)
        self._start = self._end = at_least

    def _reopen(self, position: int, path: Path) -> None:
        """Go on in a segment: cut a torn tail off, and make durable what a process left that ended between writing and synchronising."""
        whole = _whole_bytes(path, position)
        self._descriptor = self._files.open_for_append(path)
        self._start, self._end = position, position + whole
        self.cut_bytes = os.fstat(self._descriptor).st_size - whole
        if self.cut_bytes:
            self._files.truncate(self._descriptor, whole)
        self._files.sync(self._descriptor)
        crash_point("spool reopened")

    def _keep_names(self) -> None:
        """Make the names of segments, spool and lake durable, also those that a process made that ended before it could."""
        self._files.sync_folder(self._folder)
        with contextlib.suppress(PermissionError):  # a folder that may not be listed was there before the lake
            for above in list(self._folder.parents)[:2]:
                self._files.sync_folder(above)

    def _new_segment(self, position: int) -> int:
        """Begin a file and return its descriptor; its name is durable before anything is in it."""
        descriptor = self._files.open_for_append(self._folder / f"{position:020d}{_SUFFIX}")
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
            self._write_group([handed for handed in group if handed.future.set_running_or_notify_cancel()])

    def _write_group(self, group: list[_Handed]) -> None:
        """Write, and tell those who wait, whatever happens."""
        try:
            self._write([data for handed in group for data in handed.frames])
        except (OSError, StorageError, MemoryError) as error:
            known = self._storage_error(error, "written") if isinstance(error, OSError) else error
            for handed in group:
                handed.future.set_exception(known)
            return
        for handed in group:
            handed.future.set_result(self._end)

    def _write(self, frames: list[bytes]) -> None:
        """Make a group durable, or leave the log as it was."""
        if self._damaged is not None:
            raise self._damaged
        if self._end - self._start >= self._segment_bytes:
            following = self._new_segment(self._end)
            os.close(self._descriptor)
            self._descriptor, self._start = following, self._end
        data = b"".join([encode([(_GROUP, self._end, b"")]), *frames])
        try:
            self._files.write(self._descriptor, data)
            crash_point("group written")
            self._files.sync(self._descriptor)
            crash_point("group synchronised")
        except OSError:
            self._take_back()
            raise
        self._end += len(data)

    def _take_back(self) -> None:
        """Cut a half-written group off again; if even that fails, nothing more is accepted until a restart has looked at the log."""
        try:
            self._files.truncate(self._descriptor, self._end - self._start)
            self._files.sync(self._descriptor)
        except OSError as error:
            self._damaged = self._storage_error(error, "written, restart to recover it")

    def _storage_error(self, error: OSError, what: str) -> StorageError:
        return storage_error(error, f'The spool "{self._folder}" cannot be {what}')


@dataclass(frozen=True, slots=True)
class _Handed:
    """Frames that a caller handed in, and where it waits."""

    frames: list[bytes]
    future: Future[int]


def _whole_bytes(path: Path, position: int) -> int:
    """Return how many bytes of the last segment are whole frames.

    Raises CorruptObjectError if a group begins behind the place where they end: then what is damaged was durable, and is no torn tail.
    """
    data = path.read_bytes()
    whole = max((end for _, end, _, _ in _spans(data)), default=0)
    if whole < len(data) and _holds_group(data, whole + 1, position):
        raise CorruptObjectError(
            f"{path}: the frame at byte {whole} is damaged, and acknowledged events follow it. "
            "Copy the file away, cut it at that byte, and start again; what followed can be sent again."
        )
    return whole


def _holds_group(data: bytes, start: int, position: int) -> bool:
    """Return True if a group begins anywhere from here on; its first frame is known by the position it names."""
    places = (found.start() for found in _GROUP_BEGINS.finditer(data, start))
    return any(data.startswith(encode([(_GROUP, position + place, b"")]), place) for place in places)


def _events(data: bytes, position: int) -> tuple[list[Frame], int]:
    """Return the frames of events and rejections at the beginning of these bytes, and how many bytes are whole frames."""
    frames: list[Frame] = []
    whole = 0
    for at, whole, kind, arrival in _spans(data):
        if kind != _GROUP:
            frames.append(Frame(position + at, position + whole, kind, arrival, data[at + _HEADER.size : whole]))
    return frames, whole


class SpoolReader:
    """Reads frames in order from a position on; never beyond what the writer says is durable."""

    def __init__(self, folder: Path, position: int) -> None:
        self._folder = folder
        self.position = position

    def read(self, until: int, limit_bytes: int = 4 << 20) -> list[Frame]:
        """Read the next frames before `until`, about `limit_bytes` of them; none if all are read.

        Raises CorruptObjectError if a frame that was durable cannot be read.
        """
        while self.position < until:
            start, path, following = self._segment()
            if path is None:
                self.position = min(start, until)
                continue
            data = self._bytes(path, self.position - start, min(until, following) - self.position, limit_bytes)
            frames, whole = _events(data, self.position)
            self.position += whole
            if frames:
                return frames
            if whole:
                continue
            if len(data) > limit_bytes:
                limit_bytes *= 4
            elif self.position < min(until, following):
                self._skip_gap(path, start, following)
        return []

    def _segment(self) -> tuple[int, Path | None, int]:
        """Start and path of the segment that holds the position, and where the next one begins."""
        segments = _segments(self._folder)
        later = [start for start, _ in segments if start > self.position]
        following = min(later, default=1 << 63)
        holding = [(start, path) for start, path in segments if start <= self.position]
        if not holding:
            return following, None, following
        return *holding[-1], following

    def _skip_gap(self, path: Path, start: int, following: int) -> None:
        """Skip the gap that a log leaves which went on at a higher position; anything else missing is damage."""
        if start + path.stat().st_size <= self.position and following < 1 << 63:
            self.position = following
            return
        raise CorruptObjectError(f"{path}: the frame at byte {self.position - start} cannot be read. Run `eventlake doctor`.")

    @staticmethod
    def _bytes(path: Path, offset: int, length: int, limit_bytes: int) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(min(length, limit_bytes + _HEADER.size))


def first_position(folder: Path) -> int:
    """Return where the oldest segment begins, 0 if there is none."""
    segments = _segments(folder)
    return segments[0][0] if segments else 0


def durable_end(folder: Path) -> int:
    """Return the end of the last whole frame, for a reader without a writer; 0 if there is no spool."""
    segments = _segments(folder)
    return segments[-1][0] + _whole_bytes(segments[-1][1], segments[-1][0]) if segments else 0


def drop_before(folder: Path, position: int, files: FileSystem | None = None) -> int:
    """Remove the segments that end at or before a position, never the last one. How many there were."""
    segments = _segments(folder)
    ended = [path for (_, path), (following, _) in pairwise(segments) if following <= position]
    for path in ended:
        with contextlib.suppress(FileNotFoundError):
            (files or FileSystem()).unlink(path)
        crash_point("segment dropped")
    return len(ended)
