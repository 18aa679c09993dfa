"""JSON as the flow reads and writes it: exact integers, no NaN, UTF-8, compact.

A codec is passed in, so that Lambda runs on the standard library and one machine on something faster; both give lines of the same values.
"""

from __future__ import annotations

import json
import json.encoder

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable
    from typing import Any


class Codec:
    """Reads and writes JSON.

    loads: bytes -> value; raises ValueError (UnicodeDecodeError among them) or RecursionError.
    dumps: value -> compact text with characters as they are; raises ValueError for NaN and Infinity.
    encode: value -> UTF-8 bytes; raises ValueError for those and for lone surrogates.
    """

    __slots__ = ("dumps", "encode", "loads")

    def __init__(self, loads: Callable[[bytes], Any], dumps: Callable[[Any], str], encode: Callable[[Any], bytes]) -> None:
        self.loads = loads
        self.dumps = dumps
        self.encode = encode


_decoder: Any = json.JSONDecoder()  # its scanner has no type
_scan = _decoder.scan_once


def _loads(data: bytes) -> Any:  # any JSON value
    """What `json.loads` gives, without its search for encodings where the text is plain UTF-8 and the value comes first."""
    try:
        text = data.decode()
        value, end = _scan(text, 0)
    except (UnicodeDecodeError, StopIteration):
        return json.loads(data)
    return value if end == len(text) or not text[end:].strip(" \t\n\r") else json.loads(data)


quote: Callable[[str], str] = json.encoder.encode_basestring
"""Text -> its JSON, in quotes, with characters as they are."""


def _make_dumps() -> Callable[[Any], str]:
    """`JSONEncoder.encode` with its C encoder made once; it makes a new one for each value, which costs as much as a small value itself."""
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the C encoder
        return encoder.encode
    chunks = make(None, encoder.default, quote, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


dumps = _make_dumps()
"""Value -> compact JSON text with characters as they are; raises ValueError for NaN and Infinity."""


def _encode(value: Any) -> bytes:  # any JSON value
    return dumps(value).encode()


STANDARD = Codec(loads=_loads, dumps=dumps, encode=_encode)
"""The standard library's."""
