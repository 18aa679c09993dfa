"""Athena's text -> sqlglot's tree: what Athena's grammar refuses is refused here, with line and column.

sqlglot reads more than Athena does (`==`, `LIMIT 1 OFFSET 2`, a trailing comma, two statements). The words are checked first, the shape of
the tree by whoever binds it. Functions stay calls by name, so that nobody but our tables says what a function means.
Grammar: https://github.com/trinodb/trino/blob/476/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parsers.trino import TrinoParser

from eventlake.dialect.text.length import require_length
from eventlake.dialect.text.sql_json_syntax import PARSERS
from eventlake.errors import QueryRefusedError, QuerySyntaxError

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it would say on stderr becomes a sentence of ours

MAX_NESTING = 120
"""Brackets deeper than this are refused before the recursive parser sees them."""

MAX_TOKENS = 12_000
"""A statement of more words than this is refused."""

_WORDS = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<text>(?:[uU]&|[xX])?'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")+"|[^\W\d]\w*)
      | (?P<radix>0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+(?!\w))
      | (?P<number>(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?!\w)|(?:\d+(?:\.\d*)?|\.\d+)[eE][-+]?\d+(?!\w))
      | (?P<symbol><>|!=|<=|>=|\|\||->|=>|[-+*/%=<>(),.;\[\]:?{}|^$])""",
    re.VERBOSE | re.DOTALL,
)

_STATEMENTS = ("select", "with", "values", "(", "table")
REFUSED_WORDS = {
    "qualify": "QUALIFY is not in Athena: put the window function in a subquery and filter it outside.",
    "ilike": "ILIKE is not in Athena: write lower(a) LIKE lower(b).",
    "rlike": "RLIKE is not in Athena: write regexp_like(text, pattern).",
    "match_recognize": "MATCH_RECOGNIZE has no counterpart in DuckDB: write it with window functions.",
    "tablesample": "TABLESAMPLE draws other rows each time: filter with WHERE.",
    "natural": "NATURAL JOIN is not in Athena: write JOIN ... USING (column).",
}
"""Words that sqlglot would read, and what to write instead."""


def _typed_literal(parser: Any, this: exp.Expression, to: exp.DataType) -> exp.Expression:  # sqlglot's parser has no public type
    literal = exp.Cast(this=this, to=to)
    literal.meta.update(this.meta, literal=True)
    return literal


class _Parser(TrinoParser):
    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: TrinoParser.FUNCTION_PARSERS[name]
        for name in ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "NORMALIZE", "LISTAGG")
    } | PARSERS
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: TrinoParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("ANY", "CASE", "IF")
    }
    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Callable[..., Any]]] = dict.fromkeys(exp.DataType.Type, _typed_literal)


class AthenaSyntax(Trino):
    """Athena's grammar as sqlglot reads it, with functions as calls by name and subscripts as written."""

    INDEX_OFFSET = 0
    Parser = _Parser


def parse(sql: str) -> exp.Query:
    """The tree of one SELECT, WITH, VALUES or TABLE statement.

    Raises QuerySyntaxError with line and column, QueryRefusedError for what Athena or this engine does not take.
    """
    require_length(sql)
    words = _words(sql)
    _check_words(sql, words)
    sql = _plain_numbers(sql, words)
    try:
        trees = AthenaSyntax().parse(sql)
    except SqlglotError as error:
        raise _syntax_error(error, sql) from None
    except RecursionError:
        raise QueryRefusedError("The statement is nested too deeply: break it up with WITH.") from None
    tree = next((tree for tree in trees if tree is not None), None)
    if isinstance(tree, exp.Values):
        tree = _selected(tree)
    if not isinstance(tree, exp.Query):
        raise QuerySyntaxError("Only SELECT is answered here: begin the statement with SELECT, WITH or VALUES (line 1, column 1).")
    return tree


def _selected(values: exp.Values) -> exp.Select:
    """`VALUES ... ORDER BY ... LIMIT ...` as a SELECT from them."""
    select = exp.Select(expressions=[exp.Star()])
    for key in ("with_", "order", "limit", "offset"):
        part = values.args.get(key)
        if part is not None:
            values.set(key, None)
            select.set(key, part)
    select.set("from_", exp.From(this=values))
    return select


def _plain_numbers(sql: str, words: list[tuple[str, str, int]]) -> str:
    """The statement with 0x1F, 0o17, 0b1 and 1_000 as sqlglot reads them, each in as much room as it had where that is enough."""
    pieces, at = [], 0
    for kind, word, start in words:
        if kind == "radix" or (kind == "number" and "_" in word):
            written = str(int(word.replace("_", ""), 0)) if kind == "radix" else word.replace("_", "")
            pieces += [sql[at:start], written.ljust(len(word))]
            at = start + len(word)
    return "".join([*pieces, sql[at:]])


