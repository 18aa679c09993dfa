"""Auth0's log types: which fields an entry of each type has, and its shape as an event of a log stream.

The types and their fields are in `log_types.tsv`. What `details` holds is written out here for the types that the stories tell; for the
others it follows from the names and types of its members.
https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from eventlake.history.names import ACCOUNT
from eventlake.history.shape import Json, shape

AUTH0_LOG = "Auth0 log"


class LogType(NamedTuple):
    """One log type.

    fields: those beyond the common ones, by the names of `log_types.tsv`. details: its members with their JSON types, None if it has none.
    """

    code: str
    event: str
    fields: frozenset[str]
    details: Mapping[str, str] | None


_KINDS = {"": "text", "o": "object", "a": "array", "n": "number", "b": "boolean"}


@cache
def log_types() -> dict[str, LogType]:
    """Return every documented log type, by code."""
    lines = Path(__file__).with_name("log_types.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {code: LogType(code, event, frozenset(fields.split()), _details(details)) for code, event, fields, details in rows}


def _details(declared: str) -> dict[str, str] | None:
    if declared in {"never", "any"}:
        return None
    return {name: _KINDS[kind] for name, _, kind in (member.partition(":") for member in declared.split())}


_FIELDS: dict[str, dict[str, Json]] = {
    "client": {"client_id": "<client_id>", "client_name": "<client_name>"},
    "connection": {"connection": "<connection>", "connection_id": "<connection_id>"},
    "user": {"user_id": "<user_id>", "user_name": "<user_name>", "identity_user_id": "<identity_user_id>"},
    "user_id": {"user_id": "<user_id>"},
    "strategy": {"strategy": "<strategy>", "strategy_type": "<strategy_type>"},
    "organization": {"<+organization>": None},
    "ip": {"ip": "<ip>", "<+location>": None},
    "client_ip": {"client_ip": None},
    "hostname": {"hostname": "<hostname>"},
    "auth0_client": {"auth0_client": "<#auth0_client>"},
    "audience": {"audience": "<audience>"},
    "scope": {"scope": "<#scope>"},
    "references": {"references": {"correlation_id": "<correlation_id>", "trace_id": "<trace_id>"}},
    "security_context": {"security_context": {"ja3": "<ja3>", "ja4": "<ja4>"}},
    "body": {"body": {"email": "<user_name>"}},
    "query": {"query": {}},
    "title": {"title": "<description>"},
    "email": {"email": "<user_name>"},
}
"""What the fields look like; those that are missing here are optional and left out."""

_PUSH: dict[str, Json] = {
    "authenticator": {"<+phone>": None, "type": "push-notification"},
    "enrollment": {"id": "dev_<correlation_id>"},
    "device_id": "dev_<correlation_id>",
    "session_id": "<session_id>",
}
_FLOW: dict[str, Json] = {
    "initiatedAt": "<#began>",
    "completedAt": "<#finished>",
    "elapsedTime": "<#elapsed>",
    "session_id": "<session_id>",
}
_ERROR: Json = {"error": {"message": "<error>"}}
_SIGNED: dict[str, Json] = {"tenant": "<tenant>", "email": "<user_name>", "connection": "<connection>", "password": "*****"}
_BODY: Json = {
    "body": {**_SIGNED, "user_id": "<identity_user_id>"},
    "email": "<user_name>",
    "title": "<description>",
}
_SCOPES: Json = ["create:actions", "read:clients", "update:clients", "read:logs", "update:users"]
_REQUEST: dict[str, Json] = {
    "request": {
        "method": "<method>",
        "path": "<path>",
        "query": {},
        "userAgent": "<user_agent>",
        "body": "<#body>",
        "channel": "<channel>",
        "ip": "<ip>",
        "auth": {"<+administrator>": None, "strategy": "jwt", "credentials": {"jti": "<correlation_id>", "scopes": _SCOPES}},
    },
    "response": {"statusCode": "<#status>", "body": "<#answer>"},
}

_DETAILS: dict[str, Json] = {
    "s": {
        "prompts": [
            {
                "name": "prompt-authenticate",
                "completedAt": "<#finished>",
                "connection": "<connection>",
                "connection_id": "<connection_id>",
                "strategy": "<strategy>",
                "identity": "<identity_user_id>",
                "stats": {"loginsCount": "<#logins>"},
                "elapsedTime": None,
            },
            {
                "name": "login",
                "flow": "universal-login",
                "initiatedAt": "<#began>",
                "completedAt": "<#finished>",
                "user_id": "<user_id>",
                "user_name": "<user_name>",
                "elapsedTime": "<#elapsed>",
            },
        ],
        **_FLOW,
        "<+risk>": None,
        "stats": {"loginsCount": "<#logins>"},
    },
    "ssa": {**_FLOW, "prompts": []},
    "ss": {**_FLOW, "prompts": [], "body": _SIGNED},
    "seacft": {"code": "************************************<code>"},
    "sertft": {"familyId": "<correlation_id>", "tokenCounter": "<#logins>"},
    "slo": {"return_to": "https://<hostname>/bye", "allowed_logout_url": ["https://<hostname>/bye"], "session_id": "<session_id>"},
    "f": {"error": {"message": "<error>", "oauthError": "access_denied", "type": "oauth-authorization"}, "session_id": "<session_id>"},
    "fp": _ERROR,
    "fu": _ERROR,
    "scp": _BODY,
    "scpr": {"body": _SIGNED, "resetUrl": "https://<hostname>/u/reset-password?ticket=*****"},
    "sapi": _REQUEST,
    "mgmt_api_read": {"accessedSecrets": ["client_secret"], **_REQUEST},
    "pla": {"ipOnAllowlist": False, "requiresVerification": "<#suspected>", "session_id": "<session_id>"},
    "gd_start_auth": _PUSH,
    "gd_send_pn": _PUSH,
    "gd_auth_succeed": _PUSH,
    "gd_auth_failed": {**_PUSH, "request": {}, "response": {}},
    "gd_auth_rejected": _PUSH,
    "gd_unenroll": _PUSH,
    "gd_enrollment_complete": _PUSH,
}

_WITHOUT_DETAILS = frozenset({"seccft", "feccft", "limit_mu", "signup_pwd_leak", "fs"})
"""More types whose `details` the schema makes optional, and which usually come without."""


@cache
def log_shape(code: str) -> str:
    """Return the shape of an entry of this type, as an event; see `shape` for how to fill it in."""
    known = log_types().get(code) or log_types()["pwd_leak"]  # signup_pwd_leak is documented but has no schema
    data: dict[str, Json] = {"date": "<date>", "type": code, "description": "<description>"}
    for field in _FIELDS:
        if field in known.fields:
            data |= _FIELDS[field]
    data |= {"user_agent": "<user_agent>", **_details_of(known, code)}
    data |= {"<+mobile>": None, "$event_schema": {"version": "1.0.0"}}
    data |= {"log_id": "<log_id>", "tenant_name": "<tenant>", "environment_name": "prod-eu-1"}
    return shape(
        {
            "version": "0",
            "id": "<id>",
            "detail-type": AUTH0_LOG,
            "source": "<source>",
            "account": ACCOUNT,
            "time": "<time>",
            "region": "eu-central-1",
            "resources": [],
            "detail": {"log_id": "<log_id>", "data": data},
        }
    )


def _details_of(known: LogType, code: str) -> dict[str, Json]:
    if code in _DETAILS:
        return {"details": _DETAILS[code]}
    if known.details is None or code in _WITHOUT_DETAILS:
        return {}
    return {"details": {name: _plausible(name, kind) for name, kind in known.details.items()}}


def _plausible(name: str, kind: str) -> Json:
    """Make up a value for a member of `details` of which only name and type are known."""
    if kind == "object":
        return {"id": "<correlation_id>", "message": name.replace("_", " ")}
    if kind == "array":
        return [{"name": name, "id": "<correlation_id>"}]
    if kind == "number":
        return 3
    if kind == "boolean":
        return name.startswith("is")
    if name.endswith(("_at", "_time")):
        return "<date>"
    return {"session_id": "<session_id>", "email": "<user_name>", "connection": "<connection>"}.get(name, f"{name} <correlation_id>")
