"""The ASGI application of the page: a request in, a page, a tile or a file out. It reads; one form has failed events tried again.

It stands beside the bus, which has checked who asks. Pages are made in threads, and their queries run in processes of their own, so that the
bus goes on taking events; when it ends, nothing here holds it up.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import parse_qsl

from eventlake.answers.forms import in_form
from eventlake.errors import EventlakeError
from eventlake.lake import Lake
from eventlake.local.bus.answer import Answer, Message, Receive, Send, respond
from eventlake.query.saved import SavedQuery, load_saved
from eventlake.web.answers import CSV, HTML, JSON, SVG, TEXT, answer
from eventlake.web.asking import AT_ONCE, Answered, Asked, Asking, Held, unfinished_hours
from eventlake.web.charts import CHARTS, Drawing
from eventlake.web.charts.drawing import frame, one_below_another
from eventlake.web.declared_pages import head, pages_of
from eventlake.web.elements import Child, Element, element
from eventlake.web.failed_page import failed_page
from eventlake.web.filters import filters_of
from eventlake.web.forms import answer as answer_shown
from eventlake.web.forms import cost_of, explained, forms, statement_of
from eventlake.web.lake_tiles import lake_page
from eventlake.web.leads import leads_of
from eventlake.web.live import Live, waited
from eventlake.web.marks import MOST, MOST_FILED, branch, mark_of, rows_statement
from eventlake.web.now_page import now_page
from eventlake.web.pages import BY_PATH, Page
from eventlake.web.redrive_form import MOST_BYTES, RedriveForm
from eventlake.web.redrive_form import PATH as REDRIVE
from eventlake.web.redriving import Redriving
from eventlake.web.rows_page import rows_page
from eventlake.web.schema import completions
from eventlake.web.search_page import found as search_page
from eventlake.web.sending import form_of
from eventlake.web.shell import page, sentence, tile_frame, tile_to_come
from eventlake.web.sources_page import sources_page
from eventlake.web.static import static
from eventlake.web.tile import Question, Tile, question
from eventlake.web.told import FailedRecords, Known, as_statement
from eventlake.web.window import Window, window_of

ASKED_AT_ONCE = 4
"""How many statements and tiles that somebody asks for alone wait for their answers at the same time; more wait for those."""
MADE_AT_ONCE = 1
"""How many pages are made at the same time: making them takes the interpreter from the bus."""
REMEMBERED = 64
"""How many pages of tiles are remembered."""
WAITING = 64
"""How many may wait to be made."""
PATIENCE_S = 0.06
"""How long a page waits for its tiles before it goes out without those that are not here yet."""
_LONGEST_ADDRESS = 32_000
_FORMS = {".svg": SVG, ".json": JSON, ".csv": CSV, ".sql": TEXT}
Pairs = list[tuple[str, str]]
"""What an address says, in order; a name may stand again."""
_log = logging.getLogger(__name__)


class Asks(NamedTuple):
    """How a page is asked for: whether its statement may run, and whether tiles may come later."""

    may_run: bool
    may_wait: bool


class Part(NamedTuple):
    """A tile of a page that is asked for alone. path: of the page."""

    question: Question
    asked: Asked
    window: Window
    path: str


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
        self._open_failed = open_failed
        self._asking = Asking(open_lake, is_stopping, at_once)
        self._now = now
        self._live = Live(self._asking.generations, is_stopping)
        self._pool = ThreadPoolExecutor(MADE_AT_ONCE, "pages")
        self._asking_pool = ThreadPoolExecutor(ASKED_AT_ONCE, "statements")
        self._made = 0
        self._known: OrderedDict[object, bytes] = OrderedDict()
        """Pages as they were made, by their address, the end of their window and the state of the lake; one thread makes them."""

    def close(self) -> None:
        """Make nothing more."""
        self._asking.close()
        for pool in (self._pool, self._asking_pool):
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
            is_form = scope["method"] == "POST"
            await respond(send, await (self._redriven(receive) if is_form else self._made_for(scope, headers, receive)))
        finally:
            self._made -= 1

    async def _made_for(self, scope: Message, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        """Make the answer in the thread for it; what waits for a tile alone waits outside of it, and as long as the browser does."""
        loop = asyncio.get_running_loop()
        if not scope["path"].endswith(".part"):
            waits = scope["path"].startswith(("/sql", "/tiles/", "/failed"))  # for an answer, so not where pages are made
            return await loop.run_in_executor(self._asking_pool if waits else self._pool, self._answer, scope, headers)
        try:
            part = await loop.run_in_executor(self._pool, self._part, scope)
        except EventlakeError as error:
            return _plain(400, str(error))
        if part is None:
            return _plain(404, "There is no such tile.")
        answered = await waited(part.asked, receive)
        drawn = await loop.run_in_executor(self._pool, lambda: str(tile_frame(part.question, answered, part.window, part.path)))
        return answer(200, HTML, drawn.encode(), shrinks=_shrinks(headers))

    async def _redriven(self, receive: Receive) -> Answer:
        """Have the failed events that a form names tried again."""
        body = await form_of(receive, MOST_BYTES)
        return await asyncio.get_running_loop().run_in_executor(self._asking_pool, self._answer_form, body)

    def _answer_form(self, body: bytes) -> Answer:
        window = window_of({}, self._now())
        try:
            return answer(200, HTML, page("Redriven", "/failed", window, *self._buttons.answer(body)))
        except EventlakeError as error:
            return answer(400, HTML, page("Nothing was redriven", "/failed", window, sentence(str(error), is_problem=True)))

    def _refused(self, scope: Message, headers: Mapping[bytes, bytes]) -> Answer | None:
        """Return the answer to what is not made: other methods, pictures that pages of other sites ask for, and too much at once."""
        is_form = scope["method"] == "POST" and scope["path"] == REDRIVE
        if scope["method"] not in {"GET", "HEAD"} and not is_form:
            return _plain(405, "This page is read with GET.")
        if headers.get(b"sec-fetch-site") in {b"cross-site", b"same-site"} and (is_form or headers.get(b"sec-fetch-mode") != b"navigate"):
            return _plain(403, "A page of another site may not read this.")
        if len(scope["query_string"]) > _LONGEST_ADDRESS:
            return _plain(414, "The address is too long.")
        if self._made >= WAITING or (scope["path"] == "/live" and self._live.is_full):
            return _plain(503, "Too many look at once; try again in a moment.")
        return static(scope["path"])

    def _answer(self, scope: Message, headers: Mapping[bytes, bytes]) -> Answer:
        """Make the answer; what the address has wrong becomes a page with a sentence."""
        path, shrinks = scope["path"], _shrinks(headers)
        pairs = parse_qsl(scope["query_string"].decode("latin-1"))
        asks = Asks(headers.get(b"sec-fetch-site") not in {b"cross-site", b"same-site"}, headers.get(b"sec-fetch-mode") == b"navigate")
        try:
            if path not in {"/sql/names.json", "/sql/cost.txt"}:
                self._note(path, scope["query_string"].decode("latin-1"))
            if path.startswith("/tiles/"):
                return self._tile(path, pairs, shrinks)
            if path == "/sql/names.json":
                return self._names(pairs, shrinks)
            if path == "/sql/cost.txt":
                return answer(200, TEXT, self._cost(dict(pairs).get("q", "")).encode(), shrinks=shrinks)
            made = self._page(path, pairs, asks)
        except EventlakeError as error:
            return answer(400, HTML, page("This cannot be shown", path, None, sentence(str(error), is_problem=True)))
        if made is None:
            return answer(404, HTML, page("There is no such page", path, None, sentence("Choose one above; events go to POST /events.")))
        return answer(200, HTML, made, shrinks=shrinks)

    def _page(self, path: str, pairs: Pairs, asks: Asks) -> bytes | None:
        values = dict(pairs)
        if path == "/sql":
            return self._sql(values, asks.may_run)
        if path == "/failed":
            window = window_of(values, self._now())
            return page("Failed", path, window, *failed_page(self._open_failed(), window, self._buttons))
        if path == "/search":
            looked = window_of(values, self._now())
            return page("Look for", path, looked, *search_page(looked, self._saved, self._pages.values()))
        if path == "/sources":
            window = window_of(values, self._now())
            return page("Sources", path, window, *sources_page(self._asking.lake, window))
        found = self._pages.get(path)
        return None if found is None else self._tiles(found, pairs, asks.may_wait)

    def _tiles(self, found: Page, pairs: Pairs, may_wait: bool) -> bytes:
        """Return a page of tiles, which are asked for side by side. may_wait: whether tiles may come later, to a browser that asks for them."""
        values = dict(pairs)
        window = self._window(pairs, found.default, found.wants)
        if found.wants and not values.get(found.wants):
            return page(found.title, found.path, window, sentence(f"Name one in the address: {found.path}?{found.wants}=..."))
        held = self._asking.held()
        key = found.path, tuple(pairs), window.end, tuple(held.items())
        if (known := self._known.get(key)) is not None:
            return known
        asked = [question(tile, window, self._asking.lake.tables) for tile in found.tiles]
        waiting = [self._asked(one, window, held) for one in asked]
        wait([one.future for one in waiting], PATIENCE_S if may_wait else None)
        answers = [one.future.result() if one.future.done() else None for one in waiting]
        drawn: list[Child] = [
            tile_frame(one, answered, window, found.path) if answered else tile_to_come(one, window)
            for one, answered in zip(asked, answers, strict=True)
        ]
        named = values.get(found.wants) or values.get("pipeline")
        made = page(
            f"{found.title} {named}" if named else found.title,
            found.path,
            window,
            *self._head(found, window),
            element("div", *drawn, class_="tiles"),
            unfinished=unfinished_hours(held),
            waits=None in answers,
        )
        if all(one and not one.problem for one in answers):
            self._remember(key, made)
        return made

    def _part(self, scope: Message) -> Part | None:
        """Have one tile of a page asked; None if there is no such tile. Raises UsageError."""
        pairs = parse_qsl(scope["query_string"].decode("latin-1"))
        on = dict(pairs).get("on", "/")
        tile = self._tiles_known.get(scope["path"].removeprefix("/tiles/").removesuffix(".part"))
        if tile is None:
            return None
        found, said = self._pages.get(on), [pair for pair in pairs if pair[0] != "on"]
        window = self._window(said, found.default, found.wants) if found else self._window(said)
        asked = question(tile, window, self._asking.lake.tables)
        return Part(asked, self._asked(asked, window), window, on)

    def _asked(self, one: Question, window: Window, held: Held | None = None) -> Asked:
        """Have a tile's rows asked of the tables, or told by what knows them. held: what the tables hold, if known already."""
        tell = one.tile.told
        if tell is None:
            return self._asking.ask(one.sql, held)
        return self._asking.told(lambda: tell(Known(self._asking.lake, self._open_failed), window))

    def _window(self, pairs: Pairs, default: str = "-7d", wants: str = "") -> Window:
        """Return the window of an address, with its filters. Raises UsageError."""
        return window_of(dict(pairs), self._now(), default, filters_of(pairs, self._asking.lake.tables, wants))

    def _head(self, found: Page, window: Window) -> Iterable[Element]:
        """Return what stands above the tiles of a source's page."""
        source = next((one for one in self._asking.lake.sources if one.name == found.source), None)
        return () if source is None else head(source, found.path, window, self._saved)

    @cached_property
    def _pages(self) -> Mapping[str, Page]:
        """Return every page of tiles by its address: those of this module's data, and those of the declarations."""
        lake = self._asking.lake
        return {**BY_PATH, "/": now_page(lake.sources), "/lake": lake_page(lake.tables), **pages_of(lake.sources)}

    @cached_property
    def _tiles_known(self) -> Mapping[str, Tile]:
        return {tile.name: tile for found in self._pages.values() for tile in found.tiles}

    @property
    def _saved(self) -> Mapping[str, SavedQuery]:
        return load_saved(self._asking.lake.sources)

    def _remember(self, key: object, made: bytes) -> None:
        self._known[key] = made
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _tile(self, path: str, pairs: Pairs, shrinks: bool) -> Answer:
        """Return a tile of its own: as a page with its rows and its SQL, or in one of its forms."""
        name, dot, form = path.removeprefix("/tiles/").partition(".")
        name, slash, of_rows = name.partition("/")
        tile = self._tiles_known.get(name)
        if tile is None or (dot and dot + form not in _FORMS) or (slash and of_rows != "rows"):
            return _plain(404, "There is no such tile.")
        window = self._window(pairs)
        asked = question(tile, window, self._asking.lake.tables)
        if of_rows:
            return self._rows(asked, window, pairs, form, shrinks)
        if form == "sql" and tile.told is None:
            return answer(200, TEXT, asked.sql.encode(), shrinks=shrinks)
        answered = self._asked(asked, window).future.result()
        if not dot:
            return answer(200, HTML, _tile_page(asked, answered, window, path), shrinks=shrinks)
        if answered.problem:
            return _plain(400, answered.problem)
        if form == "sql":
            return answer(200, TEXT, as_statement(answered.result).encode(), shrinks=shrinks)
        return answer(200, _FORMS[dot + form], _in_form(tile, answered, window, form), shrinks=shrinks)

    def _rows(self, asked: Question, window: Window, pairs: Pairs, form: str, shrinks: bool) -> Answer:
        """Return the rows behind a mark of a tile: as a page with their SQL, or in one of the forms."""
        mark, path = mark_of(pairs), f"/tiles/{asked.tile.name}/rows"
        limit = MOST_FILED if form else MOST
        reading = branch(asked.reading, mark)
        sql, left = rows_statement(reading, mark, window.zone.key, limit)
        if form == "sql":
            return answer(200, TEXT, sql.encode(), shrinks=shrinks)
        answered = self._asking.answer(sql)
        if form and answered.problem:
            return _plain(400, answered.problem)
        if form:
            return answer(200, _FORMS[f".{form}"], in_form(answered.result.columns, answered.result.rows, form).encode(), shrinks=shrinks)
        shown = rows_page(answered, reading.scans[0].table, window, path, sql, [*left, *asked.left])
        return answer(200, HTML, page(f"Rows behind {asked.tile.query.title}", path, window, *shown), shrinks=shrinks)

    def _sql(self, values: dict[str, str], may_run: bool) -> bytes:
        """Return the page for SQL; a link on another site fills the form, and runs nothing."""
        saved = self._saved
        window, problem, sql = window_of(values, self._now()), None, values.get("q", "")
        try:
            sql = statement_of(values, saved) if "show" not in values else sql
        except EventlakeError as error:
            problem, may_run = sentence(str(error), is_problem=True), False
        runs = bool(sql) and may_run and "show" not in values
        shown = self._answered(sql, window, explains="explain" in values) if runs else ()
        return page("SQL", "/sql", window, *forms(values, sql, saved, self._asking.lake.tables), problem, *shown)

    def _answered(self, sql: str, window: Window, *, explains: bool) -> Iterable[Child]:
        """Return what a statement answers, or what it would read and cost."""
        if not explains:
            return answer_shown(self._asking.answer(sql), window)
        try:
            return explained(self._asking.explain(sql))
        except EventlakeError as error:
            return [sentence(str(error), is_problem=True)]

    def _names(self, pairs: Pairs, shrinks: bool) -> Answer:
        """Return the names that complete a beginning, as JSON."""
        lake = self._asking.lake
        values = dict(pairs)
        found = completions(values.get("begins", ""), lake.tables, self._saved.values(), values.get("of", "").split(","))
        return answer(200, JSON, json.dumps(found).encode(), shrinks=shrinks)

    def _cost(self, sql: str) -> str:
        """Return what a statement would read and cost, a line for each table, or the sentence that says why it would be refused."""
        try:
            return "\n".join(cost_of(self._asking.explain(sql))) if sql.strip() else ""
        except EventlakeError as error:
            return str(error)


