"""What a run of a detection finds: one `Found` a key. Made by `evaluating`, taken by what keeps states and tells alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One key, such as an address or a user, and what was found of it.

    events: how many, never counting one twice. first_event, last_event: of those in the window, aware, in UTC.
    context: the other columns as text, those that are NULL left out.
    """

    key: str
    events: int
    first_event: datetime
    last_event: datetime
    context: Mapping[str, str] = field(default_factory=dict)
