"""The event of an alert -> what a chat shows of it. Whom an alert is about may have chosen the words: they stay text, never mark-up.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Teams: https://learn.microsoft.com/en-us/power-automate/teams/send-a-message-in-teams-with-webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventlake.detections.wording import headline_of, lines_of, unmarked

Event = Mapping[str, Any]
"""An alert's, as JSON."""


def slack(event: Event) -> dict[str, Any]:  # as JSON
    """Return the message for an incoming webhook of Slack's, and of what speaks like it: `text` alone would do for those."""
    headline, lines = headline_of(event["detail"]), lines_of(event["detail"])
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": headline[:150], "emoji": False}}]
    if lines:
        blocks.append({"type": "section", "text": {"type": "plain_text", "text": "\n".join(lines)[:3000], "emoji": False}})
    return {"text": unmarked(headline), "blocks": blocks}


def teams(event: Event) -> dict[str, Any]:  # as JSON
    """Return the message for a workflow of Teams': one adaptive card, whose text runs read no mark-up."""
    runs = [
        _paragraph(headline_of(event["detail"]), weight="Bolder", size="Medium"),
        *(_paragraph(line) for line in lines_of(event["detail"])),
    ]
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": runs}
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def whole(event: Event) -> dict[str, Any]:  # as JSON
    """Return the event as it is."""
    return dict(event)


FORMS: Mapping[str, Callable[[Event], dict[str, Any]]] = {"event": whole, "slack": slack, "teams": teams}


def _paragraph(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}
