"""The event of an alert -> what a chat shows of it. Whom an alert is about may have chosen the words: they stay text, never mark-up.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Teams: https://learn.microsoft.com/en-us/power-automate/teams/send-a-message-in-teams-with-webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_LINES = 20
_LINE_LIMIT = 300
"""Characters of a line: a message of Slack's has at most 3,000 in a block."""
_KINDS = {"opened": "", "grown": " (growing)", "resolved": " (resolved)"}

Event = Mapping[str, Any]
"""An alert's, as JSON."""


def slack(event: Event) -> dict[str, Any]:  # as JSON
    """Return the message for an incoming webhook of Slack's, and of what speaks like it: `text` alone would do for those."""
    headline, lines = headline_of(event), lines_of(event)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": headline[:150], "emoji": False}}]
    if lines:
        blocks.append({"type": "section", "text": {"type": "plain_text", "text": "\n".join(lines)[:3000], "emoji": False}})
    return {"text": _unmarked(headline), "blocks": blocks}


def teams(event: Event) -> dict[str, Any]:  # as JSON
    """Return the message for a workflow of Teams': one adaptive card, whose text runs read no mark-up."""
    runs = [_paragraph(headline_of(event), weight="Bolder", size="Medium"), *(_paragraph(line) for line in lines_of(event))]
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": runs}
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def whole(event: Event) -> dict[str, Any]:  # as JSON
    """Return the event as it is."""
    return dict(event)


FORMS: Mapping[str, Callable[[Event], dict[str, Any]]] = {"event": whole, "slack": slack, "teams": teams}


def headline_of(event: Event) -> str:
    """Return what an alert says in one line."""
    detail = event["detail"]
    return _line(f"{str(detail['severity']).upper()}: {detail['title']}{_KINDS.get(detail['state'], '')}: {detail['key']}")


def lines_of(event: Event) -> list[str]:
    """Return what else it says: how many events, when, the context, what to do."""
    detail = event["detail"]
    when = f"{detail['events']} events, {_moment(detail['first-event'])} to {_moment(detail['last-event'])} UTC"
    context = [f"{name}: {value}" for name, value in detail["context"].items() if value not in (None, "")]
    said = [
        when,
        *context[:_LINES],
        *([detail["advice"]] if detail["advice"] else []),
        f"Detection {detail['detection']}, alert {detail['alert-id']}",
    ]
    return [_line(line) for line in said]


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")


def _line(text: str) -> str:
    """Return a text as one line that a person can read, shortened."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= _LINE_LIMIT else f"{shown[: _LINE_LIMIT - 3]}..."


def _unmarked(text: str) -> str:
    """Write the three signs that Slack's mark-up begins with as it reads them: https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _paragraph(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}
