"""The segments of a spool: files named by the position of their first byte, in the folder of the spool.

A position is a byte count over the life of the lake.
"""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

from eventlake.errors import CorruptObjectError
from eventlake.local.crash import crash_point
from eventlake.local.spool.files import FileSystem
from eventlake.local.spool.frames import holds_group, spans

_SUFFIX = ".log"


def segment_path(folder: Path, position: int) -> Path:
    """Return the path of the segment that begins at a position."""
    return folder / f"{position:020d}{_SUFFIX}"


def segments_of(folder: Path) -> list[tuple[int, Path]]:
    """Return the position and path of each segment, in order."""
    return sorted((int(path.stem), path) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def whole_bytes(path: Path, position: int) -> int:
    """Return how many bytes of the last segment are whole frames.

    Raises CorruptObjectError if a group begins behind the place where they end: then what is damaged was durable, and is no torn tail.
    """
    data = path.read_bytes()
    whole = max((end for _, end, _, _ in spans(data)), default=0)
    if whole < len(data) and holds_group(data, whole + 1, position):
        raise CorruptObjectError(
            f"{path}: the frame at byte {whole} is damaged, and acknowledged events follow it. "
            "Copy the file away, cut it at that byte, and start again; what followed can be sent again."
        )
    return whole


def first_position(folder: Path) -> int:
    """Return where the oldest segment begins, 0 if there is none."""
    segments = segments_of(folder)
    return segments[0][0] if segments else 0


def durable_end(folder: Path) -> int:
    """Return the end of the last whole frame, for a reader without a writer; 0 if there is no spool."""
    segments = segments_of(folder)
    return segments[-1][0] + whole_bytes(segments[-1][1], segments[-1][0]) if segments else 0


def drop_before(folder: Path, position: int, files: FileSystem | None = None) -> int:
    """Remove the segments that end at or before a position, never the last one. How many there were."""
    segments = segments_of(folder)
    ended = [path for (_, path), (following, _) in pairwise(segments) if following <= position]
    for path in ended:
        with contextlib.suppress(FileNotFoundError):
            (files or FileSystem()).unlink(path)
        crash_point("segment dropped")
    return len(ended)
