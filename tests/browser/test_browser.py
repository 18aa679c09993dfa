"""The page in a real browser: every page and key, dragging, filters, what changes by itself, sizes, dark and light, print, and no script."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from browser.conftest import Served, Window, entry
from eventlake.web.pages import PAGES

pytestmark = pytest.mark.browser
PATHS = [
    *(page.path for page in PAGES if not page.wants),
    "/sources",
    "/source/auth0",
    "/failed",
    "/lake",
    "/sql",
    "/search?text=login",
    "/tiles/logins",
    "/tiles/addresses/rows",
    "/address?address=192.0.2.77",
]


def asked(page: Any) -> dict[str, str]:
    """What the address of a page says."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("path", PATHS)
def test_every_page_fits(window: Window, path: str) -> None:
    """Nothing of strangers runs or stands as a tag, nothing is asked for elsewhere, and no width or colour breaks a page."""
    page = window.open(path)
    for width in (2560, 1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main img, [onerror]").count() == 0
    assert page.locator(".problem").count() == 0


def test_what_a_user_did_is_read_on_a_laptop_without_moving_it(window: Window) -> None:
    """Of a name, a program and a connection of the usual lengths; what is the same in every row stands in the title."""
    page = window.open("/logins?from=-9d")
    page.set_viewport_size({"width": 1280, "height": 900})
    ways = {
        kind: page.locator(f"#tile-{tile} tbody a[href^='/{kind}?']").first for kind, tile in (("user", "users"), ("address", "addresses"))
    }
    for kind, path in {kind: way.get_attribute("href") for kind, way in ways.items()}.items():
        window.open(path)
        frame = page.locator(f"#tile-one_{kind}_entries .rows")
        assert frame.locator("tbody tr").count() > 0
        assert frame.evaluate("it => it.scrollWidth - it.clientWidth") <= 1


def test_a_change_is_read_on_a_laptop_without_moving_it(window: Window) -> None:
    """A long path is broken, and takes nothing from the lines that went and came."""
    page = window.open("/changes?from=-90d")

    assert page.locator(".changes .rows").first.evaluate("it => it.scrollWidth - it.clientWidth") <= 1


def test_a_change_is_read_on_a_phone_without_moving_it(window: Window) -> None:
    """All of it stands one below another, what it weakens first."""
    page = window.open("/changes?from=-90d")
    page.set_viewport_size({"width": 360, "height": 900})
    for cell in page.locator(".changes tbody tr:first-child td").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


OUTSIDE = """[...document.querySelectorAll(".tile")].flatMap(tile => {
  const card = tile.getBoundingClientRect();
  const isOutside = it => { const box = it.getBoundingClientRect(); return box.left < card.left || box.right > card.right; };
  const marks = tile.querySelectorAll(".chart:not(.latest > *) :is(text, rect)");
  return [...marks].filter(it => it.checkVisibility() && isOutside(it)).map(it => `${tile.id} ${it.textContent}`);
})"""
"""The marks and letters of charts that lie outside their cards; charts over time are moved, and begin at their end."""


@pytest.mark.parametrize("path", ["/lake", "/logins?from=-9d", "/source/auth0/auth0_logs", "/deliveries"])
@pytest.mark.parametrize("width", [360, 390, 701, 1440])
def test_bars_and_their_numbers_stand_within_their_cards(window: Window, path: str, width: int) -> None:
    """Names with them, which are cut at their end; of an answer's bars too."""
    page = window.page
    page.set_viewport_size({"width": width, "height": 900})
    window.open(path)

    assert page.locator(".ranking .bar text").count() > 5
    assert page.evaluate(OUTSIDE) == []


def test_a_table_that_goes_on_has_a_shade_at_its_lower_edge(window: Window) -> None:
    """Until it is moved to its end."""
    page = window.open("/logins?from=-9d")
    frame = page.locator("#tile-users .rows")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    edge = {"x": box["x"] + 40, "y": box["y"] + box["height"] - 4, "width": 40, "height": 3}
    frame.evaluate("it => { it.firstElementChild.style.visibility = 'hidden'; }")
    shaded = page.screenshot(clip=edge)
    frame.evaluate("it => it.scrollTo(0, it.scrollHeight)")
    at_end = page.screenshot(clip=edge)
    frame.evaluate("it => { it.style.background = 'none'; }")

    assert frame.evaluate("it => it.scrollHeight > it.clientHeight")
    assert at_end != shaded
    assert at_end == page.screenshot(clip=edge)


@pytest.mark.parametrize("width", [360, 1440])
def test_a_calendar_shows_its_last_hour(window: Window, width: int) -> None:
    """Which is what one looks for, whatever time of the day it is."""
    page = window.page
    page.set_viewport_size({"width": width, "height": 900})
    window.open("/lake")
    card = page.locator("#tile-lake_hours").bounding_box()
    for calendar in page.locator("#tile-lake_hours .calendar").all():
        for mark in (calendar.locator("rect.hour").last, calendar.locator("text.axis", has_text="21")):
            box = mark.bounding_box()
            assert card["x"] <= box["x"]
            assert box["x"] + box["width"] <= card["x"] + card["width"]


def test_keys_move_the_window(window: Window) -> None:
    """Earlier, later, longer, shorter, until now; the way back leads through all of them."""
    page = window.open("/logins?from=2026-01-05T00:00:00Z&to=2026-01-09T00:00:00Z")
    spans = []
    for key in ("[", "]", "-", "=", "t"):
        with page.expect_navigation():
            page.keyboard.press(key)
        spans.append((asked(page)["from"], asked(page)["to"]))
    page.go_back()

    assert spans[0] == ("2026-01-03T00:00:00Z", "2026-01-07T00:00:00Z")
    assert spans[1] == ("2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z")
    assert spans[2] == ("2026-01-03T12:00:00Z", "2026-01-10T12:00:00Z")
    assert spans[3] == ("2026-01-05T12:00:00Z", "2026-01-08T12:00:00Z")
    assert spans[4] == ("-4320m", "now")
    assert asked(page)["to"] == "2026-01-08T12:00:00Z"


def test_keys_go_and_look_and_help(window: Window) -> None:
    """To a page, to a tile's SQL, to the field that looks for things; help says all of them, and closes."""
    page = window.open("/")
    page.keyboard.press("?")
    assert page.locator("dialog kbd").all_text_contents() == ["[", "]", "-", "=", "t", "g", "s", "r", "c", "/", "?"]
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    page.keyboard.press("/")
    page.keyboard.type("web")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".found a").first.text_content() == "pipeline web"
    page.clock.set_fixed_time(datetime.now(UTC))  # the other letter is to come within three seconds
    page.keyboard.press("g")
    with page.expect_navigation():
        page.keyboard.press("l")
    assert urlsplit(page.url).path == "/logins"
    window.settle()
    page.locator("#tile-countries h2 a").focus()
    with page.expect_navigation():
        page.keyboard.press("s")
    assert urlsplit(page.url).path == "/tiles/countries.sql"


