"""Numbers as Java prints them, and keys as its HashMap walks through them, which is how Trino and Athena do.

https://docs.oracle.com/en/java/javase/24/docs/api/java.base/java/lang/Double.html#toString(double)
https://docs.oracle.com/en/java/javase/24/docs/api/java.base/java/lang/String.html#hashCode()
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import isfinite


def java_double(number: float) -> str:
    """Write a double: with an exponent below 0.001 and from 10,000,000 on, `1.0E-7`."""
    if not isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    digits, _, exponent = f"{Decimal(repr(number)).normalize():E}".partition("E")
    return f"{digits}{'' if '.' in digits else '.0'}E{int(exponent)}"


SMALL_MAP = 12
"""How many keys a HashMap takes before it makes itself larger, which changes their order."""


def hashed(keys: Iterable[str]) -> list[str]:
    """Return the keys in the order in which a HashMap gives them that took them in this one."""
    given = list(keys)
    buckets = 16
    while len(given) > buckets * 3 // 4:
        buckets *= 2
    return sorted(given, key=lambda key: _spread(key) % buckets)


def _spread(key: str) -> int:
    units = key.encode("utf-16-be", "surrogatepass")
    code = 0
    for place in range(0, len(units), 2):
        code = (31 * code + int.from_bytes(units[place : place + 2], "big")) & 0xFFFFFFFF
    return code ^ code >> 16
