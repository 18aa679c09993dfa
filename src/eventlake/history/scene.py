"""What the pipelines of one company share, and every story about them is told with.

Made by `company`, which knows the pipelines; taken by `executions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eventlake.history.names import Person
from eventlake.history.timeline import Timeline
from eventlake.history.truth import Truth


@dataclass(frozen=True, slots=True)
class Scene:
    """Chance, the clock, the truth to note, who works there, and the ARN of the connection to where their code lies."""

    random: Random
    timeline: Timeline
    truth: Truth
    engineers: Sequence[Person]
    connection: str