def test_a_refresh_and_a_copied_address(window: Window) -> None:
    """All tiles are asked again; the address that is copied is that of the moments that are seen."""
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = window.open("/logins?from=-1d")
    with page.expect_response(re.compile(r"/tiles/logins\.part")):
        page.keyboard.press("r")
    page.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(document.getElementById('said')?.textContent ?? ''))"
        ".observe(document.body, { childList: true, subtree: true })"
    )
    page.keyboard.press("c")
    while not [text for text in page.evaluate("heard") if "copied" in text]:  # it is there for four seconds
        page.wait_for_timeout(50)
    copied = parse_qs(urlsplit(page.evaluate("navigator.clipboard.readText()")).query)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", copied["from"][0])
    assert copied["to"] > copied["from"]


def test_dragging_looks_at_a_stretch(window: Window) -> None:
    """From where the mouse went down to where it went up; it follows no link that it passes."""
    page = window.open("/logins?from=-8d")
    box = page.locator("#tile-logins svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=4)
    assert page.locator("rect.shade").count() == 1
    with page.expect_navigation():
        page.mouse.up()

    assert urlsplit(page.url).path == "/logins"
    assert asked(page)["from"] < asked(page)["to"]


def test_a_click_keeps_and_a_shifted_click_leaves_out(window: Window) -> None:
    """On a value; the chip takes it off again. A mark leads to its rows."""
    page = window.open("/logins")
    label = page.locator("#tile-log_types a[data-not]").first
    value = label.locator("title").text_content()
    with page.expect_navigation():
        label.click()
    assert asked(page)["type"] == value
    assert page.locator(".chips li").count() == 1
    with page.expect_navigation():
        page.locator(".chips a").click()
    assert "type" not in asked(page)
    window.settle()
    with page.expect_navigation():
        page.locator("#tile-log_types a[data-not]").first.click(modifiers=["Shift"])
    assert asked(page)["type"] == f"!{value}"
    window.settle()
    with page.expect_navigation():
        page.locator("#tile-log_types a[href*=rows] rect").first.click()
    assert urlsplit(page.url).path == "/tiles/log_types/rows"
    assert page.locator("tbody tr").count() > 0


def test_tiles_change_by_themselves(window: Window, served: Served) -> None:
    """Those that read the table into which something came, and no others."""
    page = window.open("/logins?from=-1h")
    page.locator(".live.on").wait_for()
    parts: list[str] = []
    page.on("request", lambda one: parts.append(urlsplit(one.url).path) if ".part" in one.url else None)
    told = page.locator("#tile-reasons", has_text="a new reason")
    for number in range(900, 960):  # the first look at the catalog is what the next is compared with: what came before it is no news
        served.send(entry(number, "a new reason"))
        page.wait_for_timeout(2500)
        if told.count():
            break
    told.wait_for()

    assert "/tiles/logins.part" in parts
    assert not [part for part in parts if "deployments" in part]


def test_a_slow_tile_can_be_stopped(window: Window) -> None:
    """It says that it works; stopped, it can be asked again."""
    page = window.page
    page.route("**/*.part?*", lambda _route: None)  # nothing answers
    page.goto("/logins?from=-9d")
    page.keyboard.press("r")
    tile = page.locator("#tile-countries")
    tile.get_by_role("button", name="Stop").click()
    tile.get_by_text("Stopped.").wait_for()
    page.unroute("**/*.part?*")
    tile.get_by_role("button", name="Ask again").click()
    page.locator("#tile-countries .ranking").wait_for()


def test_the_keyboard_reaches_every_mark(window: Window) -> None:
    """One after the other, in their order, with a line round each."""
    page = window.open("/tiles/countries")
    wanted = page.evaluate("[...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")
    page.evaluate("document.querySelector('main').setAttribute('tabindex', '-1')")
    page.locator("main").focus()
    reached = []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href')"))

    assert set(wanted) <= set(reached)


def test_print_shows_the_tiles_alone(window: Window) -> None:
    """On white, without what can be chosen on a screen."""
    page = window.open("/logins")
    page.emulate_media(media="print")

    assert not page.locator("header form").first.is_visible()
    assert not page.locator(".forms").first.is_visible()
    assert page.locator("#tile-logins svg").is_visible()
    assert page.pdf()[:4] == b"%PDF"


def test_everything_is_there_without_a_script(chromium: Any, served: Served) -> None:
    """A browser without one asks again until the tiles are there; marks, values and chips are links."""
    window = Window(chromium, served.url, java_script_enabled=False)
    page = window.page
    page.goto("/logins?from=-6d")
    page.locator("html:not(:has(meta[http-equiv='refresh'])) #tile-changes :is(table, .empty)").first.wait_for()  # nothing comes any more
    page.locator("#tile-log_types a[data-not]").first.click()
    page.locator(".chips li").first.wait_for()  # the beginning of a page comes before the rest

    assert "type" in asked(page)
    assert page.locator(".chips li").count() == 1
    window.context.close()
