"""The archives in which EventBridge keeps the events of a lake's sources, and their replay to the lake's own rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.cloud.deployment import Deployment
from eventlake.errors import ConfigurationError, ServiceError
from eventlake.model import Source, Table
from eventlake.stack_names import archive_name

SETTLED = timedelta(minutes=10)
"""How long after an event it is sure to lie in its archive: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html"""
_ENDED = frozenset({"COMPLETED", "CANCELLED", "FAILED"})
_BETWEEN_LOOKS_S = 2.0


@dataclass(frozen=True, slots=True)
class Archived:
    """A source whose events are archived, and the tables whose rules are to have them. archive, bus: ARNs."""

    source: Source
    tables: tuple[Table, ...]
    archive: str
    bus: str


@dataclass(frozen=True, slots=True)
class Replaying:
    """How far the replay of a source is. state: EventBridge's word. reached: when the last event that was played happened, None before."""

    source: str
    state: str
    reached: datetime | None
    reason: str = ""

    @property
    def has_ended(self) -> bool:
        """Return True if nothing more of it comes."""
        return self.state in _ENDED


class Archives:
    """The archives of a lake on AWS. Raises ServiceError for what the user may not do there."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        self._deployment = deployment
        self._client = session.client("events")

    def found(self, tables: Sequence[Table]) -> list[Archived]:
        """Return the archives of the sources of these tables. Raises ConfigurationError if one of the sources has none."""
        wanted = {table.name for table in tables}
        chosen = [
            (source, own) for source in self._deployment.sources if (own := tuple(one for one in source.tables if one.name in wanted))
        ]
        return [self._of(source, own) for source, own in chosen]

    def start(self, archived: Archived, begin: datetime, end: datetime, name: str) -> None:
        """Have EventBridge play what happened from one moment to before another to the rules of the tables, and to no others."""
        with failing(f'The archive of "{archived.source.name}" cannot be played'):
            self._client.start_replay(
                ReplayName=name,
                Description="eventlake replay --to rules",
                EventSourceArn=archived.archive,
                EventStartTime=begin,
                EventEndTime=end,
                Destination={"Arn": archived.bus, "FilterArns": [self._rule(archived.bus, table) for table in archived.tables]},
            )

    def followed(self, archived: Archived, name: str, sleep: Callable[[float], None]) -> Iterator[Replaying]:
        """Yield how far a replay is until it has ended. Raises ServiceError for one that fails."""
        while True:
            with failing(f'The replay "{name}" cannot be followed'):
                told = self._client.describe_replay(ReplayName=name)
            now = Replaying(archived.source.name, told["State"], told.get("EventLastReplayedTime"), told.get("StateReason", ""))
            yield now
            if now.state == "FAILED":
                raise ServiceError(f'The replay "{name}" failed: {now.reason or "EventBridge gives no reason"}.')
            if now.has_ended:
                return
            sleep(_BETWEEN_LOOKS_S)

    def cancel(self, name: str) -> None:
        """End a replay before its time; one that has ended stays as it is."""
        with failing(f'The replay "{name}" cannot be ended'):
            try:
                self._client.cancel_replay(ReplayName=name)
            except ClientError as error:
                if code_of(error) not in ("IllegalStatusException", "ResourceNotFoundException"):
                    raise

    def _of(self, source: Source, tables: tuple[Table, ...]) -> Archived:
        name = archive_name(self._deployment.name, source.name)
        with failing(f'The archive "{name}" cannot be looked at'):
            try:
                told: dict[str, Any] = self._client.describe_archive(ArchiveName=name)  # boto3's answers have no types
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise ConfigurationError(
                        f'Nothing archives the events of "{source.name}": deploy with ArchiveDays=30, for example; what happened before is '
                        "played out of the rows, with --to file and `backfill files`."
                    ) from None
                raise
        return Archived(source, tables, told["ArchiveArn"], told["EventSourceArn"])

    def _rule(self, bus: str, table: Table) -> str:
        """Return the ARN of a table's rule; a rule of the default bus has no bus in its name."""
        before, _, name = bus.partition(":event-bus/")
        inside = "" if name == "default" else f"{name}/"
        return f"{before}:rule/{inside}{self._deployment.name}-{table.stream}"
