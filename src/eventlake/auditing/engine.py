"""An engine whose every query is noted before its answer is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from eventlake.auditing.entry import FAILED, Entry, named_in
from eventlake.auditing.notes import Notes
from eventlake.errors import EventlakeError
from eventlake.interfaces import Cancelled, Engine, Parameters, Result


class AuditedEngine:
    """Answers as another engine does.

    tables: gives the names of the lake's tables. via: by which way it is asked, `cli` or `python`. before: hears each statement before it is asked.
    """

    def __init__(
        self,
        engine: Engine,
        tables: Callable[[], Iterable[str]],
        journal: Notes,
        via: str,
        before: Callable[[str], None] = lambda _statement: None,
    ) -> None:
        self._engine = engine
        self._tables = tables
        self._journal = journal
        self._via = via
        self._before = before

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, **more: Any
    ) -> Result:  # what else the engine takes
        """Return the rows of one SELECT, once that is noted. Raises QueryError and its kinds, StorageError where it must be noted and cannot."""
        self._before(sql)
        try:
            result = self._engine.query(sql, parameters, cancelled=cancelled, **more)
        except EventlakeError as error:
            self._journal.note(Entry("query", self._via, sql, self._named(sql), outcome=FAILED, problem=str(error)))
            raise
        self._journal.note(Entry("query", self._via, sql, self._named(sql), len(result.rows), result.bytes_read))
        return result

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Tell what would run; that reads nothing, and is not noted."""
        return self._engine.explain(sql, parameters)

    def __getattr__(self, name: str) -> Any:  # what else an engine can: to prepare, to close
        return getattr(self._engine, name)

    def _named(self, sql: str) -> tuple[str, ...]:
        return named_in(sql, self._tables())
