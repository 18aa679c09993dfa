"""Legal holds: what nobody may remove, whatever the settings say, until the hold is released.

A hold keeps whole hours of arrival: of one table or of all, of a span or of all times. One that names a user keeps every hour of its tables and
span, because any of them may hold rows of that user.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from eventlake.layout import Hour


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. table, user: empty for all. first, last: the hours that it keeps, both included; None without an end. since: ISO 8601, UTC."""

    name: str
    table: str = ""
    first: Hour | None = None
    last: Hour | None = None
    user: str = ""
    reason: str = ""
    since: str = ""

    def covers(self, table: str | None, hour: Hour) -> bool:
        """Return True if it keeps an hour of a table; None is a table that is not known, which every hold may be about."""
        return self._is_about(table) and (self.first is None or self.first <= hour) and (self.last is None or hour <= self.last)

    def _is_about(self, table: str | None) -> bool:
        return not self.table or table is None or table == self.table


def held(holds: Iterable[Hold], table: str | None, hour: Hour) -> str | None:
    """Return the name of a hold that keeps this hour of a table, None if it may go.

    Ask for each hour before anything of it is removed or rewritten without rows, with the holds of `local.retaining.holds.HoldsFile.settled`, and
    act within its `with`: no hold is placed meanwhile. What erases a person asks the same, and is refused whomever the hold names.
    """
    return next((hold.name for hold in holds if hold.covers(table, hour)), None)


def as_json(hold: Hold) -> dict[str, Any]:
    """Return a hold as JSON has it."""
    return asdict(hold) | {"first": hold.first and str(hold.first), "last": hold.last and str(hold.last)}


def hold_of(said: dict[str, Any]) -> Hold:
    """Read a hold from JSON. Raises TypeError, LayoutError."""
    hold = Hold(**said)
    if not all(isinstance(text, str) for text in (hold.name, hold.table, hold.user, hold.reason, hold.since)):
        raise TypeError("A hold's words are texts.")
    return replace(hold, first=_hour(said.get("first")), last=_hour(said.get("last")))


def _hour(text: Any) -> Hour | None:  # JSON
    return None if text is None else Hour.parse(text)
