"""Between which moments the rows of a Parquet file of ours happened, as its footer says of `event_time`.

So that a question about some minutes opens no object of other hours. Asked once of each object that becomes visible, so what else the footer says
is skipped. Format: https://parquet.apache.org/docs/file-format/metadata/
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from eventlake.backends.parquet_joining import STRUCT, Compact, Struct, footer_bytes
from eventlake.errors import CorruptObjectError
from eventlake.model import EVENT_TIME, Times

_COLUMN = EVENT_TIME.encode()
_SCHEMA, _GROUPS, _COLUMNS = 2, 4, 1
_TYPE, _NAME, _CHILDREN, _CONVERTED = 1, 4, 5, 6
"""Of an element of the schema."""
_INT64, _MICROSECONDS = 2, 10
_METADATA = 3
_PATH, _VALUES, _STATISTICS = 3, 5, 12
"""Of a column chunk's metadata."""
_NULLS, _MOST, _LEAST = 3, 5, 6


def event_times(path: Path) -> Times | None:
    """Return the first and the last moment; None if no row has one, or the footer does not say. Raises CorruptObjectError, OSError."""
    footer, place, found = Compact(footer_bytes(path)[0]), None, list[Times]()
    try:
        for field, kind in footer.fields():
            if field == _SCHEMA:
                place = _place(footer.skipped(kind))
            elif field == _GROUPS and place is not None:
                chunks = [chunk for _ in range(footer.size()) for chunk in _chunks(footer, place)]
                times = [_times(chunk[_METADATA][1]) for chunk in chunks if not _is_empty(chunk[_METADATA][1])]
                found = [one for one in times if one is not None]
                if len(found) < len(times):
                    return None
            else:
                footer.skipped(kind)
    except (IndexError, KeyError):
        raise CorruptObjectError(f"{path}: is no whole Parquet file.") from None
    return (min(first for first, _ in found), max(last for _, last in found)) if found else None


@lru_cache(maxsize=256)
def _place(schema: bytes) -> int | None:
    """Return the number of the column among those that hold values; None if it is none of moments in microseconds.

    schema: as it lies in the footer, the same in all objects of a table.
    """
    reader = Compact(schema)
    leaves = [one for one in (reader.struct() for _ in range(reader.size())) if _CHILDREN not in one]
    place = next((number for number, one in enumerate(leaves) if one[_NAME][1] == _COLUMN), None)
    kind = () if place is None else tuple(leaves[place].get(field, (0, None))[1] for field in (_TYPE, _CONVERTED))
    return place if kind == (_INT64, _MICROSECONDS) else None


def _chunks(footer: Compact, place: int) -> Iterator[Struct]:
    """Read a row group, and yield the chunk of one column."""
    for field, kind in footer.fields():
        if field != _COLUMNS:
            footer.skipped(kind)
            continue
        for number in range(footer.size()):
            if number == place:
                yield footer.struct()
            else:
                footer.skipped(STRUCT)


def _is_empty(said: Struct) -> bool:
    """Return True if a chunk holds nothing but NULLs."""
    statistics = said[_STATISTICS][1] if _STATISTICS in said else {}
    return _NULLS in statistics and statistics[_NULLS][1] == said[_VALUES][1]


def _times(said: Struct) -> Times | None:
    """Return the least and the largest value of a chunk, None if it does not say."""
    statistics = said[_STATISTICS][1] if _STATISTICS in said else {}
    if said[_PATH][1].values != [_COLUMN] or not {_LEAST, _MOST} <= statistics.keys():
        return None
    first, last = (int.from_bytes(statistics[field][1], "little", signed=True) for field in (_LEAST, _MOST))
    return first, last
