"""What happens to one execution of a pipeline, told from its start to its end.

People approve in their working hours, retry what failed, stop what they regret, and roll back. Which execution may enter a stage, its
pipeline decides: `company` has the `Gates`.
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventlake.history import pipeline_events as events
from eventlake.history.commits import newest_commit, trigger_of
from eventlake.history.load import working_time
from eventlake.history.names import REJECTIONS, STOP_COMMENTS, identifier
from eventlake.history.pipelines import Action, Pipeline, Stage
from eventlake.history.scene import Scene
from eventlake.history.timeline import DAY, MINUTE, SECOND, Story, iso_second
from eventlake.history.truth import ActionBegin, ActionEnd, Execution, StageRetry, second

_FORGOTTEN = 7 * DAY
"""How long CodePipeline waits for an approval: https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html"""


@dataclass(slots=True)
class _ActionRun:
    """One run of an action: its id, when it began, and how it will end."""

    id: str
    action: Action
    start: int
    since: str
    takes: int
    fails: bool


HANGS, FAILS = "hangs", "fails"
"""What an execution can be doomed to: to hang where it can, or to fail in its last stage."""


class Gates(Protocol):
    """What an execution asks of its pipeline: to be let into a stage, and out of it.

    version: the pipeline's, a whole number that grows with each change of its structure.
    """

    spec: Pipeline
    version: int

    def enter(self, run: Run, stage: str) -> Story:
        """Go into a stage, when it is free."""

    def reenter(self, run: Run, stage: str) -> bool:
        """Go into a stage again for a retry; return False if another execution is in it by now."""

    def leave(self, run: Run) -> None:
        """Make room in the stage that the execution is in, or in the queue that it stands in."""

    def roll_back(self, failed: Run, stage: Stage, trigger: str) -> Story:
        """Bring a stage back to what was there before, as an execution of its own."""


class Run:
    """One execution: `story` tells it; it can be superseded, stopped or canceled from outside while the story pauses."""

    def __init__(self, scene: Scene, gates: Gates, trigger: str, detail: str, stages: tuple[Stage, ...], doom: str = "") -> None:
        self.scene = scene
        self.gates = gates
        self.random = scene.random
        self.stages = stages
        self.attempt = 1
        self.story = self._story()
        self._doom = doom
        self._stage: Stage | None = None
        self._stage_since = ""
        self._retry = ""
        self._running: dict[str, _ActionRun] = {}
        self._commit = newest_commit(scene)
        timeline, spec = scene.timeline, gates.spec
        git = bool(spec.git) and trigger == "WebhookV2"
        self.fact = Execution(
            pipeline=spec.name,
            id=identifier(self.random),
            start=timeline.now,
            trigger=trigger,
            who=detail.rpartition("/")[2] if "/" in detail else None,
            author=self._commit.author.name if git else None,
            commit=self._commit.id if git else None,
            committed=second(self._commit.made) if git else None,
        )
        self._since = events.since(timeline.now)
        self._first_trigger = events.started_by(trigger, detail)
        self._later_trigger = trigger_of(self._commit, spec, scene.connection) if git else ""
        self._constant = {"region": spec.region, "pipeline": spec.name, "execution": self.fact.id, "version": f"{gates.version}.0"}

    # -- the story, and what interrupts it --

    def _story(self) -> Story:
        self.scene.truth.note(self.fact)
        self._say_pipeline("STARTED", trigger=self._first_trigger)
        for stage in self.stages:
            yield 200 + self.random.randrange(900)
            yield from self.gates.enter(self, stage.name)
            if not (yield from self._pass(stage)):
                return
            self.gates.leave(self)
        self._say_pipeline("SUCCEEDED")

    def superseded(self) -> None:
        """End it because a newer execution took its place in the queue."""
        self._interrupt()
        self._say_pipeline("SUPERSEDED")

    def canceled(self) -> None:
        """End it because the pipeline's structure changed under it."""
        self._interrupt()
        for run in self._open_runs():
            self._end_action(run, "CANCELED")
        self._say_stage("CANCELED")
        self._say_pipeline("CANCELED")
        self.gates.leave(self)

    def stopping(self) -> Story:
        """Stop it, if it is still under way: wait for its actions, or abandon them."""
        if not self._is_under_way:
            return
        self._interrupt()
        self.fact.comments = self.random.choice(STOP_COMMENTS)
        self._say_pipeline("STOPPING", comments=events.stop_comments(self.fact.comments))
        if self._stage:
            self._say_stage("STOPPING")
        abandon = self.random.random() < 0.5
        yield 2 * SECOND if abandon or not self._running else 90 * SECOND
        for run in self._open_runs():
            self._end_action(run, "ABANDONED" if abandon else "SUCCEEDED")
        if self._stage:
            self._say_stage("STOPPED")
        self._say_pipeline("STOPPED")
        self.gates.leave(self)

    @property
    def is_passing(self) -> bool:
        """Return True if it is at work in a stage."""
        return self._stage is not None and self._is_under_way

    @property
    def _is_under_way(self) -> bool:
        return self.fact.states[-1][0] in {"STARTED", "RESUMED"}

    def _interrupt(self) -> None:
        self.story.close()

    # -- one stage --

    def _pass(self, stage: Stage) -> Generator[int, None, bool]:
        """Go through a stage, with retries; return True if it succeeded in the end."""
        self._stage, self._stage_since, self._retry = stage, events.since(self.scene.timeline.now), ""
        self._say_stage("STARTED")
        done: set[str] = set()
        while not (yield from self._attempt(stage, done)):
            self._say_stage("FAILED")
            yield 150
            self._say_pipeline("FAILED")
            self.gates.leave(self)
            if not (yield from self._retried(stage)):
                self._rolled_back(stage)
                return False
        self._say_stage("SUCCEEDED")
        self._stage = None
        return True

    def _attempt(self, stage: Stage, done: set[str]) -> Generator[int, None, bool]:
        """Attempt the actions that are not done; return True if all are now."""
        for group in stage.groups:
            todo = [action for action in group if action.name not in done]
            if todo:
                yield 300 + self.random.randrange(1500)
                done |= yield from self._side_by_side(todo)
            if any(action.name not in done for action in todo):
                return False
        yield 120
        return True

    def _side_by_side(self, actions: Sequence[Action]) -> Generator[int, None, set[str]]:
        """Run actions at the same time; return the names of those that succeeded."""
        runs = [self._begin_action(action) for action in actions]
        begun, succeeded = self.scene.timeline.now, set()
        for run in sorted(runs, key=lambda run: run.takes):
            yield begun + run.takes - self.scene.timeline.now
            self._end_action(run, "FAILED" if run.fails else "SUCCEEDED")
            if not run.fails:
                succeeded.add(run.action.name)
        return succeeded

    def _retried(self, stage: Stage) -> Generator[int, None, bool]:
        """Wait a while; return True if somebody then retries the stage, in which no other execution may be."""
        if self._doom or self.attempt > 3 or self.random.random() > self.gates.spec.retried:
            return False
        yield 2 * MINUTE + int(self.random.expovariate(1 / 20) * MINUTE)
        if not self.gates.reenter(self, stage.name):
            return False
        self.attempt += 1
        now = self.scene.timeline.now
        self._retry = events.retried_at(now)
        self.scene.truth.note(StageRetry(self.fact.pipeline, stage.name, self.fact.id, self.attempt, second(now)))
        self._say_pipeline("RESUMED")
        self._say_stage("RESUMED")
        return True

    def _rolled_back(self, stage: Stage) -> None:
        """Roll a failed deployment back, if somebody watches over this pipeline."""
        habit = self.gates.spec.rolls_back
        if not habit or len(self.stages) == 1 or not any(action.category == "Deploy" for group in stage.groups for action in group):
            return
        timeline = self.scene.timeline
        if habit == "auto":
            timeline.begin(self.gates.roll_back(self, stage, "AutomatedRollback"), timeline.now + 4 * SECOND)
        else:
            wait = 14 * MINUTE + self.random.randrange(20 * MINUTE)
            timeline.begin(self.gates.roll_back(self, stage, "ManualRollback"), timeline.now + wait)

    # -- one action --

    def _begin_action(self, action: Action) -> _ActionRun:
        now = self.scene.timeline.now
        run = _ActionRun(identifier(self.random), action, now, events.since(now), *self._fate(action))
        self._running[run.id] = run
        self.scene.truth.begins(run.id, ActionBegin(self.fact.pipeline, self._stage_name, action.name, self.fact.id, now))
        takes_input = action.category not in {"Source", "Approval"}
        self._say_action(run, "STARTED", artifacts=self._artifacts("input", "SourceOutput", run) if takes_input else "")
        return run

    def _fate(self, action: Action) -> tuple[int, bool]:
        """Decide how long a run takes, in milliseconds, and whether it fails."""
        if (self._doom == HANGS and action.hangs) or self.random.random() < action.hangs:
            return _FORGOTTEN, True
        fails = not self._doom and self.random.random() < action.fails
        fails |= self._doom == FAILS and self._stage is self.stages[-1]
        takes = 900 + int(action.minutes * MINUTE * self.random.lognormvariate(0, 0.35) * (0.6 if fails else 1))
        if action.category == "Approval":
            now = self.scene.timeline.now
            wait = int(self.random.expovariate(1 / action.minutes) * MINUTE)
            takes = 4 * SECOND + working_time(self.random, now + wait, self.gates.spec.offset_hours) - now
        return takes, fails

    def _end_action(self, run: _ActionRun, state: str) -> None:
        del self._running[run.id]
        action, pipeline = run.action, self.fact.pipeline
        external = self._commit.id if action.category == "Source" else identifier(self.random)
        text, now = self._words(run, state, external), second(self.scene.timeline.now)
        self.scene.truth.ends(
            run.id,
            ActionEnd(pipeline, self._stage_name, action.name, action.category, action.provider, self.fact.id, run.start, now, state, text),
        )
        result = artifacts = ""
        if state in {"SUCCEEDED", "FAILED"}:
            result = events.result(action.provider, self._region_of(action), external, text, failed=state == "FAILED")
        if state == "SUCCEEDED" and action.category in {"Source", "Build"}:
            artifacts = self._artifacts("output", f"{action.name}Output", run)
        self._say_action(run, state, result=result, artifacts=artifacts)

    def _artifacts(self, direction: str, name: str, run: _ActionRun) -> str:
        return events.artifacts(direction, name, self.fact.pipeline, self.gates.spec.region, run.id[:7])

    def _region_of(self, action: Action) -> str:
        return action.region or self.gates.spec.region

    def _words(self, run: _ActionRun, state: str, external: str) -> str:
        """Return what the provider says of a run's end, or the person who approves."""
        action = run.action
        if action.category == "Approval":
            if run.takes >= _FORGOTTEN:
                return "The approval action expired."
            return self.random.choice(REJECTIONS) if state == "FAILED" else "Looks good"
        if state == "FAILED":
            return self.random.choice(action.errors).format(id=external)
        if action.category == "Source":
            message = self._commit.message
            return events.source_summary(self.gates.spec.git, message) if action.provider == "CodeStarSourceConnection" else message
        return f"{action.provider}: succeeded"

    def _open_runs(self) -> list[_ActionRun]:
        return list(self._running.values())

    # -- what events say --

    def _say_pipeline(self, state: str, trigger: str | None = None, comments: str = "") -> None:
        now = self.scene.timeline.now
        self.fact.states.append((state, second(now)))
        self._say(
            events.PIPELINE_CHANGE,
            events.PIPELINE,
            state=state,
            start=self._since,
            trigger=self._later_trigger if trigger is None else trigger,
            comments=comments,
        )

    def _say_stage(self, state: str) -> None:
        start = "" if state == "RESUMED" else self._stage_since
        self._say(events.STAGE_CHANGE, events.STAGE, state=state, stage=self._stage_name, start=start, retry=self._retry)

    def _say_action(self, run: _ActionRun, state: str, result: str = "", artifacts: str = "") -> None:
        action = run.action
        self._say(
            events.ACTION_CHANGE,
            events.ACTION,
            state=state,
            stage=self._stage_name,
            start="" if state == "ABANDONED" else run.since,
            result=result,
            artifacts=artifacts,
            run=run.id,
            action=action.name,
            action_region=self._region_of(action),
            owner=action.owner,
            provider=action.provider,
            category=action.category,
        )

    def _say(self, detail_type: str, form: str, **values: str) -> None:
        envelope = {"id": identifier(self.random), "time": iso_second(self.scene.timeline.now), "attempt": f"{self.attempt}.0"}
        self.scene.truth.counts(detail_type)
        self.scene.timeline.say(form % {**self._constant, **values, **envelope})

    @property
    def _stage_name(self) -> str:
        return self._stage.name if self._stage else ""
