"""The ordinary life of a company's Auth0 tenants: people log in and stay, forget, travel and join; machines get tokens.

Attacks are told in `attacks`, what administrators do in `administration`.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random

from eventlake.history.load import ALWAYS, EVENING, OFFICE, Rhythm, moments
from eventlake.history.log_types import log_types
from eventlake.history.names import PLACES, Place
from eventlake.history.tenant_log import TenantLog, took
from eventlake.history.timeline import DAY, HOUR, MINUTE, SECOND, Story, Timeline
from eventlake.history.truth import MachineToken, Truth
from eventlake.history.users import (
    DATABASE,
    Application,
    Machine,
    User,
    Values,
    applications,
    home_spot,
    identity_values,
    machines,
    new_user,
    population,
    tenant,
    unknown_user,
)

_VISITS_PER_DAY = 230
"""Visits on a working day at scale 1."""

TYPES_OF_STORIES = frozenset({
    "s", "f", "fp", "fu", "ssa", "seacft", "sertft", "slo", "ss", "fs", "scp", "scpr", "pla", "seccft", "feccft", "sapi", "mgmt_api_read",
    "limit_wc", "limit_mu", "limit_sul", "pwd_leak", "reset_pwd_leak", "signup_pwd_leak", "gd_start_auth", "gd_send_pn", "gd_auth_succeed",
    "gd_auth_failed", "gd_auth_rejected", "gd_unenroll", "gd_enrollment_complete",
})  # fmt: skip
"""Types that stories tell; the others turn up by themselves, now and then."""


class Logins:
    """The tenants of a company and everybody who logs in, on one timeline.

    users: how many there are; those who join replace others, so that they never become more.
    """

    def __init__(self, random: Random, timeline: Timeline, truth: Truth, scale: float, users: int) -> None:
        self.random = random
        self.timeline = timeline
        self.truth = truth
        self.scale = scale
        self.shop = TenantLog(random, timeline, truth, tenant(random, "aurora-shop", old=False))
        self.staff = TenantLog(random, timeline, truth, tenant(random, "aurora-staff", old=True))
        self.applications = applications(random)
        self.console = Application("Staff Console", "web", "St4ffC0ns0leSt4ffC0ns0leSt4ffC0n", "nextjs-auth0", "https://staff.example.com")
        self.machines = machines(random)
        everybody = population(random, max(users, 40), old=False)
        staff = max(10, users // 12)
        self.employees, self.customers = everybody[:staff], everybody[staff:]
        for user in self.employees:
            user.values = identity_values(user, old=True)
        self._joined = len(everybody)
        self._by_place: dict[Place, list[User]] = {}
        for user in self.customers:
            self._by_place.setdefault(user.place, []).append(user)

    def begin(self, *, with_oddities: bool = True) -> None:
        """Let everything begin that goes on for the whole history; oddities are entries of every other type, limits that were met among them."""
        per_day = _VISITS_PER_DAY * self.scale
        begin = self.timeline.begin
        for place, users in self._by_place.items():
            share = 0.88 * len(users) / len(self.customers)
            begin(self._visits(self.shop, users, EVENING, per_day * share, place.offset_hours))
        begin(self._visits(self.staff, self.employees, OFFICE, per_day * 0.12, 1))
        begin(self._signups(per_day * 0.02))
        begin(self._trips(max(0.4, per_day * 0.004)))
        if with_oddities:
            begin(self._oddities(max(5.0, 20 * self.scale)))
        for machine in self.machines:
            begin(self._tokens(machine))

    # -- people --

    def _visits(self, log: TenantLog, users: list[User], rhythm: Rhythm, per_day: float, offset_hours: int) -> Story:
        """Let these users visit, the first ones more often."""
        for at in moments(self.random, rhythm, per_day, offset_hours, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            user = users[int(self.random.random() ** 2 * len(users))]
            if not user.travelling:
                self.timeline.begin(self._visit(log, user))

    def _visit(self, log: TenantLog, user: User) -> Story:
        """Visit once: perhaps after mistakes, perhaps with a second factor; a session for a while; perhaps a logout."""
        random, where = self.random, user.spot
        application = self.console if log is self.staff else random.choices(self.applications, (5, 3, 2))[0]
        values = log.values(user.values, application.values(), where.values())
        if random.random() < 0.15:
            log.write("pla", values, suspected="false")
        if user.connection is DATABASE and random.random() < 0.08:
            yield from self._mistakes(log, user, values)
        if random.random() < 0.012:
            log.sign_in("f", values, where, description="user is blocked" if random.random() < 0.4 else "Access denied.")
            return
        if user.second_factor and random.random() < 0.6 and not (yield from self._second_factor(log, values)):
            return
        user.logins += 1
        log.log_in(values, where, user.logins)
        yield 250
        log.write("seacft", values, code=values["session_id"][:3])
        yield from self._stay(log, application, values)

    def _mistakes(self, log: TenantLog, user: User, values: Values) -> Story:
        """Make a mistake: a wrong password, a mistyped address, or a forgotten password."""
        for _ in range(1 + (self.random.random() < 0.35)):
            if self.random.random() < 0.2:
                log.sign_in("fu", {**values, **unknown_user(f"x{user.name}")}, user.spot)
            else:
                log.sign_in("fp", values, user.spot)
            yield 4 * SECOND + self.random.randrange(25 * SECOND)
        if self.random.random() < 0.15:
            log.write("scpr", values)
            yield MINUTE + self.random.randrange(5 * MINUTE)
            log.write("scp", values)
            yield 6 * SECOND

    def _second_factor(self, log: TenantLog, values: Values) -> Generator[int, None, bool]:
        """Push to the phone; return True if the user confirmed it."""
        log.write("gd_start_auth", values)
        yield 90
        log.write("gd_send_pn", values)
        yield 4 * SECOND + self.random.randrange(20 * SECOND)
        went_well = self.random.random() > 0.03
        log.write("gd_auth_succeed" if went_well else "gd_auth_failed", values)
        yield 400
        return went_well

    def _stay(self, log: TenantLog, application: Application, values: Values) -> Story:
        """Let the session go on for a while."""
        kind = "sertft" if application.kind == "native" else "ssa"
        rounds = int(self.random.expovariate(0.6))
        for number in range(1, rounds + 1):
            yield 8 * MINUTE + self.random.randrange(25 * MINUTE)
            log.write(kind, values, **took(self.timeline.now, 300), logins=str(number))
        if self.random.random() < 0.3:
            yield 2 * MINUTE + self.random.randrange(10 * MINUTE)
            log.write("slo", values)

    def _signups(self, per_day: float) -> Story:
        """Let people join; each takes the place of another one, who never comes again."""
        for at in moments(self.random, EVENING, per_day, 1, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            self._joined += 1
            self.timeline.begin(self._joins(new_user(self.random, self._joined, old=False)))

    def _joins(self, user: User) -> Story:
        values = self.shop.values(user.values, self.applications[0].values(), user.spot.values())
        self.shop.write("ss", values, **took(self.timeline.now, 21_000))
        yield 800
        user.logins = 1
        self.shop.log_in(values, user.spot, 1)
        neighbours = self._by_place.setdefault(user.place, [user])
        neighbours[self.random.randrange(len(neighbours))] = user

    def _trips(self, per_day: float) -> Story:
        """Let users travel."""
        for at in moments(self.random, ALWAYS, per_day, 0, self.timeline.now, self.timeline.end):
            yield at - self.timeline.now
            user = self.random.choice(self.customers)
            if user.is_at_home:
                self.timeline.begin(self._trip(user, self.random.choice([place for place in PLACES if place is not user.place])))

    def _trip(self, user: User, place: Place) -> Story:
        """Go away for some days, with half a day on the way there and back."""
        home = user.spot
        for spot in (home_spot(self.random, place, user.number), home):
            user.travelling = True
            yield 8 * HOUR + self.random.randrange(5 * HOUR)
            user.travelling, user.spot = False, spot
            yield DAY + self.random.randrange(5 * DAY)

    # -- machines, and what turns up by itself --

    def _tokens(self, machine: Machine) -> Story:
        """Get a token for a machine when its last one expires; now and then its secret is the old one for a while."""
        values = self.shop.values(machine.values())
        random, period = self.random, max(1, round(machine.minutes / max(1.0, self.scale))) * MINUTE
        yield random.randrange(period)
        while True:
            for _ in range(5 + random.randrange(10) if random.random() < 0.004 else 0):
                self._token(machine, "feccft", values)
                yield 40 * SECOND
            self._token(machine, "seccft", values)
            yield period + random.randrange(30 * SECOND)

    def _token(self, machine: Machine, kind: str, values: Values) -> None:
        self.truth.note(MachineToken(self.timeline.now, kind, machine.name, machine.audience, machine.ip))
        self.shop.write(kind, values)

    def _oddities(self, per_day: float) -> Story:
        """Write every other documented type, one after the other."""
        codes = sorted(log_types().keys() - TYPES_OF_STORIES)
        self.random.shuffle(codes)
        for count, at in enumerate(moments(self.random, ALWAYS, per_day, 0, self.timeline.now, self.timeline.end)):
            yield at - self.timeline.now
            user = self.random.choice(self.customers)
            values = self.shop.values(user.values, self.random.choice(self.applications).values(), user.spot.values())
            self.shop.write(codes[count % len(codes)], values)
