"""JSON by msgspec, for one machine: about three times the standard library's speed, with the same values.

It refuses NaN, lone surrogates and numbers beyond a double while reading; what it refuses, callers read again with the standard library.
"""

from __future__ import annotations

import msgspec

from eventlake.pipeline.codec import Codec

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class _Timed(msgspec.Struct):
    """What is read of a log line to know its moment; everything else in it is passed by."""

    event_time: str | None = None


_timed = msgspec.json.Decoder(_Timed).decode


def event_time(line: bytes) -> str | None:
    """Return the `event_time` of a log line, as it stands there; None if it has none."""
    return _timed(line).event_time


def _dumps(value: object) -> str:
    return _encoder.encode(value).decode()


FAST = Codec(
    loads=_decoder.decode,
    dumps=_dumps,
    encode=_encoder.encode,
    check=msgspec.json.Decoder(msgspec.Raw).decode,
    members=msgspec.json.Decoder(dict[str, msgspec.Raw]).decode,
    member=msgspec.Raw,
)
"""msgspec's."""
