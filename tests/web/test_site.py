"""The page answers every address with a page or a sentence, escapes what strangers wrote, and asks for nothing elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from by_day import one_in
from eventlake.web.pages import PAGES, TILES
from web.conftest import MARK, WINDOW, Browser

ADDRESSES = {
    "/execution": {"execution": MARK},
    "/pipeline": {"pipeline": MARK},
    "/application": {"application": MARK},
    "/user": {"user": MARK},
    "/address": {"address": MARK},
}
PATHS = [*(page.path for page in PAGES), "/failed", "/lake", "/sql"]


class Seen(HTMLParser):
    """What a browser would see: tags, attributes, and where they lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


@pytest.mark.parametrize("path", one_in(4, PATHS))
def test_every_page_answers(browser: Browser, path: str) -> None:
    """With what it is called, and under a policy that lets nothing run."""
    got = browser.get(path, WINDOW | ADDRESSES.get(path, {}))

    assert got.status == 200
    assert got.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in got.headers["content-security-policy"]
    assert 'class="problem"' not in got.text


@pytest.mark.parametrize("path", PATHS)
def test_a_page_asks_for_nothing_elsewhere(browser: Browser, path: str) -> None:
    """Nothing is loaded but its own stylesheet, icon and script; no script and no style stands in it."""
    seen = Seen(browser.get(path, WINDOW).text)

    assert not seen.tags & {"style", "img", "iframe", "object"}
    assert [value for name, value in seen.attributes if name == "src"] == ["/static/page.js"]
    assert not [name for name, _ in seen.attributes if name == "style" or name.startswith("on")]
    assert {value for name, value in seen.attributes if name == "href" and value.startswith("/static")} == {
        "/static/icon.svg",
        "/static/page.css",
    }
    assert not [value for name, value in seen.attributes if name in {"src", "action"} and not value.startswith("/")]


@pytest.mark.parametrize("path", one_in(4, PATHS))
def test_what_strangers_wrote_is_text(marked: Browser, path: str) -> None:
    """Marks in every column come out escaped: no tag, no attribute and no link of theirs, and no turned direction."""
    text = marked.get(path, {"from": "-2h"} | ADDRESSES.get(path, {})).text
    seen = Seen(text)

    assert "<b onx" not in text
    assert "onx" not in {name for name, _ in seen.attributes}
    assert "javascript:" not in " ".join(value for name, value in seen.attributes if name == "href")
    assert "\u202e" not in text
    if path not in {"/lake", "/sql"}:
        assert "mark</b>" in seen.text + " ".join(value for _, value in seen.attributes)


@pytest.mark.parametrize("name", one_in(8, sorted(TILES)))
def test_every_tile_has_its_forms(marked: Browser, name: str) -> None:
    """A picture that is XML, JSON, CSV, and the SQL that the command line takes."""
    values = {"from": "-2h", "execution": MARK, "user": MARK, "address": MARK, "application": MARK}

    ElementTree.fromstring(marked.get(f"/tiles/{name}.svg", values).text)
    rows = marked.get(f"/tiles/{name}.json", values).rows()
    assert marked.get(f"/tiles/{name}.csv", values).text.count("\n") >= len(rows)
    sql = marked.get(f"/tiles/{name}.sql", values).text
    assert len(marked.lake.engine.query(sql).rows) == len(rows)
    assert marked.get(f"/tiles/{name}", values).status == 200


@pytest.mark.parametrize("path", one_in(4, PATHS))
def test_an_empty_lake_says_so(empty: Browser, path: str) -> None:
    """Each tile has a sentence of its own."""
    got = empty.get(path, ADDRESSES.get(path, {}))

    assert got.status == 200
    assert 'class="problem"' not in got.text
    assert path == "/sql" or 'class="empty"' in got.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"from": "yesterday"}, "is no moment"),
        ({"tz": "Mars/Olympus"}, "is no time zone"),
        ({"tz": "../../etc"}, "is no time zone"),
        ({"from": "now", "to": "-1d"}, "is no window"),
        ({"from": "0001-01-01"}, "is no window"),
        ({"from": "9999-12-30", "to": "9999-12-31"}, "is no window within the years 1000 to 9998"),
    ],
)
def test_a_wrong_address_is_a_sentence(browser: Browser, values: dict[str, str], said: str) -> None:
    """With what was written."""
    got = browser.get("/", values)

    assert got.status == 400
    assert said in Seen(got.text).text


def test_a_refused_statement_says_why(browser: Browser) -> None:
    """On its page, where it can be corrected."""
    got = browser.get("/sql", {"q": "select nothing from nowhere"})

    assert got.status == 200
    assert "nowhere" in re.findall(r'class="problem"[^>]*>([^<]*)', got.text)[0]


def test_a_saved_query_is_a_form_and_an_answer(browser: Browser) -> None:
    """Its parameters are fields."""
    asked = browser.get("/sql", {"query": "deployment_frequency", "show": "1"})
    got = browser.get("/sql", {"q": "select type, count(*) as n from auth0_logs group by 1 order by 2 desc"})

    assert 'name="days"' in asked.text
    assert 0 < got.text.index("rows in") < got.text.index("saved queries")  # what was asked for stands before what else may be
    assert 'class="chart bar"' in got.text


def test_an_answer_of_more_rows_than_are_kept_says_so(browser: Browser) -> None:
    """Nobody takes the first of them for all."""
    numbers = "select 1 from unnest(sequence(1, 201)) as a(i) cross join unnest(sequence(1, {})) as b(j)"

    more, all_of_them = (browser.get("/sql", {"q": numbers.format(count)}).text for count in (100, 50))

    assert "More than 20,000 rows, of which the first 20,000 are here" in more
    assert "More than" not in all_of_them
    assert "10,050 rows in" in all_of_them


