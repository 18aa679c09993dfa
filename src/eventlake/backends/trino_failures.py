"""What Trino's errors mean, in our words; Athena's are Trino's too.

Names: https://github.com/trinodb/trino/blob/476/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from eventlake.errors import (
    CorruptObjectError,
    EventlakeError,
    NameNotFoundError,
    QueryError,
    QueryFailedError,
    QueryLimitError,
    QueryRefusedError,
    QuerySyntaxError,
    ServiceError,
)
from eventlake.model import PARTITION_KEYS, Table
from eventlake.naming import nearest

_FAILED = {
    "DIVISION_BY_ZERO": "A number is divided by zero: guard it with nullif(x, 0) or try(...).",
    "NUMERIC_VALUE_OUT_OF_RANGE": "A number is out of the range of its type ({0}): cast it to a wider one.",
    "SUBQUERY_MULTIPLE_ROWS": "A subquery that stands for one value gives several rows: aggregate it or add LIMIT 1.",
    "INVALID_CAST_ARGUMENT": "A value cannot be cast to the type asked for ({0}): use try_cast(...) to get NULL there.",
    "INVALID_FUNCTION_ARGUMENT": "A function does not take a value it was given ({0}): use try(...) to get NULL there.",
}
_NOT_FOUND = (
    (r"Column '([^']+)' cannot be resolved", "column"),
    (r"Table '([^']+)' does not exist", "table"),
    (r"Schema '([^']+)' does not exist", "database"),
    (r"Function '([^']+)' not registered", "function"),
)
_NO_PATH = r"^Invalid JSON path: '(.*)'$"
_NAMES = {"COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "FUNCTION_NOT_FOUND", "AMBIGUOUS_NAME"}
_LIMITS = r"EXCEEDED_|CLUSTER_OUT_OF_MEMORY|QUERY_HAS_TOO_MANY|COMPILER_ERROR|GENERATED_BYTECODE_TOO_LARGE|QUERY_TEXT_TOO_LARGE|TOO_MANY_"
_DENIED = {"PERMISSION_DENIED", "ACCESS_DENIED", "HIVE_FILESYSTEM_ACCESS_DENIED"}
_BROKEN = {"HIVE_BAD_DATA", "HIVE_CURSOR_ERROR", "HIVE_CANNOT_OPEN_SPLIT", "HIVE_MISSING_DATA", "HIVE_FILE_NOT_FOUND"}


class QueryCancelledError(QueryLimitError):
    """Nobody wants the answer any more."""

    def __init__(self) -> None:
        super().__init__("The query was cancelled.")


def query_error(engine: str, name: str, message: str, *, blames_query: bool, tables: Iterable[Table] = ()) -> EventlakeError:
    """Return the error for what the engine (`Athena`, `Trino`) said.

    name: `DIVISION_BY_ZERO`, or empty. blames_query: whether the engine calls it the user's. tables: whose names are suggested.
    """
    place, text = _placed(message)
    said = f"{text}{place}"
    if name in _NAMES:
        return _not_found(text, place, tables)
    if name == "NOT_SUPPORTED":
        return QueryRefusedError(f"{engine} does not answer this: {said}.")
    if path := re.search(_NO_PATH, text):
        return QuerySyntaxError(f"'{path[1]}' is no JSON path{place}: write $.name, $[\"any name\"] or $[0].")
    if name in _FAILED:
        return QueryFailedError(_FAILED[name].format(said))
    if re.match(_LIMITS, name) or "exhausted resources" in message:
        return QueryLimitError(f"The query needs more than {engine} gives it ({said}): name fewer days in its WHERE, or ask for less.")
    if name in _DENIED or re.search("access denied|insufficient permissions", message, re.IGNORECASE):
        return ServiceError(f"{engine} may not touch what the query needs: {said}. Add the permission to your role or user.", name)
    if name in _BROKEN:
        return CorruptObjectError(
            f'{engine} cannot read an object of this query, so no answer would be whole: {said}. Run "eventlake doctor".'
        )
    if name.startswith("HIVE_"):
        return QueryFailedError(f"{engine} cannot read the table as the catalog describes it: {said}. Run `eventlake doctor`.")
    return _other(engine, name, said, blames_query=blames_query, analysed=bool(place))


def _other(engine: str, name: str, said: str, *, blames_query: bool, analysed: bool) -> QueryError | ServiceError:
    """Return an error without a sentence of its own: of the statement if it has a place there, else of data or engine."""
    if blames_query and (analysed or name == "SYNTAX_ERROR"):
        return QuerySyntaxError(f"{engine} does not take the statement: {said}.")
    if blames_query:
        return QueryFailedError(f"The query failed on {engine}: {said}.")
    return ServiceError(f"{engine} failed by itself ({name or 'without a name'}: {said}); try again.", name)


def _placed(message: str) -> tuple[str, str]:
    """Split a message into its place in the statement, as our sentences say it, and the words that help the reader."""
    text = re.split(r"\s*This query ran against the |\s*If a data manifest file was generated", message.strip())[0]
    found = re.match(r"line (\d+):(\d+): (.*)", text, re.DOTALL)
    place = f" (line {found[1]}, column {found[2]})" if found else ""
    return place, " ".join((found[3] if found else text).split()).rstrip(".")


def _not_found(text: str, place: str, tables: Iterable[Table]) -> NameNotFoundError:
    for pattern, what in _NOT_FOUND:
        found = re.search(pattern, text)
        if found:
            name = found[1].rpartition(".")[2]
            others = [one for one in _known(what, tables) if one != name]
            return NameNotFoundError(f'There is no {what} "{name}"{place}.{nearest(name, others)}')
    return NameNotFoundError(f"{text}{place}.")


def _known(what: str, tables: Iterable[Table]) -> list[str]:
    """Return the names of this kind that the lake has."""
    if what == "table":
        return [table.name for table in tables]
    if what == "database":
        return [table.database for table in tables]
    if what == "column":
        return [column.stored_name for table in tables for column in table.columns] + [name for name, _ in PARTITION_KEYS]
    return []
