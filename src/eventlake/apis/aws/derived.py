"""An event that is made from what an API of AWS tells: the envelope that EventBridge would have sent, but for its id."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ORIGIN = "eventlake-origin"
_EVENTS = uuid.UUID("8d1e2f0c-5a3b-5c47-9e60-71f2a4b8c6d3")
"""The namespace of the ids: what the event is gives the same id whenever it is made."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API was asked: account, region, and AWS's partition of it."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Derived:
    """An event, and when it happened, aware and finer than its `time`."""

    moment: datetime
    envelope: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """Return the event as it is brought in."""
        return json.dumps(self.envelope, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes the events of one resource. service: as in `aws.codepipeline`."""

    place: Place
    service: str
    resources: Sequence[str]

    def event(self, detail_type: str, moment: datetime, detail: Mapping[str, Any], *identity: object) -> Derived:
        """Make an event; members of the detail that are None are left out. identity: what tells it from all others of its kind."""
        moment = moment.astimezone(UTC)
        known = (self.place.account, self.place.region, detail_type, *identity)
        envelope = {
            "version": "0",
            "id": str(uuid.uuid5(_EVENTS, "\n".join(map(str, known)))),
            "detail-type": detail_type,
            "source": f"aws.{self.service}",
            "account": self.place.account,
            "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "region": self.place.region,
            "resources": list(self.resources),
            ORIGIN: f"{self.service}-api",
            "detail": told(detail),
        }
        return Derived(moment, envelope)


def told(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that the API told: without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def iso(moment: datetime) -> str:
    """Write a moment as the details of events do, to the millisecond."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
