"""How much memory an answer's values would take in Python, found without making them: a row of empty arrays grows 64-fold.

Format: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable

_POINTER, _VALUE, _ARRAY, _MAP = 8, 64, 96, 256
"""Bytes: of what every value takes where it stands, and of small texts and numbers, arrays and maps; text counts beside."""
_SHARED = bytes((*range(0x80), 0xC0, 0xC2, 0xC3, *range(0xE0, 0x100)))
"""Values of one byte of which Python has one for all: small numbers, NULL, booleans. Bytes of ASCII text are these too."""
_ARRAYS = bytes((*range(0x90, 0xA0), 0xDC, 0xDD))
_MAPS = bytes((*range(0x80, 0x90), 0xDE, 0xDF))
_RUN = re.compile(b"[%b]+" % re.escape(_SHARED))
_EVERY = 1 << 16
"""After so many values `look` is called."""
_FIXED = {
    0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
"""Bytes that follow the first of a value, its elements left out."""
_SIZED = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1), 0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}
"""Bytes of the length that follows the first of a value, and of what stands between it and the body."""


def at_most(body: bytes) -> int:
    """Return a bound on the bytes that the values of a frame take, at the speed of a copy: whatever may begin a value counts as if it did."""
    shared = len(body) - len(body.translate(None, _SHARED))
    arrays = len(body) - len(body.translate(None, _ARRAYS))
    maps = len(body) - len(body.translate(None, _MAPS))
    others = len(body) - shared - arrays - maps
    return shared * _POINTER + arrays * _ARRAY + maps * _MAP + others * (_POINTER + _VALUE)


def weight(body: bytes, most: int, look: Callable[[], None]) -> int:
    """Return about the bytes that the values of a frame take, counted one by one; ends early once that is more than `most`.

    look: called now and then, to raise if the time is over. What is no message is left to whoever decodes it.
    """
    total, at, count = 0, 0, 0
    while at < len(body) and total <= most:
        run = _RUN.match(body, at)
        if run is not None:
            total += (run.end() - at) * _POINTER
            at = run.end()
            continue
        step = _step(body, at)
        total += _taken(body[at], step)
        at += step
        count += 1
        if count % _EVERY == 0:
            look()
    return total


def _step(body: bytes, at: int) -> int:
    """Return the bytes of the value that begins there, its elements left out."""
    first = body[at]
    if 0xA0 <= first < 0xC0:
        return 1 + first - 0xA0
    if first in _SIZED:
        length, between = _SIZED[first]
        return 1 + length + between + int.from_bytes(body[at + 1 : at + 1 + length], "big")
    return 1 + _FIXED.get(first, 0)


def _taken(first: int, step: int) -> int:
    """Return the bytes that a value takes which begins with this byte and is so long."""
    if first in _ARRAYS:
        return _ARRAY
    if first in _MAPS:
        return _MAP
    return _POINTER + _VALUE + step - 1
