"""The ASGI application of the page: a request in, a page, a tile or a file out. It reads; one form has failed events tried again.

It stands in a process beside the bus, which has checked who asks. Pages are made in threads, and their queries run in processes of their own;
when the bus ends, nothing here holds it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import datetime
from urllib.parse import parse_qsl

from eventlake.errors import EventlakeError
from eventlake.lake import Lake
from eventlake.local.bus.answer import Answer, Message, Receive, Send, headers_of, respond
from eventlake.web.answered import UNWANTED, Visit
from eventlake.web.answers import HTML, JSON, TEXT, Shrinking, answer, plain_answer
from eventlake.web.asking import AT_ONCE, Asking
from eventlake.web.failed_page import failed_page
from eventlake.web.following import Following
from eventlake.web.live import Live, waited, watched
from eventlake.web.missing_page import missing_page
from eventlake.web.redrive_form import MOST_BYTES, RedriveForm
from eventlake.web.redrive_form import PATH as REDRIVE
from eventlake.web.redriving import Redriving
from eventlake.web.search_page import found as search_page
from eventlake.web.sending import form_of
from eventlake.web.shell import page, sentence
from eventlake.web.shown import Pairs, Shown
from eventlake.web.sources_page import sources_page
from eventlake.web.sql_page import COST, NAMES, SqlPage
from eventlake.web.sql_page import PATH as SQL
from eventlake.web.static import static
from eventlake.web.tile_files import FOLDER, TileFiles
from eventlake.web.tiled import Opened, Part, Tiled
from eventlake.web.told import FailedRecords
from eventlake.web.window import window_of
from eventlake.web.wire import FOLLOWS

ASKED_AT_ONCE = 4
"""How many statements and tiles that somebody asks for alone wait for their answers at the same time; more wait for those."""
WAITING = 64
"""How many may wait to be made."""
_LONGEST_ADDRESS = 32_000
_STRANGERS = frozenset({b"cross-site", b"same-site"})


class Site:
    """The page over a lake.

    open_lake, open_failed: open it, and what failed in it, when somebody looks. now: the time, in UTC. is_stopping: whether the bus is to end.
    at_once: how many tiles are asked for at the same time. redriving: tries failed events again; None where the lake is only looked at.
    note: hears the path of each page, and what its address asks, before it is shown; raises StorageError if it must not be.
    """

    def __init__(
        self,
        open_lake: Callable[[], Lake],
        open_failed: Callable[[], FailedRecords],
        now: Callable[[], datetime],
        is_stopping: Callable[[], bool],
        at_once: int = AT_ONCE,
        redriving: Redriving | None = None,
        note: Callable[[str, str], None] = lambda _path, _asked: None,
    ) -> None:
        self._note = note
        self._buttons = RedriveForm(redriving)
        self._asking = Asking(open_lake, is_stopping, at_once)
        self._shown = Shown(self._asking, open_failed, now)
        self._tiled, self._files, self._sql = Tiled(self._shown), TileFiles(self._shown), SqlPage(self._shown)
        self._following = Following(self._asking)
        self._live = Live(self._following.look, is_stopping, lambda: self._following.rest_s)
        self._opening = ThreadPoolExecutor(1, "beginnings")
        self._making = ThreadPoolExecutor(1, "pages")
        self._waiting = ThreadPoolExecutor(ASKED_AT_ONCE, "statements")
        self._made = 0

    def warm(self) -> None:
        """Open what the first page needs; what is wrong with it is said when somebody looks."""
        with suppress(EventlakeError):
            prepare = getattr(self._asking.lake.engine, "prepare", None)
            if prepare is not None:
                prepare()
            self._tiled.opened("/", [])

    def close(self) -> None:
        """Make nothing more."""
        self._asking.close()
        self._following.close()
        for pool in (self._opening, self._making, self._waiting):
            pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        if (refused := self._refused(scope, headers)) is not None:
            await respond(send, refused)
            return
        if scope["path"] == "/live":
            await self._live(receive, send)
            return
        self._made += 1
        try:
            await self._answered(scope, headers, receive, send)
        finally:
            self._made -= 1

    async def _answered(self, scope: Message, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Make and send an answer; what waits for a query does not wait where pages are made."""
        loop, path = asyncio.get_running_loop(), scope["path"]
        if scope["method"] == "POST":
            await respond(send, await self._redriven(receive))
        elif path.endswith(".part"):
            await respond(send, await self._part(scope, headers, receive))
        elif headers.get(b"sec-fetch-mode") == b"navigate" and not path.startswith((SQL, FOLDER, "/failed")):
            await self._navigated(scope, headers, send)
        else:
            pool, visit = self._waiting if path.startswith((SQL, FOLDER, "/failed")) else self._making, Visit()
            await respond(send, await watched(loop.run_in_executor(pool, self._answer, scope, headers, visit), visit, receive))

    async def _navigated(self, scope: Message, headers: Mapping[bytes, bytes], send: Send) -> None:
        """Send a page of tiles, its beginning before anything is asked; another page, or what is wrong with the address, whole."""
        loop = asyncio.get_running_loop()
        opened = await loop.run_in_executor(self._opening, self._opened, scope)
        if opened is None:
            await respond(send, await loop.run_in_executor(self._making, self._answer, scope, headers, Visit()))
            return
        shrinking = Shrinking(_shrinks(headers))
        begun = answer(200, HTML, b"", *shrinking.headers)
        kept = [one for one in headers_of(begun) if one[0] != b"content-length"]  # nobody knows it yet
        await send({"type": "http.response.start", "status": 200, "headers": kept})
        await send({"type": "http.response.body", "body": shrinking.begin(opened.head), "more_body": True})
        rest = await loop.run_in_executor(self._making, lambda: shrinking.end(self._tiled.body_or_sentence(opened)))
        await send({"type": "http.response.body", "body": rest})

    async def _part(self, scope: Message, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        """Return a tile that a page has left a place for, or that changed; it waits as long as the browser does."""
        loop, made = asyncio.get_running_loop(), self._part_followed if FOLLOWS in headers else self._part_at_once
        try:
            part = await loop.run_in_executor(self._making, made, scope)
        except EventlakeError as error:
            return plain_answer(400, str(error))
        if part is None:
            return plain_answer(404, "There is no such tile.")
        if await waited(part.asked, receive) is UNWANTED:
            return plain_answer(503, UNWANTED.problem)
        return await loop.run_in_executor(self._making, self._part_drawn, part, headers)

    def _part_at_once(self, scope: Message) -> Part | None:
        return self._tiled.part(scope["path"], _pairs(scope))

    def _part_followed(self, scope: Message) -> Part | None:
        """Return a tile that a browser asks for again because its tables changed: the same for all that do."""
        with self._following.pace.counted():
            key = scope["path"], scope["query_string"]
            return self._following.shared(key, lambda: self._tiled.part(scope["path"], _pairs(scope), self._following))

    def _part_drawn(self, part: Part, headers: Mapping[bytes, bytes]) -> Answer:
        with self._following.pace.counted() if FOLLOWS in headers else nullcontext():
            return answer(200, HTML, part.drawn, shrinks=_shrinks(headers))

    async def _redriven(self, receive: Receive) -> Answer:
        """Have the failed events that a form names tried again."""
        body = await form_of(receive, MOST_BYTES)
        return await asyncio.get_running_loop().run_in_executor(self._waiting, self._answer_form, body)

    def _answer_form(self, body: bytes) -> Answer:
        window = window_of({}, self._shown.now())
        try:
            return answer(200, HTML, page("Redriven", "/failed", window, *self._buttons.answer(body)))
        except EventlakeError as error:
            return answer(400, HTML, page("Nothing was redriven", "/failed", window, sentence(str(error), is_problem=True)))

    def _refused(self, scope: Message, headers: Mapping[bytes, bytes]) -> Answer | None:
        """Return the answer to what is not made: other methods, pictures that pages of other sites ask for, and too much at once."""
        is_form = scope["method"] == "POST" and scope["path"] == REDRIVE
        if scope["method"] not in {"GET", "HEAD"} and not is_form:
            return plain_answer(405, "This page is read with GET.")
        if headers.get(b"sec-fetch-site") in _STRANGERS and (is_form or headers.get(b"sec-fetch-mode") != b"navigate"):
            return plain_answer(403, "A page of another site may not read this.")
        if len(scope["query_string"]) > _LONGEST_ADDRESS:
            return plain_answer(414, "The address is too long.")
        if self._made >= WAITING or (scope["path"] == "/live" and self._live.is_full):
            return plain_answer(503, "Too many look at once; try again in a moment.")
        return static(scope["path"])

    def _opened(self, scope: Message) -> Opened | None:
        """Return the page of tiles that an address names; None for another page, and where something is wrong, which is said there."""
        try:
            opened = self._tiled.opened(scope["path"], _pairs(scope))
            if opened is not None:
                self._note(scope["path"], scope["query_string"].decode("latin-1"))
            return opened
        except EventlakeError:
            return None

    def _answer(self, scope: Message, headers: Mapping[bytes, bytes], visit: Visit) -> Answer:
        """Make the answer; what the address has wrong becomes a page with a sentence."""
        path, pairs, shrinks = scope["path"], _pairs(scope), _shrinks(headers)
        may_run = headers.get(b"sec-fetch-site") not in _STRANGERS
        try:
            if path not in {NAMES, COST}:
                self._note(path, scope["query_string"].decode("latin-1"))
            if path.startswith(FOLDER):
                return self._files.answer(path, pairs, visit, shrinks=shrinks)
            if path == NAMES:
                return answer(200, JSON, self._sql.names(pairs), shrinks=shrinks)
            if path == COST:
                return answer(200, TEXT, self._sql.cost(pairs), shrinks=shrinks)
            if (made := self._page(path, pairs, visit, may_run)) is None:
                return self._missing(path, pairs)
        except EventlakeError as error:
            return answer(400, HTML, page("This cannot be shown", path, None, sentence(str(error), is_problem=True)))
        return answer(200, HTML, made, shrinks=shrinks)

    def _missing(self, path: str, pairs: Pairs) -> Answer:
        """Answer for a page that is not there. Raises EventlakeError."""
        window = window_of(dict(pairs), self._shown.now())
        return answer(404, HTML, page("There is no such page", path, window, *missing_page(path, window, self._shown.pages)))

    def _page(self, path: str, pairs: Pairs, visit: Visit, may_run: bool) -> bytes | None:
        """Return a page; None if there is none such. Raises EventlakeError."""
        if path == SQL:
            return self._sql.page(pairs, visit, may_run=may_run)
        if path in {"/failed", "/search", "/sources"}:
            return self._listing(path, pairs)
        opened = self._tiled.opened(path, pairs)
        return None if opened is None else opened.head + self._tiled.body(opened, may_wait=False)

    def _listing(self, path: str, pairs: Pairs) -> bytes:
        """Return a page that is a list: of what failed, of what was found, of the sources."""
        window = window_of(dict(pairs), self._shown.now())
        if path == "/failed":
            return page("Failed", path, window, *failed_page(self._shown.open_failed(), window, self._buttons))
        if path == "/search":
            return page("Look for", path, window, *search_page(window, self._shown.saved, self._shown.pages.values()))
        return page("Sources", path, window, *sources_page(self._asking.lake, window))


def _pairs(scope: Message) -> Pairs:
    return parse_qsl(scope["query_string"].decode("latin-1"))


def _shrinks(headers: Mapping[bytes, bytes]) -> bool:
    return b"gzip" in headers.get(b"accept-encoding", b"")
