"""The page for SQL in a real browser: names complete a word, the cost is told while one writes, and what was asked is found again."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from browser.conftest import Window

pytestmark = pytest.mark.browser


def write(page: Any, text: str) -> Any:
    """Write a statement, key by key, and return its field."""
    field = page.locator(".statement textarea")
    field.focus()
    page.keyboard.type(text)
    return field


def test_the_keyboard_completes_a_name(window: Window) -> None:
    """Columns of the table that is read come first; Tab takes the first, arrows and Enter another, Escape none; then it runs."""
    page = window.open("/sql")
    field = write(page, "select client_i from auth0_l")
    page.locator("#names li").first.wait_for()
    page.keyboard.press("Tab")
    assert field.input_value() == "select client_i from auth0_logs"
    assert page.locator("#names li").count() == 0

    for _ in range(len(" from auth0_logs")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+ ")
    page.locator("#names li", has_text="client_id").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#names li[aria-selected=true]").text_content().startswith("client_ip")
    page.keyboard.press("Enter")
    assert field.input_value() == "select client_ip from auth0_logs"

    page.keyboard.type(", us")
    page.locator("#names li").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#names li").count() == 0
    assert field.evaluate("field => document.activeElement === field")
    page.keyboard.type("er_name")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert parse_qs(urlsplit(page.url).query)["q"] == ["select client_ip, user_name from auth0_logs"]
    assert "rows in" in page.locator("#cost").text_content()


def test_a_name_that_no_longer_fits_is_not_taken(window: Window) -> None:
    """Each letter narrows at once what is offered, before the server answers; another word is offered nothing."""
    page = window.open("/sql")
    field = write(page, "select client_i")
    page.locator("#names li", has_text="client_id").wait_for()
    page.route("**/sql/names.json?*", lambda _route: None)  # nothing answers from here
    page.keyboard.type("p")
    assert {name.split()[0] for name in page.locator("#names li").all_text_contents()} == {"client_ip"}
    page.keyboard.press("Tab")
    assert field.input_value() == "select client_ip"

    page.unroute("**/sql/names.json?*")
    page.keyboard.press("Backspace")
    page.locator("#names li", has_text="client_id").wait_for()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#names li").count() == 0


@pytest.mark.parametrize(("key", "text"), [("Tab", "select client_id"), ("Escape", "select client_id")])
def test_what_comes_late_is_offered_to_nobody(window: Window, key: str, text: str) -> None:
    """A name was taken meanwhile, or none is wanted: the list stays away, whenever the server answers."""
    page = window.open("/sql")
    field = write(page, "select client_i")
    page.locator("#names li", has_text="client_id").wait_for()
    held: list[Any] = []
    page.route("**/sql/names.json?*", lambda route: held.append(route))
    page.keyboard.type("d")
    page.keyboard.press(key)
    page.wait_for_timeout(500)  # what is asked, is asked by now
    for route in held:
        with suppress(Exception):  # it was given up
            route.continue_()
    page.wait_for_timeout(500)

    assert field.input_value() == text
    assert page.locator("#names li").count() == 0


def test_the_cost_is_told_while_one_writes(window: Window) -> None:
    """Before anything runs; what would be refused says why."""
    page = window.open("/sql")
    write(page, "select count(*) from auth0_logs ")
    page.locator("#would", has_text=re.compile(r"auth0_logs: .* hours, .* bytes\nCost: \$")).wait_for()
    page.keyboard.type("where nothing = 1 ")
    page.locator("#would", has_text="nothing").wait_for()


def test_what_was_asked_is_found_again_and_forgotten(window: Window) -> None:
    """In this browser alone, newest first and once; a link fills the form and runs nothing."""
    for number in (1, 2, 1):
        window.open(f"/sql?q=select+{number}+as+one")
    window.open("/sql?q=select+3+as+one&explain=1")
    window.open("/sql?q=select+nowhere")
    page = window.open("/sql")
    page.locator("#history summary").click()
    assert page.locator("#history a").all_text_contents() == ["select 1 as one", "select 2 as one"]
    with page.expect_navigation():
        page.locator("#history a").last.click()
    assert page.locator(".statement textarea").input_value() == "select 2 as one"
    assert page.locator("#cost").count() == 0
    page.locator("#history summary").click()
    page.locator("#history button").click()
    assert window.open("/sql").locator("#history").count() == 0
    assert page.evaluate("localStorage.length") == 0


def test_a_saved_query_takes_the_place_of_nothing_else(window: Window) -> None:
    """Its name alone leads to its form; within a statement it is not offered."""
    page = window.open("/sql")
    write(page, "deployment_fr")
    page.locator("#names li:first-child", has_text="deployment_frequency").wait_for()  # what was offered for fewer letters is gone then
    with page.expect_navigation():
        page.keyboard.press("Tab")
    assert parse_qs(urlsplit(page.url).query)["query"] == ["deployment_frequency"]


def test_an_answer_is_drawn_as_a_line(window: Window) -> None:
    """Where it is of moments and numbers; nothing is complained about, in the dark neither."""
    page = window.open("/sql?q=select+date_trunc('hour',event_time)+as+at,count(*)+as+n+from+auth0_logs+group+by+1+order+by+1")

    assert page.locator("polyline.line").count() == 1
    assert page.locator("polyline.line").evaluate("line => getComputedStyle(line).fill") == "none"
    page.emulate_media(color_scheme="dark")
