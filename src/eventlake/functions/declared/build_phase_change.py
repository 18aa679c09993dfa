"""The log lines of build_phase_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codebuild; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, int32, int64, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codebuild"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "additional-information",
    "build-id",
    "completed-phase",
    "completed-phase-context",
    "completed-phase-duration-seconds",
    "completed-phase-end",
    "completed-phase-start",
    "completed-phase-status",
    "project-name",
    "version",
}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.detail.project-name"]),
        (text, ["$.detail.build-id", "$.resources[0]"]),
        (text, ["$.detail.completed-phase"]),
        (text, ["$.detail.completed-phase-status"]),
        (text, ["$.detail.completed-phase-context"]),
        (timestamp, ["$.detail.completed-phase-start"]),
        (timestamp, ["$.detail.completed-phase-end"]),
        (int32, ["$.detail.completed-phase-duration-seconds"]),
        (text, ["$.detail.version"]),
        (whole, ["$.detail.additional-information"]),
        (int64, ["$.detail.additional-information.build-number"]),
        (text, ["$.detail.additional-information.initiator"]),
        (text, ["$.detail.additional-information.source-version"]),
        (text, ["$.detail.additional-information.logs.deep-link"]),
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
    additional_information = detail.get("additional-information")
    if additional_information.__class__ is not dict:
        odd = odd or additional_information is not None
        additional_information = EMPTY
    logs = additional_information.get("logs")
    if logs.__class__ is not dict:
        odd = odd or logs is not None
        logs = EMPTY
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
    value = detail.get("project-name")
    if value.__class__ is str:
        add(',"project_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "project_name", text(value))
    value = detail.get("build-id")
    other = resources[0] if len(resources) > 0 else None
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"build_id":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.build-id", "$.resources[0]"], text)
        if fitting is not MISFIT:
            add(',"build_id":')
            add(quote(fitting))
    value = detail.get("completed-phase")
    if value.__class__ is str:
        add(',"completed_phase":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "completed_phase", text(value))
    value = detail.get("completed-phase-status")
    if value.__class__ is str:
        add(',"completed_phase_status":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "completed_phase_status", text(value))
    value = detail.get("completed-phase-context")
    if value.__class__ is str:
        add(',"completed_phase_context":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "completed_phase_context", text(value))
    value = detail.get("completed-phase-start")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"completed_phase_start":"{fitting}"')
    value = detail.get("completed-phase-end")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"completed_phase_end":"{fitting}"')
    value = detail.get("completed-phase-duration-seconds")
    if value is not None:
        fitting = int32(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"completed_phase_duration_seconds":{fitting}')
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
    value = additional_information.get("build-number")
    if value is not None:
        fitting = int64(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"build_number":{fitting}')
    value = additional_information.get("initiator")
    if value.__class__ is str:
        add(',"initiator":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "initiator", text(value))
    value = additional_information.get("source-version")
    if value.__class__ is str:
        add(',"source_version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_version", text(value))
    value = logs.get("deep-link")
    if value.__class__ is str:
        add(',"logs_url":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "logs_url", text(value))
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


SUBJECTS = ["$.detail.additional-information.initiator"]
