"""The tenant log from the Management API, in the order of its ids, as the events that a log stream would have sent.

Pages by checkpoint (`from` and `take`), which has no end, and not by search, which ends at 1,000 entries; it begins at an id made of a moment,
so no search is needed to find the first. https://auth0.com/docs/deploy-monitor/logs/retrieve-log-events-using-mgmt-api
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from eventlake.apis.asking import Asker, Said
from eventlake.apis.auth0.access import Access
from eventlake.apis.auth0.log_id import FIRST, log_id_of, moment_of
from eventlake.apis.stretches import Stretches
from eventlake.errors import ConfigurationError, ServiceError
from eventlake.interfaces import Page

ORIGIN = "auth0-api"
TAKE = 100
"""How many entries a page may have: what the API gives at most."""
_NAMESPACE = uuid.UUID("b0f2c6c5-6f0e-5a53-9c1b-0f5f3c1d7a44")
_PLAIN = re.compile(r"[0-9A-Za-z_]+")
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')

Log = dict[str, Any]
"""An entry, as the API gives it."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """A page as it was answered: its entries by their ids and in order, what has no id, and the id behind which the next begins."""

    logs: Mapping[str, Log]
    odd: Sequence[Any]
    behind: str

    @property
    def is_full(self) -> bool:
        """Return True if there may be more behind it."""
        return len(self.logs) + len(self.odd) >= TAKE


class Auth0Logs:
    """The log of one tenant, between two moments; both may be left out. now: when it is asked, aware.

    Without an end it is read until the API has no more, or what it has happened after `now`: there the log stream has gone on.
    last: the id of the newest entry that was met; empty if there was none.
    """

    def __init__(self, asker: Asker, access: Access, since: datetime | None, until: datetime | None, now: datetime) -> None:
        self._asker = asker
        self._access = access
        self._since = log_id_of(since) if since else FIRST
        self._until = log_id_of(until) if until else None
        self._now = log_id_of(now)
        self.last = ""

    @property
    def name(self) -> str:
        """Return what its cursor is kept by; the same whatever the moments are."""
        return f"{ORIGIN}/{self._asker.host.url.partition('://')[2]}"

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield the entries that are not stored yet. Raises ConfigurationError, ServiceError."""
        try:
            yield from self._pages(cursor)
        finally:
            self._asker.host.close()

    def _pages(self, cursor: str) -> Iterator[Page]:
        stored = Stretches.read(cursor)
        first = at = stored.behind(self._since)
        while self._until is None or at < self._until:
            page = self._page(at)
            end = self._end(stored.next(at))
            new = {log_id: log for log_id, log in page.logs.items() if end is None or log_id <= end}
            last = end if end is not None and len(new) < len(page.logs) else page.behind
            if last <= at:
                return
            self.last = max(self.last, *new) if new else self.last
            stored.add(at, last)
            events = [*starmap(self._event, new.items()), *map(_encoded, page.odd)]
            yield Page(events, stored.cursor, _share(first, last, self._until or self._now))
            if last >= self._now and not page.is_full:
                return
            at = stored.behind(last)

    def _end(self, stored: str | None) -> str | None:
        """Return the id behind which nothing is wanted: the bound, or where what is stored begins."""
        return min((end for end in (stored, self._until) if end is not None), default=None)

    def _page(self, at: str) -> _Answered:
        """Return what is behind an id. Raises ServiceError for an answer that is no page."""
        said = self._ask(f"/api/v2/logs?from={quote(at, safe='')}&take={TAKE}")
        found = said.value.get("logs") if isinstance(said.value, dict) else said.value
        logs = {_id(log): log for log in found} if isinstance(found, list) else {}
        if not isinstance(found, list) or set(logs) == {""}:
            raise ServiceError(f"{self._asker.host.url} answers with no page of log entries; is it the domain of an Auth0 tenant?")
        new = {log_id: logs[log_id] for log_id in sorted(logs) if log_id > at}
        odd = [log for log in found if not _id(log)] if "" in logs else []
        return _Answered(new, odd, max([at, _next(said), *new]))

    def _ask(self, path: str) -> Said:
        """Ask with a token, once more with a new one if it has ended. Raises ConfigurationError, ServiceError for what is refused."""
        said = self._ask_once(path)
        if said.status == 401 and self._access.refused():
            said = self._ask_once(path)
        if said.status == 200:
            return said
        if said.status == 401:
            raise ConfigurationError(
                f"{self._asker.host.url} refuses the token: {said.words}. Name a new one with --token-file or AUTH0_TOKEN."
            )
        if said.status == 403:
            raise ConfigurationError(
                f"{self._asker.host.url} does not let this client read logs: {said.words}. It needs the scope read:logs."
            )
        raise ServiceError(f"{self._asker.host.url} answers {said.words} where its log is asked for; is it the domain of an Auth0 tenant?")

    def _ask_once(self, path: str) -> Said:
        token = self._access.token(self._asker)
        return self._asker.ask("GET", path, {"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def _event(self, log_id: str, log: Log) -> bytes:
        """Return the event that a log stream would have sent of an entry, which says that it was made from the API."""
        tenant = log.get("tenant_name") or self._asker.host.name.partition(".")[0]
        event: dict[str, Any] = {
            "version": "0",
            "id": str(uuid.uuid5(_NAMESPACE, log_id)),
            "detail-type": "Auth0 log",
            "source": f"aws.partner/auth0.com/{tenant}/auth0.logs",
            "time": log.get("date"),
            "resources": [],
            "detail": {"log_id": log_id, "data": log},
            "eventlake-origin": ORIGIN,
        }
        return _encoded(event)


def _encoded(value: Any) -> bytes:  # any JSON value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _id(log: Any) -> str:  # any JSON value
    """Return the id of an entry; empty if it has none."""
    found = (log.get("log_id") or log.get("_id")) if isinstance(log, dict) else None
    return found if isinstance(found, str) and _PLAIN.fullmatch(found) else ""


def _next(said: Said) -> str:
    """Return the id behind which the answer says that the next page begins; empty if it says none."""
    link = _NEXT.search(said.headers.get("link", ""))
    found = parse_qs(urlsplit(link[1]).query).get("from", [""])[0] if link else ""
    return found if moment_of(found) else ""


def _share(first: str, last: str, until: str) -> float | None:
    """Return which share of the time between two ids lies before a third; None if an id does not tell its moment."""
    begin, at, end = moment_of(first), moment_of(last), moment_of(until)
    if begin is None or at is None or end is None or begin >= end:
        return None  # nobody said since when: then it begins before there were logs
    return min(max((at - begin) / (end - begin), 0.0), 1.0)
