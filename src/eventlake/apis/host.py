"""One host of an API: where it is, and one request to it over a connection that is kept open. Certificates are checked; nothing is followed.

Plain HTTP is taken for this machine alone, where no one else can read what is sent.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from eventlake.errors import UsageError

TIMEOUT_S = 60
LIMIT_BYTES = 64 << 20
"""How large an answer may be."""
_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered; headers by their names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Host:
    """The host that a person names: `tenant.eu.auth0.com`, or `https://` before it; `http://127.0.0.1:8080` on this machine. Raises UsageError."""

    def __init__(self, named: str) -> None:
        try:
            parts = urlsplit(named if "://" in named else f"https://{named}")
            self.name, self.port = parts.hostname or "", parts.port
        except ValueError:
            raise _no_domain(named) from None
        rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
        if rest or parts.scheme not in {"http", "https"} or not (_NAME.fullmatch(self.name) or self.is_loopback):
            raise _no_domain(named)
        if parts.scheme == "http" and not self.is_loopback:
            raise UsageError(f'"{named}" would be asked without encryption; leave "http://" out.')
        self.url = f"{parts.scheme}://{parts.netloc.lower()}"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(self.name, self.port, timeout=TIMEOUT_S)

    @property
    def is_loopback(self) -> bool:
        """Return True if it is this machine."""
        try:
            return ipaddress.ip_address(self.name).is_loopback
        except ValueError:
            return self.name == "localhost"

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request, and return its whole answer. Raises OSError or HTTPException; then the next request opens a new connection."""
        try:
            self._connection.request(method, path, body, dict(headers))
            with self._connection.getresponse() as response:
                content = response.read(LIMIT_BYTES + 1)
                if response.length and len(content) <= LIMIT_BYTES:  # asked for so many bytes, it says nothing of fewer
                    raise http.client.IncompleteRead(content, response.length)
            if len(content) > LIMIT_BYTES:
                raise http.client.HTTPException(f"more than {LIMIT_BYTES >> 20} MiB")
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _no_domain(named: str) -> UsageError:
    return UsageError(f'"{named}" is no domain; write it as tenant.eu.auth0.com.')
