"""CodeBuild's history of one region, the newest first: ListBuilds, and BatchGetBuilds for what they were.

It does not list by time, and AWS keeps a year: https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from eventlake.apis.aws.asking import Asked, moment_of
from eventlake.apis.aws.build_events import BuildEvents, Told
from eventlake.apis.aws.reach import Reach, Thing, by_day
from eventlake.interfaces import Page


class BuildHistory:
    """What happened to the builds that started since a moment, before another one; None: until now."""

    def __init__(self, asked: Asked, since: datetime, until: datetime | None = None) -> None:
        self._asked = asked
        self._since = since
        self._until = until

    @property
    def name(self) -> str:
        """Return what its cursor is kept by."""
        return f"codebuild-api/{self._asked.place.account}/{self._asked.place.region}"

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield what is new, the builds of a day at a time. Raises ConfigurationError, ServiceError."""
        reach: Reach | None = None
        for answer in self._asked.pages("list_builds", sortOrder="DESCENDING"):
            reach = reach or Reach.up_to(moment_of(answer), cursor, self._since, self._until)
            builds = self._builds(answer["ids"])
            for day in by_day(builds, lambda build: build["startTime"]):
                yield self._page(reach, day)
            if builds and builds[-1]["startTime"] < self._since:
                break
        if reach is not None:
            yield reach.last_page()

    def _builds(self, ids: Sequence[str]) -> Sequence[Told]:
        """Return what builds were, the newest first."""
        found: Sequence[Told] = self._asked.ask("batch_get_builds", ids=ids)["builds"] if ids else []
        return sorted(found, key=lambda build: build["startTime"], reverse=True)

    def _page(self, reach: Reach, builds: Sequence[Told]) -> Page:
        things = [(_thing(build), build) for build in builds]
        events = [
            body for thing, build in things if reach.is_new(thing) for body in reach.take(thing, BuildEvents(self._asked.place, build))
        ]
        return reach.page(events, [thing for thing, _ in things])


def _thing(build: Told) -> Thing:
    return Thing(build["id"], build["startTime"], build.get("endTime") or build["startTime"], bool(build.get("buildComplete")))
