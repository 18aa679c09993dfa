"""Every error eventlake raises on purpose, as one tree.

EventlakeError                 a sentence for a person: what (with the value), where, what to do
+-- PatternError               an event pattern that EventBridge would refuse
+-- DeclarationError           a source.toml that does not say what it must
+-- EventError                 bytes that are no event, or an event no table can hold; `code` names why
+-- TooSlowError               one event takes longer than it may
+-- LayoutError                a key that is not `prefix/YYYY/MM/DD/HH/name`
+-- UsageError                 a command typed wrongly
+-- ConfigurationError         the machine, its settings or credentials
|   +-- LakeLockedError        another process writes this lake
|   |   +-- LakeLeftError      what a killed bus left behind still writes it, and ends by itself
|   |   +-- LakeTakenError     another process has taken the lake that this one was writing
|   +-- LakeNotFoundError      there is no lake in this folder
+-- StorageError               bytes that cannot be written or read
|   +-- StorageFullError       no room left on the disk
|   +-- CorruptObjectError     an object or a frame that does not hold what was written
|   +-- GenerationConflictError  the objects of an hour were swapped by another process meanwhile
|   +-- StorageServiceError    S3 or Glue answered with an error; a ServiceError too
+-- QueryError                 a query that gave no rows
|   +-- QueryRefusedError      it cannot be answered faithfully; names the construct
|   +-- QuerySyntaxError       it is not SQL, or not Athena's; says line and column
|   +-- NameNotFoundError      no such table, column, function or saved query; names the nearest
|   +-- QueryFailedError       the data decided: division by zero, invalid cast
|   +-- QueryLimitError        time, memory or size ran out
+-- ServiceError               a service (the bus, AWS) answered with an error

Each class carries the exit code that the command line ends with, the AWS CLI's:
https://docs.aws.amazon.com/cli/v1/userguide/cli-usage-returncodes.html
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from typing import ClassVar


class EventlakeError(Exception):
    """The root of the tree; its text is one sentence for a person."""

    exit_code: ClassVar[int] = 255


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return what is said of bytes that were to be text: `is not UTF-8: byte 5 is 0xff`."""
    return f"is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}"


class PatternError(EventlakeError, ValueError):
    """An event pattern that EventBridge would refuse, with the key where it is wrong."""

    exit_code = 252


class DeclarationError(EventlakeError):
    """A source declaration that is wrong: names file, table, column, value and what is allowed."""

    exit_code = 253


class EventError(EventlakeError, ValueError):
    """Bytes that are no event, or an event that no table can hold.

    code: a short name without blanks (`NotJson`, `TooDeep`), stored with the failed record.
    """

    exit_code = 1

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooSlowError(EventlakeError):
    """One event takes longer than it may; what works on it is interrupted, and nothing on the way takes it for another error."""


class LayoutError(EventlakeError, ValueError):
    """A key that does not belong to `prefix/YYYY/MM/DD/HH/name`."""


class UsageError(EventlakeError):
    """A command typed wrongly."""

    exit_code = 252


class ConfigurationError(EventlakeError):
    """The machine, its settings or credentials do not allow what was asked."""

    exit_code = 253


class LakeLockedError(ConfigurationError):
    """Another process writes this lake; the sentence names it."""


class LakeTakenError(LakeLockedError):
    """Another process has taken the lake that this one was writing."""


class LakeLeftError(LakeLockedError):
    """The delivering process of a bus that was killed still writes this lake; it ends by itself, and the sentence names it."""


class LakeNotFoundError(ConfigurationError):
    """There is no lake where one was expected."""


class StorageError(EventlakeError):
    """Bytes that cannot be written or read."""

    exit_code = 253


class StorageFullError(StorageError):
    """The disk has no room left; nothing that was accepted is lost."""


class GenerationConflictError(StorageError):
    """The objects of an hour were swapped by another process meanwhile; nothing was changed."""


class CorruptObjectError(StorageError):
    """An object or a frame that does not hold what was written; the sentence names it."""

    exit_code = 1


class QueryError(EventlakeError):
    """A query that gave no rows."""

    exit_code = 254


class QueryRefusedError(QueryError):
    """A construct that cannot be answered as Athena would; the sentence names it."""


class QuerySyntaxError(QueryError):
    """Text that is not Athena's SQL; the sentence says line and column."""


class NameNotFoundError(QueryError):
    """No such table, column, function or saved query; the sentence names the nearest."""


class QueryFailedError(QueryError):
    """The data decided: a division by zero, an invalid cast."""


class QueryLimitError(QueryError):
    """Time, memory or size ran out."""


class ServiceError(EventlakeError):
    """A service answered with an error; the sentence carries its words.

    code: the service's own name of the error (`AccessDeniedException`), empty where it has none.
    """

    exit_code = 254

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class StorageServiceError(StorageError, ServiceError):
    """S3 or Glue answered with an error; `code` is AWS's."""

    exit_code = 254


_INTERRUPTED = "Query interrupted"
"""What DuckDB 2.0 raises as a RuntimeError for the Ctrl-C that it hears in Python's place while it works on a statement."""


def is_interrupt(error: Exception) -> bool:
    """Return True for what is Ctrl-C, though it does not say so."""
    return str(error) == _INTERRUPTED


def sentence_of(error: Exception) -> str:
    """Return what is told of an error: its own sentence, and of one that nobody expected its kind too."""
    return str(error) if isinstance(error, EventlakeError) else f"Unexpected {type(error).__name__}: {error}."
