"""The one lexer of Athena's SQL: text -> tokens, as Trino 476 cuts it.

The tokens cover the text without a gap, whatever it is, in time linear in its length: what is not closed reaches to the end, and what no
rule takes is a token of its own kind. The syntax, the places of parameters and the first word of a statement are all read from here.
Rules: https://github.com/trinodb/trino/blob/476/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BLANK, COMMENT = "blank", "comment"
WORD, QUOTED, BACKQUOTED, DIGITS = "word", "quoted", "backquoted", "digits"
TEXT, UNICODE, BINARY = "text", "unicode", "binary"
INTEGER, DECIMAL, DOUBLE = "integer", "decimal", "double"
SYMBOL, STRANGE, END = "symbol", "strange", "end"

_CLOSING = {TEXT: "'", UNICODE: "'", BINARY: "'", QUOTED: '"', BACKQUOTED: "`", COMMENT: "*/"}
DELIMITED = frozenset(_CLOSING)
"""Kinds of tokens that something closes."""
_QUOTED_NAMES = frozenset((QUOTED, BACKQUOTED))

# No possessive repetition holds what may be tried again, as a look ahead: before 3.11.5 Python took too much by such (cpython issue 106052).
_WHOLE = r"[0-9](?:_?[0-9])*+"
_BLANKS = r"[ \r\n\t]"
_MEANT = rf"""(?P<comment>--[^\r\n]*+\r?\n?|/\*.*?(?:\*/|\Z))
      | (?P<unicode>[uU]&'(?:[^']++|'')*+'?)
      | (?P<binary>[xX]'[^']*+'?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<text>'(?:[^']++|'')*+'?)
      | (?P<quoted>"(?:[^"]++|"")*+"?)
      | (?P<backquoted>`(?:[^`]++|``)*+`?)
      | (?P<double>(?:[0-9]++\.[0-9]*+|\.[0-9]++)[eE][-+]?[0-9]++|[0-9]++[eE][-+][0-9]++|[0-9]++[eE][0-9]++(?![A-Za-z_]))
      | (?P<decimal>{_WHOLE}\.(?:{_WHOLE})?|\.{_WHOLE})
      | (?P<integer>(?:0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++|{_WHOLE})(?![A-Za-z0-9_]))
      | (?P<digits>[0-9][A-Za-z0-9_]++)
      | (?P<symbol><>|!=|<=|>=|\|\||->|=>|\{{-|-\}}|[-+*/%=<>(),.;\[\]:?{{}}|^$])
      | (?P<strange>.)"""
_RULES = re.compile(rf"(?P<blank>{_BLANKS}++)|{_MEANT}", re.VERBOSE | re.DOTALL)
_BEHIND_BLANKS = re.compile(rf"{_BLANKS}*+(?:{_MEANT}|(?P<end>\Z))", re.VERBOSE | re.DOTALL)
_HIDING = re.compile(r"""--[^\r\n]*+|/\*.*?(?:\*/|\Z)|'[^']*+'?|"[^"]*+"?|`[^`]*+`?|\{-|:""", re.DOTALL)
"""A colon, or the whole of what may hide one; `{-` is a sign, so that what follows begins no comment."""
_KINDS = {number: kind for kind, number in _BEHIND_BLANKS.groupindex.items()}


class Token:
    """A piece of a statement: its kind, its text, where it begins, and the word it says.

    word: a name or keyword in upper case, or the sign itself; empty for everything that is quoted, a number or a blank.
    """

    __slots__ = ("kind", "sql", "start", "text", "word")

    def __init__(self, kind: str, text: str, start: int, sql: str) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.sql = sql
        self.word = text.upper() if kind == WORD else text if kind == SYMBOL else ""

    @property
    def end(self) -> int:
        """Return the offset behind it."""
        return self.start + len(self.text)

    @property
    def place(self) -> tuple[int, int]:
        """Count line and column of its first character, from 1."""
        return self.sql.count("\n", 0, self.start) + 1, self.start - self.sql.rfind("\n", 0, self.start)

    @property
    def is_closed(self) -> bool:
        """Tell whether it is whole: not a text, a quoted name or a comment that reaches to the end because nothing closes it."""
        closing = _CLOSING.get(self.kind)
        if closing is None or self.text.startswith("--"):
            return True
        opening = len(self.text) - len(self.text.lstrip("uUxX&")) + (2 if self.kind == COMMENT else 1)
        inside = self.text[opening:]
        if self.kind in {TEXT, UNICODE, QUOTED, BACKQUOTED}:
            return (len(inside) - len(inside.rstrip(closing))) % 2 == 1
        return inside.endswith(closing)

    @property
    def name(self) -> str:
        """Return what a name means: without its quotes, if it has any."""
        if self.kind in _QUOTED_NAMES:
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text

    @property
    def value(self) -> str:
        """Return what a text in quotes says."""
        return self.text[self.text.index("'") + 1 : -1].replace("''", "'")


def tokens(sql: str) -> Iterator[Token]:
    """Yield every token of a text, blanks and comments too, in order and without a gap."""
    for match in _RULES.finditer(sql):
        yield Token(match.lastgroup or STRANGE, match[0], match.start(), sql)


def words(sql: str) -> set[str]:
    """Return the names and keywords of a text that stand without quotes, as they are written."""
    return {match[0] for match in _RULES.finditer(sql) if match.lastgroup == WORD}


def named_places(sql: str) -> Iterator[slice]:
    """Yield where each `:name` stands, in order: a colon and a word right behind it. `::` begins none."""
    at = 0
    while found := _HIDING.search(sql, at):
        at = found.end()
        if found[0] == ":":
            follows = _RULES.match(sql, at)
            if follows and follows.lastgroup == WORD:
                at = follows.end()
                yield slice(found.start(), at)
            elif follows and follows[0] == ":":
                at += 1


def spoken(sql: str) -> list[Token]:
    """Return the tokens that mean something: all but blanks and comments, a comment that is not closed among them."""
    made = []
    for match in _BEHIND_BLANKS.finditer(sql):
        number = match.lastindex or 0
        kind = _KINDS[number]
        if kind == END:
            break
        token = Token(kind, match[number], match.start(number), sql)
        if kind != COMMENT or not token.is_closed:
            made.append(token)
    return made
