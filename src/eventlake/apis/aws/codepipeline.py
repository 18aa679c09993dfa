"""CodePipeline's history of one pipeline, the newest first: ListPipelineExecutions, with the runs of ListActionExecutions.

Neither lists by time, and AWS keeps twelve months: https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventlake.apis.aws.asking import Asked, moment_of
from eventlake.apis.aws.pipeline_events import ENDS, ExecutionEvents
from eventlake.apis.aws.reach import Reach, Thing, by_day
from eventlake.interfaces import Page

PER_PAGE = 100
"""Executions and runs of actions that AWS lists in one answer, at most."""
FEW = 10
"""So many executions of a page are asked for one by one; for more, the runs of all executions are listed."""

Told = Mapping[str, Any]


class PipelineHistory:
    """What happened to the executions of a pipeline that started since a moment, before another one; None: until now."""

    def __init__(self, asked: Asked, pipeline: str, since: datetime, until: datetime | None = None) -> None:
        self._asked = asked
        self._pipeline = pipeline
        self._since = since
        self._until = until

    @property
    def name(self) -> str:
        """Return what its cursor is kept by."""
        place = self._asked.place
        return f"codepipeline-api/{place.account}/{place.region}/{self._pipeline}"

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield what is new, a page of executions at a time. Raises ConfigurationError, ServiceError."""
        reach: Reach | None = None
        actions = _Actions(self._asked, self._pipeline)
        for answer in self._asked.pages("list_pipeline_executions", pipelineName=self._pipeline, maxResults=PER_PAGE):
            reach = reach or Reach.up_to(moment_of(answer), cursor, self._since, self._until)
            listed: Sequence[Told] = answer["pipelineExecutionSummaries"]
            yield from self._pages(reach, actions, listed)
            if listed and listed[-1]["startTime"] < self._since:
                break
        if reach is not None:
            yield reach.last_page()

    def _pages(self, reach: Reach, actions: _Actions, listed: Sequence[Told]) -> Iterator[Page]:
        """Yield the executions of each day that one answer lists."""
        new = {thing.id: thing for thing in map(_thing, listed) if reach.is_new(thing)}
        actions.skip([one["pipelineExecutionId"] for one in listed if one["pipelineExecutionId"] not in new])
        runs = actions.of({name: thing.start for name, thing in new.items()})
        for day in by_day(listed, lambda one: one["startTime"]):
            events: list[bytes] = []
            for one in day:
                if thing := new.get(one["pipelineExecutionId"]):
                    events += reach.take(thing, ExecutionEvents(self._asked.place, self._pipeline, one, runs[thing.id]))
            yield reach.page(events, [*map(_thing, day)])


class _Actions:
    """The runs of actions of executions, that are asked for from the newest to the oldest."""

    def __init__(self, asked: Asked, pipeline: str) -> None:
        self._asked = asked
        self._pipeline = pipeline
        self._pages = asked.pages("list_action_executions", pipelineName=pipeline, maxResults=PER_PAGE)
        self._read: dict[str, list[Told]] = {}
        self._behind: set[str] = set()
        self._back_to: datetime | None = None

    def of(self, executions: Mapping[str, datetime]) -> dict[str, list[Told]]:
        """Return the runs of executions. executions: when each started."""
        if len(executions) <= FEW:
            return {name: self._alone(name) for name in executions}
        self._read_back_to(min(executions.values()))
        self._behind.update(executions)
        return {name: self._read.pop(name, []) or self._alone(name) for name in executions}

    def skip(self, executions: Sequence[str]) -> None:
        """Keep no runs of executions that nobody will ask for."""
        self._behind.update(executions)
        for name in executions:
            self._read.pop(name, None)

    def _alone(self, execution: str) -> list[Told]:
        given = {"pipelineName": self._pipeline, "maxResults": PER_PAGE, "filter": {"pipelineExecutionId": execution}}
        return [run for answer in self._asked.pages("list_action_executions", **given) for run in answer["actionExecutionDetails"]]

    def _read_back_to(self, start: datetime) -> None:
        """Read until everything that ran since a moment is read, be it listed by its start or its end."""
        while self._back_to is None or self._back_to >= start:
            answer = next(self._pages, None)
            if answer is None:
                return
            for run in answer["actionExecutionDetails"]:
                if run["pipelineExecutionId"] not in self._behind:
                    self._read.setdefault(run["pipelineExecutionId"], []).append(run)
                self._back_to = max(run["startTime"], run.get("lastUpdateTime") or run["startTime"])


def pipelines(asked: Asked) -> list[str]:
    """Return the names of the pipelines there are. Raises ConfigurationError, ServiceError."""
    return [one["name"] for answer in asked.pages("list_pipelines") for one in answer["pipelines"]]


def _thing(one: Told) -> Thing:
    return Thing(one["pipelineExecutionId"], one["startTime"], one.get("lastUpdateTime") or one["startTime"], one["status"] in ENDS)
