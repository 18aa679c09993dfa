"""JSON as the flow reads and writes it: exact integers, no NaN, UTF-8, compact.

A codec is passed in, so that Lambda runs on the standard library and one machine on something faster; both give lines of the same values.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable
    from typing import Any


class Codec:
    """Reads and writes JSON.

    loads: bytes -> value; raises ValueError (UnicodeDecodeError among them) or RecursionError.
    dumps: value -> compact text with characters as they are; raises ValueError for NaN and Infinity.
    encode: value -> UTF-8 bytes; raises ValueError for those and for lone surrogates.
    check: bytes -> nothing of interest; raises ValueError or RecursionError for what is not one value.
    members: bytes -> the keys of an object, each with its value in a form that `encode` takes, read no further than that needs; raises what
    `check` does, and ValueError for what is no object. member: bytes -> a value in that form; may raise what `check` does.
    """

    __slots__ = ("check", "dumps", "encode", "loads", "member", "members")

    def __init__(
        self,
        loads: Callable[[bytes], Any],
        dumps: Callable[[Any], str],
        encode: Callable[[Any], bytes],
        check: Callable[[bytes], object],
        members: Callable[[bytes], dict[str, Any]],
        member: Callable[[bytes], Any],
    ) -> None:
        self.check = check
        self.loads = loads
        self.dumps = dumps
        self.encode = encode
        self.member = member
        self.members = members


class _Settings:
    """How values are read: the settings of `json.JSONDecoder` that its scanner asks for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__


def _refuse(value: object) -> None:
    raise TypeError(f"{type(value).__name__} is no JSON value")


_scan: Callable[[str, int], tuple[Any, int]]
quote: Callable[[str], str]
"""Text -> its JSON, in quotes, with characters as they are."""
dumps: Callable[[Any], str]
"""Value -> compact JSON text with characters as they are; raises ValueError for NaN and Infinity."""

# `json` imports `re` and so takes longer than all that a Lambda function imports of ours. The C functions beneath it are what it calls;
# an encoder is made once, where `json.dumps` makes one for each value, which costs as much as a small value itself.
try:
    from _json import encode_basestring, make_encoder, make_scanner
except ImportError:  # another interpreter than CPython
    import json.decoder
    import json.encoder

    _scan = json.decoder.JSONDecoder().scan_once  # type: ignore[attr-defined]  # typeshed does not know it
    quote = json.encoder.encode_basestring
    dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
else:
    _scan = make_scanner(_Settings())  # type: ignore[arg-type]  # it asks for these attributes alone
    quote = encode_basestring
    _chunks = make_encoder(None, _refuse, quote, None, ":", ",", False, False, False)

    def dumps(value: Any) -> str:  # any JSON value
        """Write a value as compact JSON text."""
        return "".join(_chunks(value, 0))


def _loads(data: bytes) -> Any:  # any JSON value
    """Return what `json.loads` gives, without its search for encodings where the text is plain UTF-8 and the value comes first."""
    try:
        text = data.decode()
        value, end = _scan(text, 0)
    except (UnicodeDecodeError, StopIteration):
        return _loads_anything(data)
    return value if end == len(text) or not text[end:].strip(" \t\n\r") else _loads_anything(data)


def _loads_anything(data: bytes) -> Any:  # any JSON value
    """Read UTF-16, a byte order mark, blanks in front; or raise the error that says where the text is no JSON."""
    import json

    return json.loads(data)


def _encode(value: Any) -> bytes:  # any JSON value
    return dumps(value).encode()


def _members(data: bytes) -> dict[str, Any]:  # any JSON values
    value = _loads(data)
    if value.__class__ is not dict:
        raise ValueError("this is no JSON object")
    return value


STANDARD = Codec(loads=_loads, dumps=dumps, encode=_encode, check=_loads, members=_members, member=_loads)
"""The standard library's."""
