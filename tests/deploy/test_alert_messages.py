"""What the deployed rule posts of an alert: the words of `detail.text`, in the message of whoever the webhook belongs to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aws.lake import PROJECT
from eventlake.deploy.cloudformation import read_template
from eventlake.local.detecting.messages import teams

TEMPLATE = read_template((PROJECT / "templates" / "detections.yaml").read_text("utf-8"))
TARGET = TEMPLATE["Resources"]["AlertWebhookRule"]["Properties"]["Targets"][0]["InputTransformer"]
CONDITION, FOR_TEAMS, FOR_SLACK = TARGET["InputTemplate"]["Fn::If"]
HOSTILE = 'HIGH: "quoted" \\ <!channel> [pay](http://example.com)\n\u202e'


def posted(template: str, text: str) -> Any:  # JSON
    """The body that EventBridge makes of a template: it writes a text in the place of its name as JSON, quotes included."""
    return json.loads(template.replace("<text>", json.dumps(text)))


def test_the_words_are_the_alerts_own() -> None:
    """As the topic has them."""
    assert TARGET["InputPathsMap"] == {"text": "$.detail.text"}
    assert TEMPLATE["Conditions"][CONDITION] == {"Fn::Equals": [{"Ref": "AlertWebhookForm"}, "teams"]}


@pytest.mark.parametrize("text", ["HIGH: One address tries many users: 203.0.113.7", HOSTILE])
def test_slack_gets_a_text(text: str) -> None:
    """And whatever speaks like it."""
    assert posted(FOR_SLACK, text) == {"text": text}


@pytest.mark.parametrize("text", ["HIGH: One address tries many users: 203.0.113.7", HOSTILE])
def test_teams_gets_the_card_of_one_machine(text: str) -> None:
    """With one text run, which reads no mark-up."""
    detail = {"severity": "high", "title": "t", "state": "opened", "key": "k", "events": 1, "context": {}, "advice": "", "detection": "d"}
    ours = teams({"detail": {**detail, "alert-id": "a", "first-event": "2026-11-16T09:58:02Z", "last-event": "2026-11-16T09:58:02Z"}})
    ours["attachments"][0]["content"]["body"] = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}]
    assert posted(FOR_TEAMS, text) == ours
