"""What administrators and their tools do to a tenant through the Management API, and what weakens it.

https://auth0.com/docs/api/management/v2
"""

from __future__ import annotations

import json
from random import Random
from typing import NamedTuple

from eventlake.history.load import NIGHTLY, OFFICE, moments
from eventlake.history.logins import Logins
from eventlake.history.names import Person, person, token
from eventlake.history.shape import Json, encoded, escaped, members
from eventlake.history.tenant_log import TenantLog
from eventlake.history.timeline import MINUTE, SECOND, Story
from eventlake.history.truth import Change, Incident
from eventlake.history.users import ABROAD_SPOTS, Device, Values, device
from eventlake.history.users import OFFICE as OFFICE_ADDRESS


class Call(NamedTuple):
    """One call of the Management API; `{id}` in the path stands for an id. weakens: the protection it takes away, or nothing."""

    description: str
    method: str
    path: str
    body: Json
    answer: Json
    weakens: str = ""


_BRUTE_FORCE = "/api/v2/attack-protection/brute-force-protection"
_OFF: Json = {"enabled": False, "shields": []}
_POWERFUL: Json = ["read:users", "update:users", "delete:users"]

_ROUTINE = (
    Call(
        "Update a client",
        "PATCH",
        "/api/v2/clients/{id}",
        {"callbacks": ["https://shop.example.com/cb"]},
        {"grant_types": ["authorization_code"]},
    ),
    Call("Create a client", "POST", "/api/v2/clients", {"name": "Trial"}, {"name": "Trial", "grant_types": ["authorization_code"]}),
    Call("Update tenant settings", "PATCH", "/api/v2/tenants/settings", {"session_lifetime": 72}, {"session_lifetime": 72}),
    Call("Update a connection", "PATCH", "/api/v2/connections/con_{id}", {"options": {"passwordPolicy": "good"}}, {"name": "Trial"}),
    Call("Deploy an action", "POST", "/api/v2/actions/actions/{id}/deploy", {}, {"deployed": True}),
    Call("Update a user", "PATCH", "/api/v2/users/auth0%7C{id}", {"blocked": False}, {"blocked": False}),
    Call("Assign roles to a user", "POST", "/api/v2/users/auth0%7C{id}/roles", {"roles": ["rol_reader"]}, {}),
    Call("Update Brute-force settings", "PATCH", _BRUTE_FORCE, {"max_attempts": 8}, {"enabled": True, "max_attempts": 8}),
    Call(
        "Update client grant",
        "PATCH",
        "/api/v2/client-grants/cgr_{id}",
        {"scope": ["read:orders"]},
        {"audience": "https://orders.example.com"},
    ),
    Call("Update multi-factor authentication policies", "PUT", "/api/v2/guardian/policies", ["all-applications"], ["all-applications"]),
)
"""What is done on an ordinary day."""

_READ = Call("Get a client", "GET", "/api/v2/clients/{id}", {}, {"client_id": "read", "client_secret": "*****"})

_STREAM = Call("Delete a log stream", "DELETE", "/api/v2/log-streams/lst_{id}", {}, {}, "log stream")
_INVITATION = Call(
    "Create tenant invitations for a given client", "POST", "/api/v2/tenants/invitations", {"roles": ["owner"]}, {"roles": ["owner"]}
)
_REMOVAL = Call("Delete tenant member", "DELETE", "/api/v2/tenants/members/{id}", {}, {})

WEAKENING = (
    Call("Update Brute-force settings", "PATCH", _BRUTE_FORCE, {"enabled": False}, _OFF, "brute-force-protection"),
    Call(
        "Update Suspicious IP Throttling settings", "PATCH", "/api/v2/attack-protection/suspicious-ip-throttling",
        {"enabled": False}, _OFF, "suspicious-ip-throttling",
    ),
    Call(
        "Update Breached Password Detection settings", "PATCH", "/api/v2/attack-protection/breached-password-detection",
        {"enabled": False}, _OFF, "breached-password-detection",
    ),
    Call("Update multi-factor authentication policies", "PUT", "/api/v2/guardian/policies", [], [], "multi-factor policy"),
    Call(
        "Update multi-factor authentication type", "PUT", "/api/v2/guardian/factors/push-notification",
        {"enabled": False}, {"enabled": False}, "second factor",
    ),
    Call(
        "Update client grant", "PATCH", "/api/v2/client-grants/cgr_{id}",
        {"scope": _POWERFUL}, {"audience": "https://aurora-shop.eu.example.com/api/v2/", "scope": _POWERFUL}, "client grant",
    ),
    _STREAM,
)  # fmt: skip
"""What takes protection away, in the order somebody does it who covers their tracks."""


