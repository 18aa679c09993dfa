"""The lake as a database of Python: PEP 249, https://peps.python.org/pep-0249/, and PyAthena's ways where that leaves a choice.

`connect` opens a lake in a folder, a lake on AWS or tables in memory; a `Cursor` takes Athena's SQL with PyAthena's parameters and gives its
rows, one by one or as a table of pandas, polars or Arrow. A notebook moves to PyAthena by its line with `connect`.
The names are those of `eventlake` itself, which loads them when they are used.
"""

from eventlake.dbapi.connecting import connect
from eventlake.dbapi.connection import Connection
from eventlake.dbapi.cursor import Cursor
from eventlake.dbapi.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)
from eventlake.dbapi.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    JSON,
    NUMBER,
    ROWID,
    STRING,
    TIME,
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)

__all__ = [
    "BINARY",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "JSON",
    "NUMBER",
    "ROWID",
    "STRING",
    "TIME",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "connect",
]
