"""What lets a caller read a tenant's log: a token that is given, or one fetched for a client's secret and renewed before it ends.

https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens/get-management-api-access-tokens-for-production
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from eventlake.apis.asking import Asker
from eventlake.errors import ConfigurationError, ServiceError

MARGIN_S = 60.0
"""So long before its end a token is renewed, but for one that lives less than twice that."""


class Access(Protocol):
    """What gives the token of the next request."""

    def token(self, asker: Asker) -> str:
        """Return a token that is valid as far as one knows. Raises ConfigurationError, ServiceError."""

    def refused(self) -> bool:
        """Note that the last token was refused; return True if there may be another."""


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that a person has; it ends when it ends."""

    value: str = field(repr=False)

    def token(self, asker: Asker) -> str:
        """Return it."""
        return self.value

    def refused(self) -> bool:
        """Say that there is no other."""
        return False


class ClientCredentials:
    """Tokens for a machine-to-machine application. elapsed: seconds since some moment."""

    def __init__(self, client_id: str, client_secret: str, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._elapsed = elapsed
        self._token = ""
        self._ends = 0.0

    def token(self, asker: Asker) -> str:
        """Return the token, a new one if it ends soon. Raises ConfigurationError if the client is refused."""
        if not self._token or self._elapsed() >= self._ends:
            self._fetch(asker)
        return self._token

    def refused(self) -> bool:
        """Forget the token, so that the next is new."""
        self._token = ""
        return True

    def _fetch(self, asker: Asker) -> None:
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "audience": f"{asker.host.url}/api/v2/",
        }
        begun = self._elapsed()
        said = asker.ask("POST", "/oauth/token", {"Content-Type": "application/json"}, json.dumps(wanted).encode())
        if said.status in {401, 403}:
            raise ConfigurationError(
                f'{asker.host.url} gives the client "{self._client_id}" no token: {said.words}. '
                "Check its id and secret, and that it is authorised for the Management API."
            )
        token = said.value.get("access_token") if said.status == 200 and isinstance(said.value, dict) else None
        if not isinstance(token, str) or not is_sendable(token):
            raise ServiceError(f"{asker.host.url} gives no token but answers {said.words}; is it the domain of an Auth0 tenant?")
        lifetime = said.value.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) else MARGIN_S
        self._token, self._ends = token, begun + max(seconds - MARGIN_S, seconds / 2)


def is_sendable(secret: str) -> bool:
    """Return True if a header can carry it: visible ASCII, and not empty."""
    return bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret
