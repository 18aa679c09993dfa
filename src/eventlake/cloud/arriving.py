"""Examines how events come to a lake on AWS: rules that send them on to another bus, and partner event sources that nobody associated.

EventBridge sends on no event that another rule sent to this bus, so a chain of buses loses all but the first one's own.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EventSource.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.lake import Finding

_OWN = ("account", "region")
"""Fields by which a rule asks for events of the account and region it stands in, and so for none that was sent to it."""


def check_arriving(session: Session) -> Iterator[Finding]:
    """Yield what is wrong with the way that events take to the lake's account and region."""
    client = session.client("events")
    with failing("EventBridge cannot be looked at"):
        yield from _pending(client)
        for bus in _pages(client.list_event_buses, "EventBuses"):
            for rule in _pages(client.list_rules, "Rules", EventBusName=bus["Name"]):
                yield from _chain(client, bus["Name"], rule)


def _pending(client: Any) -> Iterator[Finding]:
    """Report partner event sources whose events nobody takes; a region that has no partners has none."""
    try:
        sources = list(_pages(client.list_event_sources, "EventSources"))
    except ClientError as error:
        if code_of(error) != "OperationDisabledException":
            raise
        return
    for source in sources:
        if source["State"] == "PENDING":
            name = source["Name"]
            yield Finding(
                "warning",
                f'The partner event source "{name}" is offered and not taken: its events are lost until it is.',
                f"Associate it, `aws events create-event-bus --name {name} --event-source-name {name}`, and deploy with EventBusName={name}.",
            )


def _chain(client: Any, bus: str, rule: dict[str, Any]) -> Iterator[Finding]:
    """Report a rule that would send on what was sent to its bus, which EventBridge does not do."""
    asked = json.loads(rule.get("EventPattern") or "{}")
    if rule.get("State") != "ENABLED" or not asked or all(field in asked for field in _OWN):
        return
    for target in _pages(client.list_targets_by_rule, "Targets", Rule=rule["Name"], EventBusName=bus):
        if ":event-bus/" in target["Arn"]:
            yield Finding(
                "warning",
                f'The rule "{rule["Name"]}" of the bus "{bus}" sends events on to {target["Arn"]}; those that came to this bus from another are '
                "left out without a word.",
                "Send from each account and region straight to the lake (docs/accounts.md), or let the rule ask for its own account and region.",
            )


def _pages(call: Any, key: str, **asked: str) -> Iterator[dict[str, Any]]:
    """Yield what a list of EventBridge holds, page by page."""
    token: dict[str, str] = {}
    while True:
        answer = call(**asked, **token)
        yield from answer[key]
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}
