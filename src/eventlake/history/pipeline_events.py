"""The shapes of CodePipeline's events as they are sent today.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
Versions and attempts are floats (`6.0`). RESUMED stages and ABANDONED actions have no start-time. An execution-trigger has one shape on
STARTED, and for Git triggers of V2 pipelines another one on the events after it.
"""

from __future__ import annotations

from eventlake.history.names import ACCOUNT, Person
from eventlake.history.shape import Json, encoded, escaped, members, shape
from eventlake.history.timeline import iso, iso_second

PIPELINE_CHANGE = "CodePipeline Pipeline Execution State Change"
STAGE_CHANGE = "CodePipeline Stage Execution State Change"
ACTION_CHANGE = "CodePipeline Action Execution State Change"


def _event(detail_type: str, members_of_kind: dict[str, Json]) -> str:
    detail: dict[str, Json] = {
        "pipeline": "<pipeline>",
        "execution-id": "<execution>",
        "<+start>": None,
        **members_of_kind,
        "version": "<#version>",
        "pipeline-execution-attempt": "<#attempt>",
    }
    return shape(
        {
            "version": "0",
            "id": "<id>",
            "detail-type": detail_type,
            "source": "aws.codepipeline",
            "account": ACCOUNT,
            "time": "<time>",
            "region": "<region>",
            "resources": [f"arn:aws:codepipeline:<region>:{ACCOUNT}:<pipeline>"],
            "detail": detail,
        }
    )


PIPELINE = _event(PIPELINE_CHANGE, {"<+trigger>": None, "state": "<state>", "<+comments>": None})
STAGE = _event(STAGE_CHANGE, {"<+retry>": None, "stage": "<stage>", "state": "<state>"})
ACTION = _event(
    ACTION_CHANGE,
    {
        "stage": "<stage>",
        "<+result>": None,
        "<+artifacts>": None,
        "action-execution-id": "<run>",
        "action": "<action>",
        "state": "<state>",
        "region": "<action_region>",
        "type": {"owner": "<owner>", "provider": "<provider>", "category": "<category>", "version": "1"},
    },
)


def started_by(trigger: str, detail: str) -> str:
    """Return the trigger of a STARTED event."""
    return members({"execution-trigger": {"trigger-type": trigger, "trigger-detail": detail}})


def committed_by(
    author: Person,
    message: str,
    commit: str,
    committed: int,
    *,
    reference: dict[str, Json],
    repository: str,
    provider: str,
    connection: str,
) -> str:
    """Return the trigger on later events of a V2 pipeline's Git trigger. reference: the `branch-name` or the `tag-name`."""
    commit_facts: dict[str, Json] = {
        "author-display-name": author.name,
        "full-repository-name": repository,
        "provider-type": provider,
        "author-email": author.email,
        "commit-message": message,
        "author-date": iso_second(committed),
        **reference,
        "commit-id": commit,
        "connection-arn": connection,
        "author-id": author.slug,
    }
    return members({"execution-trigger": commit_facts})


def since(start: int) -> str:
    """Return the start-time."""
    return f'"start-time":"{iso(start)}",'


def retried_at(moment: int) -> str:
    """Return the moment of a stage's last retry, on all its events from then on."""
    return f'"stage-last-retry-attempt-time":"{iso(moment)}",'


def stop_comments(text: str) -> str:
    """Return why somebody stopped an execution, on STOPPING."""
    return f'"stop-execution-comments":"{escaped(text)}",'


_LINK = "https://<region>.console.aws.amazon.com/<service>/home?region=<region>#/<id>"
_SUMMARY = {"external-execution-summary": "<summary>", "external-execution-id": "<id>"}
_RESULT = {
    "Manual": shape({"<+code>": None, "external-execution-summary": "<summary>"}),
    "Commands": shape({"<+code>": None, **_SUMMARY}),
}
_RESULT_WITH_LINK = shape({"external-execution-url": _LINK, "<+code>": None, **_SUMMARY})


def result(provider: str, region: str, external_id: str, summary: str, failed: bool) -> str:
    """Return the execution-result of an action's end. Approvals have no external id, actions of provider Commands no URL.

    A rejected approval and a broken build are both JobFailed: only the summary tells them apart.
    """
    values = {
        "region": region,
        "service": provider.lower(),
        "id": external_id,
        "summary": escaped(summary),
        "code": '"error-code":"JobFailed",' if failed else "",
    }
    return f'"execution-result":{_RESULT.get(provider, _RESULT_WITH_LINK) % values},'


def source_summary(provider: str, message: str) -> str:
    """Write what a connection source says of its commit: JSON in a text."""
    return encoded({"ProviderType": provider, "CommitMessage": message})


_ARTIFACTS = shape([{"name": "<name>", "s3location": {"bucket": "codepipeline-<region>-111122223333", "key": "<pipeline>/<short>/<key>"}}])


def artifacts(direction: str, name: str, pipeline: str, region: str, key: str) -> str:
    """Return one artifact of an action. direction: `input` or `output`."""
    values = {"name": name, "short": name[:10], "region": region, "pipeline": pipeline[:20], "key": key}
    return f'"{direction}-artifacts":{_ARTIFACTS % values},'
