"""A detection and what it finds, for the tests of what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.detections.detection import Detection, read_detection
from eventlake.detections.evaluating import Asked
from eventlake.detections.found import Found
from eventlake.errors import EventlakeError, QueryFailedError

START = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)

ORDERS = """\
-- Many orders of one person
-- Somebody orders much at once.
-- severity high
-- every 1m
-- window 1h
-- key who
-- quiet 1h
-- param least int = 3  two are usual
-- do Ask them.
select who as key, count(distinct event_id) as events, min(event_time) as first_event, max(event_time) as last_event
from orders where event_time >= :since and event_time < :until group by who having count(distinct event_id) >= :least
"""
SHOP = """\
name = "shop"
title = "Shop"
doc = "The orders of a shop."
reference = "https://example.com/orders"
database = "shop_event_logs"

[[table]]
name = "orders"
doc = "One log line for each order."
pattern = { source = ["shop"], detail-type = ["Order"] }
columns = [{ name = "who", type = "string", from = "$.detail.who", doc = "Who ordered." }]
"""


def detection(name: str = "many_orders", **changes: str) -> Detection:
    """The detection, with other values in its header, or other SQL."""
    text = ORDERS
    for setting, value in changes.items():
        line = next(line for line in text.splitlines() if line.startswith(f"-- {setting} "))
        text = text.replace(line, f"-- {setting} {value}")
    return read_detection(text, name, "shop", ["orders"], where=name)


def at(minutes: float) -> datetime:
    """A moment, in minutes since the start."""
    return START + timedelta(minutes=minutes)


@dataclass
class Clock:
    """A clock that a test sets."""

    time: datetime = START

    def __call__(self) -> datetime:
        """The moment."""
        return self.time

    def pass_(self, **length: float) -> None:
        """Let time go by."""
        self.time += timedelta(**length)


@dataclass
class Lake:
    """Orders as (who, minute), which a test adds; what detections find in them; up to which moments each looked, and which together."""

    orders: list[tuple[str, float]] = field(default_factory=list)
    objects: dict[str, int] = field(default_factory=dict)
    looked: list[tuple[str, datetime]] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)
    together: list[list[str]] = field(default_factory=list)

    def add(self, *orders: tuple[str, float]) -> None:
        """Deliver an object."""
        self.orders += orders
        self.objects["orders"] = self.objects.get("orders", 0) + 1

    def newest(self) -> Mapping[str, int]:
        """What the catalog says of the tables."""
        return self.objects

    def evaluate(self, runs: Sequence[Asked]) -> Iterator[Sequence[Found] | EventlakeError]:
        """Three orders of one person within the window of each run, or why it fails."""
        self.together.append([run.detection.name for run in runs])
        for run in runs:
            self.looked.append((run.detection.name, run.until))
            failing = self.failing.get(run.detection.name)
            yield QueryFailedError(failing) if failing else self._found(run.detection, run.until)

    def _found(self, detection: Detection, now: datetime) -> Sequence[Found]:
        seen: dict[str, list[datetime]] = {}
        for who, minute in self.orders:
            if now - detection.reach <= at(minute) < now:
                seen.setdefault(who, []).append(at(minute))
        return [Found(who, len(times), min(times), max(times)) for who, times in seen.items() if len(times) >= 3]


def shop_with_a_wrong_query(sources: Path) -> Path:
    """The folder of a source with two saved queries, of which the first cannot be read, and room for detections."""
    shop = sources / "shop"
    for folder in ("detections", "queries"):
        (shop / folder).mkdir(parents=True)
    (shop / "source.toml").write_text(SHOP, "utf-8")
    (shop / "queries" / "first.sql").write_text("-- First\n-- param n int = abc\nselect who from orders limit :n\n", "utf-8")
    (shop / "queries" / "second.sql").write_text("-- Second\nselect who from orders\n", "utf-8")
    return shop
