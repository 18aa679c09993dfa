"""An execution of a pipeline, as CodePipeline's API tells it -> the events that EventBridge sent of it.

The API tells how the execution ended and each run of an action; what happened to stages, and what came between two attempts, follows from
the runs: a stage begins with its first action and ends with its last, and an attempt begins where an action runs that has run in it already.
https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineExecutionSummary.html
https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from eventlake.apis.aws.derived import Derived, Place, Teller, iso, told

PIPELINE = "CodePipeline Pipeline Execution State Change"
STAGE = "CodePipeline Stage Execution State Change"
ACTION = "CodePipeline Action Execution State Change"

ENDS = {"Cancelled": "CANCELED", "Failed": "FAILED", "Stopped": "STOPPED", "Succeeded": "SUCCEEDED", "Superseded": "SUPERSEDED"}
"""What the API calls the end of an execution, and its event."""
_ACTION_ENDS = {"Abandoned": "ABANDONED", "Failed": "FAILED", "Succeeded": "SUCCEEDED"}
_AT_ONCE = timedelta(seconds=10)
"""Within which a stage ends with the action that a stop waited for; if it had ended earlier, the execution was between two stages."""

Told = Mapping[str, Any]
"""What an API told of one thing, as boto3 reads it."""


@dataclass(slots=True)
class _Pass:
    """One attempt at a stage: the runs of its actions, by their starts. begun: when the stage began, in the first attempt at it."""

    stage: str
    attempt: int
    begun: datetime
    is_retry: bool
    runs: list[Told] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        """Return when its first action started."""
        return _start(self.runs[0])

    @property
    def end(self) -> datetime:
        """Return when the last of its actions ended."""
        return max(map(_end, self.runs))

    @property
    def succeeded(self) -> bool:
        """Return True if each of its runs did."""
        return all(run.get("status") == "Succeeded" for run in self.runs)


class ExecutionEvents:
    """The events of one execution that has ended. actions: every run of its actions, in any order."""

    def __init__(self, place: Place, pipeline: str, execution: Told, actions: Sequence[Told]) -> None:
        self._tell = Teller(place, "codepipeline", [place.arn("codepipeline", pipeline)])
        self._place = place
        self._execution = execution
        self._passes = _passes(actions)
        versions = [run["pipelineVersion"] for run in actions if run.get("pipelineVersion") is not None]
        self._constant = {
            "pipeline": pipeline,
            "execution-id": execution["pipelineExecutionId"],
            "version": float(min(versions)) if versions else None,
        }

    def __iter__(self) -> Iterator[Derived]:
        """Yield the events of the execution, its stages and its actions, each kind in order of time."""
        yield from self._of_pipeline()
        for place, one in enumerate(self._passes):
            yield from self._of_stage(one, self._passes[place + 1] if place + 1 < len(self._passes) else None)
            for run in one.runs:
                yield from self._of_action(run, one.attempt)

    # -- the execution --

    def _of_pipeline(self) -> Iterator[Derived]:
        start, end = self._execution["startTime"], self._end
        trigger = self._execution.get("trigger") or {}
        first = told({"trigger-type": trigger.get("triggerType"), "trigger-detail": trigger.get("triggerDetail")})
        later = _commit(self._execution, [run for one in self._passes for run in one.runs])
        yield self._pipeline(start, "STARTED", 1, first)
        for before, after in zip(self._passes, self._passes[1:], strict=False):
            if after.is_retry:
                yield self._pipeline(before.end, "FAILED", before.attempt, later)
                yield self._pipeline(after.start, "RESUMED", after.attempt, later)
        attempt = self._passes[-1].attempt if self._passes else 1
        if self._is_stopped:
            comments = (self._execution.get("stopTrigger") or {}).get("reason")
            yield self._pipeline(end, "STOPPING", attempt, later, comments)
        yield self._pipeline(end, ENDS[self._execution["status"]], attempt, later)

    def _pipeline(self, moment: datetime, state: str, attempt: int, trigger: Told, comments: str | None = None) -> Derived:
        detail = {
            **self._constant,
            "start-time": iso(self._execution["startTime"]),
            "execution-trigger": trigger or None,
            "state": state,
            "pipeline-execution-attempt": float(attempt),
            "stop-execution-comments": comments,
        }
        return self._tell.event(PIPELINE, moment, detail, *self._identity, state, attempt)

    # -- its stages --

    def _of_stage(self, one: _Pass, after: _Pass | None) -> Iterator[Derived]:
        yield self._stage(one, one.start, "RESUMED" if one.is_retry else "STARTED")
        if after is not None:
            yield self._stage(one, one.end, "FAILED" if after.is_retry else "SUCCEEDED")
            return
        status = self._execution["status"]
        if status in {"Stopped", "Cancelled"} and not (one.succeeded and self._end - one.end > _AT_ONCE):
            if self._is_stopped:
                yield self._stage(one, self._end, "STOPPING")
            yield self._stage(one, self._end, ENDS[status])
        else:
            yield self._stage(one, one.end, "SUCCEEDED" if one.succeeded or status != "Failed" else "FAILED")

    def _stage(self, one: _Pass, moment: datetime, state: str) -> Derived:
        detail = {
            **self._constant,
            "start-time": None if state == "RESUMED" else iso(one.begun),
            "stage-last-retry-attempt-time": iso(one.start) if one.is_retry else None,
            "stage": one.stage,
            "state": state,
            "pipeline-execution-attempt": float(one.attempt),
        }
        return self._tell.event(STAGE, moment, detail, *self._identity, one.stage, state, one.attempt)

    # -- the runs of its actions --

    def _of_action(self, run: Told, attempt: int) -> Iterator[Derived]:
        artifacts = _artifacts((run.get("input") or {}).get("inputArtifacts"))
        yield self._action(run, _start(run), "STARTED", attempt, {"input-artifacts": artifacts})
        state = _ACTION_ENDS.get(run.get("status", ""))
        if state is None:
            return
        if state == "ABANDONED" and self._execution["status"] == "Cancelled":
            state = "CANCELED"
        yield self._action(run, _end(run), state, attempt, _outcome(run.get("output") or {}, state))

    def _action(self, run: Told, moment: datetime, state: str, attempt: int, outcome: Told) -> Derived:
        given = run.get("input") or {}
        kind = given.get("actionTypeId") or {}
        detail = {
            **self._constant,
            "start-time": None if state == "ABANDONED" else iso(run["startTime"]),
            "stage": run["stageName"],
            **outcome,
            "action-execution-id": run["actionExecutionId"],
            "action": run["actionName"],
            "state": state,
            "region": given.get("region") or self._place.region,
            "type": told({name: kind.get(name) for name in ("owner", "provider", "category", "version")}) or None,
            "version": float(run["pipelineVersion"]) if run.get("pipelineVersion") is not None else None,
            "pipeline-execution-attempt": float(attempt),
        }
        return self._tell.event(ACTION, moment, detail, *self._identity, run["actionExecutionId"], state)

    @property
    def _identity(self) -> tuple[object, ...]:
        return self._constant["pipeline"], self._constant["execution-id"]

    @property
    def _end(self) -> datetime:
        return _end(self._execution)

    @property
    def _is_stopped(self) -> bool:
        return bool(self._execution["status"] == "Stopped")


def _passes(actions: Sequence[Told]) -> list[_Pass]:
    """Group the runs of actions into attempts at stages, in order of time."""
    passes: list[_Pass] = []
    last: dict[str, _Pass] = {}
    for run in sorted(actions, key=lambda one: (_start(one), one["actionExecutionId"])):
        stage = run["stageName"]
        one = last.get(stage)
        if one is None or any(run["actionName"] == before["actionName"] for before in one.runs):
            attempt = (passes[-1].attempt if passes else 1) + (one is not None)
            one = _Pass(stage, attempt, one.begun if one else _start(run), one is not None)
            passes.append(one)
            last[stage] = one
        one.runs.append(run)
    return passes


def _commit(execution: Told, runs: Sequence[Told]) -> dict[str, Any]:
    """Return what is known of the commit behind a Git trigger; empty if none started it."""
    trigger = execution.get("trigger") or {}
    revisions = execution.get("sourceRevisions") or []
    if trigger.get("triggerType") != "WebhookV2" or not revisions:
        return {}
    revision = revisions[0]
    said = _summary(revision.get("revisionSummary"))
    source = next((run for run in runs if run["actionName"] == revision["actionName"]), {})
    settings = (source.get("input") or {}).get("resolvedConfiguration") or (source.get("input") or {}).get("configuration") or {}
    return told(
        {
            "full-repository-name": settings.get("FullRepositoryId"),
            "provider-type": said.get("ProviderType"),
            "commit-message": said.get("CommitMessage"),
            "commit-id": revision.get("revisionId"),
            "connection-arn": settings.get("ConnectionArn") or trigger.get("triggerDetail"),
            "branch-name": settings.get("BranchName"),
        }
    )


def _summary(text: str | None) -> dict[str, Any]:
    """Read the summary of a revision: JSON of a connection, or the commit's message."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"CommitMessage": text}


