"""The time that a sender gives an event: ministack puts its own in the place, here the event keeps it.

Events of `aws.*` are taken too, which on AWS only its services can put.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

from __future__ import annotations

import contextvars
import json
from datetime import datetime
from typing import Any

import ministack.services.eventbridge as eventbridge
from ministack.core.responses import json_response

MOST_ENTRIES = 10

_given_s: contextvars.ContextVar[float | None] = contextvars.ContextVar("given_s", default=None)


def install() -> None:
    """Put the entries one by one, each at its own time."""
    put_some, now = eventbridge._put_events, eventbridge._now_ts
    eventbridge._now_ts = lambda: now() if _given_s.get() is None else _given_s.get()

    def put_at(entry: dict[str, Any]) -> Any:
        _given_s.set(seconds(entry.get("Time")))
        return put_some({"Entries": [entry]}, True)

    def put_each(asked: dict[str, Any], allow_aws_source: bool = False) -> Any:
        entries = asked.get("Entries") or []
        if not 0 < len(entries) <= MOST_ENTRIES:
            return put_some(asked, True)
        answers = [contextvars.copy_context().run(put_at, entry) for entry in entries]
        bodies = [json.loads(body) for status, _, body in answers if status < 300]
        if len(bodies) < len(answers):
            return next(answer for answer in answers if answer[0] >= 300)
        results = [result for body in bodies for result in body["Entries"]]
        return json_response({"FailedEntryCount": sum(body["FailedEntryCount"] for body in bodies), "Entries": results})

    eventbridge._put_events = put_each


def seconds(given: Any) -> float | None:
    """A time as the protocol has it, a number or text; None if none is given."""
    if given is None:
        return None
    return datetime.fromisoformat(given).timestamp() if isinstance(given, str) else float(given)
