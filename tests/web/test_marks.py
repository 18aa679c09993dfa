"""Every mark leads to its rows, as many as it says; a value filters every tile that can be filtered by it, and those that cannot say so."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from eventlake.errors import UsageError
from eventlake.sources import load
from eventlake.web.filters import Filter, filtered, filtering, filters_of
from eventlake.web.marks import Mark, mark_of, rows_statement
from eventlake.web.pages import TILES
from eventlake.web.scan import Reading, reading_of
from web.conftest import MARK, WINDOW, Browser

TABLES = [table for source in load() for table in source.tables]
ALONE = sorted(name for name in TILES if not name.startswith(("one_", "execution", "alerts_")))  # the history has no alerts
COUNTED = {
    "log_types": "entries",
    "second_factor": "entries",
    "countries": "logins",
    "applications": "logins",
    "connections": "logins",
    "organizations": "logins",
    "reasons": "failed",
    "machines": "tokens",
}
"""Tiles that count entries of the log by one column, and what they call the count."""

BY_DAY = {"countries"}


def ways(browser: Browser, address: str, values: dict[str, str]) -> list[str]:
    """Where the marks of a page lead that lead to rows."""
    found = re.findall(r'href="(/tiles/\w+/rows\?[^"]*)"', browser.get(address, values).text)
    return list(dict.fromkeys(map(unescape, found)))


def rows(browser: Browser, link: str) -> list[dict[str, Any]]:
    """The rows that a link leads to, all of them."""
    parts = urlsplit(link)
    return browser.get(f"{parts.path}.json", dict(parse_qsl(parts.query))).rows()


def entries(found: list[dict[str, Any]]) -> int:
    """How many entries of the log, executions or events they are; what came twice is one."""
    return len({one.get("log_id") or one.get("executionid") or one["event_id"] for one in found})


def reading(sql: str) -> Reading:
    """What a statement reads of the sources' tables."""
    return reading_of(sql, TABLES)


@pytest.mark.parametrize("name", [name if name in BY_DAY else pytest.param(name, marks=pytest.mark.slow) for name in ALONE])
def test_a_tile_leads_to_its_rows(browser: Browser, name: str) -> None:
    """The tile to all of them; its last mark to some of those, and never to none."""
    last = rows(browser, ways(browser, f"/tiles/{name}", WINDOW)[-1])

    assert 0 < len(last) <= len(browser.get(f"/tiles/{name}/rows.json", WINDOW).rows())


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_every_mark_leads_to_its_rows(browser: Browser, name: str) -> None:
    """The first four of each tile, none of which is empty."""
    for link in ways(browser, f"/tiles/{name}", WINDOW)[:4]:
        assert rows(browser, link), link


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), COUNTED.items())
def test_a_mark_leads_to_as_many_rows_as_it_says(browser: Browser, name: str, count: str) -> None:
    """Each entry once."""
    said = browser.tile(name)[0]
    column = next(key for key in said if key != count)

    assert entries(browser.get(f"/tiles/{name}/rows.json", WINDOW | {f"is.{column}": said[column]}).rows()) == said[count]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "series"), [("logins", "failed"), ("outcomes", "ended_otherwise"), ("signups", "succeeded")])
def test_a_series_leads_to_what_it_counts(browser: Browser, name: str, series: str) -> None:
    """The condition of its count is that of its rows."""
    found = browser.get(f"/tiles/{name}/rows.json", WINDOW | {"series": series}).rows()
    column = "type" if name in {"logins", "signups"} else "state"

    assert sum(row[series] for row in browser.tile(name)) == entries(found)
    assert len({row[column] for row in found}) <= 3


@pytest.mark.slow
def test_a_cell_of_the_week_leads_to_its_hours(browser: Browser) -> None:
    """Those of the zone that the page is read in; all cells together lead to all rows."""
    berlin = WINDOW | {"tz": "Europe/Berlin"}
    links = [link for link in ways(browser, "/tiles/login_heat", berlin) if "cell=" in link]
    text = browser.get("/tiles/login_heat", berlin).text
    cells = re.findall(r'cell=([1-7])-(\d+)"><title>(\w{3}) (\d\d):00: ([\d,]+)<', text)
    day, hour, _, said_hour, said = cells[0]

    assert len(links) == len(cells)
    assert int(hour) == int(said_hour)
    assert entries(browser.get("/tiles/login_heat/rows.json", berlin | {"cell": f"{day}-{hour}"}).rows()) == int(said)