def _outcome(output: Told, state: str) -> dict[str, Any]:
    """Return what the end of an action says: its result, artifacts and variables."""
    result, error = output.get("executionResult") or {}, (output.get("executionResult") or {}).get("errorDetails") or {}
    said = told(
        {
            "external-execution-url": result.get("externalExecutionUrl"),
            "external-execution-summary": result.get("externalExecutionSummary") or error.get("message"),
            "external-execution-id": result.get("externalExecutionId"),
            "error-code": error.get("code"),
        }
    )
    artifacts = _artifacts(output.get("outputArtifacts")) if state == "SUCCEEDED" else None
    return {"execution-result": said or None, "output-artifacts": artifacts, "output-variables": output.get("outputVariables") or None}


def _artifacts(artifacts: Sequence[Told] | None) -> list[dict[str, Any]] | None:
    """Write artifacts as events do; None if there are none."""
    return [told({"name": one.get("name"), "s3location": one.get("s3location")}) for one in artifacts or []] or None


def _start(run: Told) -> datetime:
    found: datetime = run["startTime"]
    return found


def _end(told_of: Told) -> datetime:
    """Return when a run or an execution changed last, which is its end if it has one."""
    found: datetime = told_of.get("lastUpdateTime") or told_of["startTime"]
    return found
