"""The cursor that the rules of the grammar move over the tokens of a statement, and what is said where none of them fits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NoReturn

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import BACKQUOTED, DIGITS, END, INTEGER, QUOTED, WORD, Token
from eventlake.dialect.text.words import NOT_ANSWERED, NOT_ATHENA, RESERVED
from eventlake.errors import QueryRefusedError, QuerySyntaxError


class Cursor(ABC):
    """The token that is read next, and the rules that every other rule is made of."""

    def __init__(self, tokens: list[Token]) -> None:
        last = tokens[-1]
        self.tokens = [*tokens, Token(END, "", last.end, last.sql)]
        self.at = 0
        self.token = self.tokens[0]
        self.word = self.token.word

    def step(self) -> Token:
        """Move behind the token and return it."""
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at]
        self.word = self.token.word
        return token

    def move_to(self, at: int) -> None:
        """Move to a token, such as one that has been read."""
        self.at = at
        self.token = self.tokens[at]
        self.word = self.token.word

    def ahead(self, count: int = 1) -> Token:
        """Return the token that stands so many behind the next."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def accept(self, first: str, *others: str) -> bool:
        """Move behind these words if all of them stand here, in this order."""
        if self.word != first:
            return False
        for index, word in enumerate(others, 1):
            if self.ahead(index).word != word:
                return False
        self.move_to(self.at + 1 + len(others))
        return True

    def expect(self, *words: str) -> None:
        """Move behind these words. Raises QuerySyntaxError if others stand here."""
        for word in words:
            if self.word != word:
                self.fail(f"{word} is wanted here")
            self.step()

    def one_of(self, *words: str) -> str:
        """Move behind the one of these words that stands here and return it, or nothing."""
        if self.word in words and self.word:
            return self.step().word
        return ""

    @abstractmethod
    def expression(self, first: tree.Expr | None = None) -> tree.Expr:
        """Read anything that has a value. first: what stands at its beginning, if that has been read."""

    @abstractmethod
    def value(self, first: tree.Expr | None = None, least: int = 1) -> tree.Expr:
        """Read a value that no comparison decides. least: how tightly its operators must bind."""

    @abstractmethod
    def query(self) -> tree.Query:
        """Read a query, WITH and all."""

    # names

    @property
    def is_name(self) -> bool:
        """Tell whether a name stands here."""
        return is_name(self.token)

    def identifier(self) -> tree.Identifier:
        """Read a name. Raises QuerySyntaxError for everything else, with what to do about it."""
        token = self.token
        if token.kind == WORD and token.word not in RESERVED:
            self.step()
            return tree.Identifier(token, this=token.text, quoted=False)
        if token.kind != QUOTED:
            self.no_name()
        if token.text == '""':
            self.fail("a name has at least one character")
        self.step()
        return tree.Identifier(token, this=token.name, quoted=True)

    def names(self) -> list[tree.Identifier]:
        """Read names with commas between, in brackets."""
        self.expect("(")
        names = [self.identifier()]
        while self.accept(","):
            names.append(self.identifier())
        self.expect(")")
        return names

    def column_names(self) -> list[tree.Identifier]:
        """Read the names of columns behind an alias, if there are any."""
        return self.names() if self.word == "(" else []

    def no_name(self) -> NoReturn:
        """Raise what is to be said where a name is wanted."""
        if self.word in RESERVED:
            self.fail(f'{self.word} is a word of the grammar: as a name it is written in double quotes, "{self.token.text.lower()}"')
        self.fail("a name is wanted here")

    def whole_number(self, what: str) -> tree.Literal:
        """Read the number behind LIMIT and its kind."""
        token = self.token
        if token.kind != INTEGER:
            self.fail(f"{what} wants a whole number")
        self.step()
        return tree.Literal(token, this=str(int(token.text.replace("_", ""), 0 if token.text[1:2].isalpha() else 10)), is_string=False)

    # failing

    def fail(self, advice: str = "") -> NoReturn:
        """Raise the error of a statement that no rule takes at this token."""
        token, before = self.token, self.tokens[max(self.at - 1, 0)]
        for near in (token, before):
            if near.word in NOT_ATHENA:
                raise QueryRefusedError(f"{NOT_ATHENA[near.word]} ({place(near)})")
        if before.word == "," and (token.kind == END or token.word in _AFTER_NO_COMMA):
            raise QuerySyntaxError(f'A comma stands before "{token.text or "the end"}" at {place(before)}: take it away.')
        for pair in (before.word + token.word, token.word + self.ahead().word):
            if pair in _DOUBLED:
                raise QuerySyntaxError(f'"{pair}" at {place(token)}: {_DOUBLED[pair]}.')
        shown = f'near "{token.text[:30]}"' if token.kind != END else "at the end"
        advice = _SIGNS.get(token.text) or (_KINDS.get(token.kind) if token.kind in _KINDS else advice) or ""
        raise QuerySyntaxError(
            f"The statement is not SQL that Athena reads: it goes wrong at {place(token)}, {shown}{': ' + advice if advice else ''}."
        )

    def refuse(self, word: str) -> NoReturn:
        """Raise the sentence for a word of the grammar that is not answered here."""
        raise QueryRefusedError(f"{NOT_ANSWERED[word]} ({place(self.token)})")


_AFTER_NO_COMMA = {"FROM", "WHERE", "GROUP", "ORDER", ")", "]", ","}
_DOUBLED = {"==": "write = to compare", "::": "write cast(... as type)"}
_SIGNS = {
    "?": 'a ? wants a value, and none was given: give it with paramstyle="qmark", or write :name',
    "{": "it is not in Athena",
    "}": "it is not in Athena",
    "|": "it is not in Athena",
    "^": "it is not in Athena; write power(a, b)",
    "$": "it is not in Athena",
}
_KINDS = {
    BACKQUOTED: "write names that need quotes in double quotes",
    DIGITS: "names that begin with a digit are written in double quotes",
}


def is_name(token: Token) -> bool:
    """Tell whether a token may be a name."""
    return token.kind == QUOTED or (token.kind == WORD and token.word not in RESERVED)


def place(token: Token) -> str:
    """Say where a token stands: `line 2, column 7`."""
    line, column = token.place
    return f"line {line}, column {column}"
