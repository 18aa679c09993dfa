"""The log lines of deployment_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codedeploy; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, joined_line, remainder, write
from eventlake.pipeline.path import Holding, all_read
from eventlake.pipeline.values import MISFIT, text, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codedeploy"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
HOLDING_APPLICATION = Holding(":application:")
HOLDING_DEPLOYMENTGROUP = Holding(":deploymentgroup:")
KEYS_OF_DETAIL = {"application", "deploymentGroup", "deploymentId", "instanceGroupId", "region", "state"}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.resources[*:application:*]"]),
        (text, ["$.resources[*:deploymentgroup:*]"]),
        (text, ["$.detail.instanceGroupId"]),
        (text, ["$.detail.application"]),
        (text, ["$.detail.region"]),
        (text, ["$.detail.deploymentId"]),
        (text, ["$.detail.state"]),
        (text, ["$.detail.deploymentGroup"]),
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
    resources = event.get("resources")
    if resources.__class__ is not list:
        odd = odd or resources is not None
        resources = NOTHING
    elif not all_read(resources, [HOLDING_APPLICATION, HOLDING_DEPLOYMENTGROUP]):
        odd = True
    detail = event.get("detail")
    if detail.__class__ is not dict:
        odd = odd or detail is not None
        detail = EMPTY
    elif not KEYS_OF_DETAIL.issuperset(detail):
        unread.append(((), detail, KEYS_OF_DETAIL))
    value = event.get("time")
    if value.__class__ is str:
        add(',"timestamp":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "timestamp", text(value))
    value = event.get("version")
    if value.__class__ is str:
        add(',"eventVersion":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "eventVersion", text(value))
    value = HOLDING_APPLICATION.pick(resources)
    if value.__class__ is str:
        add(',"applicationArn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "applicationArn", text(value))
    value = HOLDING_DEPLOYMENTGROUP.pick(resources)
    if value.__class__ is str:
        add(',"deploymentGroupArn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "deploymentGroupArn", text(value))
    value = detail.get("instanceGroupId")
    if value.__class__ is str:
        add(',"instanceGroupId":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "instanceGroupId", text(value))
    value = detail.get("application")
    if value.__class__ is str:
        add(',"application":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "application", text(value))
    value = detail.get("region")
    if value.__class__ is str:
        add(',"region":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "region", text(value))
    value = detail.get("deploymentId")
    if value.__class__ is str:
        add(',"deploymentId":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "deploymentId", text(value))
    value = detail.get("state")
    if value.__class__ is str:
        add(',"state":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "state", text(value))
    value = detail.get("deploymentGroup")
    if value.__class__ is str:
        add(',"deploymentGroup":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "deploymentGroup", text(value))
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
