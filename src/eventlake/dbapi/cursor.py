"""`Cursor`: one statement after the other, and the rows of the last one. https://peps.python.org/pep-0249/#cursor-objects"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import eventlake
from eventlake.dbapi.errors import NotSupportedError, ProgrammingError, as_database_errors
from eventlake.dbapi.types import Description, description
from eventlake.dialect.text.parameters import pyformat, qmark
from eventlake.interfaces import Result

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

Row = tuple[Any, ...]
"""Values as `interfaces.Result` describes them, and JSON objects and arrays read, as PyAthena has them."""


class Session(Protocol):
    """What a cursor asks of its connection."""

    def answer(self, statement: str, cancelled: threading.Event) -> Result:
        """Return the answer to a statement. cancelled: set by whoever does not want it any more. Raises QueryError."""
        ...

    def require_open(self) -> None:
        """Raise ProgrammingError if the connection is closed."""
        ...


class Cursor:
    """Takes statements and gives rows, as PyAthena's cursor does. Made by `Connection.cursor()`.

    arraysize: how many rows `fetchmany()` gives when it is not told; may be set.
    """

    def __init__(self, connection: Session) -> None:
        self.connection = connection
        self.arraysize = 1
        self._result: Result | None = None
        self._rows: Sequence[Row] = []
        self._place = 0
        self._closed = False
        self._cancelled = threading.Event()
        self._running = False

    # a statement

    def execute(
        self, operation: str, parameters: Mapping[str, Any] | Sequence[str] | None = None, *, paramstyle: str | None = None
    ) -> Cursor:
        """Answer a statement of Athena's SQL; the cursor itself, so that a fetch can follow.

        parameters: values for `%(name)s` by name. With paramstyle "qmark" literals as text for `?`, in order: ["7", "'web'"].
        A per cent sign is written `%%` where parameters are given. paramstyle: `eventlake.paramstyle` if None.
        Raises the kinds of DatabaseError.
        """
        self._require_open()
        self._forget()
        with as_database_errors():
            statement = _with_values(operation, parameters, paramstyle or eventlake.paramstyle)
            self._result = self._answer(statement)
        self._rows = _with_json_read(self._result)
        return self

    def executemany(self, operation: str, seq_of_parameters: Sequence[Mapping[str, Any]]) -> None:
        """Raise NotSupportedError: what this does is change tables, and a lake is only asked."""
        raise NotSupportedError(
            "executemany() is for statements that change tables, and a lake is only asked: call execute() for each question."
        )

    def cancel(self) -> None:
        """Stop the statement that another thread waits for in execute(), which raises OperationalError. Raises ProgrammingError if none runs."""
        self._require_open()
        if not self._running:
            raise ProgrammingError("The cursor waits for no answer: there is nothing to cancel.")
        self._cancelled.set()

    def _answer(self, statement: str) -> Result:
        self._cancelled.clear()
        self._running = True
        try:
            return self.connection.answer(statement, self._cancelled)
        finally:
            self._running = False

    # its rows

    def fetchone(self) -> Row | None:
        """Fetch the next row, None behind the last."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Fetch the next rows, so many or `arraysize`, fewer at the end."""
        self._require_answer()
        rows = list(self._rows[self._place : self._place + max(self.arraysize if size is None else size, 0)])
        self._place += len(rows)
        return rows

    def fetchall(self) -> list[Row]:
        """Fetch all rows that were not fetched yet."""
        self._require_answer()
        return self.fetchmany(len(self._rows))

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def as_pandas(self) -> pandas.DataFrame:
        """Return the whole answer as pandas' DataFrame. Raises InterfaceError if pandas is not installed."""
        from eventlake.dbapi.frames import as_pandas

        return as_pandas(replace(self.result, rows=self._rows))

    def as_polars(self) -> polars.DataFrame:
        """Return the whole answer as polars' DataFrame. Raises InterfaceError if polars is not installed."""
        from eventlake.dbapi.frames import as_polars

        return as_polars(self.result)

    def as_arrow(self) -> pyarrow.Table:
        """Return the whole answer as Arrow's Table. Raises InterfaceError if pyarrow is not installed."""
        from eventlake.dbapi.frames import as_arrow

        return as_arrow(self.result)

    # about them

    @property
    def result(self) -> Result:
        """Return the last answer with what it cost: seconds, objects and bytes read, warnings. Raises ProgrammingError before the first."""
        return self._require_answer()

    @property
    def description(self) -> list[Description] | None:
        """Name, type as Athena calls it, None, None, precision, scale and "UNKNOWN" of each column; None before the first answer."""
        if self._result is None:
            return None
        return [description(name, kind) for name, kind in zip(self._result.columns, self._result.types, strict=True)]

    @property
    def rowcount(self) -> int:
        """Return how many rows the answer has; -1 before the first."""
        return -1 if self._result is None else len(self._rows)

    @property
    def rownumber(self) -> int | None:
        """Return how many of its rows were fetched; None before the first answer."""
        return None if self._result is None else self._place

    @property
    def data_scanned_in_bytes(self) -> int | None:
        """Return the bytes that were read; None before the first answer."""
        return None if self._result is None else self._result.bytes_read

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Accept the call and do nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Accept the call and do nothing, as PEP 249 allows."""

    # its life

    def close(self) -> None:
        """Let the rows go; the cursor is of no use any more."""
        self._forget()
        self._closed = True

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _forget(self) -> None:
        self._result, self._rows, self._place = None, [], 0

    def _require_open(self) -> None:
        if self._closed:
            raise ProgrammingError("The cursor is closed: ask connection.cursor() for another.")
        self.connection.require_open()

    def _require_answer(self) -> Result:
        self._require_open()
        if self._result is None:
            raise ProgrammingError("There is no answer to fetch from: call execute() first.")
        return self._result


def _with_values(operation: str, parameters: Mapping[str, Any] | Sequence[str] | None, paramstyle: str) -> str:
    """Put the parameters' values in their places. Raises ProgrammingError, UsageError or NameNotFoundError."""
    if not isinstance(operation, str):
        raise ProgrammingError(f"A statement is a str, not a {type(operation).__name__}.")
    if paramstyle not in {"pyformat", "qmark"}:
        raise ProgrammingError(f'paramstyle is "pyformat" or "qmark", not {paramstyle!r}.')
    if parameters is None:
        return operation
    if paramstyle == "pyformat":
        if not isinstance(parameters, Mapping):
            raise ProgrammingError('Values for %(name)s are a dict by name; a list is for "?", with paramstyle="qmark".')
        return pyformat(operation, parameters)
    if isinstance(parameters, Mapping | str):
        raise ProgrammingError(
            'Values for "?" are a list of literals as text, in order; a dict is for %(name)s, with paramstyle="pyformat".'
        )
    return qmark(operation, parameters)


def _with_json_read(result: Result) -> Sequence[Row]:
    """Read the JSON objects and arrays of the rows. Scalars stay the text they are: `null` is not NULL, and `"1"` is not 1."""
    columns = [index for index, kind in enumerate(result.types) if kind == "json"]
    if not columns:
        return result.rows
    return [tuple(_read(value) if index in columns else value for index, value in enumerate(row)) for row in result.rows]


def _read(value: str | None) -> Any:  # JSON
    if value is None or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (RecursionError, ValueError):  # nested deeper, or a number longer, than Python reads: it stays text
        return value
