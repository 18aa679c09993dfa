"""A stand-in for a tenant's Management API, as a real HTTP server: tokens, the log by checkpoint and by search, limits, and faults.

It answers as Auth0 documents it: https://auth0.com/docs/api/management/v2/logs/get-logs,
https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy. It counts what it was asked, and what of it was
more than the limit allows.
"""

from __future__ import annotations

import json
import math
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT, SECRET = "client-1", "secret-1"
SEARCH_LIMIT = 1000


class Clock:
    """A clock that is set forward by whoever pauses, so that no test waits."""

    def __init__(self, at: float = 1_793_000_000.25) -> None:
        self.at = at
        self.paused: list[float] = []

    def now(self) -> float:
        """Return the moment, in seconds since 1970."""
        return self.at

    def pause(self, seconds: float) -> None:
        """Let the time pass."""
        self.paused.append(seconds)
        self.at += seconds


@dataclass
class Auth0Api:
    """The stand-in. Its logs are sorted by id.

    limit: how many requests it takes in a window of `window_s`; None for any number. token_s: how long a token lives. repeats: the last page
    is given again behind its end. faults: what becomes of the requests for the log, one by one; then they are answered: `drop`, `cut`, `half`
    (half of the JSON), `html`, `500`, `429` (by another client's requests), `401`. links: whether a page names the next.
    """

    logs: Sequence[dict[str, Any]]
    now: Callable[[], float] = time.time
    limit: int | None = None
    window_s: float = 1.0
    token_s: int = 86_400
    scope: str = "read:logs"
    repeats: bool = False
    links: bool = True
    faults: Iterator[str] = field(default_factory=lambda: iter(()))
    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: int = 0
    above_limit: int = 0
    is_over: bool = False
    _window: tuple[float, int] = (0.0, 0)
    _ends: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Make the list of ids that pages are found by."""
        self.ids = [log["log_id"] for log in self.logs]

    def allowed(self) -> tuple[bool, dict[str, str]]:
        """Count a request; whether it is within the limit, and the headers that say how much is left."""
        if self.limit is None:
            return True, {}
        with self._lock:
            begun, used = self._window
            if self.now() >= begun + self.window_s:
                begun, used = self.now(), 0
            self._window = begun, used + 1
        is_allowed = used < self.limit
        self.above_limit += not is_allowed
        left = {"limit": self.limit, "remaining": max(self.limit - used - 1, 0), "reset": math.ceil(begun + self.window_s)}
        return is_allowed, {f"x-ratelimit-{name}": str(value) for name, value in left.items()}

    def token(self, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer POST /oauth/token."""
        if (wanted.get("client_id"), wanted.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "access_denied", "error_description": "Unauthorized"}
        if wanted.get("audience") != f"{self.url}/api/v2/" or wanted.get("grant_type") != "client_credentials":
            return 403, {"error": "access_denied", "error_description": f"Service not found: {wanted.get('audience')}"}
        self.tokens += 1
        token = f"token-{self.tokens}"
        self._ends[token] = self.now() + self.token_s
        return 200, {"access_token": token, "scope": self.scope, "expires_in": self.token_s, "token_type": "Bearer"}

    def is_valid(self, token: str) -> bool:
        """Return True if a token has not ended."""
        return self._ends.get(token, 0.0) > self.now()

    def page(self, query: dict[str, str]) -> tuple[int, Any, str]:
        """Answer GET /api/v2/logs: the status, the page, and the URL of the next."""
        if "from" in query or "take" in query:
            return self._checkpoint(query)
        page, size = int(query.get("page", 0)), int(query.get("per_page", 50))
        if size > 100 or (page + 1) * size > SEARCH_LIMIT:
            words = f"Page and per_page reach beyond {SEARCH_LIMIT} results; page by checkpoint."
            return 400, {"statusCode": 400, "error": "Bad Request", "message": words, "errorCode": "invalid_paging"}, ""
        return 200, self.logs[page * size : (page + 1) * size], ""

    def _checkpoint(self, query: dict[str, str]) -> tuple[int, Any, str]:
        take = int(query.get("take", 50))
        if not 1 <= take <= 100:
            words = "Query validation error: take is greater than the maximum 100"
            return 400, {"statusCode": 400, "error": "Bad Request", "message": words, "errorCode": "invalid_query_string"}, ""
        begin = bisect_right(self.ids, query.get("from", ""))
        if begin == len(self.ids) and self.repeats:
            begin = max(len(self.ids) - 1, 0) // take * take
        found = self.logs[begin : begin + take]
        following = f"{self.url}/api/v2/logs?from={found[-1]['log_id']}&take={take}" if found and self.links else ""
        return 200, found, following


