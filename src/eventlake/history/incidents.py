"""Incidents one by one, each once, for whoever asks whether it is found: the attacks of `attacks`, and those that a demo does without.

They happen in the last days, some hours apart, so that what is usual is known before, and one does not hide another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventlake.history.attacks import Attacks
from eventlake.history.timeline import DAY, HOUR, MINUTE, SECOND, Story
from eventlake.history.truth import MachineToken
from eventlake.history.users import device, unknown_user

_APART = 19 * HOUR
"""Between the beginnings of two incidents: longer than any of them, and another time of the day for each."""
_SILENCE = 6 * HOUR

INCIDENTS = (
    "credential stuffing", "password spraying", "takeover", "mfa fatigue", "impossible travel", "breached passwords", "bots",
    "too many logins", "weakened protection", "log stream stopped", "tenant takeover", "token reuse", "shared factor", "sms pumping",
    "machine from a new address", "silent source",
)  # fmt: skip
"""By the names that the truth gives them; the last is the last to happen, for nothing is seen while it does."""


class Incidents(Attacks):
    """Those who attack the shop's tenant, each once."""

    def begin_each(self, kinds: Sequence[str]) -> None:
        """Let incidents of these kinds happen, in the order of `INCIDENTS`, and nothing else. Raises ValueError for one that there is not."""
        if unknown := set(kinds) - set(INCIDENTS):
            raise ValueError(f"There is no incident {sorted(unknown)[0]!r}; there are {', '.join(INCIDENTS)}.")
        end = self.timeline.end - self.timeline.end % DAY - DAY + 10 * HOUR  # the busy hours of a day that is whole
        for number, kind in enumerate(sorted(kinds, key=INCIDENTS.index, reverse=True)):
            self.timeline.begin(self._stories()[kind](), end - number * _APART)

    def _stories(self) -> dict[str, Callable[[], Story]]:
        return {
            "credential stuffing": self.credential_stuffing,
            "password spraying": self.password_spraying,
            "takeover": self.takeover,
            "mfa fatigue": self.mfa_fatigue,
            "impossible travel": self.impossible_travel,
            "breached passwords": self.breached_passwords,
            "bots": self.bots,
            "too many logins": self.too_many_logins,
            "weakened protection": self.administration.weakening,
            "log stream stopped": self.administration.stopping_the_stream,
            "tenant takeover": self.administration.taking_the_tenant,
            "token reuse": self.token_reuse,
            "shared factor": self.shared_factor,
            "sms pumping": self.sms_pumping,
            "machine from a new address": self.machine_moved,
            "silent source": self.silence,
        }

    def token_reuse(self) -> Story:
        """Use a refresh token that was copied, after its owner did."""
        begun, place, user = self.timeline.now, self._address(), self._victims(1)[0]
        values = self._as(user, place, device(self.random))
        reason = "Unsuccessful Refresh Token exchange, reused refresh token detected"
        for _ in range(2):
            self.log.write("ferrt", values, description=reason)
            yield 40 * SECOND
        self._note("token reuse", begun, (place,), [user.name])

    def shared_factor(self) -> Story:
        """Register one phone as the second factor of several users whose passwords are known."""
        begun, place, tool = self.timeline.now, self._address(), device(self.random)
        users = self._victims(3)
        for user in users:
            values = {**self._as(user, place, tool), "phone": '"phone_number":"XXXXXXXX4711",'}
            self.log.write("gd_enrollment_complete", values)
            yield 20 * MINUTE
        self._note("shared factor", begun, (place,), [user.name for user in users])

    def sms_pumping(self) -> Story:
        """Have messages sent to numbers of one operator, until the limit is met."""
        begun, place, tool = self.timeline.now, self._address(), device(self.random)
        for number in range(30):
            values = {**self._from(place, tool), **unknown_user(f"+99955500{number:02}")}
            self.log.write("gd_send_sms", values)
            yield 8 * SECOND + self.random.randrange(20 * SECOND)
        self.log.write("limit_phone", {**self._from(place, tool), **unknown_user("+9995550030")})
        self._note("sms pumping", begun, (place,), [])

    def machine_moved(self) -> Story:
        """Get tokens with the secret of a machine, from elsewhere."""
        begun, place = self.timeline.now, self._address()
        machine = min(self.logins.machines, key=lambda one: one.minutes)
        values = self.log.values(machine.values(), place.values(), {"user_agent": "curl/8.5.0"})
        for _ in range(3):
            self.log.truth.note(MachineToken(self.timeline.now, "seccft", machine.name, machine.audience, place.ip))
            self.log.write("seccft", values)
            yield 5 * MINUTE
        self._note("machine from a new address", begun, (place,), [machine.name])

    def silence(self) -> Story:
        """Let the log stream err, so that nothing comes for hours."""
        begun, logs = self.timeline.now, (self.logins.shop, self.logins.staff)
        for log in logs:
            log.is_silent = True
        yield _SILENCE
        for log in logs:
            log.is_silent = False
        self._note("silent source", begun, (), [])
