"""Numbers as Java prints them, which is how Trino and Athena do.

https://docs.oracle.com/en/java/javase/24/docs/api/java.base/java/lang/Double.html#toString(double)
"""

from __future__ import annotations

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
