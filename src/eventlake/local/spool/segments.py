"""The segments of a spool: files named by the position of their first byte, in the folder of the spool.

A position is a byte count over the life of the lake, headers and the beginnings of groups included.
"""

from __future__ import annotations

import contextlib
import re
import stat
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.local.crash import crash_point
from eventlake.local.spool.files import FileSystem
from eventlake.local.spool.frames import MARKS, next_group, spans
from eventlake.local.spool.header import Origin, header_of, is_header, salt_in

KEPT_S = 3600.0
KEPT_BYTES = 256 << 20
"""For how long what is delivered is kept, and how much of it at most: longer than a copy of a lake takes, so that one holds in one part what
it lacks in another."""
_NAME = re.compile(r"\d{20}\.log", re.ASCII)
_POSITIONS = 1 << 62
"""Positions are less than this; a name that says more is no segment's."""


def segment_path(folder: Path, position: int) -> Path:
    """Return the path of the segment that begins at a position."""
    return folder / f"{position:020d}.log"


def segments_of(folder: Path) -> list[tuple[int, Path]]:
    """Return the position and path of each segment, in order; a file of another name is none."""
    named = [path for path in folder.glob("*.log") if _NAME.fullmatch(path.name) and not path.is_symlink()]
    return sorted((int(path.stem), path) for path in named if int(path.stem) < _POSITIONS)


def damage_in(data: bytes, position: int) -> tuple[list[tuple[int, int]], int]:
    """Return where frames of a segment are damaged, and where its whole frames end; what follows may be a torn tail.

    position: of the first of the bytes. A damaged frame is one with a group behind it: it was acknowledged. A damaged header cost nobody
    anything, and may be what a power cut left of the first write; it is not told.
    """
    salt = salt_in(data, position)
    damaged: list[tuple[int, int]] = []
    whole = 0
    while True:
        whole = max((end for _, end, _, _ in spans(data, whole)), default=whole)
        following = next_group(data, whole + 1, position, salt) if whole < len(data) else None
        if following is None:
            return damaged, whole
        if not is_header(whole, following):
            damaged.append((whole, following))
        whole = following


def waiting_in(data: bytes, position: int, damaged: Iterable[tuple[int, int]], low_water: int) -> int:
    """Count the bytes of events and rejections in a segment, around what is damaged, that lie behind a position."""
    starts = [0, *(end for _, end in damaged)]
    frames = (frame for start in starts for frame in spans(data, start))
    return sum(end - begin for begin, end, kind, _ in frames if kind not in MARKS and position + begin >= low_water)


def origins(folder: Path) -> Iterator[Origin]:
    """Yield who wrote each segment that says it. Raises OSError, ConfigurationError."""
    for position, path in segments_of(folder):
        with contextlib.suppress(FileNotFoundError):
            origin = header_of(path, position).origin
            if origin is not None:
                yield origin


def first_position(folder: Path) -> int:
    """Return where the oldest segment begins, 0 if there is none."""
    segments = segments_of(folder)
    return segments[0][0] if segments else 0


def durable_end(folder: Path) -> int:
    """Return the end of the last whole frame, for a reader without a writer; 0 if there is no spool."""
    segments = segments_of(folder)
    if not segments:
        return 0
    position, path = segments[-1]
    return position + damage_in(path.read_bytes(), position)[1]


def drop_before(
    folder: Path, position: int, files: FileSystem | None = None, *, kept_s: float = KEPT_S, kept_bytes: int = KEPT_BYTES
) -> int:
    """Remove the segments that end at or before a position and were found so some time ago, or are too many; never the last one.

    How many there were. Raises StorageError.
    """
    files, dropped, kept = files or FileSystem(), 0, 0
    try:
        for path in reversed(_ended(folder, position)):
            kept += path.stat().st_size
            if kept > kept_bytes or _ended_for(path, files) >= kept_s:
                files.unlink(path)
                dropped += 1
                crash_point("segment dropped")
    except FileNotFoundError:
        return dropped
    except OSError as error:
        raise storage_error(error, f'The spool "{folder}" cannot be cleared of what is delivered') from None
    return dropped


def drop_delivered(folder: Path, position: int) -> int:
    """Remove every segment that ends at or before a position, the last one too, however young; how many. Nobody may be writing to those.

    One that begins there is a writer's, and nothing may be in it yet. Raises StorageError.
    """
    segments = segments_of(folder)
    ends = [following for following, _ in segments[1:]] + [durable_end(folder)]
    dropped = [path for (begins, path), end in zip(segments, ends, strict=False) if begins < position and end <= position]
    try:
        for path in dropped:
            path.unlink()
            crash_point("segment dropped")
    except OSError as error:
        raise storage_error(error, f'The spool "{folder}" cannot be cleared of what is delivered') from None
    return len(dropped)


def _ended(folder: Path, position: int) -> list[Path]:
    return [path for (_, path), (following, _) in pairwise(segments_of(folder)) if following <= position]


def _ended_for(path: Path, files: FileSystem) -> float:
    """Return for how many seconds a segment is known to be delivered: it cannot be written since, and that was the last change of it."""
    status = path.stat()
    if status.st_mode & stat.S_IWUSR:
        files.protect(path)
        return 0.0
    return time.time() - status.st_ctime
