"""The log lines of fleet_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codebuild; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codebuild"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "additional-information",
    "fleet-arn",
    "fleet-name",
    "fleet-status",
    "fleetArn",
    "fleetName",
    "name",
    "status",
    "status-code",
    "status-context",
    "status-message",
    "version",
}
KEYS_OF_STATUS = {"context", "message", "statusCode"}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.detail.fleet-arn", "$.detail.fleetArn", "$.resources[0]"]),
        (text, ["$.detail.fleet-name", "$.detail.fleetName", "$.detail.name"]),
        (text, ["$.detail.fleet-status", "$.detail.status-code", "$.detail.status.statusCode"]),
        (text, ["$.detail.status-context", "$.detail.status.context"]),
        (text, ["$.detail.status-message", "$.detail.status.message"]),
        (text, ["$.detail.version"]),
        (whole, ["$.detail.additional-information"]),
        (text, ["$.id"]),
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
    resources = event.get("resources")
    if resources.__class__ is not list:
        odd = odd or resources is not None
        resources = NOTHING
    elif len(resources) > 1:
        odd = True
    status = detail.get("status")
    if status.__class__ is not dict:
        odd = odd or status is not None
        status = EMPTY
    elif not KEYS_OF_STATUS.issuperset(status):
        unread.append((("status",), status, KEYS_OF_STATUS))
    value = event.get("time")
    if value.__class__ is str:
        add(',"timestamp":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "timestamp", text(value))
    value = event.get("version")
    if value.__class__ is str:
        add(',"event_version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_version", text(value))
    value = detail.get("fleet-arn")
    other = detail.get("fleetArn")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    other = resources[0] if len(resources) > 0 else None
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"fleet_arn":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.fleet-arn", "$.detail.fleetArn", "$.resources[0]"], text)
        if fitting is not MISFIT:
            add(',"fleet_arn":')
            add(quote(fitting))
    value = detail.get("fleet-name")
    other = detail.get("fleetName")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    other = detail.get("name")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"fleet_name":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.fleet-name", "$.detail.fleetName", "$.detail.name"], text)
        if fitting is not MISFIT:
            add(',"fleet_name":')
            add(quote(fitting))
    value = detail.get("fleet-status")
    other = detail.get("status-code")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    other = status.get("statusCode")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"fleet_status":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.fleet-status", "$.detail.status-code", "$.detail.status.statusCode"], text)
        if fitting is not MISFIT:
            add(',"fleet_status":')
            add(quote(fitting))
    value = detail.get("status-context")
    other = status.get("context")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"status_context":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.status-context", "$.detail.status.context"], text)
        if fitting is not MISFIT:
            add(',"status_context":')
            add(quote(fitting))
    value = detail.get("status-message")
    other = status.get("message")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"status_message":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.status-message", "$.detail.status.message"], text)
        if fitting is not MISFIT:
            add(',"status_message":')
            add(quote(fitting))
    value = detail.get("version")
    if value.__class__ is str:
        add(',"version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "version", text(value))
    value = detail.get("additional-information")
    if value is not None:
        add(',"additional_information":')
        add(quote(dumps(value)))
    value = event.get("id")
    if value == "":
        value = None
    if value.__class__ is str:
        add(',"event_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_id", text(value))
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
