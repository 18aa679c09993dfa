"""The log lines of repository_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codecommit; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, text, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codecommit"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "baseCommitId",
    "callerUserArn",
    "commitId",
    "conflictDetailLevel",
    "conflictDetailsLevel",
    "conflictResolutionStrategy",
    "destinationCommitId",
    "event",
    "mergeOption",
    "oldCommitId",
    "referenceFullName",
    "referenceName",
    "referenceType",
    "repositoryId",
    "repositoryName",
    "sourceCommitId",
}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.resources[0]"]),
        (text, ["$.detail.event"]),
        (text, ["$.detail.repositoryName"]),
        (text, ["$.detail.repositoryId"]),
        (text, ["$.detail.referenceType"]),
        (text, ["$.detail.referenceName"]),
        (text, ["$.detail.referenceFullName"]),
        (text, ["$.detail.commitId"]),
        (text, ["$.detail.oldCommitId"]),
        (text, ["$.detail.baseCommitId"]),
        (text, ["$.detail.sourceCommitId"]),
        (text, ["$.detail.destinationCommitId"]),
        (text, ["$.detail.mergeOption"]),
        (text, ["$.detail.conflictDetailsLevel", "$.detail.conflictDetailLevel"]),
        (text, ["$.detail.conflictResolutionStrategy"]),
        (text, ["$.detail.callerUserArn"]),
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
    elif len(resources) > 1:
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
        add(',"event_version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_version", text(value))
    value = resources[0] if len(resources) > 0 else None
    if value.__class__ is str:
        add(',"repository_arn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "repository_arn", text(value))
    value = detail.get("event")
    if value.__class__ is str:
        add(',"event":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event", text(value))
    value = detail.get("repositoryName")
    if value.__class__ is str:
        add(',"repository_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "repository_name", text(value))
    value = detail.get("repositoryId")
    if value.__class__ is str:
        add(',"repository_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "repository_id", text(value))
    value = detail.get("referenceType")
    if value.__class__ is str:
        add(',"reference_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "reference_type", text(value))
    value = detail.get("referenceName")
    if value.__class__ is str:
        add(',"reference_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "reference_name", text(value))
    value = detail.get("referenceFullName")
    if value.__class__ is str:
        add(',"reference_full_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "reference_full_name", text(value))
    value = detail.get("commitId")
    if value.__class__ is str:
        add(',"commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "commit_id", text(value))
    value = detail.get("oldCommitId")
    if value.__class__ is str:
        add(',"old_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "old_commit_id", text(value))
    value = detail.get("baseCommitId")
    if value.__class__ is str:
        add(',"base_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "base_commit_id", text(value))
    value = detail.get("sourceCommitId")
    if value.__class__ is str:
        add(',"source_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_commit_id", text(value))
    value = detail.get("destinationCommitId")
    if value.__class__ is str:
        add(',"destination_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "destination_commit_id", text(value))
    value = detail.get("mergeOption")
    if value.__class__ is str:
        add(',"merge_option":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "merge_option", text(value))
    value = detail.get("conflictDetailsLevel")
    other = detail.get("conflictDetailLevel")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value.__class__ is str:
        add(',"conflict_detail_level":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.conflictDetailsLevel", "$.detail.conflictDetailLevel"], text)
        if fitting is not MISFIT:
            add(',"conflict_detail_level":')
            add(quote(fitting))
    value = detail.get("conflictResolutionStrategy")
    if value.__class__ is str:
        add(',"conflict_resolution_strategy":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "conflict_resolution_strategy", text(value))
    value = detail.get("callerUserArn")
    if value.__class__ is str:
        add(',"caller_user_arn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "caller_user_arn", text(value))
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


SUBJECTS = ["$.detail.callerUserArn"]
