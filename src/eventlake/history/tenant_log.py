"""Writes entries of a tenant log as events of its log stream, and notes what they tell.

An entry happens when its story tells it; the stream delivers it some seconds later.
"""

from __future__ import annotations

from functools import cache
from random import Random

from eventlake.history.log_types import AUTH0_LOG, log_shape, log_types
from eventlake.history.names import identifier, token
from eventlake.history.timeline import MINUTE, SECOND, Timeline, iso, iso_second
from eventlake.history.truth import SignIn, Truth, UserEvent
from eventlake.history.users import Spot, Tenant, Values

SLOWEST_DELIVERY = 20 * SECOND


def delivered_at(moment: int) -> int:
    """Return when the stream delivers an entry of this moment: 4 to 20 seconds later, growing and shrinking every ten minutes, in order."""
    turn = abs(moment % (10 * MINUTE) - 5 * MINUTE)  # 5 minutes down to 0 and up again
    return moment + 4 * SECOND + turn * 16 * SECOND // (5 * MINUTE)


NOBODY: Values = {
    **dict.fromkeys(("user_id", "user_name", "identity_user_id", "organization", "organization_name"), ""),
    **dict.fromkeys(("connection", "connection_id", "strategy", "strategy_type", "client_id", "client_name", "audience"), ""),
    **dict.fromkeys(
        ("ip", "location", "user_agent", "mobile", "ja3", "ja4", "session_id", "correlation_id", "trace_id", "risk", "phone"), ""
    ),
    "scope": '""',
    "auth0_client": "{}",
}
"""What an entry says where there is nothing to say."""

_DESCRIPTIONS = {
    "s": "Successful login",
    "f": "Access denied.",
    "fp": "Wrong email or password.",
    "fu": "Wrong email or password.",
    "ssa": "Silent Authentication",
    "seacft": "Authorization Code for Access Token",
    "sertft": "Refresh Token for Access Token",
    "seccft": "Client Credentials for Access Token",
    "feccft": "Unauthorized",
    "slo": "User successfully logged out",
    "fs": "Wrong captcha",
    "scp": "Change password",
    "pwd_leak": "Someone behind the IP address attempted to login with a leaked password.",
    "limit_sul": "User reached the maximum logins per time period from the same IP address.",
    "gd_send_pn": "Guardian - Second factor notification sent",
    "gd_auth_rejected": "Guardian - Second factor authentication was rejected",
    "gd_auth_succeed": "Guardian - Second factor authentication succeeded",
}

_NOTED = frozenset({
    "gd_send_pn", "gd_auth_rejected", "gd_auth_succeed", "gd_unenroll", "gd_enrollment_complete", "scp", "ss", "fs",
    "pwd_leak", "reset_pwd_leak", "signup_pwd_leak",
})  # fmt: skip
"""Types that are noted as something that happened to a user, besides every limit that was reached."""


_DIGITS_ONLY = str.maketrans("", "", "-:.TZ")


class TenantLog:
    """The log of one tenant. is_silent: whether its stream has stopped, so that what is written reaches nobody."""

    def __init__(self, random: Random, timeline: Timeline, truth: Truth, tenant: Tenant) -> None:
        self.random = random
        self.timeline = timeline
        self.truth = truth
        self.tenant = tenant
        self.is_silent = False
        self._serial = random.randrange(10**9)

    def values(self, *layers: Values) -> Values:
        """Merge the values for the entries of one session: tenant, user, application and place, later layers over earlier ones."""
        values = {**NOBODY, **self.tenant.values(), "session_id": token(self.random, 32), "correlation_id": identifier(self.random)}
        for layer in layers:
            values.update(layer)
        return values

    def write(self, code: str, values: Values, /, **more: str) -> None:
        """Write one entry of this type, now."""
        if self.is_silent:
            return
        now, user_id = self.timeline.now, values["user_id"] if _names_a_user(code) else ""
        description = _DESCRIPTIONS.get(code) or _event(code)
        self.timeline.say(log_shape(code) % {**values, "description": description, **more, **self._stamps(now)})
        self.truth.counts(AUTH0_LOG)
        self.truth.logged(code, user_id, now)
        if code in _NOTED or code.startswith("limit_"):
            self.truth.note(UserEvent(now, code, values["user_name"], user_id, values["ip"]))

    def _stamps(self, now: int) -> Values:
        """Return what tells an entry from every other: ids and times."""
        self._serial += 1
        date = iso(now)
        return {
            "id": identifier(self.random),
            "date": date,
            "time": iso_second(delivered_at(now)),
            "log_id": f"900{date.translate(_DIGITS_ONLY)}{now % 997:03d}000000000000001223372{self._serial:015d}",
        }

    def sign_in(self, kind: str, values: Values, spot: Spot, /, **more: str) -> None:
        """Write a try to log in, and note it: `s` with success, `f`, `fp` or `fu` without."""
        reason = "" if kind == "s" else more.get("description", _DESCRIPTIONS[kind])
        self.truth.note(
            SignIn(
                at=self.timeline.now,
                kind=kind,
                user_name=values["user_name"],
                user_id=values["user_id"],
                ip=spot.ip,
                country=spot.country,
                application=values["client_name"],
                connection=values["connection"],
                organization=values["organization_name"],
                reason=reason,
                fingerprint=values["ja4"],
            )
        )
        self.write(kind, values, **more, error=reason)

    def log_in(self, values: Values, spot: Spot, logins: int) -> None:
        """Write a login that succeeds, with how long it took."""
        now, elapsed = self.timeline.now, 1800 + self.random.randrange(14_000)
        self.sign_in("s", values, spot, **took(now, elapsed), logins=str(logins), risk=_risk(self.random) if logins % 3 == 0 else "")


def took(finished: int, elapsed: int) -> Values:
    """Return when a flow began and finished, and how many milliseconds it took."""
    return {"began": str(finished - elapsed), "finished": str(finished), "elapsed": str(elapsed)}


def _risk(random: Random) -> str:
    """Choose what Adaptive MFA thought of a login."""
    confidence = random.choices(("high", "medium", "low"), (6, 3, 1))[0]
    return f'"riskAssessment":{{"confidence":"{confidence}","version":"1","assessments":{{}}}},'


@cache
def _names_a_user(code: str) -> bool:
    known = log_types().get(code)
    return known is None or not known.fields.isdisjoint({"user", "user_id"})


def _event(code: str) -> str:
    known = log_types().get(code)
    return known.event if known else code
