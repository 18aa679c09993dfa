"""One lake for two accounts and two regions: the templates of senders and receiver, deployed by the CLI."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aws.client import ACCOUNT, REGION, Aws, eventually
from aws.lake import PROJECT, Lake
from aws.objects import Queue

pytestmark = pytest.mark.aws

MEMBER, NAMED, STRANGER = "222233334444", "444455556666", "999988887777"
ORGANIZATION = "o-a1b2c3d4e5"
"""MEMBER's, which the emulator knows it to be in."""
ELSEWHERE = "eu-west-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


def account(aws: Aws, number: str, folder: Path) -> Aws:
    """The CLI as somebody of another account."""
    return replace(aws, access_key=number, secret_key="test", home=folder / number)


def deploy(aws: Aws, region: str, template: str, stack: str, *parameters: str) -> None:
    """Deploy one of the templates by its text."""
    path = str(PROJECT / "templates" / "accounts" / template)
    start = ["cloudformation", "deploy", "--region", region, "--template-file", path, "--stack-name", stack]
    aws.run(*start, "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", *parameters)


@pytest.fixture(scope="module")
def senders(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Aws]:
    """Who sends, by account and region: the lake's own account, a member of an organization, a named one, and a stranger."""
    folder = tmp_path_factory.mktemp("senders")
    member = account(lake.aws, MEMBER, folder)
    deploy(lake.aws, REGION, "receiver.yaml", "receives", f"OrganizationId={ORGANIZATION}", f"SenderAccountIds={NAMED}")
    found = {
        (ACCOUNT, ELSEWHERE): lake.aws,
        (MEMBER, REGION): member,
        (NAMED, ELSEWHERE): account(lake.aws, NAMED, folder),
        (STRANGER, REGION): account(lake.aws, STRANGER, folder),
    }
    for (_, region), aws in found.items():
        deploy(aws, region, "sender.yaml", "sends", f"ReceiverBusArn={BUS}")
    return found


def send(aws: Aws, region: str, pipeline: str) -> str:
    """Put an event on the default bus of an account and region; its id."""
    detail = {"pipeline": pipeline, "execution-id": "x-1", "state": "STARTED", "version": 1.0}
    entry = {"Source": "aws.codepipeline", "DetailType": "CodePipeline Pipeline Execution State Change", "Detail": json.dumps(detail)}
    (answer,) = aws("events", "put-events", "--region", region, "--entries", json.dumps([entry]))["Entries"]
    return str(answer["EventId"])


def test_every_event_comes_once_and_says_where_it_is_from(lake: Lake, senders: dict[tuple[str, str], Aws]) -> None:
    """From an account of the organization, a named account and the lake's own, in two regions."""
    sent = {place: send(aws, place[1], "far") for place, aws in senders.items() if place[0] != STRANGER}
    rows = lake.arrived(list(sent.values()), ["pipeline_execution_state_change"])["pipeline_execution_state_change"]
    assert sorted((row["account"], row["event_region"], row["event_id"]) for row in rows) == sorted(
        (*place, event) for place, event in sent.items()
    )


def test_a_strangers_events_stay_with_the_stranger(lake: Lake, senders: dict[tuple[str, str], Aws]) -> None:
    """The bus does not let them in; they wait in the sender's queue, with the reason."""
    stranger = senders[STRANGER, REGION]
    event = send(stranger, REGION, "strange")
    (message,) = eventually(lambda: Queue(stranger, "eventlake-unsent").take())
    assert json.loads(message["Body"])["id"] == event
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_what_was_sent_once_is_sent_on_by_nobody(lake: Lake, senders: dict[tuple[str, str], Aws]) -> None:
    """A sender in the lake's own account and region would send what others sent there, if its rule asked for any account."""
    pattern = lake.aws("events", "describe-rule", "--region", ELSEWHERE, "--name", "eventlake-send-codepipeline")["EventPattern"]
    assert (json.loads(pattern)["account"], json.loads(pattern)["region"]) == ([ACCOUNT], [ELSEWHERE])
