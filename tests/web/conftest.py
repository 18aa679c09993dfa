"""A lake of a small history with the truth about it, and a lake in which every column holds a stranger's marks; each with its page."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from eventlake.history import History, Truth
from eventlake.lake import Lake
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load
from eventlake.web.redriving import Redriving
from eventlake.web.site import Site
from visits import staying

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
START = END - timedelta(days=12)
WINDOW = {"from": "2026-11-08T00:00:00Z", "to": "2026-11-20T14:38:00Z"}
"""As an address says it: all of the history."""
MARK = "<b onx=1>'\"&\u202emark</b>"
"""Harmless, and whatever a page would have to escape."""


@dataclass
class Got:
    """What a browser got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return (gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body).decode()

    def rows(self) -> list[dict[str, Any]]:
        """The rows of a tile that was asked for as JSON."""
        return list(json.loads(self.text))


class Browser:
    """Asks a page for addresses, as a browser that shows what it got does."""

    def __init__(self, folder: Path, lake: Lake, truth: Truth, redriving: Redriving | None = None) -> None:
        self.folder, self.truth = folder, truth
        self.lake = lake
        self.site = Site(lambda: lake, lambda: LocalFailedRecords(folder), lambda: END, lambda: False, redriving=redriving)

    def get(
        self,
        path: str,
        values: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Got:
        """What an address gives."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": urlencode(values or {}).encode(), "headers": given}
        asyncio.run(self.site(scope, staying(body), send))
        return Got(
            sent[0]["status"],
            {name.decode(): value.decode() for name, value in sent[0]["headers"]},
            b"".join(message["body"] for message in sent[1:]),
        )

    def tile(self, name: str, **values: str) -> list[dict[str, Any]]:
        """The rows of a tile over all of the history."""
        return self.get(f"/tiles/{name}.json", WINDOW | values).rows()


def filled(folder: Path, bodies: Iterable[bytes], source_folders: Sequence[Path] = ()) -> Lake:
    """A lake that holds these events."""
    sources = load(source_folders)
    with Importer(folder, sources, now=lambda: END, log_format="parquet") as importer:
        importer.accept([Item(number, body) for number, body in enumerate(bodies, 1)])
        importer.deliver()
    return open_lake(folder, sources)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Twelve days of history, in which some events are delivered twice."""
    history = History(4, START, END, 0.25, users=100, duplicates=0.1)
    folder = tmp_path_factory.mktemp("lake")
    lake = filled(folder, [body for _, body in history])
    return Browser(folder, lake, history.truth)


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Events of an hour ago that hold marks in every text."""
    folder = tmp_path_factory.mktemp("marked")
    return Browser(folder, filled(folder, [*_marked(), *[json.dumps({MARK: number}).encode() for number in range(3)]]), Truth(0))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A lake that holds nothing."""
    folder = tmp_path_factory.mktemp("empty")
    return Browser(folder, filled(folder, []), Truth(0))


def _marked() -> list[bytes]:
    at = f"{END - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    common = {"pipeline": MARK, "execution-id": MARK, "start-time": at, "version": 1, "pipeline-execution-attempt": 1}
    kind = {"owner": MARK, "category": MARK, "provider": MARK, "version": "1"}
    trigger = {"trigger-type": MARK, "trigger-detail": MARK, "commit-id": MARK, "author-display-name": MARK, "author-date": at}
    result = {"external-execution-summary": MARK, "external-execution-url": f"javascript:{MARK}", "error-code": MARK}
    events: list[tuple[str, str, dict[str, Any]]] = [
        ("aws.codepipeline", "CodePipeline Pipeline Execution State Change", {**common, "state": state, "execution-trigger": trigger})
        for state in ("STARTED", "FAILED")
    ]
    alert = {"alert-id": MARK, "state": "opened", "severity": "high", "detection": MARK, "key": MARK, "events": 3, "opened": at}
    events += [
        ("eventlake", "eventlake Alert", {**alert, "first-event": at, "last-event": at, "advice": MARK}),
        ("aws.codepipeline", "CodePipeline Stage Execution State Change", {**common, "stage": MARK, "state": "RESUMED"}),
        (
            "aws.codepipeline",
            "CodePipeline Action Execution State Change",
            {
                **common,
                "stage": MARK,
                "action": MARK,
                "type": kind,
                "state": "FAILED",
                "execution-result": result,
                "action-execution-id": "a",
            },
        ),
    ]
    entry = dict.fromkeys(
        ("user_name", "user_id", "description", "client_name", "client_id", "connection", "ip", "organization_name"), MARK
    )
    for number, log_type in enumerate(("s", "fp", "sapi", "seccft", "ss", "limit_wc", "gd_send_pn", f"gd_{MARK}")):
        data = {
            **entry,
            "type": log_type,
            "date": at,
            "log_id": str(number),
            "location_info": {"country_code": MARK},
            "security_context": {"ja4": MARK},
        }
        events.append(("aws.partner/auth0.com/x/auth0.logs", "Auth0 log", {"log_id": str(number), "data": data}))
    return [
        json.dumps({"id": f"m{number}", "source": source, "detail-type": kind_of, "time": at, "detail": detail}).encode()
        for number, (source, kind_of, detail) in enumerate(events)
    ]
