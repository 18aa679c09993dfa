"""The log lines of build_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codebuild; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, boolean, int32, int64, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codebuild"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {"additional-information", "build-id", "build-status", "current-phase", "current-phase-context", "project-name", "version"}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.detail.build-status"]),
        (text, ["$.detail.project-name"]),
        (text, ["$.detail.build-id", "$.resources[0]"]),
        (text, ["$.detail.current-phase"]),
        (text, ["$.detail.current-phase-context"]),
        (text, ["$.detail.version"]),
        (whole, ["$.detail.additional-information"]),
        (int64, ["$.detail.additional-information.build-number"]),
        (text, ["$.detail.additional-information.initiator"]),
        (boolean, ["$.detail.additional-information.build-complete"]),
        (timestamp, ["$.detail.additional-information.build-start-time"]),
        (whole, ["$.detail.additional-information.phases"]),
        (text, ["$.detail.additional-information.source.type"]),
        (text, ["$.detail.additional-information.source.location"]),
        (text, ["$.detail.additional-information.source-version"]),
        (text, ["$.detail.additional-information.environment.image"]),
        (text, ["$.detail.additional-information.environment.compute-type"]),
        (text, ["$.detail.additional-information.environment.type"]),
        (boolean, ["$.detail.additional-information.environment.privileged-mode"]),
        (int32, ["$.detail.additional-information.timeout-in-minutes"]),
        (text, ["$.detail.additional-information.artifact.location"]),
        (text, ["$.detail.additional-information.logs.group-name"]),
        (text, ["$.detail.additional-information.logs.stream-name"]),
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
    source = additional_information.get("source")
    if source.__class__ is not dict:
        odd = odd or source is not None
        source = EMPTY
    environment = additional_information.get("environment")
    if environment.__class__ is not dict:
        odd = odd or environment is not None
        environment = EMPTY
    artifact = additional_information.get("artifact")
    if artifact.__class__ is not dict:
        odd = odd or artifact is not None
        artifact = EMPTY
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
    value = detail.get("build-status")
    if value.__class__ is str:
        add(',"build_status":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "build_status", text(value))
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
    value = detail.get("current-phase")
    if value.__class__ is str:
        add(',"current_phase":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "current_phase", text(value))
    value = detail.get("current-phase-context")
    if value.__class__ is str:
        add(',"current_phase_context":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "current_phase_context", text(value))
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
    value = additional_information.get("build-complete")
    if value is not None:
        fitting = boolean(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(',"build_complete":true' if fitting else ',"build_complete":false')
    value = additional_information.get("build-start-time")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"start_time":"{fitting}"')
    value = additional_information.get("phases")
    if value is not None:
        add(',"phases":')
        add(quote(dumps(value)))
    value = source.get("type")
    if value.__class__ is str:
        add(',"source_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_type", text(value))
    value = source.get("location")
    if value.__class__ is str:
        add(',"source_location":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_location", text(value))
    value = additional_information.get("source-version")
    if value.__class__ is str:
        add(',"source_version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_version", text(value))
    value = environment.get("image")
    if value.__class__ is str:
        add(',"image":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "image", text(value))
    value = environment.get("compute-type")
    if value.__class__ is str:
        add(',"compute_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "compute_type", text(value))
    value = environment.get("type")
    if value.__class__ is str:
        add(',"environment_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "environment_type", text(value))
    value = environment.get("privileged-mode")
    if value is not None:
        fitting = boolean(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(',"privileged_mode":true' if fitting else ',"privileged_mode":false')
    value = additional_information.get("timeout-in-minutes")
    if value is not None:
        fitting = int32(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"timeout_minutes":{fitting}')
    value = artifact.get("location")
    if value.__class__ is str:
        add(',"artifact_location":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "artifact_location", text(value))
    value = logs.get("group-name")
    if value.__class__ is str:
        add(',"logs_group":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "logs_group", text(value))
    value = logs.get("stream-name")
    if value.__class__ is str:
        add(',"logs_stream":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "logs_stream", text(value))
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
