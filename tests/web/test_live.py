"""Browsers hear which tables changed, from one look for all; tiles that are slow come by themselves, or are given up."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import signal
import threading
import time
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from eventlake.errors import QueryLimitError, StorageError
from eventlake.interfaces import Result
from eventlake.web import live as live_module
from eventlake.web.answered import NOTHING, Answered, Asked
from eventlake.web.asking import Asking
from eventlake.web.live import Live, changes, waited
from eventlake.web.static import static
from web.conftest import WINDOW, Browser
from web.test_serving import Served, served  # noqa: F401  a fixture

NAVIGATES = {"sec-fetch-mode": "navigate"}


def test_a_change_names_table_and_hours() -> None:
    """Of what came, what was swapped and what went; a table that is as it was is not named."""
    before = {"a": {"10": 1, "11": 1, "12": 1}, "b": {"10": 1}}
    after = {"a": {"10": 1, "11": 2, "13": 1}, "b": {"10": 1}, "c": {}}

    assert list(changes(before, after)) == [b'event: change\ndata: {"table": "a", "hours": ["11", "12", "13"]}\n\n']


def test_all_hear_the_same_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams, one look each time; nobody looks when the last has gone; the end of the bus ends them."""
    monkeypatch.setattr(live_module, "LOOK_S", 0.01)
    monkeypatch.setattr(live_module, "TICK_S", 0.01)
    looks, ended = [0], [False]

    def generations() -> dict[str, dict[str, object]]:
        looks[0] += 1
        return {"a": {"10": min(looks[0], 3)}}  # so that both have heard all there is when the bus ends

    async def run() -> list[list[bytes]]:
        live, heard = Live(generations, lambda: ended[0]), [[], []]  # type: ignore[var-annotated]
        streams = [asyncio.create_task(live(_never, _into(one))) for one in heard]
        while not all(len(one) > 2 for one in heard):
            await asyncio.sleep(0.01)
        ended[0] = True
        await asyncio.gather(*streams)
        return heard

    first, second = asyncio.run(asyncio.wait_for(run(), 120))

    assert first == second
    assert first[1].startswith(b'event: change\ndata: {"table": "a"')
    assert first[-1] == b""


