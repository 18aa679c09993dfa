"""Which database a statement's bare table names mean, for engines that look names up in one database only.

In a lake the names of tables are unique, so that `auth0_logs` means `auth0_event_logs.auth0_logs`; Athena and Trino want to be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eventlake.dialect.text.length import require_characters
from eventlake.dialect.text.lexicon import BACKQUOTED, QUOTED, SYMBOL, WORD, Token, spoken
from eventlake.errors import QueryRefusedError, QuerySyntaxError
from eventlake.model import Table

_QUESTIONS = ("select", "with", "values", "table", "show", "describe", "desc", "(")
_PLANS = (("explain", "analyze", "verbose"), ("explain", "analyze"), ("explain",))
"""What may stand before a question, the longest first."""
_OPTIONS = ("TYPE", "FORMAT")
"""Of EXPLAIN, in brackets."""


def database_of(sql: str, tables: Iterable[Table]) -> str:
    """Return the database of the tables that the statement names without one.

    If it names none, any of the lake's, so that a misspelt table is missed in a database that exists; empty if there is no table at all.
    Raises QueryRefusedError if they lie in several: the engine takes one.
    """
    known = {table.name: table.database for table in tables}
    bare = [name for name in _bare_names(sql) if name in known]
    databases = list(dict.fromkeys(known[name] for name in bare))
    everywhere = sorted(set(known.values()))
    if len(everywhere) > 1 and _lists_tables(sql):
        raise QueryRefusedError(f"SHOW lists one database there: write IN behind it, and which of {', '.join(everywhere)}.")
    if len(databases) > 1:
        other = next(name for name in bare if known[name] != databases[0])
        raise QueryRefusedError(
            f"The tables {bare[0]} and {other} lie in two databases: write them with theirs, {databases[0]}.{bare[0]} and {known[other]}.{other}."
        )
    return next(iter([*databases, *known.values()]), "")


def with_databases(sql: str, tables: Iterable[Table]) -> str:
    """Return a statement whose tables lie in several databases with the database before each that FROM or JOIN names bare; others as they are."""
    known = {table.name: table.database for table in tables}
    if len({known[name] for name in _bare_names(sql) if name in known}) < 2:
        return sql
    words = spoken(sql)
    signs = [*(token.word for token in words[1:]), ""]
    for place in reversed(range(1, len(words))):
        token = words[place]
        if words[place - 1].word in {"FROM", "JOIN"} and signs[place] != "." and token.name.lower() in known:
            sql = f"{sql[: token.start]}{known[token.name.lower()]}.{sql[token.start :]}"
    return sql


def databases_named(sql: str, tables: Iterable[Table]) -> set[str]:
    """Return the databases of the lake that a statement is about: of its tables, and those that it names themselves."""
    known = {table.name: table.database for table in tables}
    named = {token.name.lower() for token in spoken(sql) if token.kind in {WORD, QUOTED, BACKQUOTED}}
    return {known[name] for name in _bare_names(sql) if name in known} | (named & set(known.values()))


def _lists_tables(sql: str) -> bool:
    """Tell whether a statement is SHOW TABLES or SHOW VIEWS and names no database."""
    said = [token.word for token in spoken(sql)[:3]]
    return said[:1] == ["SHOW"] and said[1:2] in (["TABLES"], ["VIEWS"]) and said[2:] not in (["IN"], ["FROM"])


def require_question(sql: str) -> None:
    """Raise QuerySyntaxError unless the statement only asks: what changes a lake is not for an engine to run."""
    require_characters(sql)
    words = _behind_plan(spoken(sql))
    first = words[0].text[:20].lower() if words else ""
    if not first:
        raise QuerySyntaxError("The statement is empty: write a SELECT.")
    if first not in _QUESTIONS:
        raise QuerySyntaxError(
            f'A statement that begins with "{first.upper()}" is not answered here: begin it with SELECT, WITH or VALUES.'
        )


def _behind_plan(words: list[Token]) -> list[Token]:
    """Return the statement that an EXPLAIN is about, or the statement itself: EXPLAIN ANALYZE runs it."""
    said = [token.word.lower() for token in words[:3]]
    opening = next((len(plan) for plan in _PLANS if tuple(said[: len(plan)]) == plan), 0)
    rest = words[opening:]
    if opening and rest and rest[0].word == "(" and rest[1:2] and rest[1].word in _OPTIONS:
        closed = next((index for index, token in enumerate(rest) if token.word == ")"), len(rest) - 1)
        rest = rest[closed + 1 :]
    return rest


def _bare_names(sql: str) -> Iterator[str]:
    """Yield the names that stand neither before nor after a dot, in lower case, without what is asked of a table behind a `$`."""
    words = [token for token in spoken(sql) if token.kind in {WORD, QUOTED, BACKQUOTED, SYMBOL}]
    signs = ["", *(token.word for token in words), ""]
    for before, token, after in zip(signs, words, signs[2:], strict=False):
        if before != "." and after != "." and token.kind != SYMBOL:
            yield token.name.lower().partition("$")[0]  # "t$partitions" lies where t does
