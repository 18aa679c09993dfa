"""The pipelines of a company at work: what triggers executions, and which of them may enter a stage.

Executions of one pipeline share its stages: one at a time is in a stage, the others wait, and in SUPERSEDED mode the newer one that
waits pushes the older one out. https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

from collections import deque
from random import Random

from eventlake.history.executions import FAILS, HANGS, Run
from eventlake.history.load import moments
from eventlake.history.names import ACCOUNT, identifier, person
from eventlake.history.pipelines import Pipeline, Stage, pipelines
from eventlake.history.scene import Scene
from eventlake.history.timeline import FOREVER, HOUR, MINUTE, Story, Timeline
from eventlake.history.truth import Truth


class Company:
    """The pipelines of a company, all on one timeline."""

    def __init__(self, random: Random, timeline: Timeline, truth: Truth, scale: float) -> None:
        engineers = [person(random) for _ in range(14)]
        versions = {spec: 1 + random.randrange(40) for spec in pipelines(scale)}
        connection = f"arn:aws:codestar-connections:eu-central-1:{ACCOUNT}:connection/{identifier(random)}"
        scene = Scene(random, timeline, truth, engineers, connection)
        self.timeline = timeline
        self.pipelines = {spec.name: LivePipeline(scene, spec, version) for spec, version in versions.items()}

    def begin(self, *, in_trouble: bool = True) -> None:
        """Let every pipeline run; in trouble, two executions hang near the end and one fails for good, so that something is to be done now."""
        for pipeline in self.pipelines.values():
            self.timeline.begin(pipeline.executions())
        if not in_trouble:
            return
        for name, doom, before in (("network", HANGS, 30 * HOUR), ("legacy-billing", HANGS, 9 * HOUR), ("data-lake", FAILS, 5 * HOUR)):
            at = self.timeline.end - before
            if at > self.timeline.now:
                self.timeline.begin(self.pipelines[name].doomed(doom), at)


class LivePipeline:
    """A pipeline at work: its version, which execution is in which stage, and which wait to enter."""

    def __init__(self, scene: Scene, spec: Pipeline, version: int) -> None:
        self.scene = scene
        self.spec = spec
        self.version = version
        self.inside: dict[str, Run | None] = {stage.name: None for stage in spec.stages}
        self.waiting: dict[str, deque[Run]] = {stage.name: deque() for stage in spec.stages}

    def executions(self) -> Story:
        """Begin executions as they are triggered."""
        timeline, random, spec = self.scene.timeline, self.scene.random, self.spec
        triggers, shares = zip(*spec.triggers, strict=True)
        for at in moments(random, spec.rhythm, spec.per_day, spec.offset_hours, timeline.now, timeline.end):
            yield at - timeline.now
            if random.random() < spec.changed:
                self._change()
            run = self._triggered(random.choices(triggers, shares)[0])
            timeline.begin(run.story)
            if random.random() < spec.stopped:
                timeline.begin(run.stopping(), timeline.now + int(random.expovariate(1 / 25) * MINUTE))

    def doomed(self, doom: str) -> Story:
        """Begin one execution that will certainly hang where this pipeline's executions can hang, or fail in its last stage."""
        self.scene.timeline.begin(self._triggered("StartPipelineExecution", doom).story)
        yield FOREVER

    def roll_back(self, failed: Run, stage: Stage, trigger: str) -> Story:
        """Bring a stage back to what was there before, as an execution of its own."""
        self.scene.timeline.begin(Run(self.scene, self, trigger, _rollback_detail(self.scene, failed, trigger), (stage,)).story)
        yield FOREVER

    def enter(self, run: Run, stage: str) -> Story:
        """Go into a stage, when it is free."""
        if not self._is_free(stage):
            if self.spec.mode == "SUPERSEDED" and self.waiting[stage]:
                self.waiting[stage].popleft().superseded()
            self.waiting[stage].append(run)
            yield FOREVER
        self.inside[stage] = run

    def leave(self, run: Run) -> None:
        """Make room: in the stage it is in, or in the queue it stands in."""
        for stage, occupant in self.inside.items():
            if run in self.waiting[stage]:
                self.waiting[stage].remove(run)
            if occupant is run:
                successor = self.waiting[stage].popleft() if self.waiting[stage] else None
                self.inside[stage] = successor
                if successor:
                    self.scene.timeline.begin(successor.story)

    def reenter(self, run: Run, stage: str) -> bool:
        """Go into a stage again for a retry; return False if another execution is in it by now."""
        if not self._is_free(stage):
            return False
        self.inside[stage] = run
        return True

    def _is_free(self, stage: str) -> bool:
        return self.inside[stage] is None or self.spec.mode == "PARALLEL"

    def _triggered(self, trigger: str, doom: str = "") -> Run:
        if trigger == "StartPipelineExecution":
            detail = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/{self.scene.random.choice(self.scene.engineers).slug}"
        elif trigger == "CloudWatchEvent":
            detail = f"arn:aws:events:{self.spec.region}:{ACCOUNT}:rule/start-{self.spec.name}"
        elif trigger == "WebhookV2":
            detail = self.scene.connection
        else:
            detail = ""
        return Run(self.scene, self, trigger, detail, self.spec.stages, doom)

    def _change(self) -> None:
        """Change the pipeline's structure: what runs now is canceled."""
        self.version += 1
        for run in [run for run in self.inside.values() if run and run.is_passing]:
            run.canceled()


def _rollback_detail(scene: Scene, failed: Run, trigger: str) -> str:
    if trigger == "AutomatedRollback":
        return f'{{"FailedPipelineExecutionId":"{failed.fact.id}"}}'
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/OnCall/{scene.random.choice(scene.engineers).slug}"
