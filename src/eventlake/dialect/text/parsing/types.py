"""Types, as CAST and the literals of types name them."""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import INTEGER
from eventlake.dialect.text.parsing.cursor import Cursor
from eventlake.errors import QuerySyntaxError

FIELDS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
"""The units of an interval."""


class Types(Cursor):
    """Reads types."""

    def type(self) -> tree.DataType:
        """Read a type."""
        kind = self._base()
        while self.accept("ARRAY"):
            if self.accept("["):
                self.whole_number("The size of an array")
                self.expect("]")
            kind = tree.DataType(kind.token, this="array", expressions=[kind])
        return kind

    def _base(self) -> tree.DataType:
        token, following = self.token, self.ahead().word
        if self.word == "ROW" and following == "(":
            self.step()
            return tree.DataType(token, this="row", expressions=self._listed(self._field))
        if self.word == "INTERVAL" and self.ahead().word in FIELDS:
            self.step()
            last = f" to {self.field()}" if (first := self.field()) and self.accept("TO") else ""
            return tree.DataType(token, this=f"interval {first}{last}".lower())
        if self.word in {"TIME", "TIMESTAMP"}:
            return self._moment()
        if self.accept("DOUBLE", "PRECISION"):
            return tree.DataType(token, this="double")
        if self.word in {"ARRAY", "MAP"} and following == "<":
            return self._legacy()
        name = self.identifier()
        parameters = self._listed(self._parameter) if self.word == "(" else []
        return tree.DataType(token, this=name.name.lower(), expressions=parameters)

    def field(self) -> str:
        """Read a unit of an interval."""
        return self.one_of(*FIELDS) or self.fail(f"an interval is written as INTERVAL '7' DAY, with one of {', '.join(FIELDS)}")

    def _moment(self) -> tree.DataType:
        token = self.step()
        parameters = []
        if self.accept("("):
            parameters.append(self._parameter())
            self.expect(")")
        zone = self.accept("WITH", "TIME", "ZONE")
        if not zone:
            self.accept("WITHOUT", "TIME", "ZONE")
        return tree.DataType(token, this=token.word.lower() + (" with time zone" if zone else ""), expressions=parameters)

    def _legacy(self) -> tree.DataType:
        """Read `ARRAY<type>` or `MAP<type, type>`."""
        token = self.step()
        self.expect("<")
        parameters = [self.type()]
        if token.word == "MAP":
            self.expect(",")
            parameters.append(self.type())
        self.expect(">")
        return tree.DataType(token, this=token.word.lower(), expressions=parameters)

    def _listed(self, read: Callable[[], tree.Expr]) -> list[tree.Expr]:
        self.expect("(")
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        self.expect(")")
        return parts

    def _parameter(self) -> tree.Expr:
        if self.token.kind == INTEGER:
            number = self.whole_number("The size of a type")
            return tree.DataTypeParam(number.token, this=number.name)
        return self.type()

    def _field(self) -> tree.Expr:
        """Read a field of a row: a type, or a name and a type."""
        start = self.at
        try:
            kind = self.type()
            if self.word in {",", ")"}:
                return kind
        except QuerySyntaxError:
            pass
        self.move_to(start)
        name = self.identifier()
        return tree.ColumnDef(name.token, this=name, kind=self.type())
