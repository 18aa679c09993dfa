"""JSON text -> values that keep what a rule sees: numbers as they are written, and every value of a key that stands twice.

Called by `rule` and `router` where the values that `json.loads` gives are not enough to decide as AWS's matcher does.
Numbers: https://github.com/aws/event-ruler/blob/main/src/main/software/amazon/event/ruler/ComparableNumber.java
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_PLAIN_DIGITS = 15
"""A number of at most so many digits without an exponent is the same after its way through a double."""
_SMALLEST_OF_TWO_DIGITS = 1e-320
_BEYOND_DOUBLES = 2**1024


class Literal(str):
    """A number that a double does not hold, as it is written: nothing is less than it, and only the same digits are equal to it."""

    __slots__ = ()


class Members(dict[str, Any]):
    """An object in which a key stands more than once: `items()` gives every value of it, a look-up the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Iterable[tuple[str, Any]]:  # type: ignore[override]  # an iterable is all that is asked of it
        """Return every key with its value, in the order they are written."""
        return self._pairs


def loads(text: str | bytes) -> Any:  # any JSON value
    """Read JSON; a number is an int or a float where it survives as a double, else a Literal. Raises ValueError or RecursionError."""
    return json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Members(pairs)


def _integer(text: str) -> int | Literal:
    return int(text) if len(text) <= _PLAIN_DIGITS or surviving(text) is not None else Literal(text)


def _number(text: str) -> float | Literal:
    number = surviving(text)
    return Literal(text) if number is None else number


def surviving(text: str) -> float | None:
    """Return the double of a number in JSON; None if its shortest digits are not that number, or if it is too large."""
    number = float(text)
    if number == 0:
        mantissa = text.lower().partition("e")[0]
        return None if mantissa.strip("-0.") else 0.0
    if number in (float("inf"), float("-inf")):
        return None
    return number if Decimal(_digits(number)) == Decimal(text) else None


def _digits(number: float) -> str:
    """Write a double with its shortest digits as Java does: at least two, which differs from Python for the very smallest alone."""
    return f"{number:.1e}" if abs(number) < _SMALLEST_OF_TWO_DIGITS and float(f"{number:.1e}") == number else repr(number)


def comparable(value: object) -> float | None:
    """Return the double by which a number of JSON is compared; None for what is no number, or one that a double does not hold."""
    if value.__class__ is float:
        return value if value not in (float("inf"), float("-inf")) else None
    if value.__class__ is int and abs(value) < _BEYOND_DOUBLES:
        return surviving(str(value)) if abs(value) >= 10**_PLAIN_DIGITS else float(value)
    return None


def is_number(value: object) -> bool:
    """Return True for a number of JSON, whether a double holds it or not."""
    return value.__class__ in (int, float, Literal)


def written(value: object) -> str:
    """Return a number's digits."""
    return str(value) if value.__class__ is Literal else repr(value)
