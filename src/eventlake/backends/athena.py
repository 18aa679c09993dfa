"""Engine on Amazon Athena: a statement as it is, in a workgroup, followed until it ends.

Fulfils `interfaces.Engine`. Where results go, how they are encrypted and how much a query may scan is the workgroup's to say.
https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from eventlake.backends.aws import code_of, failing
from eventlake.backends.trino_failures import QueryCancelledError, query_error
from eventlake.backends.trino_values import NESTED, athena_type, from_text
from eventlake.dialect.text.names import database_of, databases_named, require_question
from eventlake.dialect.text.parameters import bound
from eventlake.dialect.types.type import Type
from eventlake.errors import ConfigurationError, EventlakeError, QueryError, QueryLimitError, QueryRefusedError, QuerySyntaxError
from eventlake.interfaces import Cancelled, Each, Parameters, Result
from eventlake.model import Table
from eventlake.query.run import MAX_ROWS

MAX_BYTES = 262_144
"""The longest statement: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""

_FIRST_WAIT_S, _LONGEST_WAIT_S, _GROWTH = 0.1, 2.0, 1.5
"""Between two looks at a query that runs: short ones answer at once, long ones do not use up the calls an account has."""
_ASKED_EVERY_S = 0.5
"""How often whoever wants an answer is asked whether that is still so."""
_TELLING = ("UTILITY", "DDL")
"""Athena's types of statements that are no query, such as SHOW and DESCRIBE."""
_PAGE_ROWS = 1000
"""The most that GetQueryResults gives at once."""