def test_nobody_looks_before_the_last_telling_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long that takes is said where one would notice, also to who comes later; and that it is over."""
    monkeypatch.setattr(live_module, "LOOK_S", 0.001)
    monkeypatch.setattr(live_module, "TICK_S", 0.001)
    monkeypatch.setattr(live_module, "time", SimpleNamespace(monotonic=lambda: 0.0))
    looks, rests, ended = [0], [0.0, 40.0, 41.0, 300.0, 20.0], [False]

    def look() -> dict[str, dict[str, object]]:
        looks[0] += 1
        return {"a": {"10": min(looks[0], 2)}}

    async def run() -> list[list[bytes]]:
        live, heard = Live(look, lambda: ended[0], lambda: rests.pop(0) if len(rests) > 1 else rests[0]), [[], []]  # type: ignore[var-annotated]
        streams = [asyncio.create_task(live(_never, _into(heard[0])))]
        while len(rests) > 1:
            await asyncio.sleep(0.001)
        streams.append(asyncio.create_task(live(_never, _into(heard[1]))))
        while not heard[1]:
            await asyncio.sleep(0.001)
        assert looks[0] == 2
        rests[0] = 0.0
        while not all(b"event: pace\ndata: 0\n\n" in one for one in heard):
            await asyncio.sleep(0.001)
        ended[0] = True
        await asyncio.gather(*streams)
        return heard

    first, later = asyncio.run(asyncio.wait_for(run(), 120))

    assert [one for one in first if b"pace" in one] == [b"event: pace\ndata: %d\n\n" % seconds for seconds in (40, 300, 0)]
    assert later[0] == b"retry: 3000\n\nevent: pace\ndata: 300\n\n"


def test_whoever_has_answered_reads_no_more() -> None:
    """Neither after a stream nor after what a browser waited for: what closes the connection reads it to its end."""
    reading: list[bool] = []

    async def receive() -> Any:
        reading.append(True)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)  # as a stream that takes a turn to be left
            reading.pop()

    async def run() -> AsyncIterator[list[bool]]:
        ends, asked = iter([False]), Asked(Future())
        await Live(dict, lambda: next(ends, True))(receive, _into([]))
        yield reading[:]
        threading.Timer(0.05, asked.settle, [Answered(NOTHING)]).start()
        await waited(asked, receive)
        yield reading[:]

    async def seen() -> list[list[bool]]:
        return [one async for one in run()]

    assert asyncio.run(asyncio.wait_for(seen(), 120)) == [[], []]


async def _never() -> dict[str, Any]:
    await asyncio.sleep(60)
    return {"type": "http.disconnect"}


def _into(heard: list[bytes]) -> Any:
    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            heard.append(message["body"])

    return send


def test_a_page_does_not_wait_for_what_is_slow(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a browser it goes out with places for the tiles, which come when they are asked for; whoever takes no script is told to ask again."""
    hold, query = threading.Event(), browser.lake.engine.query

    def slow(*given: Any, **named: Any) -> Result:
        hold.wait(60)
        return query(*given, **named)

    monkeypatch.setattr(browser.lake.engine, "query", slow)
    monkeypatch.setattr(browser.lake.engine, "together", None)
    window = WINDOW | {"from": "2026-11-09T00:00:00Z"}
    early = browser.get("/user", window | {"user": "nobody"}, headers=NAVIGATES).text
    hold.set()
    part = browser.get("/tiles/one_user.part", window | {"user": "nobody", "on": "/user"}).text

    assert early.count("data-waiting") == 2
    assert '<noscript><meta http-equiv="refresh"' in early
    assert part.startswith('<section class="tile wide" id="tile-one_user"')
    assert "This user did nothing" in part
    assert "data-waiting" not in browser.get("/user", window | {"user": "nobody"}).text
    assert browser.get("/tiles/nothing.part").status == 404
    assert browser.get("/tiles/logins.part", {"from": "x"}).status == 400