class Administration:
    """The administrators of the shop's tenant, and the tool that deploys its configuration."""

    def __init__(self, random: Random, logins: Logins, scale: float) -> None:
        self.random = random
        self.log: TenantLog = logins.shop
        self.timeline = logins.timeline
        self.scale = scale
        self.people = [(person(random), device(random)) for _ in range(4)]
        self._dashboard = {"client_id": token(random, 32), "client_name": "Auth0 Dashboard", "channel": "https://manage.auth0.com/"}
        self._tool = {"client_id": token(random, 32), "client_name": "Deploy CLI", "channel": "api", "user_agent": "auth0-deploy-cli/8.3.0"}

    def begin(self) -> None:
        """Let the ordinary work begin."""
        self.timeline.begin(self._work(min(40.0, 2.5 * max(1.0, self.scale))))
        self.timeline.begin(self._deployments())

    def _work(self, per_day: float) -> Story:
        for at in moments(self.random, OFFICE, per_day, 1, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            who, with_what = self.random.choice(self.people)
            self._call("sapi", self.random.choice(_ROUTINE), self._by_hand(who, with_what, OFFICE_ADDRESS), who.email)

    def _deployments(self) -> Story:
        """Let the tool read some secrets and change a client, every night."""
        for at in moments(self.random, NIGHTLY, 1.0, 1, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            values = self.log.values(self._tool, {"ip": "203.0.113.40", "administrator": ""})
            for _ in range(2):
                self._call("mgmt_api_read", _READ, values, self._tool["client_name"])
                yield 2 * SECOND
            self._call("sapi", _ROUTINE[0], values, self._tool["client_name"])

    def weakening(self) -> Story:
        """Take the tenant's protection away, one part after the other, with an administrator's account."""
        who, _ = self.random.choice(self.people)
        where, begun = self.random.choice(ABROAD_SPOTS), self.timeline.now
        values = self._by_hand(who, device(self.random), where.ip)
        for call in WEAKENING:
            self._call("sapi", call, values, who.email)
            yield 40 * SECOND + self.random.randrange(4 * MINUTE)
        self.log.truth.note(Incident("weakened protection", begun, self.timeline.now, (where.ip,), (who.email,)))

    def stopping_the_stream(self) -> Story:
        """Delete the log stream and nothing else, with an administrator's account."""
        who, _ = self.random.choice(self.people)
        where, begun = self.random.choice(ABROAD_SPOTS), self.timeline.now
        self._call("sapi", _STREAM, self._by_hand(who, device(self.random), where.ip), who.email)
        yield SECOND
        self.log.truth.note(Incident("log stream stopped", begun, self.timeline.now, (where.ip,), (who.email,)))

    def taking_the_tenant(self) -> Story:
        """Send an invitation to an owner with one administrator's account, and remove the other administrators over an evening."""
        who, *others = [one for one, _ in self.random.sample(self.people, len(self.people))]
        where, begun = self.random.choice(ABROAD_SPOTS), self.timeline.now
        values = self._by_hand(who, device(self.random), where.ip)
        self._call("sapi", _INVITATION, values, who.email)
        for _ in others:
            yield 20 * MINUTE + self.random.randrange(60 * MINUTE)
            self._call("sapi", _REMOVAL, values, who.email)
        self.log.truth.note(Incident("tenant takeover", begun, self.timeline.now, (where.ip,), (who.email,)))

    def _by_hand(self, who: Person, with_what: Device, ip: str) -> Values:
        user_id = f"google-oauth2|{who.slug}"
        administrator = members({"user": {"user_id": user_id, "name": who.name, "email": who.email}})
        return self.log.values(self._dashboard, with_what.values(old=False), {"ip": ip, "user_id": user_id, "administrator": administrator})

    def _call(self, kind: str, call: Call, values: Values, who: str) -> None:
        path = call.path.format(id=token(self.random, 16))
        body = json.dumps(call.body, separators=(",", ":"))
        self.log.truth.note(Change(self.timeline.now, kind, who, values["ip"], call.description, call.method, path, call.weakens, body))
        self.log.write(
            kind,
            values,
            description=escaped(call.description),
            method=call.method,
            path=path,
            body=encoded(call.body),
            answer=encoded(call.answer),
            status="204" if call.method == "DELETE" else "200",
        )
