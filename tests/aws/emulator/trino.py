"""A client of Trino's protocol: one statement, its columns and rows.

https://trino.io/docs/current/develop/client-protocol.html
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws.emulator.settings import TRINO_CATALOG, TRINO_URL

ANSWERS_WITHIN_S = 60
STARTS_WITHIN_S = 30
USER_ERROR, SYSTEM_ERROR = 2, 1
"""Athena's categories of errors."""


class TrinoError(Exception):
    """A statement failed; the text is `ERROR_NAME: message`. category: Athena's."""

    def __init__(self, name: str, message: str, category: int) -> None:
        super().__init__(f"{name}: {message}")
        self.category = category


class Cancelled(Exception):
    """Whoever watches a statement wants it no more; the text says why."""


@dataclass(frozen=True)
class Result:
    """columns: as the protocol describes them. update_type: what a statement without rows did, None for a query."""

    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    update_type: str | None
    update_count: int


def run(
    sql: str, schema: str = "default", session: dict[str, str] | None = None, watch: Callable[[dict[str, Any]], None] | None = None
) -> Result:
    """Run one statement. watch: sees the statistics of every page and may raise Cancelled. Raises TrinoError.

    A Trino that has just started knows its catalogs before it knows that a node serves them; it is asked again until it does.
    """
    last = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            return run_once(sql, schema, session or {}, watch)
        except TrinoError as error:
            if not str(error).startswith("NO_NODES_AVAILABLE") or time.monotonic() > last:
                raise
            time.sleep(0.2)


def run_once(sql: str, schema: str, session: dict[str, str], watch: Callable[[dict[str, Any]], None] | None) -> Result:
    """Run one statement. Raises Cancelled and TrinoError."""
    headers = {
        "X-Trino-User": "athena",
        "X-Trino-Catalog": TRINO_CATALOG,
        "X-Trino-Schema": schema,
        "X-Trino-Time-Zone": "UTC",
        "X-Trino-Session": ",".join(f"{name}={value}" for name, value in session.items()),
    }
    request: urllib.request.Request | None = urllib.request.Request(f"{TRINO_URL}/v1/statement", sql.encode(), headers)
    columns: list[dict[str, Any]] = []
    rows: list[list[Any]] = []
    while request:
        page = fetch(request)
        following = page.get("nextUri")
        columns = page.get("columns") or columns
        rows += page.get("data") or []
        look(page["stats"], watch, following)
        request = urllib.request.Request(following, headers=headers) if following else None
    return Result(columns, rows, page.get("updateType"), page.get("updateCount") or 0)


def fetch(request: urllib.request.Request) -> dict[str, Any]:
    """One page. Raises TrinoError, also where Trino cannot be reached."""
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_S) as answer:
            page: dict[str, Any] = json.load(answer)
    except urllib.error.URLError as error:
        raise TrinoError("TRINO_UNREACHABLE", f"{TRINO_URL}: {error}", SYSTEM_ERROR) from error
    if "error" in page:
        said = page["error"]
        raise TrinoError(said["errorName"], said["message"], USER_ERROR if said["errorType"] == "USER_ERROR" else SYSTEM_ERROR)
    return page


def look(statistics: dict[str, Any], watch: Callable[[dict[str, Any]], None] | None, following: str | None) -> None:
    """Show the statistics; if they are enough, end the statement in Trino too."""
    try:
        if watch:
            watch(statistics)
    except Cancelled:
        if following:
            urllib.request.urlopen(urllib.request.Request(following, method="DELETE"), timeout=ANSWERS_WITHIN_S).close()
        raise
