"""The spool: accepted events on disk, in order, until they are delivered.

An append-only log of segments; a segment is named by the position of its first byte, and a position is a byte count over the life of the
lake. A frame is a header (length and CRC32 of the rest, kind, arrival) and a body. Callers that append at the same time share one write and
one synchronisation. The writer lives in the bus, the reader in delivery; only whole, synchronised frames are ever read.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from eventlake.errors import CorruptObjectError, StorageError
from eventlake.local.crash import crash_point
from eventlake.local.files import FileSystem, storage_error

EVENT = 0
"""The body is the bytes of one EventBridge envelope."""
REJECTED = 1
"""The body is a rejection (see `eventlake.local.rejection`): bad input with its reason."""

_HEADER = struct.Struct("<IIBQ")
_CHECKED_FROM = 8
"""The checksum covers the header from the kind on, and the body."""
_SUFFIX = ".log"
_ARRIVAL_END = re.compile(rb"[\x06-\x08]\x00")
"""How every arrival between 2023 and 2050 ends, as a little-endian number of microseconds."""

SEGMENT_BYTES = 64 << 20
FRAME_BYTES_LIMIT = 128 << 20

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


def encode(kind: int, arrival: int, body: bytes) -> bytes:
    """The bytes of one frame."""
    checked = struct.pack("<BQ", kind, arrival) + body
    return struct.pack("<II", len(body), zlib.crc32(checked)) + checked


def _segments(folder: Path) -> list[tuple[int, Path]]:
    """Position and path of each segment, in order."""
    return sorted((int(path.stem), path) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def _frames(data: bytes, position: int) -> Iterator[Frame]:
    """The whole frames at the beginning of these bytes; it ends where one is cut short or damaged."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, checksum, kind, arrival = _HEADER.unpack_from(data, at)
        end = at + _HEADER.size + length
        if end > len(data) or zlib.crc32(memoryview(data)[at + _CHECKED_FROM : end]) != checksum:
            return
        yield Frame(position + at, position + end, kind, arrival, data[at + _HEADER.size : end])
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
        self.cut_bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open_last(at_least)
        except OSError as error:
            raise storage_error(error, f'The spool "{folder}" cannot be opened') from None
        self._damaged: StorageError | None = None
        self._queue: queue.SimpleQueue[tuple[bytes, Future[int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def end(self) -> int:
        """The position after the last durable frame."""
        return self._end

    def submit(self, entries: Sequence[Entry]) -> Future[int]:
        """Hand entries in; the future gives the durable end of the log, or raises StorageFullError or StorageError."""
        future: Future[int] = Future()
        self._queue.put((b"".join(encode(*entry) for entry in entries), future))
        return future

    def append(self, entries: Sequence[Entry]) -> int:
        """Append entries; when it returns they are durable. Gives the end of the log."""
        return self.submit(entries).result()

    def close(self) -> None:
        """Write what was handed in, then close."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._descriptor)

    def _open_last(self, at_least: int) -> None:
        segments = _segments(self._folder)
        if not segments:
            self._begin_segment(at_least)
            return
        position, path = segments[-1]
        whole = _whole_bytes(path, position)
        self._descriptor = self._files.open_for_append(path)
        self._start, self._end = position, position + whole
        size = os.fstat(self._descriptor).st_size
        if whole < size:
            self.cut_bytes = size - whole
            self._files.truncate(self._descriptor, whole)
            self._files.sync(self._descriptor)
            crash_point("torn tail cut")
        if self._end < at_least:
            os.close(self._descriptor)
            self._begin_segment(at_least)

    def _begin_segment(self, position: int) -> None:
        path = self._folder / f"{position:020d}{_SUFFIX}"
        self._descriptor = self._files.open_for_append(path)
        self._files.sync_folder(self._folder)
        self._start = self._end = position
        crash_point("segment begun")

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            while not self._queue.empty() and len(group) < 1000:
                handed = self._queue.get()
                if handed is None:
                    self._queue.put(None)
                    break
                group.append(handed)
            self._write_group(group)

    def _write_group(self, group: list[tuple[bytes, Future[int]]]) -> None:
        try:
            self._write(b"".join(data for data, _ in group))
        except (StorageError, OSError) as error:
            known = error if isinstance(error, StorageError) else storage_error(error, f'The spool "{self._folder}" cannot be written')
            for _, future in group:
                future.set_exception(known)
            return
        for _, future in group:
            future.set_result(self._end)

    def _write(self, data: bytes) -> None:
        """Make a group durable, or leave the log as it was."""
        if self._damaged is not None:
            raise self._damaged
        if self._end - self._start >= self._segment_bytes:
            previous = self._descriptor
            self._begin_segment(self._end)
            os.close(previous)
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
            self._damaged = storage_error(error, f'The spool "{self._folder}" cannot be written, restart to recover it')


def _whole_bytes(path: Path, position: int) -> int:
    """How many bytes of the last segment are whole frames.

    Raises CorruptObjectError if a whole frame follows the place where they end: that is damage, not a torn tail.
    """
    data = path.read_bytes()
    whole = 0
    for frame in _frames(data, position):
        whole = frame.end - position
    if whole < len(data) and _holds_frame(data, whole + 1, position):
        raise CorruptObjectError(
            f"{path}: the frame at byte {whole} is damaged, and whole frames follow it. "
            "Copy the file away, cut it at that byte, and start again; what followed can be sent again."
        )
    return whole


def _holds_frame(data: bytes, start: int, position: int) -> bool:
    """Whether a whole frame begins anywhere from here on: its length fits and its checksum holds.

    Only places are tried where the last bytes of an arrival may stand.
    """
    for found in _ARRIVAL_END.finditer(data, start + _HEADER.size - 2):
        frame = found.end() - _HEADER.size
        length = _HEADER.unpack_from(data, frame)[0]
        if length <= len(data) - found.end() and next(_frames(data[frame : found.end() + length], position), None):
            return True
    return False


class SpoolReader:
    """Reads frames in order from a position on; never beyond what the writer says is durable."""

    def __init__(self, folder: Path, position: int) -> None:
        self._folder = folder
        self.position = position

    def read(self, until: int, limit_bytes: int = 4 << 20) -> list[Frame]:
        """The next frames before `until`, about `limit_bytes` of them; none if all are read.

        Raises CorruptObjectError if a frame that was durable cannot be read.
        """
        while self.position < until:
            start, path, following = self._segment()
            if path is None:
                self.position = min(start, until)
                continue
            data = self._bytes(path, self.position - start, min(until, following) - self.position, limit_bytes)
            frames = list(_frames(data, self.position))
            if frames:
                self.position = frames[-1].end
                return frames
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
        """A log that went on at a higher position leaves a gap; anything else missing is damage."""
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
    """Where the oldest segment begins, 0 if there is none."""
    segments = _segments(folder)
    return segments[0][0] if segments else 0


def durable_end(folder: Path) -> int:
    """The end of the last whole frame, for a reader without a writer; 0 if there is no spool."""
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
