"""The log lines of pipeline_execution_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codepipeline; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, int32, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codepipeline"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "execution-id",
    "execution-trigger",
    "pipeline",
    "pipeline-execution-attempt",
    "start-time",
    "state",
    "stop-execution-comments",
    "version",
}
REST = Rest(
    "$.detail",
    {"account", "detail-type", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.resources[0]"]),
        (text, ["$.detail.pipeline"]),
        (text, ["$.detail.version"]),
        (text, ["$.detail.state"]),
        (text, ["$.detail.execution-id"]),
        (timestamp, ["$.detail.start-time"]),
        (int32, ["$.detail.pipeline-execution-attempt"]),
        (whole, ["$.detail.execution-trigger"]),
        (text, ["$.detail.execution-trigger.trigger-type"]),
        (text, ["$.detail.execution-trigger.trigger-detail"]),
        (text, ["$.detail.execution-trigger.commit-id"]),
        (timestamp, ["$.detail.execution-trigger.author-date"]),
        (text, ["$.detail.execution-trigger.author-display-name"]),
        (text, ["$.detail.execution-trigger.full-repository-name"]),
        (text, ["$.detail.execution-trigger.branch-name"]),
        (text, ["$.detail.execution-trigger.tag-name"]),
        (text, ["$.detail.stop-execution-comments"]),
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
    execution_trigger = detail.get("execution-trigger")
    if execution_trigger.__class__ is not dict:
        odd = odd or execution_trigger is not None
        execution_trigger = EMPTY
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
    value = resources[0] if len(resources) > 0 else None
    if value.__class__ is str:
        add(',"pipelineArn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "pipelineArn", text(value))
    value = detail.get("pipeline")
    if value.__class__ is str:
        add(',"pipeline":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "pipeline", text(value))
    value = detail.get("version")
    if value.__class__ is str:
        add(',"version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "version", text(value))
    value = detail.get("state")
    if value.__class__ is str:
        add(',"state":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "state", text(value))
    value = detail.get("execution-id")
    if value.__class__ is str:
        add(',"executionId":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "executionId", text(value))
    value = detail.get("start-time")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"startTime":"{fitting}"')
    value = detail.get("pipeline-execution-attempt")
    if value is not None:
        fitting = int32(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"attempt":{fitting}')
    value = detail.get("execution-trigger")
    if value is not None:
        add(',"executionTrigger":')
        add(quote(dumps(value)))
    value = execution_trigger.get("trigger-type")
    if value.__class__ is str:
        add(',"triggerType":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "triggerType", text(value))
    value = execution_trigger.get("trigger-detail")
    if value.__class__ is str:
        add(',"triggerDetail":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "triggerDetail", text(value))
    value = execution_trigger.get("commit-id")
    if value.__class__ is str:
        add(',"commitId":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "commitId", text(value))
    value = execution_trigger.get("author-date")
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
        else:
            add(f',"commitTime":"{fitting}"')
    value = execution_trigger.get("author-display-name")
    if value.__class__ is str:
        add(',"author":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "author", text(value))
    value = execution_trigger.get("full-repository-name")
    if value.__class__ is str:
        add(',"repository":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "repository", text(value))
    value = execution_trigger.get("branch-name")
    if value.__class__ is str:
        add(',"branch":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "branch", text(value))
    value = execution_trigger.get("tag-name")
    if value.__class__ is str:
        add(',"tag":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "tag", text(value))
    value = detail.get("stop-execution-comments")
    if value.__class__ is str:
        add(',"stopComments":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "stopComments", text(value))
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


SUBJECTS = ["$.detail.execution-trigger.author-display-name"]
