"""Which database bare table names mean."""

from __future__ import annotations

import pytest

from eventlake.dialect.text.names import database_of, databases_named, require_question, with_databases
from eventlake.errors import QueryRefusedError, QuerySyntaxError
from eventlake.query.saved import load_saved, render
from eventlake.sources import load

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]


def test_tables_of_two_databases_must_be_written_with_theirs() -> None:
    """The sentence says how."""
    with pytest.raises(QueryRefusedError, match=r"auth0_event_logs\.auth0_logs and codebuild_event_logs\.build_state_change"):
        database_of("select 1 from auth0_logs, build_state_change", TABLES)


@pytest.mark.parametrize(
    ("sql", "database"),
    [
        ("select 1 from AUTH0_LOGS", "auth0_event_logs"),
        ('select 1 from "auth0_logs"', "auth0_event_logs"),
        ("select 1 from auth0_logs, codebuild_event_logs.build_state_change", "auth0_event_logs"),
        ("select 'build_state_change' from auth0_logs -- build_state_change", "auth0_event_logs"),
        ("select build_state_change.x /* auth0_logs */ from build_state_change", "codebuild_event_logs"),
        ("select 1", TABLES[0].database),
        ("select 1 from misspelt", TABLES[0].database),
    ],
)
def test_the_database_is_that_of_the_bare_names(sql: str, database: str) -> None:
    """Texts, comments and names with a database do not count; without any, one that exists."""
    assert database_of(sql, TABLES) == database


@pytest.mark.parametrize(
    ("sql", "databases"),
    [
        ("select 1", set()),
        ("select count(*) from AUTH0_LOGS where type = 'build_state_change'", {"auth0_event_logs"}),
        ('select * from Auth0_Event_Logs."auth0_logs" l -- build_state_change', {"auth0_event_logs"}),
        ("with x as (select * from auth0_event_logs.auth0_logs) select * from x", {"auth0_event_logs"}),
        ("show tables in `codebuild_event_logs`", {"codebuild_event_logs"}),
        ('select * from "auth0_logs$partitions"', {"auth0_event_logs"}),
        ("select * from auth0_logs, codebuild_event_logs.build_state_change", {"auth0_event_logs", "codebuild_event_logs"}),
    ],
)
def test_a_statement_is_about_the_databases_of_its_tables(sql: str, databases: set[str]) -> None:
    """Named by a table or by themselves; texts and comments do not count."""
    assert databases_named(sql, TABLES) == databases


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("select 1 from auth0_logs where type = 's'", "select 1 from auth0_logs where type = 's'"),
        (
            "select 'auth0_logs' from AUTH0_LOGS union all select 'x' from build_state_change",
            "select 'auth0_logs' from auth0_event_logs.AUTH0_LOGS union all select 'x' from codebuild_event_logs.build_state_change",
        ),
        (
            'select l.type, build_state_change.x from "auth0_logs" l join build_state_change on true join codebuild_event_logs.fleet_state_change f',
            'select l.type, build_state_change.x from auth0_event_logs."auth0_logs" l join codebuild_event_logs.build_state_change on true '
            "join codebuild_event_logs.fleet_state_change f",
        ),
    ],
)
def test_tables_of_several_databases_are_written_with_theirs(sql: str, written: str) -> None:
    """Where FROM or JOIN names them bare; one database is left to the engine, and texts are texts."""
    assert with_databases(sql, TABLES) == written


def test_without_tables_there_is_no_database() -> None:
    """Nothing is invented."""
    assert database_of("select 1 from auth0_logs", []) == ""


def test_every_saved_query_has_one_database() -> None:
    """That of its source."""
    databases = {source.name: source.database for source in SOURCES}
    for saved in load_saved(SOURCES).values():
        values = {parameter.name: "1" for parameter in saved.parameters if parameter.default is None}
        assert database_of(render(saved, values), TABLES) in {databases[saved.source], TABLES[0].database}


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "-- nothing",
        "drop table x",
        "INSERT INTO x SELECT 1",
        "explain analyze insert into x select 1",
        "EXPLAIN ANALYZE VERBOSE delete from x",
        "explain (type logical, format json) create table x as select 1",
        "explain (type logical",
        "explain explain analyze insert into x select 1",
        "explain",
        "call f()",
        "--\rINSERT INTO x SELECT 1",
        "/* select",
        "'select'",
    ],
)
def test_what_does_not_ask_is_refused(sql: str) -> None:
    """Nothing is changed by an engine."""
    with pytest.raises(QuerySyntaxError):
        require_question(sql)


PLANS = ["explain select 1", "explain analyze verbose (select 1)", "explain (type distributed) with a as (select 1) table a"]


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "-- why\nWITH a as (select 1) table a",
        "/* x */ (select 1)",
        "values 1",
        "show tables",
        "table x",
        "--\rselect 1",
        *PLANS,
    ],
)
def test_what_asks_is_taken(sql: str) -> None:
    """However it begins."""
    require_question(sql)


@pytest.mark.parametrize("sql", ["SHOW TABLES", "show views like 'a*'", "show tables 'a*'"])
def test_tables_are_shown_of_a_database_that_is_named(sql: str) -> None:
    """The engine would list one of them without a word."""
    with pytest.raises(QueryRefusedError, match="which of auth0_event_logs, codebuild_event_logs"):
        database_of(sql, TABLES)


@pytest.mark.parametrize(
    ("sql", "database"),
    [
        ("describe `build_state_change`", "codebuild_event_logs"),
        ('select * from "build_state_change$partitions"', "codebuild_event_logs"),
        ("show tables in codebuild_event_logs", "auth0_event_logs"),
        ("show partitions build_state_change", "codebuild_event_logs"),
    ],
)
def test_what_is_told_of_a_table_is_looked_up_where_it_lies(sql: str, database: str) -> None:
    """In backticks, and with its partitions asked for, too."""
    assert database_of(sql, TABLES) == database


@pytest.mark.slow
def test_a_flood_of_comments_that_never_end_is_read_once() -> None:
    """Each opening is not followed to the end anew."""
    with pytest.raises(QuerySyntaxError):
        require_question("/*" * 500_000)
