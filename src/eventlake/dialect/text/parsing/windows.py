"""What stands behind a call: FILTER, the treatment of NULLs, OVER with its window."""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.text import tree
from eventlake.dialect.text.parsing.cursor import is_name
from eventlake.dialect.text.parsing.types import Types

FRAMES = ("ROWS", "RANGE", "GROUPS")


class Windows(Types):
    """Reads windows, and lists with commas between."""

    def listed(self, read: Callable[[], tree.Expr]) -> list[tree.Expr]:
        """Read one or more of a kind, with commas between."""
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        return parts

    def order(self) -> tree.Order | None:
        """Read ORDER BY, if it stands here."""
        if not self.accept("ORDER"):
            return None
        self.expect("BY")
        return tree.Order(expressions=self.listed(self._ordered))

    def _ordered(self) -> tree.Ordered:
        this = self.expression()
        way = self.one_of("ASC", "DESC")
        nulls = ""
        if self.accept("NULLS"):
            nulls = self.one_of("FIRST", "LAST") or self.fail("FIRST or LAST is wanted here")
        return tree.Ordered(this=this, desc=way == "DESC", nulls_first=nulls == "FIRST")

    def followed(self, call: tree.Expr) -> tree.Expr:
        """Read FILTER, IGNORE NULLS and OVER behind a call."""
        if self.accept("FILTER", "(", "WHERE"):
            call = tree.Filter(this=call, expression=tree.Where(this=self.expression()))
            self.expect(")")
        if self.ahead(2).word == "OVER":
            if self.accept("IGNORE", "NULLS"):
                call = tree.IgnoreNulls(this=call)
            elif self.accept("RESPECT", "NULLS"):
                call = tree.RespectNulls(this=call)
        if self.word == "OVER" and (self.ahead().word == "(" or is_name(self.ahead())):
            return self._over(call)
        return call

    def _over(self, call: tree.Expr) -> tree.Window:
        token = self.step()
        if self.word != "(":
            return tree.Window(token, this=call, alias=self.identifier())
        return self.window(call)

    def window(self, this: tree.Expr) -> tree.Window:
        """Read a window in its brackets. this: the call that it is of, or the name that WINDOW gives it."""
        self.expect("(")
        alias = self.identifier() if self._names_window() else None
        keys = self.listed(self.expression) if self.accept("PARTITION", "BY") else []
        order = self.order()
        spec = self._frame() if self.word in FRAMES else None
        if self.word in {"MEASURES", "PATTERN"}:
            self.refuse("MATCH_RECOGNIZE")
        self.expect(")")
        return tree.Window(this=this, alias=alias, partition_by=keys, order=order, spec=spec, bracketed=True)

    def _names_window(self) -> bool:
        """Tell whether the name of another window stands here, and no clause that begins with a word that may be a name."""
        following = self.ahead().word
        if not self.is_name or (self.word, following) == ("PARTITION", "BY"):
            return False
        return self.word not in {*FRAMES, "MEASURES"} or following in {")", "PARTITION", "ORDER", *FRAMES}

    def _frame(self) -> tree.WindowSpec:
        kind = self.step().word
        if not self.accept("BETWEEN"):
            start, side = self._bound()
            return tree.WindowSpec(kind=kind, start=start, start_side=side)
        start, side = self._bound()
        self.expect("AND")
        end, end_side = self._bound()
        return tree.WindowSpec(kind=kind, start=start, start_side=side, end=end, end_side=end_side)

    def _bound(self) -> tuple[tree.Expr | str, str]:
        if self.accept("CURRENT", "ROW"):
            return "CURRENT ROW", ""
        bound: tree.Expr | str = "UNBOUNDED"
        if self.word != "UNBOUNDED" or self.ahead().word not in {"PRECEDING", "FOLLOWING"}:
            bound = self.expression()
        else:
            self.step()
        return bound, self.one_of("PRECEDING", "FOLLOWING") or self.fail("PRECEDING or FOLLOWING is wanted here")