@pytest.mark.parametrize("show", [{}, {"show": "1"}], ids=["run", "shown"])
def test_a_saved_query_that_is_not_there_is_said(browser: Browser, show: dict[str, str]) -> None:
    """Whether it was to be run or only shown; the list to choose from stands open."""
    got = browser.get("/sql", {"query": "deployments_frequency", **show}).text

    assert re.findall(r'class="problem"[^>]*>([^<]*)', got) == ['There is no saved query "deployments_frequency"; choose one of the list.']
    assert '<details open=""><summary>' in got


def test_a_link_elsewhere_runs_no_statement(browser: Browser) -> None:
    """It fills the form; a picture or a frame on another site gets nothing."""
    navigated = browser.get("/sql", {"q": "select 1 as one"}, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    embedded = browser.get("/sql", {"q": "select 1 as one"}, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"})

    assert "select 1 as one" in navigated.text
    assert "rows in" not in navigated.text
    assert embedded.status == 403


def test_the_page_is_read_alone(browser: Browser) -> None:
    """Nothing can be sent to it."""
    assert browser.get("/", method="POST").status == 405
    assert browser.get("/nothing").status == 404
    assert browser.get("/static/../site.py").status == 404


def test_what_names_no_icon_has_one(browser: Browser) -> None:
    """A browser asks for it beside SQL, JSON and CSV."""
    assert browser.get("/favicon.ico").body == browser.get("/static/icon.svg").body


def test_what_did_not_change_is_not_asked_again(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same statement over the same objects is remembered."""
    first = browser.get("/deliveries", WINDOW).text
    monkeypatch.setattr(browser.lake.engine, "query", None)

    assert browser.get("/deliveries", WINDOW).text == first


def test_a_page_is_small(browser: Browser) -> None:
    """At most 60 KB with its stylesheet, as a browser takes it."""
    takes = {"accept-encoding": "gzip"}
    paint = len(browser.get("/static/page.css").body)

    assert all(len(browser.get(page.path, WINDOW, headers=takes).body) + paint < 60_000 for page in PAGES)


def test_what_failed_is_grouped_and_shown(marked: Browser) -> None:
    """By its code, and each with what came."""
    listed = marked.get("/failed")
    ids = re.findall(r"/failed\?id=(\w+)", listed.text)
    shown = Seen(marked.get("/failed", {"id": ids[0]}).text)

    assert "NotAnEvent" in listed.text
    assert len(set(ids)) == 3
    assert "mark</b>" in shown.text
    assert marked.get("/failed", {"id": "none"}).status == 400


def test_a_saved_query_runs_with_its_values(browser: Browser) -> None:
    """Those that were left empty have their defaults; one that is not there is named."""
    got = browser.get("/sql", {"query": "deployment_frequency", "days": "", "pipeline": ""})
    wrong = browser.get("/sql", {"query": "deployment_frequency", "days": "many"})
    unknown = browser.get("/sql", {"query": "nothing"})

    assert 'class="problem"' not in got.text
    assert 'name="days" value="30"' in got.text
    assert "days" in Seen(wrong.text).text
    assert "no saved query" in Seen(unknown.text).text


def test_an_answer_without_rows_says_so(browser: Browser) -> None:
    """Instead of an empty table."""
    assert "has no rows" in browser.get("/sql", {"q": "select 1 as one where false"}).text


def test_a_page_of_one_thing_wants_its_name(browser: Browser) -> None:
    """And says how to write it; a tile wants it too, and one that is not there is not found."""
    assert "/execution?execution=..." in browser.get("/execution").text
    assert browser.get("/tiles/execution.json").status == 400
    assert browser.get("/tiles/nothing").status == 404
    assert browser.get("/tiles/logins.exe").status == 404
    assert browser.get("/", {"from": "-1d", "x": "y" * 40_000}).status == 414


def test_the_first_page_tells_open_alerts(browser: Browser) -> None:
    """Below what is broken; that there is none is a sentence."""
    text = browser.get("/").text

    assert text.index('id="tile-broken"') < text.index('id="tile-alerts_open"') < text.index('id="tile-running"')
    assert "No alert of this window is open." in text


def test_paper_says_which_window_it_shows(browser: Browser) -> None:
    """In the zone of the page, where the form that chooses it is not printed; a window that does not move says so on the screen too."""
    berlin = browser.get("/", {"from": "2026-11-08", "to": "2026-11-20T14:00", "tz": "Europe/Berlin"}).text

    assert '<p class="meaning">2026-11-08 00:00 to 2026-11-20 14:00, Europe/Berlin</p>' in berlin
    assert '<p class="printed meaning">2026-11-06 14:38 to 2026-11-20 14:38, UTC</p>' in browser.get("/").text


@pytest.mark.parametrize(
    ("path", "length"), one_in(3, [("/changes", "30 days, as usual"), ("/", "14 days, as usual"), ("/deliveries", "30 days, as usual")])
)
def test_a_page_says_how_long_its_usual_window_is(browser: Browser, path: str, length: str) -> None:
    """Where nobody chose one; where somebody did, the way back is called usual."""
    assert f'<option value="" selected="">{length}</option>' in browser.get(path).text
    assert '<option value="">usual</option>' in browser.get(path, {"from": "-7d"}).text
