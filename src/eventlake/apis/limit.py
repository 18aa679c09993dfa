"""How fast an API may be asked, as it says with each answer: `x-ratelimit-remaining` and `x-ratelimit-reset`.

https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from eventlake.errors import ServiceError

LONGEST_S = 3600.0
"""Who may not ask again for longer than this is told, and does not wait."""


class Limit:
    """Waits before a request that would be one too many. now: seconds since 1970. pause: waits that many seconds.

    The moment of the reset is the host's; how long it is until then is told by the host's own clock, the header `Date`.
    """

    def __init__(self, now: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._now = now
        self._pause = pause
        self._free_at = 0.0

    def wait(self) -> None:
        """Wait until the API may be asked. Raises ServiceError if that is too far."""
        seconds = self._free_at - self._now()
        if seconds > LONGEST_S:
            raise ServiceError(f"The API takes no request for {seconds:,.0f} s; what is stored stays, run the same command then.")
        if seconds > 0:
            self._pause(seconds)

    def learn(self, headers: Mapping[str, str], *, is_refused: bool) -> None:
        """Note what an answer says. is_refused: the request was one too many."""
        remaining = _number(headers.get("x-ratelimit-remaining"))
        if is_refused or (remaining is not None and remaining <= 0):
            self._free_at = self._now() + self._seconds(headers)

    def _seconds(self, headers: Mapping[str, str]) -> float:
        """Return for how long nothing may be asked; 0 if the answer does not say."""
        reset, after = _number(headers.get("x-ratelimit-reset")), _number(headers.get("retry-after"))
        until = reset - (_date(headers.get("date")) or self._now()) if reset is not None else 0.0
        return max(until, after or 0.0, 0.0)


def _number(written: str | None) -> float | None:
    return float(written) if written is not None and written.strip().isdecimal() else None


def _date(written: str | None) -> float | None:
    """Read the header `Date`, in seconds since 1970."""
    try:
        return parsedate_to_datetime(written or "").timestamp()
    except ValueError:
        return None
