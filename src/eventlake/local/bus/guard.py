"""Who may send to the bus: programs that call it by its name, and that show the token if there is one; no pages of other sites."""

from __future__ import annotations

import hmac
import re

from eventlake.local.bus.answer import Headers, HttpError

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_CREDENTIAL = re.compile(rb"Credential=([^/,\s]+)/\d+/([a-z0-9-]+)/")
_BEARER = re.compile(rb"bearer +(\S+)\s*\Z", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}\Z")
_KNOWN_LIMIT = 1000


class Guard:
    """Checks who sends.

    hosts: the names that the bus answers to, any if there are none. token: what a sender must show, if any.
    """

    def __init__(self, hosts: frozenset[str], token: str | None) -> None:
        self._hosts = hosts
        self._token = token
        self._known: set[bytes] = set()
        """Host headers that were found right."""

    def check_sender(self, headers: Headers, method: str) -> None:
        """Refuse other names for this machine, and pages of other sites that make a browser send. Raises HttpError.

        As Go's CrossOriginProtection does it: https://pkg.go.dev/net/http#CrossOriginProtection
        """
        host = headers.get(b"host", b"")
        if host not in self._known:
            self._check_host(host)
        if method in {"GET", "HEAD", "OPTIONS"} or b"authorization" in headers:  # no page can add that header without being asked first
            return
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        crosses = site not in {b"same-origin", b"none"} if site is not None else origin is not None and origin.partition(b"//")[2] != host
        if crosses:
            raise HttpError(403, "A page of another site may not send events.")

    def check_token(self, headers: Headers) -> None:
        """Refuse a request without the token, if one is set: as bearer, or as access key id of an AWS signature. Raises HttpError."""
        if self._token is None:
            return
        given = headers.get(b"authorization", b"")
        found = _BEARER.match(given) or _CREDENTIAL.search(given)
        if not hmac.compare_digest(found[1] if found else b"", self._token.encode()):
            raise HttpError(
                401,
                "This bus wants a token: Authorization: Bearer TOKEN, or the token as AWS access key id.",
                [(b"www-authenticate", b"Bearer")],
            )

    def _check_host(self, given: bytes) -> None:
        host = given.decode("latin-1")
        if self._hosts and _PORT.sub("", host).lower() not in self._hosts:
            raise HttpError(400, f'This bus does not answer to the name "{host[:100]}"; call it by its address.')
        if len(self._known) < _KNOWN_LIMIT:
            self._known.add(given)


def region(headers: Headers) -> str:
    """Return the region an AWS client signs for, us-east-1 without a signature."""
    found = _CREDENTIAL.search(headers.get(b"authorization", b""))
    return found[2].decode() if found else "us-east-1"