def _tile_page(asked: Question, answered: Answered, window: Window, path: str) -> bytes:
    rows: Element | None = None
    tile = asked.tile
    if tile.chart not in {"table", "telling"} and answered.result.rows:
        rows = CHARTS["table"](Drawing(tile, answered.result, window, path, leads_of(tile.name, path, window, asked.reading)))
    return page(
        tile.query.title,
        path,
        window,
        tile_frame(asked, answered, window, path),
        rows,
        element("pre", asked.sql or as_statement(answered.result)),
    )


def _in_form(tile: Tile, answered: Answered, window: Window, form: str) -> bytes:
    if form != "svg":
        return in_form(answered.result.columns, answered.result.rows, form).encode()
    return _picture(tile, answered, window)


def _picture(tile: Tile, answered: Answered, window: Window) -> bytes:
    """Return a tile's chart as a file of its own, which takes its colours from the page's stylesheet."""
    drawn = CHARTS[tile.chart](Drawing(tile, answered.result, window)) if answered.result.rows else sentence(tile.empty)
    pictures = list(_svgs_in(drawn))
    whole = one_below_another(pictures) if pictures else frame(30, tile.query.title, element("text", tile.empty, x=4, y=20))
    return b'<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet href="/static/page.css"?>' + str(whole).encode()


def _svgs_in(drawn: Element) -> Iterator[Element]:
    if drawn.tag == "svg":
        yield drawn
        return
    for child in drawn.children:
        if isinstance(child, Element):
            yield from _svgs_in(child)


def _shrinks(headers: Mapping[bytes, bytes]) -> bool:
    return b"gzip" in headers.get(b"accept-encoding", b"")


def _plain(status: int, text: str) -> Answer:
    return answer(status, TEXT, text.encode())
