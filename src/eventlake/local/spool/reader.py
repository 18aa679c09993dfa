"""The reader of a spool: it lives in delivery, and reads only whole frames that the writer says are durable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventlake.errors import CorruptObjectError
from eventlake.local.spool.frames import HEADER, Frame, events_of
from eventlake.local.spool.segments import segments_of


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
            frames, whole = events_of(data, self.position)
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
        segments = segments_of(self._folder)
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
            return file.read(min(length, limit_bytes + HEADER.size))


def frames_at(folder: Path, positions: Sequence[int], until: int) -> dict[int, Frame]:
    """Read the frames at these positions again, which are in order and before `until`. Raises OSError, CorruptObjectError."""
    found: dict[int, Frame] = {}
    wanted = set(positions)
    reader = SpoolReader(folder, positions[0])
    while reader.position <= positions[-1]:
        found |= {frame.position: frame for frame in reader.read(until) if frame.position in wanted}
    return found