def position(node: exp.Expr | None) -> str:
    """` (line 2, column 7)` of a node or of the first part of it that knows, or nothing."""
    for part in node.walk() if node is not None else ():
        if "line" in part.meta:
            size = part.meta["end"] - part.meta["start"]
            return f" (line {part.meta['line']}, column {max(part.meta['col'] - size, 1)})"
    return ""


def _words(sql: str) -> list[tuple[str, str, int]]:
    """Kind, text and offset of every word, blanks and comments left out."""
    words, at = [], 0
    while at < len(sql):
        match = _WORDS.match(sql, at)
        if match is None:
            raise _unreadable(sql, at)
        kind = match.lastgroup or ""
        if kind != "space":
            words.append((kind, match[0], at))
        at = match.end()
    return words


def _unreadable(sql: str, at: int) -> QuerySyntaxError:
    advice = {
        "`": "write names that need quotes in double quotes",
        "'": "the text is not closed",
        '"': "the name in double quotes is not closed",
        "/": "the comment is not closed",
    }.get(sql[at], "it is not Athena's")
    if sql[at].isdigit():
        advice = "numbers are written with digits, one point and an exponent; names do not begin with a digit"
    return QuerySyntaxError(f'Cannot read "{sql[at : at + 12].split()[0]}" at {_place(sql, at)}: {advice}.')


def _place(sql: str, at: int) -> str:
    line = sql.count("\n", 0, at) + 1
    return f"line {line}, column {at - sql.rfind(chr(10), 0, at)}"


def _check_words(sql: str, words: list[tuple[str, str, int]]) -> None:
    if not words:
        raise QuerySyntaxError("The statement is empty: write a SELECT.")
    if len(words) > MAX_TOKENS:
        raise QueryRefusedError(f"The statement has {len(words):,} words; at most {MAX_TOKENS:,} are taken.")
    if words[0][1].lower() not in _STATEMENTS:
        raise QuerySyntaxError(
            f'Only SELECT is answered here, not "{words[0][1]}": begin the statement with SELECT, WITH or VALUES (line 1, column 1).'
        )
    depth = 0
    for (kind, word, at), (_, following, _) in zip(words, [*words[1:], ("", "", 0)], strict=True):
        low = word.lower()
        depth += (word in {"(", "["}) - (word in {")", "]"})
        if depth > MAX_NESTING:
            raise QueryRefusedError(
                f"Brackets are nested more than {MAX_NESTING} deep at {_place(sql, at)}: break the statement up with WITH."
            )
        if word == ";" and following:
            raise QuerySyntaxError(f"A second statement begins at {_place(sql, at)}: send one statement at a time.")
        if kind == "name" and low in REFUSED_WORDS and following not in {",", ".", "=", ")"}:
            raise QueryRefusedError(f"{REFUSED_WORDS[low]} ({_place(sql, at)})")
        _check_pair(sql, word, following.lower(), at)
    _check_limit(sql, words)


def _check_pair(sql: str, word: str, following: str, at: int) -> None:
    if word == "," and following in {"", "from", ")", "]", "where", "group", "order", ","}:
        raise QuerySyntaxError(f'A comma stands before "{following or "the end"}" at {_place(sql, at)}: take it away.')
    if (word in {"=", ":"} and following in {"=", ":"}) or word in {"?", "{", "}", "|", "^", "$"}:
        wrong = word + following if word in {"=", ":"} else word
        advice = "write = to compare" if wrong == "==" else "write cast(... as type)" if wrong == "::" else "it is not in Athena"
        raise QuerySyntaxError(f'"{wrong}" at {_place(sql, at)}: {advice}.')


def _check_limit(sql: str, words: list[tuple[str, str, int]]) -> None:
    for (_, limit, _), _, (_, offset, at) in zip(words, words[1:], words[2:], strict=False):
        if limit.lower() == "limit" and offset.lower() == "offset":
            raise QuerySyntaxError(f"OFFSET stands after LIMIT at {_place(sql, at)}: Athena wants OFFSET first.")


def _syntax_error(error: SqlglotError, sql: str) -> QuerySyntaxError:
    first = (getattr(error, "errors", None) or [{}])[0]
    line, column, near = first.get("line"), first.get("col"), first.get("highlight") or ""
    if not line:
        return QuerySyntaxError("The statement is not SQL that Athena reads: check its quotes and brackets.")
    where = f"at line {line}, column {max(int(column or 1) - len(near) + 1, 1)}"
    return QuerySyntaxError(
        f"The statement is not SQL that Athena reads: it goes wrong {where}{f', near {chr(34)}{near}{chr(34)}' if near else ''}."
    )
