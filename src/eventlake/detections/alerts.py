"""A telling of an alert -> the event that tells it, which comes into the lake as every event does, and goes to whoever is told.

Its id follows from the alert and from how often that was told, so an event that is sent twice is a duplicate. Declared in
sources/eventlake/source.toml.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventlake.detections.states import Telling
from eventlake.detections.wording import event_moment, headline_of, unmarked

SOURCE, DETAIL_TYPE, TABLE = "eventlake", "eventlake Alert", "alerts"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert says of its detection."""

    name: str
    title: str
    severity: str
    advice: str = ""


def detail_of(subject: Subject, telling: Telling) -> dict[str, Any]:  # as JSON
    """Return the detail of the event that tells an alert."""
    state = telling.state
    detail = {
        "alert-id": state.alert,
        "state": telling.kind,
        "severity": subject.severity,
        "detection": subject.name,
        "title": subject.title,
        "key": telling.key,
        "events": state.events,
        "opened": event_moment(state.opened),
        "first-event": event_moment(state.first_event),
        "last-event": event_moment(state.last_event),
        "context": dict(state.context),
        "advice": subject.advice,
    }
    return {**detail, "text": unmarked(headline_of(detail))}


def event_of(subject: Subject, telling: Telling, now: datetime, account: str, region: str) -> dict[str, Any]:  # as JSON
    """Return the whole event. now: when it is told, aware. account, region: of the lake."""
    envelope = {"version": "0", "id": telling.id, "detail-type": DETAIL_TYPE, "source": SOURCE, "account": account}
    return {**envelope, "time": event_moment(now), "region": region, "resources": [], "detail": detail_of(subject, telling)}


def body_of(event: dict[str, Any]) -> bytes:  # an event, as JSON
    """Return the bytes of an event, on one line."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
