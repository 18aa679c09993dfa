"""CodeDeploy's history of one region: ListDeployments by time, and BatchGetDeployments for what they were.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html
The API tells when a deployment began and ended, not when it was ready, and of its instances only what is still there: neither is derived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from eventlake.apis.aws.asking import Asked, moment_of
from eventlake.apis.aws.derived import Derived, Place, Teller
from eventlake.apis.aws.reach import Reach, Thing
from eventlake.interfaces import Page

DEPLOYMENT = "CodeDeploy Deployment State-change Notification"
PER_CALL = 25
"""Deployments that one call tells of, at most."""
STRETCH = timedelta(days=7)
"""AWS promises no order within a list, so deployments are asked for by such stretches of time."""
_ENDS = {"Succeeded": "SUCCESS", "Failed": "FAILURE", "Stopped": "STOP"}

Told = Mapping[str, Any]


class DeploymentHistory:
    """What happened to the deployments that were created since a moment, before another one; None: until now."""

    def __init__(self, asked: Asked, since: datetime, until: datetime | None = None) -> None:
        self._asked = asked
        self._since = since
        self._until = until

    @property
    def name(self) -> str:
        """Return what its cursor is kept by."""
        return f"codedeploy-api/{self._asked.place.account}/{self._asked.place.region}"

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield what is new, the deployments of some days at a time. Raises ConfigurationError, ServiceError."""
        now = moment_of(self._asked.ask("list_deployments", createTimeRange={"start": self._since, "end": self._since}))
        reach = Reach.up_to(now, cursor, self._since, self._until)
        high = min(now, self._until or now)
        while high > self._since:
            low = max(self._since, high - STRETCH)
            yield self._page(reach, low, high)
            high = low
        yield reach.last_page()

    def _page(self, reach: Reach, low: datetime, high: datetime) -> Page:
        events: list[bytes] = []
        for info in self._deployments(low, high):
            thing = Thing(info["deploymentId"], info["createTime"], info.get("completeTime") or info["createTime"], info["status"] in _ENDS)
            if low <= thing.start < high and reach.is_new(thing):
                events += reach.take(thing, deployment_events(self._asked.place, info))
        return reach.page_from(events, low)

    def _deployments(self, low: datetime, high: datetime) -> Iterator[Told]:
        during = {"start": low, "end": high}
        ids = [one for answer in self._asked.pages("list_deployments", createTimeRange=during) for one in answer["deployments"]]
        for place in range(0, len(ids), PER_CALL):
            infos: Sequence[Told] = self._asked.ask("batch_get_deployments", deploymentIds=ids[place : place + PER_CALL])["deploymentsInfo"]
            yield from infos


def deployment_events(place: Place, info: Told) -> Iterator[Derived]:
    """Yield the beginning and the end of a deployment."""
    application, group = info["applicationName"], info.get("deploymentGroupName")
    resources = [place.arn("codedeploy", f"application:{application}")]
    if group is not None:
        resources.append(place.arn("codedeploy", f"deploymentgroup:{application}/{group}"))
    tell = Teller(place, "codedeploy", resources)
    constant = {"region": place.region, "application": application, "deploymentId": info["deploymentId"], "deploymentGroup": group}
    ends = [(info["completeTime"], _ENDS[info["status"]])] if info["status"] in _ENDS and info.get("completeTime") else []
    for moment, state in [(info.get("startTime") or info["createTime"], "START"), *ends]:
        yield tell.event(DEPLOYMENT, moment, {**constant, "state": state}, info["deploymentId"], state)