class _Handler(BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the answer is sent in two parts
    api: Auth0Api

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write the header Date by the stand-in's clock."""
        return formatdate(self.api.now() if timestamp is None else timestamp, usegmt=True)

    def do_POST(self) -> None:
        """Answer a request for a token."""
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, said = self.api.token(wanted) if self.path == "/oauth/token" else (404, {"error": "Not Found"})
        self._answer(status, json.dumps(said).encode())

    def do_GET(self) -> None:
        """Answer a request for the log."""
        api = self.api
        parts = urlsplit(self.path)
        if parts.path != "/api/v2/logs":
            self._answer(404, b'{"statusCode":404,"error":"Not Found","message":"Not Found"}')
            return
        api.asked.append(self.path)
        is_allowed, headers = api.allowed()
        fault = next(api.faults, "")
        if fault == "drop" or api.is_over:
            self.close_connection = True
            return
        if not is_allowed or fault == "429":
            headers.setdefault("x-ratelimit-reset", str(math.ceil(api.now() + 3)))
            words = {
                "statusCode": 429,
                "error": "Too Many Requests",
                "message": "Global limit has been reached",
                "errorCode": "too_many_requests",
            }
            self._answer(429, json.dumps(words).encode(), headers)
            return
        if fault == "500":
            self._answer(500, b'{"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}', headers)
            return
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        if not api.is_valid(token) or fault == "401":
            self._answer(
                401, b'{"statusCode":401,"error":"Unauthorized","message":"Expired token received for JSON Web Token validation"}', headers
            )
            return
        if "read:logs" not in api.scope:
            words = {"statusCode": 403, "error": "Forbidden", "message": "Insufficient scope, expected any of: read:logs,read:logs_users"}
            self._answer(403, json.dumps({**words, "errorCode": "insufficient_scope"}).encode(), headers)
            return
        status, said, following = api.page({name: values[0] for name, values in parse_qs(parts.query).items()})
        body = json.dumps(said).encode()
        if following:
            headers["Link"] = f'<{following}>; rel="next"'
        self._answer(
            status, *{"half": (body[: len(body) // 2],), "html": (b"<html>Sorry</html>",)}.get(fault, (body,)), headers, cut=fault == "cut"
        )

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


@contextmanager
def serving(api: Auth0Api) -> Iterator[Auth0Api]:
    """Let the stand-in answer at its `url`."""
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that is killed is no trouble of the server
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.is_over = True
        server.shutdown()
        server.server_close()
        thread.join()


def log(number: int, begin: datetime, step: timedelta = timedelta(seconds=26)) -> dict[str, Any]:
    """Return the entry of that number, `step` behind the one before; in the form of the Management API."""
    when = begin + number * step
    log_id = f"900{when:%Y%m%d%H%M%S}{when.microsecond // 1000:03}000000000000000001223372{number:012}"
    return {
        "date": f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z",
        "type": ("s", "fp", "seacft", "limit_wc")[number % 4],
        "description": "Wrong email or password.",
        "client_id": "Vb6NcXzLkJ4hGfDsA2qWeRtYuIoP0mNb",
        "ip": f"198.51.100.{number % 250}",
        "user_id": f"auth0|{number % 97:024}",
        "user_name": f"user{number % 97}@example.com",
        "user_agent": "Firefox 125.0.0 / Arch 0.0.0",
        "details": {"prompts": [], "session_id": f"s{number}"},
        "log_id": log_id,
        "_id": log_id,
        "isMobile": False,
        "tenant_name": "acorn-bikes",
    }


BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
"""When the first entry of `log_of` happened."""


def log_of(count: int, begin: datetime = BEGIN, step: timedelta = timedelta(seconds=26)) -> list[dict[str, Any]]:
    """Return so many entries, in the order of their ids."""
    return [log(number, begin, step) for number in range(count)]


def faults(*kinds: str) -> Iterator[str]:
    """Return faults for the requests to come, one by one; empty for none."""
    found: Iterable[str] = kinds
    return iter(found)
