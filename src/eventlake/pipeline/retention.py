"""How long the hours of a table are kept. A table without days is kept for ever.

Hours go whole, by their partition, which is the hour of arrival: objects, the catalog and every query are cut there, so nothing is rewritten, and
one number means the same to all of them. History that is brought in lies in the hour in which it happened, and goes by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventlake.errors import ConfigurationError
from eventlake.layout import Hour, moved
from eventlake.model import Table

MOST_DAYS = 36_500
FAILED_RECORDS = "failed-records"
"""What stands for failed records where days are written as pairs; no table is called so."""


def is_days(value: object) -> bool:
    """Return True for a number of days that something may be kept."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_DAYS


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that the hours of tables are kept, by table, and those that failed records are; None is for ever."""

    tables: Mapping[str, int] = field(default_factory=dict)
    failed: int | None = None

    @classmethod
    def declared(cls, tables: Iterable[Table]) -> Retention:
        """Return what the declarations of these tables say."""
        return cls({table.name: table.retention_days for table in tables if table.retention_days is not None})

    @classmethod
    def parse(cls, text: str) -> Retention:
        """Read pairs `TABLE=DAYS`, parted by blanks; of two about one table the later counts, and words that are no pairs are left out.

        Raises ConfigurationError for what is no number of days.
        """
        found: dict[str, int] = {}
        for name, is_pair, said in (word.partition("=") for word in text.split()):
            if is_pair:
                days = int(said) if said.isdecimal() else 0
                if not is_days(days):
                    raise ConfigurationError(f"{name}={said} is no number of days from 1 to {MOST_DAYS:,}.")
                found[name] = days
        failed = found.pop(FAILED_RECORDS, None)
        return cls(found, failed)

    @property
    def is_for_ever(self) -> bool:
        """Return True if nothing ever goes."""
        return not self.tables and self.failed is None

    def goes(self, table: str, hour: Hour) -> datetime | None:
        """Return from when on an hour of a table is to go, None for one that stays."""
        return _after(hour, self.tables.get(table))

    def is_over(self, table: str, hour: Hour, now: datetime) -> bool:
        """Return True for an hour of a table that was kept long enough. now: aware."""
        goes = self.goes(table, hour)
        return goes is not None and goes <= now

    def failed_goes(self, hour: Hour) -> datetime | None:
        """Return from when on failed records of an hour are to go, None if they stay."""
        return _after(hour, self.failed)


def _after(hour: Hour, days: int | None) -> datetime | None:
    return None if days is None else moved(hour.end, timedelta(days=days))
