"""Calls of functions, and the functions that have a grammar of their own: CAST, EXTRACT, TRIM, LISTAGG and their kin."""

from __future__ import annotations

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import BACKQUOTED, BINARY, DECIMAL, DIGITS, DOUBLE, INTEGER, QUOTED, TEXT, UNICODE, Token
from eventlake.dialect.text.parsing.cursor import is_name
from eventlake.dialect.text.parsing.windows import Windows

_BEGINNING = {TEXT, UNICODE, BINARY, INTEGER, DECIMAL, DOUBLE, QUOTED, BACKQUOTED, DIGITS}
_PREFIXES = {"NULL", "TRUE", "FALSE", "CASE", "CAST", "EXISTS", "EXTRACT", "TRIM", "NORMALIZE", "GROUPING", "LISTAGG", "["} | {
    f"CURRENT_{word}" for word in ("DATE", "TIME", "TIMESTAMP", "USER", "CATALOG", "SCHEMA", "PATH")
}
_PREFIXES |= {"LOCALTIME", "LOCALTIMESTAMP", "JSON_EXISTS", "JSON_VALUE", "JSON_QUERY", "JSON_OBJECT", "JSON_ARRAY", "(", "-", "+"}
_INFIXES = {"AT", "IGNORE", "RESPECT"}


def begins_value(token: Token) -> bool:
    """Tell whether a value can begin with this token."""
    return token.kind in _BEGINNING or token.word in _PREFIXES or (is_name(token) and token.word not in _INFIXES)


