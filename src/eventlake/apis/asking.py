"""Asks a host for JSON until it answers: never faster than it allows, again after what passes, and not for ever.

A connection that is dropped, an answer that is cut off and an error of the server (5xx) pass; so does a request too many (429), after the
wait that it names. Whoever never answered at all is told at once: its name is wrong, or the network is.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eventlake.answers.values import visible
from eventlake.apis.host import Answer, Host
from eventlake.apis.limit import Limit
from eventlake.errors import ConfigurationError, ServiceError

PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""How long to wait before asking again, the first time, the second, ...; then it is given up."""
_TOO_MANY = 429
_WORDS = 300


@dataclass(frozen=True, slots=True)
class Said:
    """What a host answered: its status, its headers by their names in lower case, and what its JSON says; None if it is none."""

    status: int
    headers: Mapping[str, str]
    value: Any  # any JSON value

    @property
    def words(self) -> str:
        """Return what it says of an error, in its own words, as a terminal may show them."""
        said = self.value if isinstance(self.value, dict) else {}
        code = said.get("errorCode") or said.get("error")
        words = said.get("message") or said.get("error_description") or http.client.responses.get(self.status, "no reason")
        return visible(f"{self.status} {code}: {words}" if code else f"{self.status} {words}")[:_WORDS]


class Asker:
    """Asks one host. now: seconds since 1970. pause: waits that many seconds."""

    def __init__(self, host: Host, now: Callable[[], float] = time.time, pause: Callable[[float], None] = time.sleep) -> None:
        self.host = host
        self._limit = Limit(now, pause)
        self._pause = pause
        self._is_known = False

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Said:
        """Return what the host says, be it that it refuses. Raises ConfigurationError if it is not there, ServiceError if it never answers."""
        trouble = ""
        for pause in (0.0, *PAUSES_S):
            if pause:
                self._pause(pause)
            self._limit.wait()
            try:
                said = self._said(self.host.exchange(method, path, headers, body))
            except (OSError, http.client.HTTPException) as error:
                trouble = self._trouble(error)
                continue
            if said.status < 500 and said.status != _TOO_MANY and not (said.status == 200 and said.value is None):
                return said
            trouble = "what is no whole JSON" if said.status == 200 else said.words
        raise ServiceError(
            f"{self.host.url} was asked {len(PAUSES_S) + 1} times and answered {trouble}; what is stored stays, try again later."
        )

    def _said(self, answer: Answer) -> Said:
        """Read an answer, and note how fast the next may follow."""
        self._is_known = True
        self._limit.learn(answer.headers, is_refused=answer.status == _TOO_MANY)
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        return Said(answer.status, answer.headers, value)

    def _trouble(self, error: Exception) -> str:
        """Return what to say of a connection that failed. Raises ConfigurationError if that will not pass."""
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError):
            raise ConfigurationError(f"{self.host.url} shows a certificate that is not its own: {error.verify_message}.") from None
        if not self._is_known and isinstance(error, OSError) and not isinstance(error, ConnectionResetError | BrokenPipeError):
            raise ConfigurationError(
                f"{self.host.url} cannot be reached: {reason}. Is the domain right, and this machine online?"
            ) from None
        return f"nothing ({reason})"
