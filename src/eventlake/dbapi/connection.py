"""`Connection`: cursors over one engine, and the end of what they run. https://peps.python.org/pep-0249/#connection-objects"""

from __future__ import annotations

import threading
import time
from math import inf
from types import TracebackType

from eventlake.dbapi.cursor import Cursor
from eventlake.dbapi.errors import NotSupportedError, ProgrammingError
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Engine, Result


class Connection:
    """A connection of `connect`; threads may share it. timeout_s: after these a query is stopped, if its engine has no limit of its own."""

    def __init__(self, engine: Engine, *, timeout_s: float | None = None) -> None:
        self._engine = engine
        self._timeout_s = timeout_s
        self._closed = threading.Event()

    def cursor(self) -> Cursor:
        """Open a new cursor. Raises ProgrammingError if the connection is closed."""
        self.require_open()
        return Cursor(self)

    def commit(self) -> None:
        """Accept the call and do nothing: a lake is only asked."""
        self.require_open()

    def rollback(self) -> None:
        """Raise NotSupportedError: there are no transactions."""
        raise NotSupportedError("A lake is only asked, so there is nothing to roll back.")

    def close(self) -> None:
        """End the connection: what it still runs is stopped, and its cursors are of no use any more."""
        self._closed.set()
        close = getattr(self._engine, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def answer(self, statement: str, cancelled: threading.Event) -> Result:
        """Answer a statement without parameters, for a cursor. cancelled: set by whoever does not want it any more.

        Raises QueryError and its kinds, QueryLimitError when it is stopped.
        """
        late_at = time.monotonic() + self._timeout_s if self._timeout_s is not None else inf

        def unwanted() -> bool:
            return cancelled.is_set() or self._closed.is_set() or time.monotonic() > late_at

        try:
            return self._engine.query(statement, cancelled=unwanted)
        except QueryLimitError:
            if time.monotonic() > late_at and not cancelled.is_set() and not self._closed.is_set():
                raise QueryLimitError(
                    f"The query ran longer than {self._timeout_s:g} s and was stopped: name fewer days in its WHERE, or ask for less."
                ) from None
            raise

    def require_open(self) -> None:
        """Raise ProgrammingError if the connection is closed."""
        if self._closed.is_set():
            raise ProgrammingError("The connection is closed: connect() makes another.")
