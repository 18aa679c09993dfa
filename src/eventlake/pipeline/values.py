"""A value of an event becomes a value of its column's type, or MISFIT.

Called by the mapping of a table for each column. Every converter takes any JSON value but null and never raises: what does not fit
is MISFIT, and the mapping stores NULL and keeps the value in `extra`. Which converter a column has says `eventlake.pipeline.convert`.
Timestamps leave as `YYYY-MM-DD HH:MM:SS.fff` in UTC, the one form that Athena's JSON SerDe, Firehose's conversion and DuckDB all read:
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-concepts.html
A Lambda function imports this module at its start, so it imports little itself; rare forms are read by `eventlake.pipeline.written`.
"""

from __future__ import annotations

try:
    from _datetime import datetime  # type: ignore[import-not-found]  # the same class, without the module that writes all of it in Python too
except ImportError:  # another interpreter than CPython
    from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable
    from typing import Any, Final

    Converter = Callable[[Any], Any]
    """Any JSON value but null -> the column's value, or MISFIT."""


class _Misfit:
    """What a converter gives for a value that its type cannot hold."""

    def __repr__(self) -> str:
        return "MISFIT"


MISFIT: Final = _Misfit()

_INFINITY = float("inf")
_parse = datetime.fromisoformat
_PLAIN = len("2026-11-20T10:00:00Z")
_PLAIN_MS = len("2026-11-20T10:00:00.123Z")


def text(value: Any) -> Any:  # JSON in, column value out
    """Write a scalar as text: `6.0` is "6" (CodePipeline's `version` is a float), true is "true"."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float and -_INFINITY < value < _INFINITY:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return MISFIT


def whole(value: Any) -> Any:  # JSON in, column value out
    """Take any value: the column keeps its JSON text, which the mapping writes itself."""
    return ""


def joined(value: Any) -> Any:  # JSON in, column value out
    """Take text as it is, and join a list of scalars by blanks: Auth0 sends `scope` in both shapes."""
    if value.__class__ is str:
        return value
    if value.__class__ is not list:
        return MISFIT
    parts = [text(part) for part in value]
    return MISFIT if MISFIT in parts else " ".join(parts)


def boolean(value: Any) -> Any:  # JSON in, column value out
    """Take true or false, also as the texts "true" and "false"."""
    if value.__class__ is bool:
        return value
    return {"true": True, "false": False}.get(value, MISFIT) if value.__class__ is str else MISFIT


def number(value: Any) -> Any:  # JSON in, column value out
    """Take a finite double, also from its text."""
    kind = value.__class__
    if kind is str:
        from eventlake.pipeline import written

        finite = written.number(value)
        return MISFIT if finite is None else finite
    if kind is int:
        return float(value) if abs(value) < 1 << 1023 else MISFIT
    return value if kind is float and -_INFINITY < value < _INFINITY else MISFIT


def int32(value: Any) -> Any:  # JSON in, column value out
    """Take a whole number of 32 bits, also as a float (`1.0`) and as text."""
    value = _integer(value)
    return value if value is MISFIT or -0x8000_0000 <= value <= 0x7FFF_FFFF else MISFIT


def int64(value: Any) -> Any:  # JSON in, column value out
    """Take a whole number of 64 bits, also as a float and as text."""
    value = _integer(value)
    return value if value is MISFIT or -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF else MISFIT


def _integer(value: Any) -> Any:
    kind = value.__class__
    if kind is int:
        return value
    if kind is float:
        return int(value) if value.is_integer() else MISFIT
    if kind is str and len(value) <= len("-9223372036854775808"):
        digits = value[1:] if value[:1] == "-" else value
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else MISFIT
    return MISFIT


def timestamp(value: Any) -> Any:  # JSON in, column value out
    """Write ISO 8601 text or epoch seconds or milliseconds as UTC text cut to milliseconds; without an offset it is UTC.

    Nearly all are written `2026-11-20T10:00:00Z`, with or without milliseconds, and need no arithmetic: the parser only says whether
    the moment exists. It takes more than that form (commas, weeks, midnight as 24:00), so the form is looked at first.
    CodeBuild's `Sep 1, 2017 4:12:29 PM` and HTTP's `Wed, 27 Jan 2021 22:00:00 GMT` are read too.
    """
    if (
        value.__class__ is str
        and ((size := len(value)) == _PLAIN or (size == _PLAIN_MS and value[19] == "."))
        and value[4:17:3] == "--T::"
        and value[-1] == "Z"
    ):
        try:
            _parse(value)
        except ValueError:
            return MISFIT
        if value.isascii() and value[11:13] != "24":
            return f"{value[:10]} {value[11:19]}.000" if size == _PLAIN else f"{value[:10]} {value[11:23]}"
    from eventlake.pipeline import written

    moment = written.moment(value)
    return MISFIT if moment is None else moment.isoformat(" ", "milliseconds")[:23]


def day(value: Any) -> Any:  # JSON in, column value out
    """Write a date as `YYYY-MM-DD`; of a timestamp its day in UTC."""
    from eventlake.pipeline import written

    moment = written.midnight(value) or written.moment(value)
    return MISFIT if moment is None else moment.date().isoformat()
