"""Attacks on a tenant, and what looks like one: each is told from its beginning to its end and noted as an incident.

Attackers come from 198.51.100.0/24 and 203.0.113.128/25, where no user is at home.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from eventlake.history.administration import Administration
from eventlake.history.load import ALWAYS, moments
from eventlake.history.logins import Logins
from eventlake.history.names import ABROAD
from eventlake.history.tenant_log import TenantLog, took
from eventlake.history.timeline import HOUR, MINUTE, SECOND, Story
from eventlake.history.truth import Incident
from eventlake.history.users import DATABASE, Device, Spot, User, Values, device, spot, unknown_user

_IP_FAILURES = 20
"""Failures from one address after which Auth0 blocks it (limit_mu)."""
_ACCOUNT_FAILURES = 10
"""Failures of one address on one account after which it is blocked for it (limit_wc)."""


class Attacks:
    """Those who attack the shop's tenant."""

    def __init__(self, random: Random, logins: Logins, administration: Administration, scale: float) -> None:
        self.random = random
        self.logins = logins
        self.administration = administration
        self.log: TenantLog = logins.shop
        self.timeline = logins.timeline
        self.scale = scale
        self._addresses = 0

    def begin(self) -> None:
        """Let each kind of attack happen now and then, and all of them in the last days."""
        now, end = self.timeline.now, self.timeline.end
        for story, a_month, before_end in self._kinds():
            self.timeline.begin(self._now_and_then(a_month / 30 * max(1.0, self.scale), story))
            if end - before_end > now:
                self.timeline.begin(story(), end - before_end)

    def _kinds(self) -> list[tuple[Callable[[], Story], float, int]]:
        """List the stories: each with how often a month it happens, and how long before the end it certainly does."""
        return [
            (self.credential_stuffing, 2, 52 * HOUR),
            (self.password_spraying, 1, 70 * HOUR),
            (self.takeover, 3, 27 * HOUR),
            (self.mfa_fatigue, 2, 33 * HOUR),
            (self.impossible_travel, 2, 21 * HOUR),
            (self.breached_passwords, 4, 45 * HOUR),
            (self.bots, 1, 60 * HOUR),
            (self.too_many_logins, 1, 40 * HOUR),
            (self.administration.weakening, 0.5, 19 * HOUR),
        ]

    def _now_and_then(self, per_day: float, story: Callable[[], Story]) -> Story:
        for at in moments(self.random, ALWAYS, per_day, 0, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            self.timeline.begin(story())

    # -- the stories --

    def credential_stuffing(self) -> Story:
        """Try lists of stolen passwords on many users from a few addresses; some passwords are still good."""
        begun, places, tool = self.timeline.now, [self._address() for _ in range(3)], device(self.random)
        known = self._victims(min(70, len(self.logins.customers) // 3))
        failures = dict.fromkeys((place.ip for place in places), 0)
        good = known[5::29]
        for user in known:
            place = self.random.choice(places)
            yield 300 + self.random.randrange(3 * SECOND)
            if user in good:
                yield from self._enters(user, place, tool)
                continue
            self._fails(user, place, tool)
            self._fails(f"{user.person.slug}@example.net", place, tool)
            failures[place.ip] += 2
            if failures[place.ip] == _IP_FAILURES:
                self.log.write("limit_mu", self._as(user, place, tool))
            if self.random.random() < 0.04:
                self.log.write("pwd_leak", self._as(user, place, tool))
        self._note("credential stuffing", begun, places, [user.name for user in good])

    def password_spraying(self) -> Story:
        """Try one common password on each user, slowly, and then the next."""
        begun, places, tool = self.timeline.now, [self._address() for _ in range(2)], device(self.random)
        users = self._victims(min(45, len(self.logins.customers) // 3))
        for _ in range(3):
            for user in users:
                yield 2 * SECOND + self.random.randrange(5 * SECOND)
                self._fails(user, self.random.choice(places), tool)
            yield 30 * MINUTE
        self._note("password spraying", begun, places, [])

    def takeover(self) -> Story:
        """Guess at one account many times, rightly in the end, and lock the door behind."""
        begun, first, second, tool = self.timeline.now, self._address(), self._address(), device(self.random)
        user = self._victims(1)[0]
        for guess in range(1, _ACCOUNT_FAILURES + 1):
            yield 3 * SECOND + self.random.randrange(20 * SECOND)
            self._fails(user, first, tool)
            if guess == _ACCOUNT_FAILURES:
                blocked = f"User ({user.name}) attempted {guess} consecutive logins unsuccessfully."
                self.log.write("limit_wc", self._as(user, first, tool), description=blocked)
        for _ in range(1 + self.random.randrange(4)):
            yield MINUTE + self.random.randrange(2 * MINUTE)
            self._fails(user, second, tool)
        yield MINUTE
        yield from self._enters(user, second, tool)
        values = self._as(user, second, tool)
        for code in ("scp", "gd_unenroll", "gd_enrollment_complete"):
            yield 30 * SECOND + self.random.randrange(2 * MINUTE)
            self.log.write(code, values)
        self._note("takeover", begun, (first, second), [user.name])

    def mfa_fatigue(self) -> Story:
        """Let the phone ring until its owner gives in; the password is known."""
        begun, place, tool = self.timeline.now, self._address(), device(self.random)
        user = self._victims(1)[0]
        values = self._as(user, place, tool)
        for _ in range(7 + self.random.randrange(8)):
            self.log.write("gd_start_auth", values)
            yield 80
            self.log.write("gd_send_pn", values)
            yield 8 * SECOND + self.random.randrange(40 * SECOND)
            self.log.write("gd_auth_rejected", values)
            yield 20 * SECOND + self.random.randrange(90 * SECOND)
        self.log.write("gd_send_pn", values)
        yield 12 * SECOND
        self.log.write("gd_auth_succeed", values)
        yield 300
        yield from self._enters(user, place, tool)
        self._note("mfa fatigue", begun, (place,), [user.name])

    def impossible_travel(self) -> Story:
        """Let a user log in at home, and soon after from another continent."""
        begun, place = self.timeline.now, self._address()
        user = self._victims(1)[0]
        yield from self._enters(user, user.spot, user.device)
        yield 20 * MINUTE + self.random.randrange(25 * MINUTE)
        yield from self._enters(user, place, device(self.random))
        self._note("impossible travel", begun, (place,), [user.name])

    def breached_passwords(self) -> Story:
        """Meet users whose password is known from other sites; some of them change it."""
        begun, place, tool = self.timeline.now, self._address(), device(self.random)
        users = self._victims(4)
        for user, code in zip(users, ("pwd_leak", "pwd_leak", "reset_pwd_leak", "signup_pwd_leak"), strict=False):
            yield 30 * SECOND
            self.log.write(code, self._as(user, place, tool))
        for user in users[::2]:
            yield 20 * MINUTE + self.random.randrange(3 * HOUR)
            self.log.write("scp", self._as(user, user.spot, user.device))
        self._note("breached passwords", begun, (place,), [user.name for user in users])

    def bots(self) -> Story:
        """Let programs sign up, which are seen through."""
        begun, places, tool = self.timeline.now, [self._address() for _ in range(2)], device(self.random)
        for number in range(40):
            yield SECOND + self.random.randrange(6 * SECOND)
            place = self.random.choice(places)
            values = {**self._from(place, tool), **unknown_user(f"bot{number}.{self.random.randrange(10**6)}@example.org")}
            self.log.write("pla", values, suspected="true")
            yield 200
            self.log.write("fs", values)
        self._note("bots", begun, places, [])

    def too_many_logins(self) -> Story:
        """Let a script log in with a user's password, over and over, until that is stopped."""
        begun, user = self.timeline.now, self._victims(1)[0]
        for _ in range(8):
            yield 2 * SECOND
            yield from self._enters(user, user.spot, user.device)
        self.log.write("limit_sul", self._as(user, user.spot, user.device))
        self._note("too many logins", begun, (user.spot,), [user.name])

    # -- what they have in common --

    def _victims(self, count: int) -> list[User]:
        """Choose users with a password who are at home and have logged in before."""
        at_home = [user for user in self.logins.customers if user.connection is DATABASE and user.is_at_home and user.logins]
        return self.random.sample(at_home, min(count, len(at_home)))

    def _address(self) -> Spot:
        """Return an address of an attacker that was not used for a while."""
        self._addresses += 1
        place = ABROAD[self._addresses % len(ABROAD)]
        number = self._addresses * 37 % 366
        return spot(place, f"198.51.100.{number + 1}" if number < 250 else f"203.0.113.{number - 250 + 130}")

    def _from(self, place: Spot, tool: Device) -> Values:
        return self.log.values(self.logins.applications[0].values(), tool.values(old=False), place.values())

    def _as(self, user: User, place: Spot, tool: Device) -> Values:
        """Return values for entries in a user's name, from another place and device."""
        return {**self._from(place, tool), **user.values, **tool.values(old=False)}

    def _fails(self, user: User | str, place: Spot, tool: Device) -> None:
        if isinstance(user, User):
            self.log.sign_in("fp", self._as(user, place, tool), place)
        else:
            self.log.sign_in("fu", {**self._from(place, tool), **unknown_user(user)}, place)

    def _enters(self, user: User, place: Spot, tool: Device) -> Story:
        values = self._as(user, place, tool)
        user.logins += 1
        self.log.log_in(values, place, user.logins)
        yield 300
        self.log.write("seacft", values, code=values["session_id"][:3], **took(self.timeline.now, 300))

    def _note(self, kind: str, begun: int, places: Sequence[Spot], victims: Sequence[str]) -> None:
        self.log.truth.note(Incident(kind, begun, self.timeline.now, tuple(place.ip for place in places), tuple(victims)))
