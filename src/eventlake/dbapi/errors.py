"""The errors of PEP 249, https://peps.python.org/pep-0249/#exceptions, and which of them each of `eventlake.errors` is.

Error                          everything a connection raises; an EventlakeError, with the same sentence
+-- InterfaceError             the connection is used wrongly, or a library for its results is missing
+-- DatabaseError              the query or the lake
    +-- DataError              the data decided: division by zero, invalid cast
    +-- OperationalError       time, memory or size ran out, the query was stopped, an object is damaged, a service does not answer
    +-- ProgrammingError       no SQL, unknown names, wrong parameters, a closed cursor
    +-- NotSupportedError      a construct that cannot be answered as Athena would
    +-- IntegrityError         never raised: nothing is written
    +-- InternalError          never raised: an error of ours that is no sentence is a bug

The error it was made of is its `__cause__`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventlake import errors


class Warning(Exception):
    """Asked for by PEP 249; nothing raises it."""


class Error(errors.EventlakeError):
    """The root of what a connection raises; its text is one sentence for a person."""


class InterfaceError(Error):
    """The connection is used wrongly, or a library for its results is missing."""


class DatabaseError(Error):
    """The query or the lake."""


class DataError(DatabaseError):
    """The data decided: a division by zero, an invalid cast."""


class OperationalError(DatabaseError):
    """Time, memory or size ran out, the query was stopped, an object is damaged, or a service does not answer."""


class ProgrammingError(DatabaseError):
    """Text that is no SQL, an unknown name, a wrong parameter, a closed cursor."""


class NotSupportedError(DatabaseError):
    """A construct that cannot be answered as Athena would; the sentence names it."""


class IntegrityError(DatabaseError):
    """Asked for by PEP 249; nothing is written, so nothing raises it."""


class InternalError(DatabaseError):
    """Asked for by PEP 249; nothing raises it."""


_MEANINGS: tuple[tuple[type[errors.EventlakeError], type[Error]], ...] = (
    (errors.QueryRefusedError, NotSupportedError),
    (errors.QuerySyntaxError, ProgrammingError),
    (errors.NameNotFoundError, ProgrammingError),
    (errors.QueryFailedError, DataError),
    (errors.QueryError, OperationalError),
    (errors.UsageError, ProgrammingError),
    (errors.DeclarationError, InterfaceError),
    (errors.ConfigurationError, OperationalError),
    (errors.StorageError, OperationalError),
    (errors.ServiceError, OperationalError),
    (errors.EventlakeError, DatabaseError),
)
"""The first that fits counts."""


@contextmanager
def as_database_errors() -> Iterator[None]:
    """Raise PEP 249's error for what is raised inside, with the same sentence."""
    try:
        yield
    except Error:
        raise
    except errors.EventlakeError as error:
        meaning = next(meaning for kind, meaning in _MEANINGS if isinstance(error, kind))
        raise meaning(str(error)) from error
