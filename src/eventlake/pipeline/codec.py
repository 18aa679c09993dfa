"""JSON as the flow reads and writes it: exact integers, no NaN, UTF-8, compact.

A codec is passed in, so that Lambda runs on the standard library and one machine on something faster; both give lines of the same values.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Codec:
    """Reads and writes JSON.

    loads: bytes -> value; raises ValueError (UnicodeDecodeError among them) or RecursionError.
    dumps: value -> compact text with characters as they are; raises ValueError for NaN and Infinity.
    encode: value -> UTF-8 bytes; raises ValueError for those and for lone surrogates.
    """

    loads: Callable[[bytes], Any]  # any JSON value
    dumps: Callable[[Any], str]
    encode: Callable[[Any], bytes]


def _encode(value: Any) -> bytes:  # any JSON value
    return _encoder.encode(value).encode()


STANDARD = Codec(loads=json.loads, dumps=_encoder.encode, encode=_encode)
"""The standard library's."""