@pytest.mark.slow
def test_a_value_made_of_many_rows_leads_through_what_gathers_them(browser: Browser) -> None:
    """Who started executions is known from one event of several; the rows are those of the executions."""
    first = browser.tile("who_started")[0]
    found = browser.get("/tiles/who_started/rows.json", WINDOW | {"is.who": first["who"]}).rows()

    assert entries(found) == first["executions"]


@pytest.mark.slow
def test_a_click_filters_and_the_chip_takes_it_off(browser: Browser) -> None:
    """Of what a page shows, all keeps to it; values of rows are filters themselves."""
    text = browser.get("/logins", WINDOW | {"type": "fp"}).text
    whole = browser.tile("log_types")
    shown = browser.get("/tiles/log_types/rows", WINDOW | {"is.type": "s"}).text

    assert 'class="chips"' in text
    assert browser.tile("log_types", type="fp") == [row for row in whole if row["type"] == "fp"]
    assert browser.tile("log_types", type="!fp")[:19] == [row for row in whole if row["type"] != "fp"][:19]
    assert re.search(r'class="value"[^>]*href="/tiles/log_types/rows\?[^"]*connection=', shown) or re.search(
        r'href="/tiles/log_types/rows\?[^"]*connection=[^"]*" class="value"', shown
    )
    kept = {row["type"] for row in browser.get("/tiles/logins/rows.json", WINDOW | {"type": "!s"}).rows()}
    assert kept == {"f", "fp", "fu"}


def test_a_name_leads_to_the_page_of_what_it_names(browser: Browser) -> None:
    """A filter has an arrow behind it, but not on that very page; what is none leads there itself. A row's link stands on what it leads to."""
    broken = browser.tile("broken")[0]
    user = browser.tile("users")[0]["user_name"]
    execution, pipeline = broken["executionid"], broken["pipeline"]
    now = browser.get("/", WINDOW).text
    own = browser.get("/pipeline", WINDOW | {"pipeline": pipeline}).text

    assert re.search(rf'<a href="/execution\?[^"]*execution={execution}"><bdi title="{execution}">{execution[:8]}…</bdi>', now)
    assert re.search(rf'<a href="/pipeline\?[^"]*pipeline={pipeline}" class="way" title="The page of {pipeline}"', now)
    assert re.search('id="tile-broken"(?:(?!</section>).)*class="way"', now)
    assert not re.search('id="tile-broken"(?:(?!</section>).)*class="way"', own)
    assert re.search(r'<a href="/address\?[^"]*address=[^"]*" class="way"', browser.get("/user", WINDOW | {"user": user}).text)
    assert re.search(r'<a href="/address\?[^"]*address=[^"]*"><bdi>', browser.get("/changes", WINDOW).text)


def test_rows_begin_with_what_their_tile_is_about(browser: Browser) -> None:
    """After the moment: who and from where stand before ids and what else the table has."""
    told = browser.get("/tiles/users/rows", WINDOW).text
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)<', told)

    assert heads[0] == "event_time"
    assert set(heads[1:4]) == {"type", "ip", "user_name"}
    assert min(heads.index(name) for name in ("date", "log_id")) > 3


def test_a_filter_that_leaves_nothing_is_not_taken_for_quiet(browser: Browser) -> None:
    """No tile says that no login failed where those that failed are left out; one that keeps to no filter says what it has."""
    text = browser.get("/", WINDOW | {"type": "ssa"}).text

    assert re.search(r'id="tile-logins"(?:(?!</section>).)*The filters of this page leave nothing here', text)
    assert "No login failed" not in browser.get("/logins", WINDOW | {"type": "ssa"}).text
    assert re.search(r'id="tile-alerts_open"(?:(?!</section>).)*No alert of this window is open', text)


def test_raw_rows_lead_to_the_pages_of_their_names(browser: Browser) -> None:
    """Where a value is no filter, it is the link itself."""
    user = browser.tile("users")[0]["user_name"]
    told = browser.get("/tiles/users/rows", WINDOW | {"is.user_name": user}).text

    assert re.search(r'<a href="/user\?[^"]*user=', told)


