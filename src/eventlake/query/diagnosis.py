"""What an error of DuckDB means, in a sentence of ours.

Its class decides first, and of its message only what DuckDB wrote before it quotes any value: the text of events stands in messages too,
and must not choose the sentence.
"""

from __future__ import annotations

import re

from eventlake.dialect.failures import own_error
from eventlake.errors import CorruptObjectError, QueryError, QueryFailedError, QueryLimitError, QueryRefusedError

_READERS = frozenset({"IOException", "HTTPException", "PermissionException", "SerializationException", "Error"})
"""Classes that only reading a file raises; the bare one is the Parquet reader's."""
_BY_FILE = re.compile(r'(?:Invalid Input|Conversion) Error: [A-Za-z ]*\b[Ff]ile "(?P<path>[^"\n]+)"')
"""How the readers begin where they use a class that functions use too: `Malformed JSON in file "..."`, `Failed to read file "..."`."""
_UNTRANSLATED = frozenset({"BinderException", "ParserException", "CatalogException", "NotImplementedException", "InternalException"})
_FAILURES: tuple[tuple[str, str], ...] = (
    (r"[Dd]ivision by zero", "A number is divided by zero: guard it with nullif(x, 0) or try(...)."),
    (r"Overflow|[Oo]ut of [Rr]ange|out of range", "A number is out of the range of its type: cast it to a wider one."),
    (r"More than one row returned by a subquery", "A subquery that stands for one value gives several rows: aggregate it or add LIMIT 1."),
    (
        r"Could not convert|Conversion Error|Could not cast|could not be cast|invalid (?:date|timestamp)",
        "A value cannot be cast to the type asked for: use try_cast(...) to get NULL there.",
    ),
    (r"Could not parse string|Failed to parse", "A text is no date of the pattern given: use try(date_parse(...)) to get NULL there."),
)


def diagnosed(error: Exception, folder: str, memory_mb: int, lone_object: str = "") -> QueryError | CorruptObjectError:
    """Return the error of ours that says what DuckDB's error means.

    folder: that of the objects, empty for none. lone_object: key of the object where the query reads just one.
    """
    kind, message = type(error).__name__, str(error)
    own = own_error(message)
    if own is not None:
        return own
    if folder and _is_damage(kind, message, folder):
        return _unreadable(message, folder, lone_object)
    if kind == "OutOfMemoryException":
        return too_much_memory(memory_mb)
    return _failed(kind, message)


def too_much_memory(memory_mb: int) -> QueryLimitError:
    """Return the error for a query that hit the limit on memory."""
    return QueryLimitError(f"The query needs more than {memory_mb:,} MB of memory: name fewer days in its WHERE, or ask for less.")


def _is_damage(kind: str, message: str, folder: str) -> bool:
    """Return True if reading an object failed, rather than evaluating a value."""
    if kind in _READERS:
        return True
    named = _BY_FILE.match(message)
    return named is not None and named["path"].startswith(f"{folder.rstrip('/')}/")


_OTHER_TYPE = re.compile(
    r'Conversion Error: Error while reading file "[^"\n]+": failed to cast column "(?P<column>[^"\n]+)" '
    r"from type (?P<stored>[A-Z][A-Z0-9_(), \[\]]*) to (?P<declared>[A-Z][A-Z0-9_(), \[\]]*):"
)
"""How the Parquet reader begins, before it quotes any value, where an object keeps a column in another type than it is asked for."""


def _unreadable(message: str, folder: str, lone_object: str) -> CorruptObjectError:
    keys = re.findall(re.escape(folder.rstrip("/")) + r"/([^'\"\n]+?\.(?:parquet|json\.gz|json|gz))", message)
    key = keys[0] if keys else lone_object
    name = f'The object "{key}"' if key else "An object of this query"
    if (other := _OTHER_TYPE.match(message)) is not None:
        return other_type(name, other["column"], other["stored"].lower(), other["declared"].lower())
    return damaged(f"{name} cannot be read")


def other_type(name: str, column: str, stored: str, declared: str) -> CorruptObjectError:
    """Return the error for an object that was written before a column's type was changed. name: of the object, as a sentence begins."""
    return CorruptObjectError(
        f'{name} keeps the column "{column}" as {stored}, and it is declared as {declared} now: declare it as it was, and give what comes '
        "from now on a column of another name."
    )


def damaged(what: str) -> CorruptObjectError:
    """Return the error for an object that cannot be trusted. what: the object and what is wrong with it."""
    return CorruptObjectError(f'{what}, so no answer would be whole: run "eventlake doctor".')


def _failed(kind: str, message: str) -> QueryError:
    for pattern, meaning in _FAILURES:
        if re.search(pattern, message):
            return QueryFailedError(meaning)
    if kind in _UNTRANSLATED:
        return QueryRefusedError(
            "This statement cannot be answered here as Athena does: its translation does not hold together. Split it with WITH to find the part."
        )
    return QueryFailedError("The query failed on the data: a value has not the form that one of its functions wants.")