class AthenaEngine:
    """Run statements on Amazon Athena.

    client: a boto3 client of Athena. workgroup: the name of the workgroup. tables: the lake's, where a table named without database is found.
    workgroups: by database, for statements that are about that one alone.
    wait: sleeps between two looks at a query; tests hand in another.
    """

    def __init__(
        self,
        client: Any,
        workgroup: str,
        tables: Sequence[Table] = (),
        *,
        workgroups: Mapping[str, str] | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._workgroup = workgroup
        self._tables = tables
        self._workgroups = workgroups or {}
        self._wait = wait

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, each: Each | None = None
    ) -> Result:
        """Return the rows of one SELECT; what Athena scanned is `bytes_read`.

        Arrays, maps and rows come as the text that Athena prints, and a warning says so. An interrupt stops the query on Athena too, and so
        does `cancelled`. each: is given all rows at once.
        Raises QueryError and its kinds, ConfigurationError, ServiceError.
        """
        started = time.perf_counter()
        statement = self._statement(sql, parameters)
        require_question(statement)
        execution = self._run(statement, cancelled)
        names, types, rows = self._rows(execution)
        if each is not None:
            each(rows)
        return Result(
            names,
            tuple(kind.name if kind.name in NESTED else str(kind) for kind in types),
            rows,
            seconds=time.perf_counter() - started,
            bytes_read=_scanned(execution),
            warnings=_warnings(names, types),
        )

    def write(self, statement: str) -> None:
        """Run a statement of our own that writes, such as UNLOAD, to its end. Raises QueryError and its kinds, ServiceError."""
        self._run(self._statement(statement, None))

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Return the statement that would run and Athena's plan for it, which costs nothing."""
        statement = self._statement(sql, parameters)
        require_question(statement)
        _, _, rows = self._rows(self._run(f"EXPLAIN {statement}"))
        return "\n".join([statement, "", *(str(line or "") for (line,) in rows)])

    def _statement(self, sql: str, parameters: Parameters | None) -> str:
        statement = (bound(sql, parameters) if parameters else sql).strip().rstrip(";").rstrip()
        if len(statement.encode()) > MAX_BYTES:
            raise QueryRefusedError(f"The statement has {len(statement.encode()):,} bytes; Athena takes at most {MAX_BYTES:,}.")
        return statement

    def _workgroup_of(self, statement: str) -> str:
        """Return the workgroup for a statement: that of the one database it is about, or the one for all."""
        databases = databases_named(statement, self._tables) if self._workgroups else set()
        return self._workgroups.get(databases.pop(), self._workgroup) if len(databases) == 1 else self._workgroup

    # one query execution

    def _run(self, statement: str, cancelled: Cancelled | None = None) -> Mapping[str, Any]:  # Athena's QueryExecution
        """Run a statement and return the execution that succeeded; stop it on Athena if nobody wants it any more."""
        request: dict[str, Any] = {"QueryString": statement, "WorkGroup": self._workgroup_of(statement), "ClientRequestToken": str(uuid4())}
        if database := database_of(statement, self._tables):
            request["QueryExecutionContext"] = {"Catalog": "AwsDataCatalog", "Database": database}
        try:
            return self._ended(self._started(request), cancelled)
        except (KeyboardInterrupt, QueryCancelledError):
            with contextlib.suppress(EventlakeError, BotoCoreError, ClientError):
                # The same token gives the same execution, also where the answer to the first call was lost.
                self._client.stop_query_execution(QueryExecutionId=self._started(request))
            raise

    def _started(self, request: Mapping[str, Any]) -> str:  # StartQueryExecution's parameters
        with failing("Athena cannot be asked"):
            try:
                identity: str = self._client.start_query_execution(**request)["QueryExecutionId"]
            except ClientError as error:
                if code_of(error) == "InvalidRequestException":
                    raise self._refused(str(error.response["Error"].get("Message", "")), request["WorkGroup"]) from None
                raise
        return identity

    def _ended(self, identity: str, cancelled: Cancelled | None) -> Mapping[str, Any]:  # Athena's QueryExecution
        """Wait for an execution and return it once it has succeeded; raise what a failed one means."""
        for pause in _pauses():
            with failing("Athena cannot be asked how the query goes"):
                execution: Mapping[str, Any] = self._client.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            state = execution["Status"]["State"]
            if state == "SUCCEEDED":
                return execution
            if state in {"FAILED", "CANCELLED"}:
                raise self._failure(execution)
            self._pause(pause, cancelled)
        raise AssertionError("pauses do not end")  # pragma: no cover - mypy wants an end

    def _pause(self, seconds: float, cancelled: Cancelled | None) -> None:
        """Wait so long, and ask in between whether the answer is still wanted."""
        if cancelled is None:
            self._wait(seconds)
            return
        while seconds > 0:
            if cancelled():
                raise QueryCancelledError
            self._wait(min(seconds, _ASKED_EVERY_S))
            seconds -= _ASKED_EVERY_S

    # what went wrong

    def _refused(self, message: str, workgroup: str) -> EventlakeError:
        """Return the error that says why Athena did not begin."""
        if re.search(r"WorkGroup .*not found", message, re.IGNORECASE):
            return ConfigurationError(
                f'There is no Athena workgroup "{workgroup}" in this account and region; name another with --workgroup.'
            )
        if "output location" in message.lower() or "output bucket" in message.lower():
            return ConfigurationError(
                f'The Athena workgroup "{workgroup}" has no place for results that Athena can write to ({message.rstrip(".")}): '
                "give it one in its settings."
            )
        found = re.search(r"line \d+:\d+: .*", message, re.DOTALL)
        if found:
            return query_error("Athena", "SYNTAX_ERROR", found[0], blames_query=True, tables=self._tables)
        return QuerySyntaxError(f"Athena does not take the statement: {message.rstrip('.')}.")

    def _failure(self, execution: Mapping[str, Any]) -> EventlakeError:  # Athena's QueryExecution
        """Return the error that says why an execution gave no rows."""
        status = execution["Status"]
        reason = str(status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage") or "")
        if "bytes scanned limit" in reason.lower():
            return QueryLimitError(self._scan_limit(_scanned(execution), execution.get("WorkGroup") or self._workgroup))
        if status["State"] == "CANCELLED":
            return QueryError(f"The query was stopped on Athena ({reason.rstrip('.') or 'by somebody'}).")
        found = re.match(r"([A-Z][A-Z0-9_]+): (.*)", reason, re.DOTALL)
        name, message = (found[1], found[2]) if found else ("", reason or "without a reason")
        blamed = status.get("AthenaError", {}).get("ErrorCategory", 2) == 2
        return query_error("Athena", name, message, blames_query=blamed, tables=self._tables)

    def _scan_limit(self, scanned: int, workgroup: str) -> str:
        """Say that the workgroup's limit cut the query."""
        limit = None
        with contextlib.suppress(BotoCoreError, ClientError):
            described = self._client.get_work_group(WorkGroup=workgroup)["WorkGroup"]
            limit = described.get("Configuration", {}).get("BytesScannedCutoffPerQuery")
        named = f" of {limit:,} bytes" if limit else ""
        return (
            f'The query scanned {scanned:,} bytes and was cut at the limit{named} of the workgroup "{workgroup}": '
            "name fewer days in its WHERE, or raise the limit."
        )

    # the answer

    def _rows(self, execution: Mapping[str, Any]) -> tuple[tuple[str, ...], list[Type], list[tuple[Any, ...]]]:
        """Fetch the names, types and rows of an execution's result, page by page."""
        names: tuple[str, ...] = ()
        types: list[Type] = []
        rows: list[tuple[Any, ...]] = []
        for number, page in enumerate(self._pages(execution["QueryExecutionId"])):
            found = page["ResultSet"]
            if number == 0:
                columns = found["ResultSetMetadata"]["ColumnInfo"]
                names, types = tuple(column["Name"] for column in columns), [athena_type(column) for column in columns]
            headed = number == 0 and _is_headed(execution, names, found["Rows"])
            data = found["Rows"][1 if headed else 0 :]
            rows += _converted(data, types) if execution.get("StatementType") not in _TELLING else _lines(data, len(names))
            if len(rows) > MAX_ROWS:
                raise QueryLimitError(f"The answer has more than {MAX_ROWS:,} rows: add LIMIT, or group them.")
        return names, types, rows

    def _pages(self, identity: str) -> Iterator[Mapping[str, Any]]:  # GetQueryResults' answers
        with failing("The answer cannot be fetched from Athena"):
            pages = self._client.get_paginator("get_query_results").paginate(
                QueryExecutionId=identity, PaginationConfig={"PageSize": _PAGE_ROWS}
            )
            yield from pages


def _pauses() -> Iterator[float]:
    """Yield the seconds to wait between two looks, longer each time."""
    pause = _FIRST_WAIT_S
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST_WAIT_S)


