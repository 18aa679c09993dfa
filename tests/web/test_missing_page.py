"""An address that leads nowhere says what is not there, what is like it, and where all of its kind stand."""

from __future__ import annotations

import re

import pytest

from web.conftest import Browser

SAID = {
    "/user/anna@example.org": (
        'There is no page "/user/anna@example.org": what it shows is named behind a question mark. Look at user anna@example.org.',
        ["/user?user=anna%40example.org"],
    ),
    "/pipeline/web": (
        'There is no page "/pipeline/web": what it shows is named behind a question mark. Look at pipeline web.',
        ["/pipeline?pipeline=web"],
    ),
    "/execution/nope": (
        'There is no page "/execution/nope": what it shows is named behind a question mark. Look at execution nope.',
        ["/execution?execution=nope"],
    ),
    "/detection/credential_stufing": (
        'There is no detection "credential_stufing". Did you mean credential_stuffing? All of them are on the page Alerts.',
        ["/detection/credential_stuffing", "/alerts"],
    ),
    "/detection/nope": ('There is no detection "nope". All of them are on the page Alerts.', ["/alerts"]),
    "/source/auth": ('There is no source "auth". Did you mean auth0? All of them are on the page Sources.', ["/source/auth0", "/sources"]),
    "/source/nope/nope": ('There is no table "nope" of a source "nope". All of them are on the page Sources.', ["/sources"]),
    "/login": ('There is no page "/login". Did you mean Logins? Choose one above; events go to POST /events.', ["/logins"]),
    "/<b>": ('There is no page "/<b>". Choose one above; events go to POST /events.', []),
}


@pytest.mark.parametrize("path", SAID)
def test_what_is_not_there_leads_to_what_is(empty: Browser, path: str) -> None:
    """Through the same window, with the status of what is not there."""
    got = empty.get(path, {"from": "-3d"})
    main = got.text.partition("<main")[2]
    said = re.search(r'<p class="empty">(.*?)</p>', main)
    assert said is not None
    text, ways = SAID[path]

    assert got.status == 404
    assert re.sub(r"<[^>]*>", "", said[1]).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"') == text
    assert [way.replace("&amp;", "&") for way in re.findall(r'href="([^"]*)"', said[1])] == [
        way.replace("?", "?from=-3d&") if "?" in way else f"{way}?from=-3d" for way in ways
    ]


def test_a_tile_that_is_not_there_is_said(empty: Browser) -> None:
    """With the name that is like it, and the forms that there are."""
    assert empty.get("/tiles/login").text == 'There is no tile "login". Did you mean "logins"?'
    assert (
        empty.get("/tiles/logins.exe").text
        == "The tile logins is also there as .svg, .json, .csv, .sql, and what it counts as logins/rows."
    )
