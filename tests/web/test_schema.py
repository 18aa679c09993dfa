"""What a statement can name is told to who writes it."""

from __future__ import annotations

import re

from eventlake.query.saved import load_saved
from eventlake.sources import load
from eventlake.web.schema import MOST_NAMES, completions, schema
from web.conftest import Browser

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]


def test_a_beginning_is_completed_by_tables_columns_and_queries() -> None:
    """In any case of letters; a column names the tables that have it."""
    found = completions("PIPELINE", TABLES, load_saved(SOURCES).values())

    assert {"name": "pipeline_execution_state_change", "kind": "table", "of": "codepipeline"} in found
    assert "action_execution_state_change" in next(one["of"] for one in found if one["name"] == "pipeline")
    assert {"pipeline_duration"} <= {one["name"] for one in found if one["kind"] == "saved query"}
    assert completions("no_such_name", TABLES, []) == []
    assert len(completions("", TABLES, [])) == MOST_NAMES


def test_every_column_is_told_with_its_meaning() -> None:
    """And the day and the hour of arrival."""
    text = "".join(map(str, schema(TABLES)))

    assert all(f"<td>{column.type.replace('<', '&lt;').replace('>', '&gt;')}</td>" in text for table in TABLES for column in table.columns)
    assert text.count("Hour of arrival") == len(TABLES)


def test_every_completed_column_can_be_asked_for(browser: Browser) -> None:
    """As it is written."""
    names = [one["name"] for one in browser.get("/sql/names.json", {"begins": "cl"}).rows() if "auth0_logs" in one["of"].split()]

    assert {"client_id", "client_ip", "client_name"} == set(names)
    assert browser.lake.engine.query(f'select {", ".join(names)}, "date", hour from auth0_logs limit 1').rows


def test_what_a_statement_reads_completes_first() -> None:
    """Columns of its tables stand before other names; a word of SQL is in quotes, and the day of arrival is found without them."""
    plain, near = completions("st", TABLES, []), completions("st", TABLES, [], ["stage_execution_state_change"])

    assert plain[0]["kind"] == "table"
    assert near[0]["of"].split().count("stage_execution_state_change") == 1
    assert sorted(one["name"] for one in near) == sorted(one["name"] for one in plain)
    assert '"date"' in {one["name"] for one in completions("dat", TABLES, [])}
    assert '"date"' in {one["name"] for one in completions('"dat', TABLES, [])}


def test_the_cost_is_told_while_one_writes(browser: Browser) -> None:
    """Hours, bytes and price; of what would be refused, why; of nothing, nothing. Another site gets none of it."""
    told = browser.get("/sql/cost.txt", {"q": "select count(*) from auth0_logs"}).text

    assert re.fullmatch(r"auth0_logs: \d+ of \d+ objects, \d+ hours, .* bytes\nCost: \$[\d.]+ on Athena .*", told)
    assert "nowhere" in browser.get("/sql/cost.txt", {"q": "select nowhere"}).text
    assert browser.get("/sql/cost.txt", {"q": " "}).text == ""
    assert browser.get("/sql/cost.txt", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}).status == 403


def test_a_statement_is_explained_before_it_runs(browser: Browser) -> None:
    """With what it would read and cost; what would be refused says so."""
    asked = {"q": "select count(*) from auth0_logs", "explain": "1"}
    explained, refused = browser.get("/sql", asked).text, browser.get("/sql", {"q": "select nowhere", "explain": "1"}).text

    assert "Cost:" in explained
    assert "rows in" not in explained
    assert 'class="problem"' in refused
    assert "Cost:" not in browser.get("/sql", asked, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).text
