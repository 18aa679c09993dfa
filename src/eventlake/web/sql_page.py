"""The page for SQL: saved queries as forms, a statement of one's own, its answer or what it would read and cost, and names that complete it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from eventlake.errors import EventlakeError
from eventlake.web.answered import Visit
from eventlake.web.elements import Child
from eventlake.web.forms import answer as answer_shown
from eventlake.web.forms import chosen_of, cost_of, explained, forms, lists, statement_of
from eventlake.web.schema import completions
from eventlake.web.shell import page, sentence
from eventlake.web.shown import Pairs, Shown
from eventlake.web.window import Window, window_of

PATH, NAMES, COST = "/sql", "/sql/names.json", "/sql/cost.txt"


class SqlPage:
    """The page for SQL over a lake."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def page(self, pairs: Pairs, visit: Visit, *, may_run: bool) -> bytes:
        """Return the page. may_run: whether a statement is answered; a link on another site fills the form, and runs nothing."""
        values, (saved, unread) = dict(pairs), self._shown.askable()
        window, problem, sql = window_of(values, self._shown.now()), None, values.get("q", "")
        try:
            chosen = chosen_of(values, saved)
            sql = statement_of(values, chosen) if "show" not in values else sql
        except EventlakeError as error:
            problem, may_run = sentence(str(error), is_problem=True), False
        runs = bool(sql) and may_run and "show" not in values
        shown = self._answered(sql, window, visit, explains="explain" in values) if runs else ()
        listed = lists(saved, unread, self._shown.asking.lake.tables, is_open=not sql and values.get("query") not in saved)
        return page("SQL", PATH, window, *forms(values, sql, saved, self._shown.asking.lake.tables), problem, *shown, *listed)

    def names(self, pairs: Pairs) -> bytes:
        """Return the names that complete a beginning, as JSON."""
        values = dict(pairs)
        tables, saved = self._shown.asking.lake.tables, self._shown.saved.values()
        return json.dumps(completions(values.get("begins", ""), tables, saved, values.get("of", "").split(","))).encode()

    def cost(self, pairs: Pairs) -> bytes:
        """Return what a statement would read and cost, a line for each table, or the sentence that says why it would be refused."""
        sql = dict(pairs).get("q", "")
        try:
            return "\n".join(cost_of(self._shown.asking.explain(sql))).encode() if sql.strip() else b""
        except EventlakeError as error:
            return str(error).encode()

    def _answered(self, sql: str, window: Window, visit: Visit, *, explains: bool) -> Iterable[Child]:
        """Return what a statement answers, or what it would read and cost."""
        if not explains:
            return answer_shown(visit.answer(self._shown.asking.ask(sql)), window)
        try:
            return explained(self._shown.asking.explain(sql))
        except EventlakeError as error:
            return [sentence(str(error), is_problem=True)]
