"""Values: literals, names, brackets, subscripts, and what stands between them from AT TIME ZONE to ||."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import BINARY, DECIMAL, DOUBLE, INTEGER, QUOTED, TEXT, UNICODE, WORD, Token
from eventlake.dialect.text.parsing.calls import column
from eventlake.dialect.text.parsing.cursor import is_name
from eventlake.dialect.text.parsing.json import Json

OPERATORS: dict[str, tuple[int, type[tree.Binary]]] = {
    "||": (1, tree.DPipe),
    "+": (2, tree.Add),
    "-": (2, tree.Sub),
    "*": (3, tree.Mul),
    "/": (3, tree.Div),
    "%": (3, tree.Mod),
}
"""Sign -> how tightly it binds, and its node."""

_NUMBERS = frozenset((INTEGER, DECIMAL, DOUBLE))
QUERIES = ("SELECT", "WITH", "VALUES", "TABLE")


class Values(Json):
    """Reads values."""

    def value(self, first: tree.Expr | None = None, least: int = 1) -> tree.Expr:
        """Read a value that no comparison decides. least: how tightly its operators must bind."""
        left = self._signed() if first is None else self._zoned(first)
        while self.word in OPERATORS:
            strength, kind = OPERATORS[self.word]
            if strength < least:
                break
            self.step()
            left = kind(this=left, expression=self.value(None, strength + 1))
        return left

    def _signed(self) -> tree.Expr:
        """Read a value with its signs."""
        if self.word not in {"-", "+"}:
            return self._zoned(self._primary())
        signs = []
        while self.word in {"-", "+"}:
            signs.append(self.step())
        value = self._zoned(self._primary())
        for sign in reversed(signs):
            value = (tree.Neg if sign.word == "-" else tree.Pos)(sign, this=value)
        return value

    def _zoned(self, first: tree.Expr) -> tree.Expr:
        """Read the subscripts, fields and time zones behind a value."""
        value = self._subscripted(first) if self.word in {"[", "."} else first
        while self.word == "AT" and self.accept("AT", "TIME", "ZONE"):
            if self.token.kind not in {TEXT, UNICODE} and self.word != "INTERVAL":
                self.fail("the zone is a text in quotes, or an interval")
            value = tree.AtTimeZone(this=value, zone=self._primary())
        return value

    def _subscripted(self, value: tree.Expr) -> tree.Expr:
        while True:
            if self.word == "[":
                self.step()
                value = tree.Bracket(this=value, expressions=[self.value()])
                self.expect("]")
            elif self.word == "." and self.ahead().word != "*":
                self.step()
                value = tree.Dot(this=value, expression=self.identifier())
            else:
                return value

    def _primary(self) -> tree.Expr:
        kind = self.token.kind
        if kind == WORD:
            read = _READERS.get(self.word)
            return read(self) if read is not None else self._named()
        if kind == QUOTED:
            return self._named()
        if self.word == "(":
            return self.parenthesized()
        if kind == TEXT:
            token = self.step()
            return tree.Literal(token, this=token.value, is_string=True)
        if kind in _NUMBERS:
            token = self.step()
            return tree.Literal(token, this=_digits(token), is_string=False)
        if kind == UNICODE:
            return self._unicode()
        if self.word == "[":
            return self._listed_array(self.token)
        if kind == BINARY:
            return self._binary()
        return self.fail("a value is wanted here")

    # literals

    def _unicode(self) -> tree.UnicodeString:
        token = self.step()
        escape = None
        if self.accept("UESCAPE"):
            if self.token.kind != TEXT:
                self.fail("the sign behind UESCAPE is a text in quotes")
            given = self.step()
            escape = tree.Literal(given, this=given.value, is_string=True)
        return tree.UnicodeString(token, this=token.value, escape=escape)

    def _binary(self) -> tree.HexString:
        digits = re.sub(r"[ \r\n\t]", "", self.token.value)
        if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
            self.fail("X'...' holds pairs of hexadecimal digits")
        return tree.HexString(self.step(), this=digits)

    def _interval(self) -> tree.Expr:
        following = self.ahead()
        if following.kind == INTEGER:
            self.step()
            self.fail("the number of an interval stands in quotes, as in INTERVAL '7' DAY")
        if following.kind != TEXT and not (following.word in {"-", "+"} and self.ahead(2).kind == TEXT):
            return self._named()
        token = self.step()
        negative = self.one_of("-", "+") == "-"
        written = self.step()
        first = tree.Var(self.token, this=self.field())
        unit: tree.Expr = first
        if self.accept("TO"):
            unit = tree.IntervalSpan(this=first, expression=tree.Var(self.token, this=self.field()))
        interval = tree.Interval(token, this=tree.Literal(written, this=written.value, is_string=True), unit=unit)
        return tree.Neg(this=interval) if negative else interval

    def _double(self) -> tree.Expr:
        if self.ahead().word == "PRECISION" and self.ahead(2).kind == TEXT:
            return self._typed(self.type())
        return self._named()

    def _typed(self, kind: tree.DataType) -> tree.Cast:
        token = self.step()
        return tree.Cast(kind.token, this=tree.Literal(token, this=token.value, is_string=True), to=kind, literal=True)

    def _constant(self) -> tree.Expr:
        token = self.step()
        return tree.Null(token) if token.word == "NULL" else tree.Boolean(token, this=token.word == "TRUE")

    # names

    def _named(self) -> tree.Expr:
        """Read what begins with a name: a typed literal, a lambda, a call, a column."""
        name = self.identifier()
        if self.token.kind == TEXT:
            if name.name.lower() == "x":
                self.fail("no blank stands between X and the quote")
            return self._typed(tree.DataType(name.token, this=name.name.lower()))
        if self.word == "->":
            self.step()
            return tree.Lambda(name.token, this=self.expression(), expressions=[name])
        names = [name]
        while self.word == "." and self.ahead().word != "*" and len(names) < 4:
            self.step()
            names.append(self.identifier())
        if self.word != "(":
            return column(names)
        call = self.call(names[-1])
        return call if len(names) == 1 else tree.Dot(this=column(names[:-1]), expression=call)

    def _before(self, following: str, read: Callable[[], tree.Expr]) -> tree.Expr:
        return read() if self.ahead().word == following else self._named()

    def _array(self) -> tree.Expr:
        if self.ahead().word != "[":
            return self._named()
        return self._listed_array(self.step())

    def _listed_array(self, token: Token) -> tree.Array:
        self.expect("[")
        values = self.listed(self.expression) if self.word != "]" else []
        self.expect("]")
        return tree.Array(token, expressions=values)

    def _row(self) -> tree.Expr:
        if self.ahead().word != "(":
            return self._named()
        token = self.step()
        self.step()
        values = self.listed(self.expression)
        self.expect(")")
        return tree.Anonymous(token, this=token.text, expressions=values)

    def _substring(self) -> tree.Expr:
        return self._before("(", lambda: self.substring(self.identifier()))

    def _exists(self) -> tree.Exists:
        token = self.step()
        self.expect("(")
        query = self.query()
        self.expect(")")
        return tree.Exists(token, this=query)

    def _running(self) -> tree.Expr:
        """Read a column called running or final; as words of MATCH_RECOGNIZE they are refused."""
        if is_name(self.ahead()) and self.ahead(2).word in {"(", "."}:
            self.refuse("MATCH_RECOGNIZE")
        return self._named()

    # brackets

    def parenthesized(self) -> tree.Expr:
        """Read what brackets hold: a lambda's parameters, a query, a row, one value."""
        if self._begins_lambda():
            return self._lambda()
        token = self.step()
        if self.word in QUERIES:
            return self._closed(tree.Subquery(token, this=self.query()))
        first = self.parenthesized() if self.word == "(" else None
        if isinstance(first, tree.Subquery) and self.continues_query():
            return self._closed(tree.Subquery(token, this=self.query_behind(first)))
        if isinstance(first, tree.Subquery) and self.word == ")":
            return self._closed(tree.Subquery(token, this=first))
        value = self.expression(first)
        if self.accept(","):
            return self._closed(tree.Tuple(token, expressions=[value, *self.listed(self.expression)]))
        return self._closed(tree.Paren(this=value))

    def _closed(self, value: tree.Expr) -> tree.Expr:
        self.expect(")")
        return value

    def _begins_lambda(self) -> bool:
        """Tell whether `(a, b) ->` stands here."""
        count = 1
        while is_name(self.ahead(count)) and self.ahead(count + 1).word == ",":
            count += 2
        count += is_name(self.ahead(count))
        return self.ahead(count).word == ")" and self.ahead(count + 1).word == "->"

    def _lambda(self) -> tree.Lambda:
        token = self.token
        parameters = self.names() if self.ahead().word != ")" else []
        if not parameters:
            self.expect("(", ")")
        self.expect("->")
        return tree.Lambda(token, this=self.expression(), expressions=parameters)

    def continues_query(self) -> bool:
        """Tell whether a query in brackets goes on here as a part of another."""
        following = self.ahead()
        return self.word in {"UNION", "INTERSECT", "EXCEPT", "ORDER"} or (
            (self.word in {"LIMIT", "OFFSET"} and (following.kind == INTEGER or following.word in {"ALL", "?"}))
            or (self.word == "FETCH" and following.word in {"FIRST", "NEXT"})
        )

    @abstractmethod
    def query_behind(self, first: tree.Query) -> tree.Query:
        """Read the rest of a query that begins with one in brackets."""