def test_a_page_begins_before_anything_is_asked(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first bytes name what a browser fetches meanwhile; the catalog is looked at, and tiles are asked, when they are sent."""
    sent: list[Any] = []
    contents = browser.lake.catalog.contents
    before: list[int] = []

    def looked(name: str) -> Any:
        before.append(len(sent))
        return contents(name)

    async def send(message: Any) -> None:
        sent.append(message)

    monkeypatch.setattr(browser.lake.catalog, "contents", looked)
    headers = [(b"sec-fetch-mode", b"navigate"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": "/logins", "query_string": b"from=-3d", "headers": headers}
    asyncio.run(browser.site(scope, _never, send))

    first, rest = (message["body"] for message in sent[1:])
    assert min(before) == 2
    assert b"/static/page.css" in zlib.decompressobj(31).decompress(first)
    assert gzip.decompress(first + rest).endswith(b"</body></html>")
    assert b"content-length" not in dict(sent[0]["headers"])
    assert dict(sent[0]["headers"])[b"content-security-policy"]


def test_a_wrong_address_is_said_before_a_page_begins(browser: Browser) -> None:
    """With a status of its own, whoever asks; what goes wrong later is a sentence in the page."""
    assert browser.get("/logins", {"from": "x"}, headers=NAVIGATES).status == 400
    assert browser.get("/nothing", headers=NAVIGATES).status == 404
    assert browser.get("/sources", headers=NAVIGATES).status == 200
    assert "/execution?execution=..." in browser.get("/execution", headers=NAVIGATES).text


def test_a_catalog_that_cannot_be_read_is_said_in_the_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning is sent by then."""

    def broken(_name: str) -> Any:
        raise StorageError("The catalog cannot be read.")

    monkeypatch.setattr(browser.lake.catalog, "contents", broken)
    assert "The catalog cannot be read." in browser.get("/logins", {"from": "-2d"}, headers=NAVIGATES).text


def test_a_slow_statement_keeps_no_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks one waits; pages are made meanwhile."""
    hold, begun, query = threading.Event(), threading.Event(), browser.lake.engine.query

    def slow(sql: str, **named: Any) -> Result:
        if sql == "select 7 as seven":
            begun.set()
            hold.wait(60)
        return query(sql, **named)

    monkeypatch.setattr(browser.lake.engine, "query", slow)
    asking = threading.Thread(target=lambda: browser.get("/sql", {"q": "select 7 as seven"}))
    asking.start()
    begun.wait(60)

    assert browser.get("/lake").status == 200
    assert asking.is_alive()
    hold.set()
    asking.join(60)


def test_what_nobody_waits_for_is_given_up() -> None:
    """The last who goes ends it; who comes back asks anew."""
    ended: list[bool] = []

    class Engine:
        def query(self, _sql: str, *, cancelled: Any) -> Result:
            while not cancelled():
                time.sleep(0.01)
            ended.append(True)
            return NOTHING

    class Lake:
        tables = ()
        engine = Engine()

    asking = Asking(lambda: Lake(), lambda: False)  # type: ignore[arg-type, return-value]
    asked = asking.ask("select 1")

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert asking.ask("select 1") is asked
    assert asyncio.run(waited(asked, gone)) == Answered(NOTHING, "Nobody waits for this any more.")
    asked.future.result(60)
    assert ended == [True]
    asking.close()


def test_a_statement_that_its_browser_left_is_given_up(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that who stops four queries does not wait for the fifth; one that somebody else waits for goes on."""
    begun, may, ended, query = threading.Event(), threading.Event(), threading.Event(), browser.lake.engine.query

    def slow(sql: str, *, cancelled: Any) -> Result:
        begun.set()
        while not may.wait(0.01):
            if cancelled():
                ended.set()
                raise QueryLimitError("The query was cancelled.")
        return query(sql)

    async def gone() -> dict[str, Any]:
        await asyncio.to_thread(begun.wait)
        return {"type": "http.disconnect"}

    async def leave(sql: str) -> None:
        scope = {"type": "http", "method": "GET", "path": "/sql", "query_string": urlencode({"q": sql}).encode(), "headers": []}
        await browser.site(scope, gone, _into([]))

    monkeypatch.setattr(browser.lake.engine, "query", slow)
    asyncio.run(asyncio.wait_for(leave("select 11 as eleven"), 60))
    assert ended.is_set()

    ended.clear()
    begun.clear()
    stays: list[str] = []
    staying = threading.Thread(target=lambda: stays.append(browser.get("/sql", {"q": "select 12 as twelve"}).text))
    staying.start()
    begun.wait(60)

    async def another_leaves() -> None:
        leaving = asyncio.create_task(leave("select 12 as twelve"))
        await asyncio.sleep(0.1)
        assert not leaving.done()
        may.set()
        await leaving

    asyncio.run(asyncio.wait_for(another_leaves(), 60))
    staying.join(60)
    assert not ended.is_set()
    assert "<td" in stays[0]


def test_the_script_is_small() -> None:
    """At most 12 KB as a browser takes it, with nothing in it that a strict policy would stop."""
    script = static("/static/page.js")

    assert script is not None
    assert len(gzip.compress(script.body, 9)) < 12_000
    assert not [word for word in (b"eval(", b"innerHTML", b"document.write", b"import", b".style") if word in script.body]


def test_a_stream_ends_with_the_bus(served: Served) -> None:  # noqa: F811
    """At once: an open stream holds up nobody who ends the bus, and is no trouble that would be told."""
    while served.ask("GET", "/sql")[0] != 200:  # the process of the page has not begun yet
        time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", "/live")
    answer = connection.getresponse()
    first = answer.readline()

    served.process.send_signal(signal.SIGTERM)
    answer.read()

    assert first == b"retry: 3000\n"
    assert served.process.communicate(timeout=60) == ("", "")
    assert served.process.returncode == 0
    connection.close()
