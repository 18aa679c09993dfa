"""The log lines of pull_request_state_change, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source codecommit; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, NOTHING, Rest, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, text, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "codecommit"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {
    "approvalRuleName",
    "approvalStatus",
    "author",
    "callerUserArn",
    "creationDate",
    "description",
    "destinationCommit",
    "destinationReference",
    "displayName",
    "emailAddress",
    "event",
    "isMerged",
    "lastModifiedDate",
    "mergeOption",
    "notificationBody",
    "overrideStatus",
    "pullRequestId",
    "pullRequestStatus",
    "repositoryNames",
    "revisionId",
    "sourceCommit",
    "sourceReference",
    "title",
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
        (text, ["$.detail.repositoryNames[0]"]),
        (text, ["$.detail.pullRequestId"]),
        (text, ["$.detail.title"]),
        (text, ["$.detail.description"]),
        (text, ["$.detail.pullRequestStatus"]),
        (text, ["$.detail.isMerged"]),
        (text, ["$.detail.mergeOption"]),
        (text, ["$.detail.author"]),
        (text, ["$.detail.callerUserArn"]),
        (text, ["$.detail.displayName"]),
        (text, ["$.detail.emailAddress"]),
        (text, ["$.detail.sourceReference"]),
        (text, ["$.detail.destinationReference"]),
        (text, ["$.detail.sourceCommit"]),
        (text, ["$.detail.destinationCommit"]),
        (text, ["$.detail.revisionId"]),
        (text, ["$.detail.creationDate"]),
        (text, ["$.detail.lastModifiedDate"]),
        (text, ["$.detail.approvalStatus"]),
        (text, ["$.detail.approvalRuleName"]),
        (text, ["$.detail.overrideStatus"]),
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
    repositorynames = detail.get("repositoryNames")
    if repositorynames.__class__ is not list:
        odd = odd or repositorynames is not None
        repositorynames = NOTHING
    elif len(repositorynames) > 1:
        odd = True
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
    value = repositorynames[0] if len(repositorynames) > 0 else None
    if value.__class__ is str:
        add(',"repository_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "repository_name", text(value))
    value = detail.get("pullRequestId")
    if value.__class__ is str:
        add(',"pull_request_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "pull_request_id", text(value))
    value = detail.get("title")
    if value.__class__ is str:
        add(',"title":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "title", text(value))
    value = detail.get("description")
    if value.__class__ is str:
        add(',"description":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "description", text(value))
    value = detail.get("pullRequestStatus")
    if value.__class__ is str:
        add(',"pull_request_status":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "pull_request_status", text(value))
    value = detail.get("isMerged")
    if value.__class__ is str:
        add(',"is_merged":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "is_merged", text(value))
    value = detail.get("mergeOption")
    if value.__class__ is str:
        add(',"merge_option":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "merge_option", text(value))
    value = detail.get("author")
    if value.__class__ is str:
        add(',"author":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "author", text(value))
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
    value = detail.get("sourceReference")
    if value.__class__ is str:
        add(',"source_reference":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_reference", text(value))
    value = detail.get("destinationReference")
    if value.__class__ is str:
        add(',"destination_reference":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "destination_reference", text(value))
    value = detail.get("sourceCommit")
    if value.__class__ is str:
        add(',"source_commit":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "source_commit", text(value))
    value = detail.get("destinationCommit")
    if value.__class__ is str:
        add(',"destination_commit":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "destination_commit", text(value))
    value = detail.get("revisionId")
    if value.__class__ is str:
        add(',"revision_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "revision_id", text(value))
    value = detail.get("creationDate")
    if value.__class__ is str:
        add(',"creation_date":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "creation_date", text(value))
    value = detail.get("lastModifiedDate")
    if value.__class__ is str:
        add(',"last_modified_date":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "last_modified_date", text(value))
    value = detail.get("approvalStatus")
    if value.__class__ is str:
        add(',"approval_status":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "approval_status", text(value))
    value = detail.get("approvalRuleName")
    if value.__class__ is str:
        add(',"approval_rule_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "approval_rule_name", text(value))
    value = detail.get("overrideStatus")
    if value.__class__ is str:
        add(',"override_status":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "override_status", text(value))
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


SUBJECTS = ["$.detail.author", "$.detail.callerUserArn", "$.detail.displayName", "$.detail.emailAddress"]
