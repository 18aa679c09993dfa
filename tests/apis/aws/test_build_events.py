"""What CodeBuild's and CodeDeploy's APIs tell becomes what EventBridge sent: the samples of both sources, made again from an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from eventlake.apis.aws.build_events import BuildEvents
from eventlake.apis.aws.codedeploy import deployment_events
from eventlake.apis.aws.derived import ORIGIN, Place
from eventlake.sources import load

PLACE = Place("123456789012", "eu-central-1")
FOLDERS = {source.name: Path(source.folder) for source in load() if source.folder}
START = datetime(2026, 5, 13, 14, 5, tzinfo=UTC)
NAME = "warehouse:c3d4e5f6-7081-492a-93c4-d5e6f708192a"
ERROR = "Error while executing command: make test. Reason: exit status 2"
BUILD: dict[str, Any] = {
    "id": NAME,
    "arn": f"arn:aws:codebuild:eu-central-1:123456789012:build/{NAME}",
    "buildNumber": 43,
    "startTime": START,
    "endTime": START + timedelta(seconds=64),
    "currentPhase": "COMPLETED",
    "buildStatus": "FAILED",
    "sourceVersion": "fix/rounding",
    "projectName": "warehouse",
    "phases": [
        {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": START, "endTime": START, "durationInSeconds": 0},
        {
            "phaseType": "BUILD",
            "phaseStatus": "FAILED",
            "startTime": START + timedelta(seconds=30),
            "endTime": START + timedelta(seconds=62),
            "durationInSeconds": 32,
            "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": ERROR}],
        },
        {"phaseType": "COMPLETED", "startTime": START + timedelta(seconds=63)},
    ],
    "source": {"type": "GITHUB", "location": "https://github.com/example-org/warehouse.git"},
    "artifacts": {"location": ""},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [],
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
    },
    "logs": {
        "groupName": "/aws/codebuild/warehouse",
        "streamName": NAME.partition(":")[2],
        "deepLink": "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logEvent:"
        f"group=/aws/codebuild/warehouse;stream={NAME.partition(':')[2]}",
    },
    "timeoutInMinutes": 30,
    "buildComplete": True,
    "initiator": "nadia.fern",
}
DEPLOYMENT: dict[str, Any] = {
    "applicationName": "checkout",
    "deploymentGroupName": "production",
    "deploymentId": "d-Z9Y8X7W6V",
    "status": "Failed",
    "createTime": datetime(2026, 5, 13, 14, 4, 41, tzinfo=UTC),
    "startTime": datetime(2026, 5, 13, 14, 4, 42, tzinfo=UTC),
    "completeTime": datetime(2026, 5, 13, 14, 7, 57, tzinfo=UTC),
}


def checked(service: str, operation: str, answer: dict[str, Any], **given: Any) -> Any:
    """An answer as boto3 gives it, if botocore's model has it so."""
    client = boto3.client(service, region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="secret")
    with Stubber(client) as stubber:
        stubber.add_response(operation, answer, given)
        return getattr(client, operation)(**given)


def sample(source: str, name: str) -> dict[str, Any]:
    """A sample without its id, and without what no API tells."""
    event: dict[str, Any] = json.loads((FOLDERS[source] / "samples" / f"{name}.event.json").read_text())
    event["detail"].pop("instanceGroupId", None)
    return {name: value for name, value in event.items() if name != "id"}


def made(envelope: Any) -> dict[str, Any]:
    """A made event without its id and origin."""
    return {name: value for name, value in envelope.items() if name not in {"id", ORIGIN}}


@pytest.mark.parametrize(("place", "name"), [(-1, "build-failed"), (2, "phase-build-failed")])
def test_a_build_becomes_the_events_that_were_sent(place: int, name: str) -> None:
    """Its phase and its end, member by member."""
    build = checked("codebuild", "batch_get_builds", {"builds": [BUILD]}, ids=[NAME])["builds"][0]

    events = list(BuildEvents(PLACE, build))

    second = {"time": "to the second"}  # EventBridge sends a phase a moment after its end
    assert {**made(events[place].envelope), **second} == {**sample("codebuild", name), **second}
    assert {event.envelope[ORIGIN] for event in events} == {"codebuild-api"}


def test_a_build_begins_before_it_has_phases_and_logs() -> None:
    """The first event says nothing that came later."""
    first, *_ = BuildEvents(PLACE, BUILD)

    assert first.envelope["detail"]["build-status"] == "IN_PROGRESS"
    assert {"phases", "logs"} & first.envelope["detail"]["additional-information"].keys() == set()


def test_a_build_that_says_little_is_taken() -> None:
    """Only what CodeBuild always tells."""
    little = {name: BUILD[name] for name in ("id", "arn", "startTime", "endTime", "projectName", "buildStatus", "buildComplete")}

    assert [event.envelope["detail"]["build-status"] for event in BuildEvents(PLACE, little)] == ["IN_PROGRESS", "FAILED"]


def test_a_deployment_becomes_the_events_that_were_sent() -> None:
    """Its beginning and its end, member by member."""
    answer = {"deploymentsInfo": [DEPLOYMENT]}
    info = checked("codedeploy", "batch_get_deployments", answer, deploymentIds=["d-Z9Y8X7W6V"])["deploymentsInfo"][0]

    begun, ended = deployment_events(PLACE, info)

    assert made(begun.envelope) == sample("codedeploy", "deployment-started")
    assert made(ended.envelope) == sample("codedeploy", "deployment-failed")


def test_an_event_has_the_same_id_whenever_it_is_made() -> None:
    """And another one in another account or region."""
    ids = [[event.envelope["id"] for event in BuildEvents(place, BUILD)] for place in (PLACE, PLACE, Place("123456789012", "eu-west-1"))]

    assert ids[0] == ids[1]
    assert len(set(ids[0] + ids[2])) == 2 * len(ids[0])
