"""A source that a stranger declared has a page, without a line of Python: how much came, what its columns hold, what came last."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from by_day import one_in
from eventlake.history import Truth
from eventlake.sources import load
from eventlake.web.declared_pages import MOST_VALUES
from eventlake.web.filters import filters_of
from eventlake.web.tile import question
from eventlake.web.window import window_of
from web.conftest import END, MARK, Browser, filled

DECLARATION = """\
name = "shop"
title = "The shop"
doc = "What was sold."
reference = "https://example.com/shop"
database = "shop_event_logs"

[[table]]
name = "sold"
doc = "One log line for each thing that was sold."
pattern = { source = ["shop.example.com"], detail-type = ["Sold"] }
columns = [
  { name = "Order", type = "string", from = "$.detail.item", doc = "Name of what was sold; its own name is a word of SQL." },
  { name = "count", type = "int", from = "$.detail.count", doc = "How many." },
  { name = "price", type = "double", from = "$.detail.price", doc = "What it cost, in euros." },
  { name = "gift", type = "boolean", from = "$.detail.gift", doc = "Whether it was a gift." },
  { name = "basket", type = "string", as = "json", from = "$.detail.basket", doc = "JSON of all that was bought with it." },
  { name = "coupon", type = "string", from = "$.detail.coupon", doc = "Nobody has one." },
]
"""
QUERY = '-- What sells best\\n-- Things by how often they were sold.\\nselect "order", count(*) as sold from sold group by 1 order by 2 desc'.replace(
    "\\n", "\n"
)
WINDOW = {"from": "-2d", "tz": "UTC"}
ITEMS = ["pear"] * 7 + ["fig"] * 4 + [MARK] * 2 + [None] * 3 + [f"rare {number}" for number in range(20)]


def sale(number: int, item: str | None) -> bytes:
    """A thing that was sold, in one of 40 hours."""
    detail: dict[str, Any] = {"item": item, "count": number % 3, "price": 1.5, "gift": number % 2 == 0, "basket": {"with": item}}
    at = f"{END - timedelta(hours=1 + number):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"id": f"s{number}", "source": "shop.example.com", "detail-type": "Sold", "time": at, "detail": detail}).encode()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A lake of a source that a folder declares; its first event is delivered twice."""
    folder, lake = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("lake")
    (folder / "shop" / "queries").mkdir(parents=True)
    (folder / "shop" / "source.toml").write_text(DECLARATION, "utf-8")
    (folder / "shop" / "queries" / "best.sql").write_text(QUERY, "utf-8")
    sales = [sale(number, item) for number, item in enumerate(ITEMS)]
    return Browser(lake, filled(lake, [*sales, sales[0]], [folder]), Truth(0))


def rows_behind(browser: Browser, link: str) -> int:
    """How many rows a mark leads to; of a bar, what came twice counts once."""
    parts = urlsplit(unescape(link))
    found = [one["event_id"] for one in browser.get(f"{parts.path}.json", dict(parse_qsl(parts.query))).rows()]
    return len(set(found) if "volume" in link else found)


def test_its_page_shows_what_came(shop: Browser) -> None:
    """All tiles, nothing refused, its saved query as a form, and what the declaration says of it."""
    text = shop.get("/source/shop", WINDOW).text

    assert 'class="problem"' not in text
    assert all(f'id="tile-sold-{name}"' in text for name in ("volume", "values", "last"))
    assert "/sql?" in text
    assert "What sells best" in text
    assert "What was sold." in text
    assert "<b onx" not in text


def test_volume_counts_each_event_once(shop: Browser) -> None:
    """By the quarter of an hour, also what was delivered twice."""
    counted = shop.tile("sold-volume", **WINDOW)

    assert sum(one["events"] for one in counted) == len(ITEMS)
    assert max(one["events"] for one in counted) == 1