def test_a_tile_that_cannot_keep_to_a_filter_says_so(browser: Browser) -> None:
    """What runs would be wrong without the events that ended it; logins have no pipeline."""
    state = browser.get("/", WINDOW | {"state": "STARTED"}).text
    pipeline = browser.get("/", WINDOW | {"pipeline": browser.truth.executions[0].pipeline}).text

    assert "Not filtered by state" in state
    assert re.search(r'id="tile-running".*?Not filtered by state', state)
    assert not re.search(r'id="tile-running"(?:(?!</section>).)*Not filtered', pipeline)
    assert re.search(r'id="tile-logins"(?:(?!</section>).)*Not filtered by pipeline', pipeline)


@pytest.mark.slow
@pytest.mark.parametrize("value", [MARK, "'; select 1 --", "a,b", "!x", "=x", "\\", "ü" * 60])
def test_a_value_is_a_value(browser: Browser, value: str) -> None:
    """Whatever it holds, it is compared, and can be nothing else."""
    kept, left = Filter("user_name", value), Filter("user_name", value, is_not=True)

    assert filters_of([("user_name", kept.written)], TABLES) == (kept,)
    assert filters_of([("user_name", left.written)], TABLES) == (left,)
    assert browser.tile("log_types", user_name=kept.written) == []
    assert browser.tile("log_types", user_name=left.written) == browser.tile("log_types")


def test_values_of_one_column_add_up() -> None:
    """Any of those that are kept, none of those that are left out; another column narrows further."""
    read = reading("select count(*) as n from auth0_logs where ip is null or type = 's' group by 1")
    sql, left = filtered(read, [Filter("type", "a"), Filter("type", "b"), Filter("ip", "c", is_not=True), Filter("stage", "x")])

    assert sql.endswith("""where (ip is null or type = 's') and "type" in ('a', 'b') and ("ip" is null or "ip" not in ('c')) group by 1""")
    assert left == ["stage"]


def test_a_value_that_a_column_cannot_have_is_refused(browser: Browser) -> None:
    """With a sentence; so is an hour that no week has."""
    assert browser.get("/", {"attempt": "many"}).status == 400
    assert browser.get("/tiles/login_heat/rows", {"cell": "8-1"}).status == 400
    with pytest.raises(UsageError):
        mark_of([("cell", "1-24")])


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select type, count(*) as n from auth0_logs where 1 = 1 group by type", {"type", "ip"}),
        ("select ip, row_number() over (partition by type order by ip) as n from auth0_logs where 1 = 1", {"type"}),
        ("select n from (select ip, max(type) as n from auth0_logs where 1 = 1 group by ip)", {"ip"}),
        ("select n from (select ip as n from auth0_logs where 1 = 1)", {"type", "ip"}),
        ("select count(*) as n from auth0_logs", set()),
        ("select count(*) as n from auth0_logs a join auth0_logs b on a.ip = b.ip where 1 = 1", set()),
    ],
)
def test_what_changes_no_meaning_filters(sql: str, columns: set[str]) -> None:
    """Of type and address: those by which rows can be left out without the rest meaning something else."""
    may = filtering(reading(sql))

    assert {name for name in ("type", "ip", "nothing") if may(name)} == columns


def test_rows_are_those_of_the_first_table() -> None:
    """With the conditions of the tile; what cannot be narrowed by is named."""
    read = reading(
        "with a as (select ip, max(type) as t from auth0_logs where type = 's' group by ip) select t, count(*) as n from a group by t"
    )
    sql, left = rows_statement(read, Mark({"n": "1"}), "UTC", 10)

    assert sql.split("\n")[:3] == ["select *", "from auth0_logs", "where type = 's'"]
    assert left == ["n"]
    with pytest.raises(UsageError):
        rows_statement(reading("select 1 as one"), Mark({}), "UTC", 10)


@pytest.mark.slow
def test_a_mark_of_a_union_leads_to_its_own_table(browser: Browser) -> None:
    """An event of a stage to the stage's rows, one of the pipeline to the pipeline's."""
    execution = next(one.id for one in browser.truth.executions if len(one.states) > 1)
    told = browser.tile("execution_events", execution=execution)
    links = ways(browser, "/execution", WINDOW | {"execution": execution})

    of_events = [link for link in links if "execution_events" in link and "is.what" in link]
    assert len(of_events) == len(told)
    for link in of_events:
        found = rows(browser, link)
        values = dict(parse_qsl(urlsplit(link).query))
        assert {one["executionid"] for one in found} == {execution}
        assert {one["state"] for one in found} == {values["is.state"]}
        assert ("stage" in found[0]) == (values["is.what"] == "stage")
