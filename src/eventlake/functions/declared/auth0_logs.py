"""The log lines of auth0_logs, from an event to the JSON of its columns.

Written by `eventlake templates` from the declaration of the source auth0; change that, not this.
"""

from __future__ import annotations

from eventlake.pipeline.codec import dumps, quote
from eventlake.pipeline.line import EMPTY, Rest, first_fitting, joined_line, remainder, write
from eventlake.pipeline.values import MISFIT, boolean, joined, text, timestamp, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlake.pipeline.line import Unread

SOURCE = "auth0"
ENVELOPE = {"account", "detail", "detail-type", "eventlake-origin", "id", "region", "resources", "source", "time", "version"}
KEYS_OF_DETAIL = {"data", "log_id"}
KEYS_OF_DATA = {
    "$event_schema",
    "_id",
    "audience",
    "auth0_client",
    "client_id",
    "client_ip",
    "client_name",
    "connection",
    "connection_id",
    "date",
    "description",
    "details",
    "environment_name",
    "hostname",
    "id",
    "identity_user_id",
    "ip",
    "isMobile",
    "is_mobile",
    "location_info",
    "log_id",
    "organization_id",
    "organization_name",
    "references",
    "scope",
    "security_context",
    "strategy",
    "strategy_type",
    "tenant_name",
    "type",
    "user_agent",
    "user_id",
    "user_name",
}
KEYS_OF_REFERENCES = {"correlation_id"}
KEYS_OF_SECURITY_CONTEXT = {"ja3", "ja4"}
KEYS_OF_LOCATION_INFO = {"country_code"}
KEYS_OF_EVENT_SCHEMA = {"version"}
REST = Rest(
    "$.detail.data",
    {"account", "detail-type", "id", "region", "time", "version"},
    [
        (text, ["$.detail.data.log_id", "$.detail.log_id", "$.detail.data._id", "$.detail.data.id"]),
        (text, ["$.detail.data.date"]),
        (text, ["$.detail.data.connection"]),
        (text, ["$.detail.data.connection_id"]),
        (text, ["$.detail.data.client_id"]),
        (text, ["$.detail.data.client_name"]),
        (text, ["$.detail.data.ip"]),
        (text, ["$.detail.data.user_id"]),
        (text, ["$.detail.data.user_name"]),
        (text, ["$.detail.data.description"]),
        (text, ["$.detail.data.user_agent"]),
        (text, ["$.detail.data.type"]),
        (text, ["$.detail.data.strategy"]),
        (text, ["$.detail.data.strategy_type"]),
        (text, ["$.detail.data.hostname"]),
        (whole, ["$.detail.data.details"]),
        (text, ["$.detail.data.tenant_name"]),
        (text, ["$.detail.data.environment_name"]),
        (text, ["$.detail.data.organization_id"]),
        (text, ["$.detail.data.organization_name"]),
        (text, ["$.detail.data.client_ip"]),
        (joined, ["$.detail.data.audience"]),
        (joined, ["$.detail.data.scope"]),
        (boolean, ["$.detail.data.is_mobile", "$.detail.data.isMobile"]),
        (text, ["$.detail.data.identity_user_id"]),
        (text, ["$.detail.data.details.session_id"]),
        (text, ["$.detail.data.references.correlation_id"]),
        (text, ["$.detail.data.security_context.ja3"]),
        (text, ["$.detail.data.security_context.ja4"]),
        (text, ["$.detail.data.location_info.country_code"]),
        (text, ["$.detail.data.details.riskAssessment.confidence"]),
        (whole, ["$.detail.data.auth0_client"]),
        (text, ["$.source"]),
        (text, ["$.detail.data.$event_schema.version"]),
        (text, ["$.id"]),
        (timestamp, ["$.detail.data.date", "$.time"]),
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
        odd = True
    data = detail.get("data")
    if data.__class__ is not dict:
        odd = odd or data is not None
        data = EMPTY
    elif not KEYS_OF_DATA.issuperset(data):
        unread.append(((), data, KEYS_OF_DATA))
    details = data.get("details")
    if details.__class__ is not dict:
        odd = odd or details is not None
        details = EMPTY
    references = data.get("references")
    if references.__class__ is not dict:
        odd = odd or references is not None
        references = EMPTY
    elif not KEYS_OF_REFERENCES.issuperset(references):
        unread.append((("references",), references, KEYS_OF_REFERENCES))
    security_context = data.get("security_context")
    if security_context.__class__ is not dict:
        odd = odd or security_context is not None
        security_context = EMPTY
    elif not KEYS_OF_SECURITY_CONTEXT.issuperset(security_context):
        unread.append((("security_context",), security_context, KEYS_OF_SECURITY_CONTEXT))
    location_info = data.get("location_info")
    if location_info.__class__ is not dict:
        odd = odd or location_info is not None
        location_info = EMPTY
    elif not KEYS_OF_LOCATION_INFO.issuperset(location_info):
        unread.append((("location_info",), location_info, KEYS_OF_LOCATION_INFO))
    event_schema = data.get("$event_schema")
    if event_schema.__class__ is not dict:
        odd = odd or event_schema is not None
        event_schema = EMPTY
    elif not KEYS_OF_EVENT_SCHEMA.issuperset(event_schema):
        unread.append((("$event_schema",), event_schema, KEYS_OF_EVENT_SCHEMA))
    riskassessment = details.get("riskAssessment")
    if riskassessment.__class__ is not dict:
        odd = odd or riskassessment is not None
        riskassessment = EMPTY
    odd = odd or event.get("resources") not in (None, [], "")
    value = data.get("log_id")
    other = detail.get("log_id")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    other = data.get("_id")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    other = data.get("id")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value == "":
        value = None
    if value.__class__ is str:
        add(',"log_id":')
        add(quote(value))
    elif value is not None:
        fitting = text(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.data.log_id", "$.detail.log_id", "$.detail.data._id", "$.detail.data.id"], text)
        if fitting is not MISFIT:
            add(',"log_id":')
            add(quote(fitting))
    value = data.get("date")
    if value.__class__ is str:
        add(',"timestamp":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "timestamp", text(value))
    value = data.get("connection")
    if value.__class__ is str:
        add(',"connection":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "connection", text(value))
    value = data.get("connection_id")
    if value.__class__ is str:
        add(',"connection_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "connection_id", text(value))
    value = data.get("client_id")
    if value.__class__ is str:
        add(',"client_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "client_id", text(value))
    value = data.get("client_name")
    if value.__class__ is str:
        add(',"client_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "client_name", text(value))
    value = data.get("ip")
    if value.__class__ is str:
        add(',"ip":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "ip", text(value))
    value = data.get("user_id")
    if value.__class__ is str:
        add(',"user_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "user_id", text(value))
    value = data.get("user_name")
    if value.__class__ is str:
        add(',"user_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "user_name", text(value))
    value = data.get("description")
    if value.__class__ is str:
        add(',"description":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "description", text(value))
    value = data.get("user_agent")
    if value.__class__ is str:
        add(',"user_agent":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "user_agent", text(value))
    value = data.get("type")
    if value.__class__ is str:
        add(',"type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "type", text(value))
    value = data.get("strategy")
    if value.__class__ is str:
        add(',"strategy":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "strategy", text(value))
    value = data.get("strategy_type")
    if value.__class__ is str:
        add(',"strategy_type":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "strategy_type", text(value))
    value = data.get("hostname")
    if value.__class__ is str:
        add(',"hostname":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "hostname", text(value))
    value = data.get("details")
    if value is not None:
        add(',"details":')
        add(quote(dumps(value)))
    value = data.get("tenant_name")
    if value.__class__ is str:
        add(',"tenant_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "tenant_name", text(value))
    value = data.get("environment_name")
    if value.__class__ is str:
        add(',"environment_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "environment_name", text(value))
    value = data.get("organization_id")
    if value.__class__ is str:
        add(',"organization_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "organization_id", text(value))
    value = data.get("organization_name")
    if value.__class__ is str:
        add(',"organization_name":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "organization_name", text(value))
    value = data.get("client_ip")
    if value.__class__ is str:
        add(',"client_ip":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "client_ip", text(value))
    value = data.get("audience")
    if value.__class__ is str:
        add(',"audience":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "audience", joined(value))
    value = data.get("scope")
    if value.__class__ is str:
        add(',"scope":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "scope", joined(value))
    value = data.get("is_mobile")
    other = data.get("isMobile")
    if other is not None and other != value:
        if value is None or value == "":
            value = other
        elif other != "":
            odd = True
    if value is not None:
        fitting = boolean(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.data.is_mobile", "$.detail.data.isMobile"], boolean)
        if fitting is not MISFIT:
            add(',"is_mobile":true' if fitting else ',"is_mobile":false')
    value = data.get("identity_user_id")
    if value.__class__ is str:
        add(',"identity_user_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "identity_user_id", text(value))
    value = details.get("session_id")
    if value.__class__ is str:
        add(',"session_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "session_id", text(value))
    value = references.get("correlation_id")
    if value.__class__ is str:
        add(',"correlation_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "correlation_id", text(value))
    value = security_context.get("ja3")
    if value.__class__ is str:
        add(',"ja3":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "ja3", text(value))
    value = security_context.get("ja4")
    if value.__class__ is str:
        add(',"ja4":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "ja4", text(value))
    value = location_info.get("country_code")
    if value.__class__ is str:
        add(',"country_code":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "country_code", text(value))
    value = riskassessment.get("confidence")
    if value.__class__ is str:
        add(',"risk_confidence":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "risk_confidence", text(value))
    value = data.get("auth0_client")
    if value is not None:
        add(',"auth0_client":')
        add(quote(dumps(value)))
    value = event.get("source")
    if value.__class__ is str:
        add(',"event_source":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_source", text(value))
    value = event_schema.get("version")
    if value.__class__ is str:
        add(',"schema_version":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "schema_version", text(value))
    value = event.get("id")
    if value.__class__ is str:
        add(',"event_id":')
        add(quote(value))
    elif value is not None:
        odd |= write(add, "event_id", text(value))
    value = data.get("date")
    other = event.get("time")
    if other is not None and (value is None or value == ""):
        value = other
    if value is not None:
        fitting = timestamp(value)
        if fitting is MISFIT:
            odd = True
            fitting = first_fitting(event, ["$.detail.data.date", "$.time"], timestamp)
        if fitting is not MISFIT:
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


SUBJECTS = [
    "$.detail.data.ip",
    "$.detail.data.user_id",
    "$.detail.data.user_name",
    "$.detail.data.user_agent",
    "$.detail.data.client_ip",
    "$.detail.data.identity_user_id",
    "$.detail.data.details.session_id",
    "$.detail.data.security_context.ja3",
    "$.detail.data.security_context.ja4",
    "$.detail.data.location_info.country_code",
]
