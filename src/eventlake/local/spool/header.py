"""The header of a segment: of which lake it is, which of its writers wrote it, and the salt by which its groups are known.

Segments of an earlier version have none; their groups are known by their position alone.
"""

from __future__ import annotations

import re
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

from eventlake.errors import ConfigurationError
from eventlake.local.spool.frames import GROUP, HEADER, SEGMENT, encode, spans

_MAGIC = b"eventlake spool\n"
_VERSION = 1
_BODY = struct.Struct("<16sB16sQ32s")
"""Magic, version, salt, epoch, lake."""
_SALT_BYTES = 16
_SALTED = re.compile(rb"(?=\x10\0{3}.{4}\x02)", re.DOTALL)
"""How a group with a salt begins: the length of the salt, any checksum, the kind."""
SIZE = HEADER.size + _BODY.size
LOOKED_AT = SIZE + HEADER.size + _SALT_BYTES
"""How many bytes at the beginning of a segment `read` wants: the header, and the first group, which repeats the salt."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes a segment: the id of the lake, and the epoch of the process that has taken it."""

    lake: str = ""
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself. salt: empty in one of an earlier version. origin: None if it does not say."""

    salt: bytes = b""
    origin: Origin | None = None


def new_header(origin: Origin) -> Header:
    """Return the header of a new segment."""
    return Header(secrets.token_bytes(_SALT_BYTES), origin)


def encoded(header: Header, position: int) -> bytes:
    """Encode a header as the first frame of the segment that begins at this position."""
    origin = header.origin or Origin()
    return encode([(SEGMENT, position, _BODY.pack(_MAGIC, _VERSION, header.salt, origin.epoch, origin.lake.encode()))])


def read(data: bytes, position: int) -> Header:
    """Read the header of the segment that begins at a position from its first bytes; where it is damaged, the salt from the first group.

    Raises ConfigurationError for one of a newer version.
    """
    _, _, kind, at = next(spans(data), (0, 0, -1, 0))
    if kind == SEGMENT and at == position:
        return _unpacked(data[HEADER.size : SIZE])
    begin, end, kind, at = next(spans(data, SIZE), (0, 0, -1, 0))
    is_salted = kind == GROUP and at == position + SIZE and end - begin == HEADER.size + _SALT_BYTES
    return Header(data[begin + HEADER.size : end]) if is_salted else Header()


def salt_in(data: bytes, position: int) -> bytes:
    """Return the salt of a whole segment, also where its beginning is damaged: then of the first group that names its own position."""
    found = read(data, position).salt
    if found or next(spans(data), None) is not None:
        return found
    for place in (match.start() for match in _SALTED.finditer(data)):
        begin, end, _, at = next(spans(data, place), (0, 0, 0, -1))
        if at == position + place:
            return data[begin + HEADER.size : end]
    return b""


def is_header(start: int, end: int) -> bool:
    """Return True if a stretch of a segment is its header."""
    return (start, end) == (0, SIZE)


def header_of(path: Path, position: int) -> Header:
    """Read the header of a segment. Raises OSError, ConfigurationError."""
    with path.open("rb") as file:
        return read(file.read(LOOKED_AT), position)


def _unpacked(body: bytes) -> Header:
    magic, version, salt, epoch, lake = _BODY.unpack(body)
    if magic != _MAGIC or version > _VERSION:
        raise ConfigurationError(
            f"The spool was written by a newer eventlake (version {version}, this one knows {_VERSION}); update eventlake."
        )
    return Header(salt, Origin(lake.rstrip(b"\0").decode("latin-1"), epoch))
