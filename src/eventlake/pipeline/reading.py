"""Bytes -> the event they are, or the reason why they are none.

Called by the transform for what its straight way does not take, by the router and by the bus. Only what is not JSON, no event, or would
poison the objects it lands in raises EventError.
"""

from __future__ import annotations

from typing import Any

from eventlake.errors import EventError, not_utf8
from eventlake.pipeline.codec import STANDARD, Codec

DEPTH_LIMIT = 64
"""Levels of nesting an event may have; DuckDB gives up at 128, Python's parser near 1,000."""

SIZE_LIMIT_BYTES = 1_000_000
"""Bytes an event and its log line may have; a Firehose record holds 1,024,000."""


def read_event(data: bytes, codec: Codec = STANDARD) -> dict[str, Any]:
    """Read the event that these bytes are. Raises EventError: TooLarge, NotJson, InvalidUtf8, TooDeep, NotAnEvent."""
    event = read_object(data, codec)
    if "detail" not in event and "detail-type" not in event:
        raise EventError("NotAnEvent", f'The object has neither "detail" nor "detail-type"; its keys are {_keys(event)}.')
    return event


def read_object(data: bytes, codec: Codec) -> dict[str, Any]:
    """Read the JSON object that these bytes are, within the limits. Raises EventError."""
    if len(data) > SIZE_LIMIT_BYTES:
        raise too_large(len(data), "the event")
    try:
        event = codec.loads(data)
    except (ValueError, RecursionError) as error:
        raise unreadable(error) from None
    if event.__class__ is not dict:
        raise EventError("NotAnEvent", f"An event is a JSON object, this is {_kind(event)}.")
    if may_be_deep(data) and depth(event) > DEPTH_LIMIT:
        raise too_deep()
    found: dict[str, Any] = event
    return found


def may_be_deep(data: bytes) -> bool:
    """Return True if more brackets open in these bytes than an event may have levels. To leave them out takes half as long as to count them."""
    return 2 * len(data) - len(data.replace(b"{", b"")) - len(data.replace(b"[", b"")) > DEPTH_LIMIT


def depth(value: Any) -> int:  # any JSON value
    """Count the objects and arrays inside each other at the deepest place; 0 for a scalar."""
    level, deepest = [value], 0
    while level := [inner for inner in level if inner.__class__ is dict or inner.__class__ is list]:
        deepest += 1
        level = [child for inner in level for child in (inner.values() if inner.__class__ is dict else inner)]
    return deepest


def too_deep() -> EventError:
    """Return the error of nesting beyond the limit."""
    return EventError("TooDeep", f"The event is nested deeper than {DEPTH_LIMIT} levels.")


def too_large(size_bytes: int, what: str) -> EventError:
    """Return the error of an event or log line beyond the limit."""
    return EventError("TooLarge", f"{what.capitalize()} has {size_bytes:,} bytes, at most {SIZE_LIMIT_BYTES:,} are stored.")


def unreadable(error: Exception) -> EventError:
    """Return the error that says why bytes could not be read as JSON."""
    if isinstance(error, RecursionError):
        return too_deep()
    if isinstance(error, UnicodeDecodeError):
        return EventError("InvalidUtf8", f"The event {not_utf8(error)}.")
    if "Exceeds the limit" in str(error):  # CPython's bound on integer texts, 4,300 digits
        return EventError("NumberTooLong", "The event holds a number of more than 4,300 digits.")
    position = getattr(error, "pos", None)
    place = "" if position is None else f" at character {position + 1}"
    what = getattr(error, "msg", str(error)).lower().removesuffix(" at")  # as "unterminated string starting at"
    return EventError("NotJson", f"The event is not JSON: {what}{place}.")


def unwritable(error: Exception) -> EventError:
    """Return the error that says why a log line could not be written as JSON that every reader takes."""
    if isinstance(error, UnicodeEncodeError):
        return EventError("LoneSurrogate", f"The event holds half a character, {error.object[error.start]!a}, which no UTF-8 can store.")
    if isinstance(error, RecursionError):
        return too_deep()
    return EventError("NotANumber", "The event holds NaN or a number beyond the range of a double, which JSON does not have.")


def _keys(event: dict[str, Any]) -> str:
    shown = ", ".join(f'"{key[:40]}"' for key in list(event)[:5])
    return shown + (", ..." if len(event) > 5 else "") if event else "none"


def _kind(value: object) -> str:
    return {list: "an array", str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "null"}.get(
        type(value), "something else"
    )
