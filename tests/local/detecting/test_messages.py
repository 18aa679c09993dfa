"""What chats show of an alert: all that matters, and no mark-up of who chose the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eventlake.detections.wording import headline_of, lines_of
from eventlake.local.detecting.messages import FORMS, slack, teams
from eventlake.sources import load
from eventlake.sources.samples import read_sample

SOURCE = next(source for source in load() if source.name == "eventlake")
HOSTILE = "<!channel> [pay](http://example.com) *b*\n@everyone \u202e"


def _event(**changes: Any) -> dict[str, Any]:  # JSON
    event: dict[str, Any] = json.loads(read_sample(SOURCE, "alert-opened").event)
    event["detail"] |= changes
    return event


def test_an_alert_in_words() -> None:
    """Severity, title and key; how many events, when; context, advice."""
    assert headline_of(_event()["detail"]) == "HIGH: One address tries many users: 203.0.113.7"
    assert headline_of(_event(state="resolved")["detail"]) == "HIGH: One address tries many users (resolved): 203.0.113.7"
    assert lines_of(_event()["detail"]) == [
        "14 events, 2026-11-16 09:58:02 to 2026-11-16 10:06:55 UTC",
        "users: 11",
        "users_entered: 0",
        "Block the address, and have the users it entered with change their passwords.",
        "Detection credential_stuffing, alert 0b9f1f0e-2f6a-5a53-9f8e-3f3c1f0a6d21",
    ]


def test_slack_reads_no_mark_up_of_a_key() -> None:
    """Nobody is called, and no link is made."""
    message = slack(_event(key=HOSTILE, context={"agent": HOSTILE}))
    assert "<" not in message["text"]
    assert {block["text"]["type"] for block in message["blocks"]} == {"plain_text"}
    assert "\n" not in message["blocks"][0]["text"]["text"]


def test_teams_reads_no_mark_up_of_a_key() -> None:
    """Text runs are shown as they are."""
    card = teams(_event(key=HOSTILE))["attachments"][0]["content"]
    assert {(block["type"], run["type"]) for block in card["body"] for run in block["inlines"]} == {("RichTextBlock", "TextRun")}


@pytest.mark.parametrize("form", FORMS)
def test_a_long_alert_fits_into_a_message(form: str) -> None:
    """Slack takes 3,000 characters in a block; Teams 28 KB."""
    event = _event(key="k" * 10_000, context={f"c{number}": "v" * 5_000 for number in range(100)}, advice="a" * 5_000)
    message = FORMS[form](event)
    if form != "event":
        assert len(json.dumps(message)) < 28_000
        assert all(len(block["text"]["text"]) <= 3000 for block in message.get("blocks", []))
