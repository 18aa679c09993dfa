"""Athena's text -> the tree of a query: what Athena's grammar refuses is refused here, with line and column.

The tokens are checked first, for what has a sentence of its own and for bounds, then the parser reads them. Functions stay calls by name, so
that nobody but our tables says what a function means.
Grammar: https://github.com/trinodb/trino/blob/476/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventlake.dialect.text import tree
from eventlake.dialect.text.length import require_length
from eventlake.dialect.text.lexicon import BACKQUOTED, COMMENT, DELIMITED, DIGITS, END, QUOTED, STRANGE, SYMBOL, WORD, Token, spoken
from eventlake.dialect.text.parsing.cursor import place
from eventlake.dialect.text.parsing.queries import Queries
from eventlake.dialect.text.parsing.shows import Shows
from eventlake.errors import QueryRefusedError, QuerySyntaxError

MAX_NESTING = 120
"""Brackets deeper than this are refused before the recursive parser sees them."""

MAX_TOKENS = 12_000
"""A statement of more words than this is refused."""

_STATEMENTS = ("SELECT", "WITH", "VALUES", "(", "TABLE")
_SHOWS = ("SHOW", "DESCRIBE", "DESC")
_NOT_ANSWERED = {
    "EXPLAIN": "`eventlake query --explain` shows what runs, what it reads and what Athena would charge",
    **dict.fromkeys(("PREPARE", "EXECUTE", "DEALLOCATE"), 'statements are not kept: send each with values for its "?", or with :name'),
}
"""Statements of Athena that ask, and what to do instead."""


def parse(sql: str) -> tree.Query:
    """Return the tree of one statement that asks: SELECT, WITH, VALUES, TABLE, SHOW or DESCRIBE.

    Raises QuerySyntaxError with line and column, QueryRefusedError for what Athena or this engine does not take.
    """
    require_length(sql)
    tokens = spoken(sql)
    _require_query(tokens)
    shows = tokens[0].word in _SHOWS
    _require_readable(tokens, _UNREADABLE if not shows else {key: said for key, said in _UNREADABLE.items() if key != BACKQUOTED})
    _require_shallow(tokens)
    try:
        return (Shows if shows else Queries)(tokens).statement()
    except RecursionError:
        raise QueryRefusedError("The statement is nested too deeply: break it up with WITH.") from None


def require_condition(text: str) -> None:
    """Raise QuerySyntaxError unless a text is one condition and nothing else, as it may stand between brackets behind WHERE.

    Raises QueryRefusedError for what Athena or this engine does not take.
    """
    require_length(text)
    tokens = spoken(text)
    _require_readable(tokens, _UNREADABLE)
    _require_shallow(tokens)
    reader = Queries(tokens)
    try:
        reader.expression()
    except RecursionError:
        raise QueryRefusedError("The condition is nested too deeply.") from None
    if reader.token.kind != END:
        reader.fail()


def position(node: tree.Expr | None) -> str:
    """Return ` (line 2, column 7)` of a node or of the first part of it that knows, or nothing."""
    for part in node.walk() if node is not None else ():
        if part.token is not None:
            return f" ({place(part.token)})"
    return ""


def _require_query(tokens: Sequence[Token]) -> None:
    if not tokens:
        raise QuerySyntaxError("The statement is empty: write a SELECT.")
    if len(tokens) > MAX_TOKENS:
        raise QueryRefusedError(f"The statement has {len(tokens):,} words; at most {MAX_TOKENS:,} are taken.")
    first = tokens[0]
    if first.word in _NOT_ANSWERED:
        raise QueryRefusedError(f"{first.word} ({place(first)}) cannot be answered here as Athena does: {_NOT_ANSWERED[first.word]}.")
    if first.word not in _STATEMENTS + _SHOWS and first.is_closed and first.kind != STRANGE:
        raise QuerySyntaxError(
            f'Only SELECT is answered here, not "{first.text[:30]}": begin the statement with SELECT, WITH or VALUES ({place(first)}).'
        )


_NEVER_STRANGE = frozenset((WORD, SYMBOL))


def _require_readable(tokens: Sequence[Token], unreadable: Mapping[str, str]) -> None:
    for token in tokens:
        if token.kind in _NEVER_STRANGE:
            continue
        if token.kind in unreadable or (token.kind in DELIMITED and not token.is_closed):
            advice = unreadable.get(token.kind) or _open(token)
            raise QuerySyntaxError(f'Cannot read "{_shown(token)}" at {place(token)}: {advice}.')


_UNREADABLE = {
    BACKQUOTED: "write names that need quotes in double quotes",
    DIGITS: "numbers are written with digits, one point and an exponent; names do not begin with a digit",
    STRANGE: "it is not Athena's; names with other letters than a to z are written in double quotes",
}


def _shown(token: Token) -> str:
    return next(iter(token.text[:12].split()), f"U+{ord(token.text[0]):04X}")


def _open(token: Token) -> str:
    what = {QUOTED: "the name in double quotes", COMMENT: "the comment"}.get(token.kind, "the text")
    return f"{what} is not closed"


_DEEPER = {"(": 1, "[": 1, ")": -1, "]": -1}


def _require_shallow(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.word not in _DEEPER:
            continue
        depth += _DEEPER[token.word]
        if depth > MAX_NESTING:
            raise QueryRefusedError(
                f"Brackets are nested more than {MAX_NESTING} deep at {place(token)}: break the statement up with WITH."
            )