def _scanned(execution: Mapping[str, Any]) -> int:  # Athena's QueryExecution
    return int(execution.get("Statistics", {}).get("DataScannedInBytes") or 0)


def _is_headed(execution: Mapping[str, Any], names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:  # Athena's shapes
    """Return True if the first row holds the names of the columns: always for a SELECT, for other statements as it comes."""
    if execution.get("StatementType") == "DML":
        return True
    return bool(rows) and tuple(cell.get("VarCharValue") for cell in rows[0]["Data"]) == tuple(names)


def _converted(rows: Sequence[Mapping[str, Any]], types: Sequence[Type]) -> list[tuple[Any, ...]]:  # Athena's Row
    makers = [from_text(kind) for kind in types]
    return [tuple(_value(cell, make) for cell, make in zip(row["Data"], makers, strict=True)) for row in rows]


def _lines(rows: Sequence[Mapping[str, Any]], width: int) -> list[tuple[str, ...]]:  # Athena's Row
    """Return the lines of SHOW and DESCRIBE, which come as one text with tabs and are filled up with blanks, in columns."""
    told = (["" if cell.get("VarCharValue") is None else cell["VarCharValue"] for cell in row["Data"]] for row in rows)
    parts = ([part.rstrip() for part in ("\t".join(cells).split("\t") if width > 1 else ["\t".join(cells)])] for cells in told)
    return [tuple((line + [""] * width)[:width]) for line in parts]


def _value(cell: Mapping[str, str], make: Callable[[Any], Any] | None) -> Any:  # the value's type is the column's
    """Convert a cell to its value; a cell without text is NULL."""
    text = cell.get("VarCharValue")
    return text if text is None or make is None else make(text)


def _warnings(names: Sequence[str], types: Sequence[Type]) -> tuple[str, ...]:
    """Warn about the columns whose values Athena gives as text only."""
    nested = [name for name, kind in zip(names, types, strict=True) if kind.name in NESTED]
    if not nested:
        return ()
    return (f"Athena gives {', '.join(nested)} as text; write CAST({nested[0]} AS JSON) to get its structure.",)
