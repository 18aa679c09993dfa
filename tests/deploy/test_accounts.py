from __future__ import annotations

import json

from eventlake.deploy.accounts import receiver_stack, sender_stack
from eventlake.deploy.cloudformation import ref
from eventlake.sources import load
from eventlake.stack_names import short_title

SOURCES = load()
SENT = [source for source in SOURCES if source.bus == "default"]


def test_a_sender_has_a_rule_for_each_source_of_the_default_bus() -> None:
    """A partner bus brings its events to one account, the lake's, so nothing sends them on."""
    resources = sender_stack(SOURCES)["Resources"]
    rules = {name for name, resource in resources.items() if resource["Type"] == "AWS::Events::Rule"}
    assert rules == {f"{short_title(source)}Rule" for source in SENT}
    assert "Auth0Rule" not in rules


def test_a_sender_sends_its_own_events_alone() -> None:
    """An event that came from elsewhere is sent on by nobody, so a rule asks for the account and region it stands in."""
    for source in SENT:
        asked = sender_stack(SOURCES)["Resources"][f"{short_title(source)}Rule"]["Properties"]["EventPattern"]
        assert asked["account"] == [ref("AWS::AccountId")]
        assert asked["region"] == [ref("AWS::Region")]


def test_what_a_table_takes_is_sent() -> None:
    """Each sample that a rule of the lake matches, the sender's rule matches too."""
    for source in SENT:
        asked = sender_stack(SOURCES)["Resources"][f"{short_title(source)}Rule"]["Properties"]["EventPattern"]
        plain = {name: values for name, values in asked.items() if name not in {"account", "region"}}
        assert plain.keys() <= {"source", "detail-type"}
        for table in source.tables:
            for name, values in plain.items():
                assert json.dumps(table.pattern[name])[1:-1] in json.dumps(values)


def test_nobody_may_send_until_somebody_is_named() -> None:
    """Each statement of the bus stands under a condition that an empty parameter does not meet."""
    stack = receiver_stack()
    assert all(parameter.get("Default") == "" for name, parameter in stack["Parameters"].items() if name != "LakeName")
    assert {resource["Condition"] for resource in stack["Resources"].values()} == {"HasOrganization", "HasAccounts"}
