"""The grammar inside JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT and JSON_ARRAY, as an extension of sqlglot's parser.

https://github.com/trinodb/trino/blob/476/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]  # it is documented there


class SqlJson(exp.Expression, exp.Func):
    """A call of one of them.

    called: its name. this, path: of the three that ask. expressions: `Member`s of the two that make. returning: a type.
    on_empty, on_error: the word before ON; default_empty, default_error: what follows DEFAULT. wrapper: CONDITIONAL or UNCONDITIONAL.
    quotes: KEEP or OMIT. on_null: NULL or ABSENT.
    """

    arg_types: ClassVar[dict[str, bool]] = {
        **dict.fromkeys(("called", "this", "path", "expressions", "returning", "wrapper", "quotes", "on_null"), False),
        **dict.fromkeys(("on_empty", "on_error", "default_empty", "default_error"), False),
    }

    @property
    def name(self) -> str:
        """The function's name, in lower case."""
        return str(self.args["called"])

    def on(self, event: str) -> str:
        """The word before ON EMPTY or ON ERROR, or nothing."""
        return str(self.args.get(f"on_{event.lower()}") or "")


class Member(exp.Expression):
    """A value in JSON_OBJECT or JSON_ARRAY: `this` is its key, formatted whether FORMAT JSON stands behind it."""

    arg_types: ClassVar[dict[str, bool]] = {"this": False, "expression": True, "formatted": False}


def _asking(name: str) -> Callable[[Any], SqlJson]:
    """Reads what stands in the brackets of JSON_EXISTS, JSON_VALUE or JSON_QUERY."""

    def read(parser: Any) -> SqlJson:  # sqlglot's parser has no public type
        node = _begun(parser, name)
        node.set("this", parser._parse_bitwise())
        if parser._match_text_seq("FORMAT", "JSON") or not parser._match(TokenType.COMMA):
            parser.raise_error("A comma and a path are wanted")
        node.set("path", parser._parse_bitwise())
        if parser._match_text_seq("RETURNING"):
            node.set("returning", parser._parse_types())
        if name == "json_query":
            _wrapper(parser, node)
        while _on(parser, node):
            pass
        return node

    return read


def _begun(parser: Any, name: str) -> SqlJson:
    node = SqlJson(called=name)
    token = parser._tokens[max(parser._index - 2, 0)]
    node.meta.update(line=token.line, col=token.col, start=token.start, end=token.end)
    return node


def _wrapper(parser: Any, node: SqlJson) -> None:
    if parser._match_text_seq("WITHOUT"):
        parser._match_text_seq("ARRAY")
        _wanted(parser, "WRAPPER")
    elif parser._match_text_seq("WITH"):
        conditional = parser._match_text_seq("CONDITIONAL")
        if not conditional:
            parser._match_text_seq("UNCONDITIONAL")
        parser._match_text_seq("ARRAY")
        _wanted(parser, "WRAPPER")
        node.set("wrapper", "CONDITIONAL" if conditional else "UNCONDITIONAL")
    for word in ("KEEP", "OMIT"):
        if parser._match_text_seq(word):
            _wanted(parser, "QUOTES")
            if parser._match_text_seq("ON"):
                _wanted(parser, "SCALAR")
                _wanted(parser, "STRING")
            node.set("quotes", word)


def _wanted(parser: Any, word: str) -> None:
    if not parser._match_text_seq(word):
        parser.raise_error(f"{word} is wanted")


def _on(parser: Any, node: SqlJson) -> bool:
    """One clause `... ON EMPTY` or `... ON ERROR`."""
    default = None
    if parser._match_text_seq("DEFAULT"):
        word, default = "DEFAULT", parser._parse_bitwise()
    elif parser._match_text_seq("EMPTY"):
        word = "OBJECT" if parser._match_text_seq("OBJECT") else "ARRAY"
        if word == "ARRAY":
            _wanted(parser, "ARRAY")
    else:
        allowed = ("TRUE", "FALSE", "UNKNOWN", "ERROR") if node.name == "json_exists" else ("NULL", "ERROR")
        word = next((word for word in allowed if parser._match_text_seq(word)), "")
    if not word:
        return False
    _wanted(parser, "ON")
    event = "empty" if parser._match_text_seq("EMPTY") else "error"
    if event == "error":
        _wanted(parser, "ERROR")
    node.set(f"on_{event}", word)
    node.set(f"default_{event}", default)
    return True


def _making(name: str) -> Callable[[Any], SqlJson]:
    """Reads what stands in the brackets of JSON_OBJECT or JSON_ARRAY."""

    def read(parser: Any) -> SqlJson:
        node = _begun(parser, name)
        members = []
        while parser._curr and parser._curr.token_type != TokenType.R_PAREN and not _null_clause(parser, node):
            if parser._curr.text.upper() in {"WITH", "WITHOUT", "RETURNING"}:
                break
            members.append(_member(parser, keyed=name == "json_object"))
            parser._match(TokenType.COMMA)
        for word in ("WITH", "WITHOUT"):
            if parser._match_text_seq(word, "UNIQUE"):
                parser._match_text_seq("KEYS")
        if parser._match_text_seq("RETURNING"):
            node.set("returning", parser._parse_types())
        node.set("expressions", members)
        return node

    return read


def _null_clause(parser: Any, node: SqlJson) -> bool:
    for word in ("NULL", "ABSENT"):
        if parser._match_text_seq(word, "ON", "NULL"):
            node.set("on_null", word)
            return True
    return False


def _member(parser: Any, *, keyed: bool) -> Member:
    key = None
    if keyed:
        parser._match_text_seq("KEY")
        key = parser._parse_bitwise()
        if not parser._match(TokenType.COLON):
            _wanted(parser, "VALUE")
    value = parser._parse_bitwise()
    return Member(this=key, expression=value, formatted=bool(parser._match_text_seq("FORMAT", "JSON")))


PARSERS: dict[str, Callable[[Any], SqlJson]] = {
    **{name.upper(): _asking(name) for name in ("json_exists", "json_value", "json_query")},
    **{name.upper(): _making(name) for name in ("json_object", "json_array")},
}
"""Name -> what reads its brackets."""
