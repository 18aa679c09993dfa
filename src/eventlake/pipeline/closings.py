"""What is known of a closing on AWS: which hours it closed, of what, into what; one JSON object each, numbered for the table.

Whoever writes the next number has closed: two who begin with the same knowledge cannot both end, so what a closing has left out, because
another hour holds it, is there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from eventlake.layout import Hour
from eventlake.model import Table

GENERATION, NUMBER, ROWS, DUPLICATES, CLOSED_AT = "generation", "closing", "rows", "duplicates", "closed_at"
"""What a closed partition is said to be in the catalog."""


@dataclass(frozen=True, slots=True)
class ClosedHour:
    """One hour of a closing.

    location: where its objects lie now. inputs: the keys of the objects where new ones land that it holds. rows_before: of this closing's
    inputs, those it left out among them.
    """

    hour: Hour
    generation: int
    location: str
    inputs: tuple[str, ...]
    rows_before: int
    rows: int
    duplicates: int
    objects_before: int
    objects: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing. number: counted for the table from 1. closed_at: aware."""

    table: str
    number: int
    closed_at: datetime
    hours: tuple[ClosedHour, ...]

    def parameters(self, one: ClosedHour) -> dict[str, str]:
        """Return what the catalog keeps of one of its hours."""
        moment = self.closed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {GENERATION: one.generation, NUMBER: self.number, ROWS: one.rows, DUPLICATES: one.duplicates}
        return {**{name: str(value) for name, value in said.items()}, CLOSED_AT: moment}

    def dumps(self) -> bytes:
        """Write it as JSON."""
        hours = [{**asdict(one), "hour": str(one.hour)} for one in self.hours]
        said = {"table": self.table, "number": self.number, "closed_at": self.closed_at.isoformat(), "hours": hours}
        return json.dumps(said, separators=(",", ":")).encode()


def loads(body: bytes) -> Closing:
    """Read a closing. Raises ValueError for what is none."""
    try:
        said = json.loads(body)
        hours = tuple(ClosedHour(**{**one, "hour": Hour.parse(one["hour"]), "inputs": tuple(one["inputs"])}) for one in said["hours"])
        return Closing(said["table"], said["number"], datetime.fromisoformat(said["closed_at"]), hours)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"This tells of no closing ({type(error).__name__}: {error}).") from None


def closed_place(table: Table, day: str, number: int, attempt: str) -> str:
    """Return where hours of one day lie that were closed together, `closed/SOURCE/PREFIX/YYYY/MM/DD/NUMBER-ATTEMPT/`, each in `hour=HH/`.

    number: of the closing, counted for the table.
    """
    return f"{table.closed_prefix}{day.replace('-', '/')}/{number}-{attempt}/"


def total_duplicates(before: int, rows_before: int, rows: int) -> int:
    """Return how many rows the closings of an hour have left out. before: until now."""
    return before + rows_before - rows
