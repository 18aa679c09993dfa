"""JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT and JSON_ARRAY, each with the grammar of SQL's standard."""

from __future__ import annotations

from typing import NoReturn

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import TEXT
from eventlake.dialect.text.parsing.calls import Calls
from eventlake.dialect.text.parsing.cursor import place
from eventlake.errors import QueryRefusedError


class Json(Calls):
    """Reads them."""

    def json_asking(self) -> tree.SqlJson:
        """Read JSON_EXISTS, JSON_VALUE or JSON_QUERY."""
        token = self.step()
        node = tree.SqlJson(token, called=token.word.lower())
        self.expect("(")
        node.set("this", self.expression())
        if self.word == "FORMAT":
            self._unanswered("FORMAT JSON before a path")
        self.expect(",")
        node.set("path", self._path())
        if token.word != "JSON_EXISTS":
            self._returning(node)
        if token.word == "JSON_QUERY":
            self._wrapper(node)
        self._instead(node)
        self.expect(")")
        return node

    def _path(self) -> tree.Literal:
        if self.token.kind != TEXT:
            self.fail("the path is a text in quotes")
        token = self.step()
        if self.accept("AS"):
            self.identifier()
        if self.word == "PASSING":
            self._unanswered("PASSING")
        return tree.Literal(token, this=token.value, is_string=True)

    def _unanswered(self, what: str) -> NoReturn:
        raise QueryRefusedError(f"{what} in a function of JSON cannot be answered here as Athena does ({place(self.token)}).")

    def _returning(self, node: tree.SqlJson) -> None:
        if self.accept("RETURNING"):
            node.set("returning", self.type())
            if self.word == "FORMAT" and node.name != "json_value":
                self._unanswered("RETURNING ... FORMAT JSON")

    def _wrapper(self, node: tree.SqlJson) -> None:
        if self.accept("WITHOUT"):
            self.accept("ARRAY")
            self.expect("WRAPPER")
        elif self.accept("WITH"):
            node.set("wrapper", self.one_of("CONDITIONAL", "UNCONDITIONAL") or "UNCONDITIONAL")
            self.accept("ARRAY")
            self.expect("WRAPPER")
        if quotes := self.one_of("KEEP", "OMIT"):
            self.expect("QUOTES")
            if self.word == "ON":
                self.expect("ON", "SCALAR", "STRING")
            node.set("quotes", quotes)

    def _instead(self, node: tree.SqlJson) -> None:
        """Read `... ON EMPTY` and `... ON ERROR`, in this order."""
        for event in ("ERROR",) if node.name == "json_exists" else ("EMPTY", "ERROR"):
            start = self.at
            word, default = self._behaviour(node.name)
            if word and not self.accept("ON", event):
                if event == "ERROR" or self.word != "ON":
                    self.fail(f"ON {event} is wanted here")
                self.move_to(start)
            elif word:
                node.set(f"on_{event.lower()}", word)
                node.set(f"default_{event.lower()}", default)

    def _behaviour(self, name: str) -> tuple[str, tree.Expr | None]:
        if name == "json_exists":
            return self.one_of("TRUE", "FALSE", "UNKNOWN", "ERROR"), None
        if name == "json_value" and self.accept("DEFAULT"):
            return "DEFAULT", self.expression()
        if name == "json_query" and self.accept("EMPTY"):
            return self.one_of("ARRAY", "OBJECT") or self.fail("ARRAY or OBJECT is wanted here"), None
        return self.one_of("NULL", "ERROR"), None

    def json_making(self) -> tree.SqlJson:
        """Read JSON_OBJECT or JSON_ARRAY."""
        token = self.step()
        node = tree.SqlJson(token, called=token.word.lower())
        self.expect("(")
        members: list[tree.Expr] = []
        if self.word not in {")", "RETURNING"}:
            members = self.listed(self._keyed if token.word == "JSON_OBJECT" else self._member)
            for word in ("NULL", "ABSENT"):
                if self.accept(word, "ON", "NULL"):
                    node.set("on_null", word)
            if token.word == "JSON_OBJECT" and (self.accept("WITH", "UNIQUE") or self.accept("WITHOUT", "UNIQUE")):
                self.accept("KEYS")
        self._returning(node)
        self.expect(")")
        node.set("expressions", members)
        return node

    def _keyed(self) -> tree.Member:
        if self.word == "KEY" and self.ahead().word not in {":", "VALUE", "."}:
            self.step()
            key = self.expression()
            self.expect("VALUE")
            return self._member(key)
        key = self.expression()
        if not self.accept(":"):
            self.expect("VALUE")
        return self._member(key)

    def _member(self, key: tree.Expr | None = None) -> tree.Member:
        value = self.expression()
        formatted = self.accept("FORMAT", "JSON")
        if formatted and self.word == "ENCODING":
            self._unanswered("ENCODING")
        return tree.Member(this=key, expression=value, formatted=formatted)
