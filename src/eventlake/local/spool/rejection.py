"""A rejection as the spool holds it: why bad input was not accepted as an event, and its original bytes."""

from __future__ import annotations

import json
import struct

from eventlake.errors import EventError
from eventlake.local.spool.frames import Frame

_LENGTH = struct.Struct("<I")


def pack(error: EventError, original: bytes) -> bytes:
    """Pack a rejection into the body of a frame: length and JSON of the reason, then the original bytes."""
    reason = json.dumps({"code": error.code, "message": str(error)}).encode()
    return _LENGTH.pack(len(reason)) + reason + original


def unpack(body: bytes) -> tuple[EventError, bytes]:
    """Read the reason and the original bytes of a rejection."""
    (length,) = _LENGTH.unpack_from(body)
    reason = json.loads(body[_LENGTH.size : _LENGTH.size + length])
    return EventError(reason["code"], reason["message"]), body[_LENGTH.size + length :]


def damage_of(frame: Frame) -> EventError:
    """Return the reason of what a reader found damaged."""
    return EventError("DamagedSpool", f"The spool is damaged from byte {frame.position:,} to {frame.end:,}; what lies there is kept.")
