"""The log lines of alerts, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source eventlake; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, int64, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "eventlake"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "advice",
    "alert-id",
    "context",
    "detection",
    "event-id",
    "events",
    "first-event",
    "key",
    "last-event",
    "opened",
    "severity",
    "state",
    "text",
    "title",
}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.detail.alert-id"]),
        (text, ["$.detail.state"]),
        (text, ["$.detail.severity"]),
        (text, ["$.detail.detection"]),
        (text, ["$.detail.title"]),
        (text, ["$.detail.key"]),
        (int64, ["$.detail.events"]),
        (timestamp, ["$.detail.opened"]),
        (timestamp, ["$.detail.first-event"]),
        (timestamp, ["$.detail.last-event"]),
        (whole, ["$.detail.context"]),
        (text, ["$.detail.advice"]),
        (text, ["$.detail.text"]),
        (text, ["$.detail.event-id", "$.id"]),
        (timestamp, ["$.time"]),
        (text, ["$.account"]),
        (text, ["$.region"]),
        (text, ["$.eventlake-origin"]),
    ],
)


def log_line(event: dict[str, Any]) -> bytes:
    """Return the log line of an event, ending in a newline. Raises ValueError or RecursionError for what JSON cannot write."""
    line: list[str] = []
    add = line.append
    odd = not ENVELOPE.issuperset(event)
    unread: list[Unread] = []
    detail = event.get("detail")
    if detail.__class__ is not dict:
        odd = odd or detail is not None
        detail = EMPTY
    elif not KEYS_OF_DETAIL.issuperset(detail):
        unread.append(((), detail, KEYS_OF_DETAIL))
    odd = odd or event.get("resources") not in (None, [], "")
    value = detail.get("alert-id")
    if value.__class__ is str:
        add(',"alert_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "alert_id", text(value))
    value = detail.get("state")
    if value.__class__ is str:
        add(',"state":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "state", text(value))
    value = detail.get("severity")
    if value.__class__ is str:
        add(',"severity":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "severity", text(value))
    value = detail.get("detection")
    if value.__class__ is str:
        add(',"detection":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "detection", text(value))
    value = detail.get("title")
    if value.__class__ is str:
        add(',"title":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "title", text(value))
    value = detail.get("key")
    if value.__class__ is str:
        add(',"key":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "key", text(value))
    value = detail.get("events")
    if value is not None:
        fitting = int64(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"events":{fitting}')
    value = detail.get("opened")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"opened":"{fitting}"')
    value = detail.get("first-event")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"first_event":"{fitting}"')
    value = detail.get("last-event")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"last_event":"{fitting}"')
    value = detail.get("context")
    if value is not None:
        add(',"context":')
        add(quote(dumps(value)))
    value = detail.get("advice")
    if value.__class__ is str:
        add(',"advice":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "advice", text(value))
    value = detail.get("text")
    if value.__class__ is str:
        add(',"text":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "text", text(value))
    value = detail.get("event-id")
    other = event.get("id")
    if other is not None and (value is None or value == ""):
        value = other
    if value == "":
        value = None
    if value.__class__ is str:
        add(',"event_id":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.event-id", "$.id"], text)
        if fitting is not MISFIT:
            add(',"event_id":')
            add(quote(fitting))
    value = event.get("time")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"event_time":"{fitting}"')
    value = event.get("account")
    if value.__class__ is str:
        add(',"account":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "account", text(value))
    value = event.get("region")
    if value.__class__ is str:
        add(',"event_region":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_region", text(value))
    value = event.get("eventlake-origin")
    if value.__class__ is str:
        add(',"event_origin":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_origin", text(value))
    if odd or unread:
        rest = REST.of(event) if odd else remainder(unread)
        if rest:
            add(',"extra":')
            add(quote(dumps(rest)))
    return joined_line(line)
