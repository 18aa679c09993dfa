"""The reader of a spool: it lives in delivery, and reads only whole frames that the writer says are durable.

What is damaged is skipped up to the next group, and given as one frame of its own kind, so that it is kept and nothing else is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.local.spool.frames import DAMAGED, HEADER, Frame, events_of, next_group
from eventlake.local.spool.header import is_header, salt_in
from eventlake.local.spool.segments import segments_of


class SpoolReader:
    """Reads frames in order from a position on; never beyond what the writer says is durable."""

    def __init__(self, folder: Path, position: int) -> None:
        self._folder = folder
        self._arrival: int | None = None
        self.position = position

    def read(self, until: int, limit_bytes: int = 2 << 20) -> list[Frame]:
        """Read the next frames before `until`, about `limit_bytes` of them; none if all are read.

        Raises StorageError; the next call goes on there.
        """
        try:
            return self._read(until, limit_bytes)
        except OSError as error:
            raise storage_error(error, f'The spool "{self._folder}" cannot be read') from None

    def _read(self, until: int, limit_bytes: int) -> list[Frame]:
        while self.position < until:
            start, path, following = self._segment()
            if path is None:
                self.position = min(start, until)
                continue
            end = min(until, following)
            data = self._bytes(path, self.position - start, min(end - self.position, limit_bytes + HEADER.size))
            frames, whole = events_of(data, self.position)
            self.position += whole
            if frames:
                self._arrival = frames[-1].arrival
                return frames
            if whole:
                continue
            if len(data) > limit_bytes:
                limit_bytes *= 4
            elif skipped := self._skip(path, start, end):
                return [skipped]
        return []

    def _segment(self) -> tuple[int, Path | None, int]:
        """Start and path of the segment that holds the position, and where the next one begins."""
        segments = segments_of(self._folder)
        later = [start for start, _ in segments if start > self.position]
        following = min(later, default=1 << 63)
        holding = [(start, path) for start, path in segments if start <= self.position]
        if not holding:
            return following, None, following
        return *holding[-1], following

    def _skip(self, path: Path, start: int, end: int) -> Frame | None:
        """Skip what is damaged; or a header, or the gap that a log leaves which went on at a higher position; for these there is no frame."""
        rest = self._bytes(path, self.position - start, end - self.position)
        if not rest:
            self.position = end
            return None
        place = next_group(rest, 1, self.position, salt_in(path.read_bytes(), start)) or len(rest)
        position, self.position = self.position, self.position + place
        if is_header(position - start, self.position - start):
            return None
        return Frame(position, self.position, DAMAGED, self._arrival or _written(path), rest[:place])

    @staticmethod
    def _bytes(path: Path, offset: int, length: int) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


def frames_at(folder: Path, positions: Sequence[int], until: int) -> dict[int, Frame]:
    """Read the frames at these positions again, which are in order and before `until`. Raises StorageError."""
    found: dict[int, Frame] = {}
    wanted = set(positions)
    reader = SpoolReader(folder, positions[0])
    while reader.position <= positions[-1]:
        found |= {frame.position: frame for frame in reader.read(until) if frame.position in wanted}
    return found


def _written(path: Path) -> int:
    """Return when a file was last written, in microseconds since 1970."""
    return path.stat().st_mtime_ns // 1000