def test_values_are_counted_in_one_reading(shop: Browser) -> None:
    """The most frequent of each column, NULL among them; none of JSON, of moments and of what is each event's own."""
    counted = shop.tile("sold-values", **WINDOW)
    items = {one["order"]: one["events"] for one in counted if one["column_name"] == "order"}
    most = Counter([*ITEMS, ITEMS[0]]).most_common(4)

    assert {item: items.get(item) for item, _ in most} == dict(most)
    assert len(items) == MOST_VALUES
    assert {one["column_name"] for one in counted} >= {"order", "count", "gift", "coupon"}
    assert not {one["column_name"] for one in counted} & {"basket", "extra", "event_id", "event_time", "price"}
    assert shop.get("/tiles/sold-values.sql", WINDOW).text.lower().count("from sold") == 1


def test_every_mark_leads_to_its_rows(shop: Browser) -> None:
    """As many as it says: bars, values, and those of NULL."""
    text = shop.get("/source/shop/sold", WINDOW).text
    marks = re.findall(r'href="(/tiles/sold-(?:volume|values)/rows\?[^"]*)"><title>([^<]*)</title>', text)

    assert len(marks) > 40
    for link, said in [marks[0], *marks[36::6]]:
        wanted = re.search(r": ([\d,]+)(?:,| events)", said)
        assert wanted
        assert rows_behind(shop, link) == int(wanted[1]), said
    assert "Not narrowed" not in shop.get(*_parts(marks[0][0])).text


def test_a_filter_holds_for_each_of_its_tiles(shop: Browser) -> None:
    """Rows are counted one by one, so that fewer are counted as right."""
    text = shop.get("/source/shop", WINDOW | {"order": "pear"}).text

    assert "Not filtered" not in text
    assert sum(one["events"] for one in shop.tile("sold-volume", **WINDOW, order="pear")) == 7
    assert {one["order"] for one in shop.tile("sold-last", **WINDOW, order="pear")} == {"pear"}


def test_columns_that_say_nothing_are_left_out(shop: Browser) -> None:
    """From the last events; above them they are named."""
    last = shop.get("/tiles/sold-last", WINDOW).text

    assert '<th scope="col">order</th>' in last
    assert '<th scope="col">coupon</th>' not in last
    assert "NULL in every event: " in shop.get("/tiles/sold-values", WINDOW).text


def test_sources_are_listed_and_found(shop: Browser) -> None:
    """Each with what came of it; a word of a title leads to its page."""
    listed = shop.get("/sources", WINDOW).text

    assert 'href="/source/shop?' in listed
    assert "AWS CodeBuild" in listed
    assert "/source/shop?" in shop.get("/search", WINDOW | {"text": "the shop"}).text


@pytest.mark.parametrize("path", ["/source/nothing", "/source/shop/nothing", "/source/", "/source/shop/sold/more"])
def test_a_page_of_no_source_is_not_there(shop: Browser, path: str) -> None:
    """It is said so."""
    assert shop.get(path).status == 404


@pytest.mark.parametrize("source", one_in(6, sorted((source.name for source in load()), reverse=True)))
def test_each_source_of_the_package_has_a_page(empty: Browser, source: str) -> None:
    """Also those for which no page was written; an empty one says why in each tile."""
    got = empty.get(f"/source/{source}", WINDOW)

    assert got.status == 200
    assert 'class="problem"' not in got.text
    assert "No such event came" in got.text


def test_many_tables_are_shown_by_how_much_came(empty: Browser) -> None:
    """Those of a source with more than a page can show lead to pages of their own."""
    from eventlake.web.declared_pages import MOST_TABLES, pages_of

    source = next(one for one in empty.lake.sources if one.name == "codebuild")
    many = type(source)(**{name: getattr(source, name) for name in source.__slots__} | {"tables": source.tables * (MOST_TABLES + 1)})
    found = pages_of([many])

    assert {tile.chart for tile in found["/source/codebuild"].tiles} == {"bars"}
    assert {tile.chart for tile in found["/source/codebuild/build_state_change"].tiles} == {"bars", "values", "telling"}
    window = window_of({}, END, filters=filters_of([("build_status", "FAILED")], many.tables))
    assert not question(found["/source/codebuild/build_state_change"].tiles[1], window, many.tables).left


def _parts(link: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(unescape(link))
    return parts.path, dict(parse_qsl(parts.query))
