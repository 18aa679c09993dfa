"""What detections read of a lake on AWS in a month: how often each looks at which table, and how far back. Called by `month`.

S3 charges for what Athena asks it, https://aws.amazon.com/athena/pricing/. Each hour is taken to be listed once a statement, whatever looks at it,
and each object to be read once by each that looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

ATHENA_LEAST_BYTES = 10e6
"""What a statement is charged for at least."""
_COLUMNS_SHARE = 0.27
"""The bytes of the columns that built-in detections read, of those of all: 30 days of the demo's history, weighed by hours."""


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of a table by a detection: how often, and how many hours of arrival it opens on average, half of the newest of which is over."""

    table: str
    every_s: int
    hours: float


@dataclass(frozen=True, slots=True)
class Hourly:
    """What an hour of a table holds, on average: objects until it is closed, one from then on. open: how many of the newest hours are not closed."""

    objects: float
    bytes: float
    open: float = inf

    def opened(self, hours: float) -> float:
        """Return the objects of the newest hours; the newest of all has half of its own."""
        return (min(hours, self.open) - 0.5) * self.objects + max(hours - self.open, 0)


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read in some seconds: statements, the bytes that they are charged for, objects, and lists of an hour's objects."""

    ticks: float
    bytes: float = 0.0
    objects: float = 0.0
    lists: float = 0.0

    def __add__(self, other: Reads) -> Reads:
        return Reads(self.ticks + other.ticks, self.bytes + other.bytes, self.objects + other.objects, self.lists + other.lists)


def reads(looks: Sequence[Look], tables: Mapping[str, Hourly], seconds: float, tick_s: int) -> Reads:
    """Return what looks read of the tables that hold something. What runs less often runs together with what runs more often.

    tick_s: how often the function is called; what is due then is asked together.
    """
    periods = sorted({tick_s, *(max(look.every_s, tick_s) for look in looks)})
    rates = [seconds / period for period in periods] + [0.0]
    total = Reads(0.0)
    for period, rate, rarer in zip(periods, rates, rates[1:], strict=False):
        due = [look for look in looks if look.every_s <= period and look.table in tables]
        total += _of_ticks(rate - rarer, due, tables)
    return total


def _of_ticks(ticks: float, due: Sequence[Look], tables: Mapping[str, Hourly]) -> Reads:
    size = sum(look.hours * tables[look.table].bytes * _COLUMNS_SHARE for look in due)
    widest = {name: max((look.hours for look in due if look.table == name), default=0) for name in tables}
    opened = sum(tables[look.table].opened(look.hours) for look in due)
    return Reads(ticks, ticks * max(size, ATHENA_LEAST_BYTES), ticks * opened, ticks * sum(widest.values()))
