"""What people read of an alert: in one line, and in several. Made of the detail of its event.

Whom an alert is about may have chosen the words: they stay text, never mark-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_LINES = 20
_LINE_LIMIT = 300
"""Characters of a line: a message of Slack's has at most 3,000 in a block."""
_KINDS = {"opened": "", "grown": " (growing)", "resolved": " (resolved)"}

Detail = Mapping[str, Any]
"""Of an alert's event, as JSON."""


def headline_of(detail: Detail) -> str:
    """Return what an alert says in one line."""
    return _line(f"{str(detail['severity']).upper()}: {detail['title']}{_KINDS.get(detail['state'], '')}: {detail['key']}")


def lines_of(detail: Detail) -> list[str]:
    """Return what else it says: how many events, when, the context, what to do."""
    when = f"{detail['events']} events, {_moment(detail['first-event'])} to {_moment(detail['last-event'])} UTC"
    context = [f"{name}: {value}" for name, value in detail["context"].items() if value not in (None, "")]
    named = f"Detection {detail['detection']}, alert {detail['alert-id']}"
    said = [when, *context[:_LINES], *([detail["advice"]] if detail["advice"] else []), named]
    return [_line(line) for line in said]


def unmarked(text: str) -> str:
    """Write the three signs that Slack's mark-up begins with as it reads them: https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def event_moment(moment: datetime) -> str:
    """Write a moment as events have it: in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")


def _line(text: str) -> str:
    """Return a text as one line that a person can read, shortened."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= _LINE_LIMIT else f"{shown[: _LINE_LIMIT - 3]}..."