_READERS: dict[str, Callable[[Values], tree.Expr]] = {
    **dict.fromkeys(("NULL", "TRUE", "FALSE"), Values._constant),
    "CASE": Values.case,
    "CAST": Values.cast,
    "TRY_CAST": lambda values: values._before("(", values.cast),
    "EXISTS": Values._exists,
    "EXTRACT": Values.extract,
    "TRIM": Values.trim,
    "NORMALIZE": Values.normalize,
    "GROUPING": Values.grouping,
    "LISTAGG": Values.listagg,
    **dict.fromkeys(("JSON_EXISTS", "JSON_VALUE", "JSON_QUERY"), Values.json_asking),
    **dict.fromkeys(("JSON_OBJECT", "JSON_ARRAY"), Values.json_making),
    "INTERVAL": Values._interval,
    "DOUBLE": Values._double,
    "POSITION": lambda values: values._before("(", values.position),
    "SUBSTRING": Values._substring,
    "ARRAY": Values._array,
    "ROW": Values._row,
    **dict.fromkeys(("RUNNING", "FINAL"), Values._running),
    "CURRENT_TIME": lambda values: values.clock(tree.CurrentTime),
    "CURRENT_TIMESTAMP": lambda values: values.clock(tree.CurrentTimestamp),
    "LOCALTIME": lambda values: values.clock(tree.Localtime),
    "LOCALTIMESTAMP": lambda values: values.clock(tree.Localtimestamp),
    "CURRENT_DATE": lambda values: tree.CurrentDate(values.step()),
    "CURRENT_USER": lambda values: tree.CurrentUser(values.step()),
    "CURRENT_CATALOG": lambda values: tree.CurrentCatalog(values.step()),
    "CURRENT_SCHEMA": lambda values: tree.CurrentSchema(values.step()),
    "CURRENT_PATH": lambda values: tree.CurrentPath(values.step()),
}
"""Words with a rule of their own at the beginning of a value."""


def _digits(token: Token) -> str:
    """Write a number in decimal digits, as its value does not change."""
    written = token.text.replace("_", "")
    return str(int(written, 0)) if token.kind == INTEGER and written[1:2].isalpha() else written