class Calls(Windows):
    """Reads calls."""

    def quantifier(self) -> str:
        """Read DISTINCT or ALL before what it is of; a column may be called all."""
        if self.accept("DISTINCT"):
            return "DISTINCT"
        if self.word == "ALL" and (begins_value(self.ahead()) or self.ahead().word == "*"):
            if self.ahead().word == "*" and begins_value(self.ahead(2)):
                return ""
            self.step()
            return "ALL"
        return ""

    def call(self, name: tree.Identifier) -> tree.Expr:
        """Read the brackets of a call and what stands behind them."""
        arguments = self._arguments()
        called = name if name.args["quoted"] else name.name
        if isinstance(called, str) and called.lower() == "if":
            return self._if(name, arguments)
        return self.followed(tree.Anonymous(name.token, this=called, expressions=arguments))

    def _arguments(self) -> list[tree.Expr]:
        self.expect("(")
        if self.word == "*" and self.ahead().word == ")":
            star = tree.Star(self.step())
            self.step()
            return [star]
        if self.is_name and (self.ahead().word, self.ahead(2).word, self.ahead(3).word) == (".", "*", ")"):
            return [self._labelled_star()]
        arguments: list[tree.Expr] = []
        quantifier = self.quantifier()
        if quantifier or self.word not in {")", "ORDER"}:
            arguments = self.listed(self.expression)
        if quantifier == "DISTINCT":
            arguments = [tree.Distinct(expressions=arguments)]
        order = self.order()
        if order is not None and not arguments:
            self.fail("ORDER BY stands behind an argument")
        if order is not None:
            order.set("this", arguments[-1])
            arguments[-1] = order
        self.expect(")")
        return arguments

    def _labelled_star(self) -> tree.Column:
        table = self.identifier()
        self.step()
        star = tree.Star(self.step())
        self.step()
        return tree.Column(this=star, table=table)

    def _if(self, name: tree.Identifier, arguments: list[tree.Expr]) -> tree.Expr:
        if not 2 <= len(arguments) <= 3 or any(isinstance(part, tree.Star | tree.Distinct | tree.Order) for part in arguments):
            self.move_to(self.at - 1)
            self.fail("if() takes a condition and one or two values")
        return tree.If(name.token, this=arguments[0], true=arguments[1], false=arguments[2] if len(arguments) == 3 else None)

    # functions with a grammar of their own

    def cast(self) -> tree.Cast:
        """Read CAST or TRY_CAST."""
        token = self.step()
        self.expect("(")
        this = self.expression()
        self.expect("AS")
        kind = self.type()
        self.expect(")")
        return (tree.TryCast if token.word == "TRY_CAST" else tree.Cast)(token, this=this, to=kind)

    def case(self) -> tree.Case:
        """Read CASE to its END."""
        token = self.step()
        operand = self.expression() if self.word != "WHEN" else None
        branches = []
        while self.accept("WHEN"):
            condition = self.expression()
            self.expect("THEN")
            branches.append(tree.If(this=condition, true=self.expression()))
        if not branches:
            self.fail("WHEN is wanted here")
        default = self.expression() if self.accept("ELSE") else None
        self.expect("END")
        return tree.Case(token, this=operand, ifs=branches, default=default)

    def extract(self) -> tree.Extract:
        """Read EXTRACT."""
        token = self.step()
        self.expect("(")
        unit = self.identifier()
        self.expect("FROM")
        value = self.value()
        self.expect(")")
        return tree.Extract(token, this=tree.Var(unit.token, this=unit.name), expression=value)

    def position(self) -> tree.StrPosition:
        """Read POSITION, which takes IN and no comma."""
        token = self.step()
        self.expect("(")
        part = self.value()
        if self.word == ",":
            self.fail("write position(part IN text), or strpos(text, part)")
        self.expect("IN")
        text = self.value()
        self.expect(")")
        return tree.StrPosition(token, this=text, substr=part)

    def substring(self, name: tree.Identifier) -> tree.Expr:
        """Read SUBSTRING with FROM, or as the function it is."""
        start = self.at
        self.step()
        if begins_value(self.token):
            this = self.value()
            if self.accept("FROM"):
                begun = self.value()
                length = self.value() if self.accept("FOR") else None
                self.expect(")")
                return tree.Substring(name.token, this=this, start=begun, length=length)
        self.move_to(start)
        return self.call(name)

    def trim(self) -> tree.Trim:
        """Read TRIM in its three forms."""
        token = self.step()
        self.expect("(")
        side = ""
        if self.word in {"LEADING", "TRAILING", "BOTH"} and (self.ahead().word == "FROM" or begins_value(self.ahead())):
            side = self.step().word
        characters = None if self.word == "FROM" else self.value()
        if self.accept("FROM"):
            text = self.value()
        elif side or characters is None:
            self.fail("FROM is wanted here")
        else:
            text, characters = characters, self.value() if self.accept(",") else None
        self.expect(")")
        return tree.Trim(token, this=text, expression=characters, position=side or None)

    def normalize(self) -> tree.Normalize:
        """Read NORMALIZE."""
        token = self.step()
        self.expect("(")
        this = self.value()
        form = None
        if self.accept(","):
            form = tree.Var(self.token, this=self.token.text)
            if not self.one_of("NFD", "NFC", "NFKD", "NFKC"):
                self.fail("NFC, NFD, NFKC or NFKD is wanted here")
        self.expect(")")
        return tree.Normalize(token, this=this, form=form)

    def grouping(self) -> tree.Expr:
        """Read GROUPING and the columns it is of."""
        token = self.step()
        self.expect("(")
        columns = self.listed(self._qualified) if self.word != ")" else []
        self.expect(")")
        return tree.Anonymous(token, this=token.text, expressions=columns)

    def _qualified(self) -> tree.Column:
        return column(self.qualified_name())

    def qualified_name(self) -> list[tree.Identifier]:
        """Read names with dots between."""
        names = [self.identifier()]
        while self.accept("."):
            names.append(self.identifier())
        return names

    def listagg(self) -> tree.Expr:
        """Read LISTAGG with its separator and its order."""
        token = self.step()
        self.expect("(")
        distinct = self.quantifier() == "DISTINCT"
        this: tree.Expr = self.expression()
        this = tree.Distinct(expressions=[this]) if distinct else this
        separator = self._separator() if self.accept(",") else None
        is_cut = self._overflow() if self.accept("ON", "OVERFLOW") else False
        self.expect(")", "WITHIN", "GROUP", "(")
        order = self.order() or self.fail("ORDER BY is wanted here")
        self.expect(")")
        order.set("this", this)
        call: tree.Expr = tree.GroupConcat(token, this=order, separator=separator, is_cut=is_cut)
        return self.followed(call)

    def _separator(self) -> tree.Literal:
        if self.token.kind != TEXT:
            self.fail("the separator of LISTAGG is a text in quotes")
        token = self.step()
        return tree.Literal(token, this=token.value, is_string=True)

    def _overflow(self) -> bool:
        """Read what becomes of a text beyond Trino's 1 MiB: whether it is cut rather than an error."""
        if self.accept("ERROR"):
            return False
        self.expect("TRUNCATE")
        if self.token.kind == TEXT:
            self.step()
        if not self.accept("WITH", "COUNT"):
            self.expect("WITHOUT", "COUNT")
        return True

    def clock(self, kind: type[tree.Func]) -> tree.Func:
        """Read CURRENT_TIMESTAMP and its kin, with the digits of their seconds."""
        token = self.step()
        digits = None
        if self.word == "(":
            self.step()
            digits = self.whole_number("The precision")
            self.expect(")")
        return kind(token, this=digits)


def column(names: list[tree.Identifier]) -> tree.Column:
    """Make the node of a name with dots; what is behind the fourth is a field's and no part of it."""
    if len(names) == 1:
        return tree.Column(None, this=names[0])
    keys = ("this", "table", "db", "catalog")
    return tree.Column(None, **dict(zip(keys, reversed(names), strict=False)))
