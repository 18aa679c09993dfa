"""The log lines of comment_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codecommit; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codecommit"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "afterCommitId",
    "beforeCommitId",
    "callerUserArn",
    "commentId",
    "displayName",
    "emailAddress",
    "event",
    "inReplyTo",
    "notificationBody",
    "pullRequestId",
    "reactionShortcodes",
    "repositoryId",
    "repositoryName",
}
REST = Rest(
    "$.detail",
    {"account", "id", "region", "source", "time", "version"},
    [
        (text, ["$.time"]),
        (text, ["$.version"]),
        (text, ["$.detail-type"]),
        (text, ["$.resources[0]"]),
        (text, ["$.detail.event"]),
        (text, ["$.detail.repositoryName"]),
        (text, ["$.detail.repositoryId"]),
        (text, ["$.detail.pullRequestId"]),
        (text, ["$.detail.commentId"]),
        (text, ["$.detail.inReplyTo"]),
        (text, ["$.detail.beforeCommitId"]),
        (text, ["$.detail.afterCommitId"]),
        (text, ["$.detail.callerUserArn"]),
        (text, ["$.detail.displayName"]),
        (text, ["$.detail.emailAddress"]),
        (whole, ["$.detail.reactionShortcodes"]),
        (text, ["$.detail.notificationBody"]),
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
    value = event.get("detail-type")
    if value.__class__ is str:
        add(',"detail_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "detail_type", text(value))
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
    value = detail.get("pullRequestId")
    if value.__class__ is str:
        add(',"pull_request_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "pull_request_id", text(value))
    value = detail.get("commentId")
    if value.__class__ is str:
        add(',"comment_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "comment_id", text(value))
    value = detail.get("inReplyTo")
    if value.__class__ is str:
        add(',"in_reply_to":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "in_reply_to", text(value))
    value = detail.get("beforeCommitId")
    if value.__class__ is str:
        add(',"before_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "before_commit_id", text(value))
    value = detail.get("afterCommitId")
    if value.__class__ is str:
        add(',"after_commit_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "after_commit_id", text(value))
    value = detail.get("callerUserArn")
    if value.__class__ is str:
        add(',"caller_user_arn":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "caller_user_arn", text(value))
    value = detail.get("displayName")
    if value.__class__ is str:
        add(',"display_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "display_name", text(value))
    value = detail.get("emailAddress")
    if value.__class__ is str:
        add(',"email_address":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "email_address", text(value))
    value = detail.get("reactionShortcodes")
    if value is not None:
        add(',"reaction_shortcodes":')
        add(quote(dumps(value)))
    value = detail.get("notificationBody")
    if value.__class__ is str:
        add(',"notification_body":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "notification_body", text(value))
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


SUBJECTS = ["$.detail.callerUserArn", "$.detail.displayName", "$.detail.emailAddress"]
