from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.stub import Stubber

from eventlake.cloud.arriving import check_arriving

ELSEWHERE = "arn:aws:events:us-east-1:999988887777:event-bus/default"
OWN = {"account": ["123456789012"], "region": ["us-east-1"]}


class Answering:
    """A session whose EventBridge answers as its model says, with what a test gives: partner event sources, and rules with their targets."""

    def __init__(self, sources: list[dict[str, str]], rules: dict[str, tuple[dict[str, Any], str]]) -> None:
        self.events = boto3.client("events", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        stub = Stubber(self.events)
        stub.add_response("list_event_sources", {"EventSources": sources})
        stub.add_response("list_event_buses", {"EventBuses": [{"Name": "default"}]})
        listed = [{"Name": name, "State": "ENABLED", "EventPattern": json.dumps(asked)} for name, (asked, _) in rules.items()]
        stub.add_response("list_rules", {"Rules": listed}, {"EventBusName": "default"})
        for name, (asked, target) in rules.items():
            if not OWN.keys() <= asked.keys():
                stub.add_response(
                    "list_targets_by_rule", {"Targets": [{"Id": "a", "Arn": target}]}, {"Rule": name, "EventBusName": "default"}
                )
        stub.activate()

    def client(self, name: str) -> Any:
        """Give EventBridge."""
        assert name == "events"
        return self.events


def findings(sources: list[dict[str, str]], rules: dict[str, tuple[dict[str, Any], str]]) -> list[str]:
    """What is found."""
    return [finding.sentence for finding in check_arriving(Answering(sources, rules))]  # type: ignore[arg-type]  # a session of one service


def test_a_rule_that_sends_on_what_was_sent_is_a_chain() -> None:
    """EventBridge would leave those events out; a rule that asks for its own account and region leaves none out."""
    (found,) = findings([], {"chain": ({"source": ["aws.codepipeline"]}, ELSEWHERE), "sender": ({"source": ["a"], **OWN}, ELSEWHERE)})
    assert found.startswith(f'The rule "chain" of the bus "default" sends events on to {ELSEWHERE}')


def test_a_rule_of_the_lake_is_no_chain() -> None:
    """Its target is a delivery stream."""
    assert findings([], {"eventlake-auth0_logs": ({"source": ["a"]}, "arn:aws:firehose:us-east-1:123456789012:deliverystream/a")}) == []


def test_a_partner_event_source_that_nobody_took_is_found() -> None:
    """One that is associated is not."""
    name = "aws.partner/auth0.com/example-1234/auth0.logs"
    (found,) = findings([{"Name": name, "State": "PENDING"}, {"Name": "aws.partner/b", "State": "ACTIVE"}], {})
    assert f'"{name}" is offered and not taken' in found
