"""Who may send to the bus: programs that call it by its name, and that show the token if there is one; no pages of other sites.

What is checked before anything of a body is read, for every path, also those that are not the bus's own.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass

from eventlake.errors import ConfigurationError
from eventlake.local.bus.answer import Headers, HttpError, RawHeaders

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
HEAD_LIMIT_BYTES = 64 << 10
"""How large the headers of a request may be, each counted with 32 bytes of its own: https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2"""
COOKIE = "eventlake"
"""The name of the cookie by which a browser shows that its owner knew the token."""
LEAST_TOKEN = 16
"""How many characters a token has at least; fewer can be guessed."""

_HEADER_BYTES = 32
_ONCE = {b"host", b"authorization", b"origin", b"sec-fetch-site", b"x-amz-target", b"content-length", b"content-encoding", b"cookie"}
"""Headers that decide something: of two, one could pass the guard and the other be believed."""
_CREDENTIAL = re.compile(rb"Credential=([^/,\s]+)/\d+/([a-z0-9-]+)/")
_BEARER = re.compile(rb"bearer +(\S+)\s*\Z", re.IGNORECASE)
_COOKIE = re.compile(rb"(?:^|; ?)" + COOKIE.encode() + rb"=([0-9a-f]{64})(?=;|$)")
_PRINTABLE = re.compile(r"[!-~]+")
_PORT = re.compile(r":\d{1,5}\Z")
_KNOWN_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """What senders may call the bus: these names in lower case, and any IP address if `addresses`.

    A page of another site can have its own name lead to this machine, but no address: https://en.wikipedia.org/wiki/DNS_rebinding
    """

    names: frozenset[str] = LOCAL_NAMES
    addresses: bool = False

    def hold(self, host: str) -> bool:
        """Return True if a Host header names the bus, with or without a port."""
        name = _PORT.sub("", host).lower()
        return name in self.names or (self.addresses and _is_address(name))


class Guard:
    """Checks who sends. token: what a sender must show, if any."""

    def __init__(self, names: Names, token: str | None) -> None:
        self._names = names
        self._token = token
        self.fingerprint = hmac.new((token or "").encode(), b"eventlake page", hashlib.sha256).hexdigest()
        """What the cookie holds: of the token, from which nobody finds the token, and which changes with it."""
        self._known: set[bytes] = set()
        """Host headers that were found right."""

    def headers(self, raw: RawHeaders) -> Headers:
        """Return a request's headers by name. Raises HttpError if they are too large, or one that decides something stands twice."""
        headers = dict(raw)
        if len(headers) != len(raw):
            _refuse_doubles([name for name, _ in raw])
        if _HEADER_BYTES * len(raw) + sum([len(name) + len(value) for name, value in raw]) > HEAD_LIMIT_BYTES:
            raise too_large_head()
        return headers

    def check_sender(self, headers: Headers, method: str) -> None:
        """Refuse other names for this machine, and pages of other sites that make a browser send. Raises HttpError.

        As Go's CrossOriginProtection does it: https://pkg.go.dev/net/http#CrossOriginProtection
        """
        host = headers.get(b"host", b"")
        if host not in self._known:
            self._check_host(host)
        if method in {"GET", "HEAD", "OPTIONS"}:
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

    def is_token(self, given: bytes) -> bool:
        """Return True if this is the token, compared in a time that tells nothing of it; False where there is none."""
        return self._token is not None and hmac.compare_digest(given, self._token.encode())

    def check_visitor(self, headers: Headers) -> None:
        """Refuse a browser that shows neither the token nor the cookie of who knew it, if a token is set. Raises HttpError."""
        wanted = self.fingerprint.encode()
        if not any(hmac.compare_digest(given, wanted) for given in _COOKIE.findall(headers.get(b"cookie", b""))):
            self.check_token(headers)

    def _check_host(self, given: bytes) -> None:
        host = given.decode("latin-1")
        if not self._names.hold(host):
            raise HttpError(
                400, f'This bus does not answer to the name "{host[:100]}"; call it by its address, or start it with --name and that name.'
            )
        if len(self._known) < _KNOWN_LIMIT:
            self._known.add(given)


def usable_token(given: str | None) -> str | None:
    """Return the token that senders must show; None where none is set, as where EVENTLAKE_TOKEN is empty. Raises ConfigurationError.

    A token that no header can carry, or that can be guessed, would only look like one.
    """
    if not given:
        return None
    if not _PRINTABLE.fullmatch(given) or len(given) < LEAST_TOKEN:
        raise ConfigurationError(
            f"EVENTLAKE_TOKEN is no token: it needs {LEAST_TOKEN} letters, digits or signs at least, and no blanks. "
            "Make one with `openssl rand -hex 32`."
        )
    return given


def too_large_head() -> HttpError:
    """Return the answer to headers beyond the limit."""
    sentence = f"The headers of a request take at most {HEAD_LIMIT_BYTES >> 10} KiB; send fewer, or shorter ones."
    return HttpError(431, sentence, [(b"connection", b"close")])


def region(headers: Headers) -> str:
    """Return the region an AWS client signs for, us-east-1 without a signature."""
    found = _CREDENTIAL.search(headers.get(b"authorization", b""))
    return found[2].decode() if found else "us-east-1"


def _refuse_doubles(names: list[bytes]) -> None:
    """Refuse a request in which a header that decides something stands more than once. Raises HttpError."""
    for name in sorted(_ONCE):
        if names.count(name) > 1:
            raise HttpError(400, f"The header {name.decode()} may stand once in a request; leave the others out.")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
