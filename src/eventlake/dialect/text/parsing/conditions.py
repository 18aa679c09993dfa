"""Conditions: comparisons, IN, BETWEEN, LIKE, IS, and what AND, OR and NOT make of them."""

from __future__ import annotations

from eventlake.dialect.text import tree
from eventlake.dialect.text.parsing.values import QUERIES, Values

COMPARISONS: dict[str, type[tree.Binary]] = {
    "=": tree.EQ,
    "<>": tree.NEQ,
    "!=": tree.NEQ,
    "<": tree.LT,
    "<=": tree.LTE,
    ">": tree.GT,
    ">=": tree.GTE,
}

_PREDICATES = {*COMPARISONS, "NOT", "BETWEEN", "IN", "LIKE", "IS"}


class Conditions(Values):
    """Reads conditions; a value without one is read on the way."""

    def expression(self, first: tree.Expr | None = None) -> tree.Expr:
        """Read anything that has a value. first: what stands at its beginning, if that has been read."""
        left = self._all_of(first)
        while self.word == "OR":
            self.step()
            left = tree.Or(this=left, expression=self._all_of())
        return left

    def _all_of(self, first: tree.Expr | None = None) -> tree.Expr:
        left = self._denied(first)
        while self.word == "AND":
            self.step()
            left = tree.And(this=left, expression=self._denied())
        return left

    def _denied(self, first: tree.Expr | None = None) -> tree.Expr:
        if first is not None or self.word != "NOT":
            return self._decided(first)
        denials = []
        while self.word == "NOT":
            denials.append(self.step())
        made = self._decided(None)
        for token in reversed(denials):
            made = tree.Not(token, this=made)
        return made

    def _decided(self, first: tree.Expr | None) -> tree.Expr:
        """Read a value and, behind it, at most one comparison."""
        value = self.value(first)
        if self.word not in _PREDICATES:
            return value
        if self.word in COMPARISONS:
            made: tree.Expr = self._compared(value)
        elif self.word == "IS":
            made = self._is(value)
        else:
            denied = self.accept("NOT")
            made = self._found(value)
            made = tree.Not(this=made) if denied else made
        if self.word in _PREDICATES and self.word != "NOT":
            self.fail("comparisons are not chained in Athena, so put one in brackets")
        return made

    def _compared(self, value: tree.Expr) -> tree.Binary:
        kind = COMPARISONS[self.step().word]
        if self.word in {"ALL", "ANY", "SOME"} and self._begins_query(1):
            quantifier = tree.All if self.step().word == "ALL" else tree.Any
            return kind(this=value, expression=quantifier(this=self._bracketed_query()))
        return kind(this=value, expression=self.value())

    def _begins_query(self, count: int) -> bool:
        """Tell whether the token so many ahead opens the brackets of a query."""
        if self.ahead(count).word != "(":
            return False
        while self.ahead(count).word == "(":
            count += 1
        return self.ahead(count).word in QUERIES

    def _bracketed_query(self) -> tree.Subquery:
        self.expect("(")
        query = tree.Subquery(this=self.query())
        self.expect(")")
        return query

    def _is(self, value: tree.Expr) -> tree.Expr:
        self.step()
        denied = self.accept("NOT")
        if self.accept("DISTINCT"):
            self.expect("FROM")
            return (tree.NullSafeEQ if denied else tree.NullSafeNEQ)(this=value, expression=self.value())
        if self.word != "NULL":
            self.fail("IS is followed by NULL, NOT NULL or DISTINCT FROM only")
        made: tree.Expr = tree.Is(this=value, expression=tree.Null(self.step()))
        return tree.Not(this=made) if denied else made

    def _found(self, value: tree.Expr) -> tree.Expr:
        """Read BETWEEN, IN or LIKE."""
        if self.accept("BETWEEN"):
            low = self.value()
            self.expect("AND")
            return tree.Between(this=value, low=low, high=self.value())
        if self.accept("LIKE"):
            made = tree.Like(this=value, expression=self.value())
            return tree.Escape(this=made, expression=self.value()) if self.accept("ESCAPE") else made
        self.expect("IN")
        return self._in(value)

    def _in(self, value: tree.Expr) -> tree.In:
        if self._begins_query(0):
            start = self.at
            first = self.parenthesized()
            if isinstance(first, tree.Subquery):
                return tree.In(this=value, query=first)
            self.move_to(start)
        self.expect("(")
        if self.word == ")":
            self.fail("IN wants at least one value")
        choices = self.listed(self.expression)
        self.expect(")")
        return tree.In(this=value, expressions=choices)
