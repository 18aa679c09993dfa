"""The commit that an execution begins with, and what CodePipeline says of the push that brought it."""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.history import pipeline_events as events
from eventlake.history.names import COMMITS, Person, hexadecimal
from eventlake.history.pipelines import Pipeline
from eventlake.history.scene import Scene
from eventlake.history.timeline import DAY, HOUR, MINUTE


@dataclass(slots=True)
class Commit:
    """What a source found. made: when, in milliseconds of the timeline."""

    author: Person
    message: str
    id: str
    made: int


def newest_commit(scene: Scene) -> Commit:
    """Make the newest commit of a source: some minutes to hours old."""
    made = scene.timeline.now - int((2 + scene.random.expovariate(1 / 45)) * MINUTE)
    return Commit(scene.random.choice(scene.engineers), scene.random.choice(COMMITS), hexadecimal(scene.random, 40), made)


def trigger_of(commit: Commit, spec: Pipeline, connection: str) -> str:
    """Write the trigger of an execution that a push began: a new version's tag, or the branch."""
    version = f"v{commit.made // DAY % 10}.{commit.made // HOUR % 24}.{commit.made // MINUTE % 60}"
    return events.committed_by(
        commit.author,
        commit.message,
        commit.id,
        commit.made,
        reference={"tag-name": version} if spec.tags else {"branch-name": "main"},
        repository=f"example/{spec.name}",
        provider=spec.git,
        connection=connection,
    )
