"""Values that a person gives, as literals of Athena's SQL: each stays whole, so that a value can be nothing but a value.

Places of values in a statement, by the names of PEP 249:

named       :days       {"days": 7}          saved queries and `--param`
pyformat    %(days)s    {"days": 7}          PyAthena's own; the literals are those that PyAthena writes
qmark       ?           ["7", "'web'"]       Athena's ExecutionParameters: the literals themselves, as text

https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from eventlake.dialect.text.lexicon import BINARY, COMMENT, QUOTED, TEXT, UNICODE, named_places, tokens
from eventlake.errors import NameNotFoundError, UsageError
from eventlake.naming import nearest_or_all

TYPES = ("int", "decimal", "double", "boolean", "string", "date", "timestamp")
"""The types of parameters whose values are text: those of saved queries and of `--param`."""

MAX_INTEGER = 2**63 - 1
"""The largest bigint; the smallest has no literal."""

_PERCENT = re.compile(r"%%|%\((?P<name>[^)]*)\)s|(?P<stray>%)")
_LITERAL = re.compile(
    r"null|true|false|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|(?:(?:date|timestamp|time|decimal|x)\s*)?'(?:[^']|'')*'", re.IGNORECASE
)


# places


def bound(sql: str, parameters: Mapping[str, Any]) -> str:  # values are the user's
    """Put literals in the place of a statement's `:name`, by the Python type of each value. Raises NameNotFoundError, UsageError."""
    require_used(sql, parameters)
    used = names_in(sql)
    for name in used:
        if name not in parameters:
            raise UsageError(f'The statement wants a value for ":{name}".')
    return replaced(sql, {name: literal(name, value) for name, value in parameters.items()})


def require_used(sql: str, names: Iterable[str]) -> None:
    """Raise NameNotFoundError for a name that is no parameter of the statement, with the nearest."""
    used = names_in(sql)
    for name in names:
        if name not in used:
            raise NameNotFoundError(f'The statement has no parameter ":{name}".{nearest_or_all(name, used)}')


def names_in(sql: str) -> list[str]:
    """Return the `:name`s of a statement, each once, in order; not those in texts and comments."""
    return list(dict.fromkeys(places_in(sql)))


def places_in(sql: str) -> list[str]:
    """Return the name at each place of a parameter, in order."""
    return [name for _, name in _pieces(sql) if name]


def replaced(sql: str, literals: Mapping[str, str]) -> str:
    """Return the statement with these texts for its `:name`s."""
    return "".join(literals[name] if name else piece for piece, name in _pieces(sql))


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    """Yield the statement in pieces: a part of it and nothing, or `:name` and its name."""
    begun = 0
    for place in named_places(sql):
        yield sql[begun : place.start], ""
        yield sql[place], sql[place][1:]
        begun = place.stop
    yield sql[begun:], ""


def pyformat(sql: str, parameters: Mapping[str, Any]) -> str:  # values are the user's
    """Put PyAthena's literals in the place of a statement's `%(name)s`, and `%` in that of `%%`.

    Refused is what PyAthena would put in without a word and Athena would misread. Raises NameNotFoundError, UsageError.
    """

    def place(match: re.Match[str]) -> str:
        if match["stray"]:
            raise _stray_percent(sql)
        if match["name"] is None:
            return "%"
        if match["name"] not in parameters:
            raise _no_value(match["name"], parameters)
        return _as_pyathena(match["name"], parameters[match["name"]])

    return "".join(_without_places(piece) if kept else _PERCENT.sub(place, piece) for piece, kept in _kept(sql))


def _no_value(name: str, parameters: Mapping[str, Any]) -> NameNotFoundError:  # values are the user's
    given = nearest_or_all(name, parameters) if parameters else ""
    return NameNotFoundError(f'There is no value for "%({name})s".{given} Give one by that name: {{"{name}": ...}}.')


_WHOLE = (TEXT, UNICODE, BINARY, QUOTED, COMMENT)
"""Kinds of tokens inside which no parameter stands."""


def _kept(sql: str) -> Iterator[tuple[str, bool]]:
    """Yield the statement in pieces: what stands in quotes or a comment, and everything between."""
    begun = 0
    for token in tokens(sql):
        if token.kind in _WHOLE:
            yield sql[begun : token.start], False
            yield token.text, True
            begun = token.end
    yield sql[begun:], False


def _without_places(kept: str) -> str:
    """Write `%` for the `%%` of a text, a quoted name or a comment. Raises UsageError if it holds the place of a parameter."""
    if re.search(r"%\(\w*\)s", kept):
        raise UsageError(
            f"The parameter in {kept[:60]} stands inside quotes or a comment: write %(name)s bare, the quotes come with its value."
        )
    if "%" in kept.replace("%%", ""):
        raise _stray_percent(kept)
    return kept.replace("%%", "%")


def _stray_percent(sql: str) -> UsageError:
    return UsageError(f'A per cent sign beside parameters is written "%%", and a parameter "%(name)s": {sql.strip()[:60]}.')


def qmark(sql: str, literals: Sequence[str]) -> str:
    """Put these literals in the place of a statement's `?`, in order. Raises UsageError for what is no literal or does not fit in number."""
    found = list(tokens(sql))
    places = sum(token.word == "?" for token in found)
    if places != len(literals):
        raise UsageError(f'The statement has {places} "?" and is given {len(literals)} values.')
    waiting = iter([_checked_literal(given) for given in literals])
    return "".join(next(waiting) if token.word == "?" else token.text for token in found)


def _checked_literal(given: str) -> str:
    """Return a literal of the text that Athena's ExecutionParameters take."""
    if not isinstance(given, str):
        raise UsageError(
            f'The value {given!r} for "?" is {_kind_of(given)}: Athena takes literals as text there, such as "7" or "\'web\'".'
        )
    if not _LITERAL.fullmatch(given.strip()):
        raise UsageError(
            f'The value "{given[:60]}" for "?" is no literal: Athena takes "7", "\'web\'" with its quotes, "DATE \'2026-11-07\'".'
        )
    return f"({given.strip()})" if given.strip().startswith(("-", "+")) else given.strip()


# values


def _kind_of(value: Any) -> str:  # the user's
    """Return the name of a value's type with its article."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def literal(name: str, value: Any) -> str:  # the user's
    """Write a Python value as the literal of its type; a list, tuple or set as what stands behind IN.

    A float is a double, a datetime with a zone a timestamp of UTC. name: the parameter's, for sentences. Raises UsageError.
    """
    if isinstance(value, list | tuple | set):
        return _listed(name, value, literal)
    write = _WRITERS.get(type(value))
    if write is None:
        raise UsageError(
            f'The parameter "{name}" is {_kind_of(value)}: give None, a bool, a number, a text, bytes, a date, a datetime, or a list of them.'
        )
    written: str = write(name, value)
    return written


def _as_pyathena(name: str, value: Any) -> str:  # the user's
    """Write the literal that PyAthena writes: a float as its digits, which Athena reads as a decimal, and a datetime without its zone."""
    if isinstance(value, list | tuple | set):
        return _listed(name, value, _as_pyathena_lists)
    if type(value) is float:
        return _signed(_finite(name, value))
    if type(value) is datetime and value.tzinfo is not None:
        if value.utcoffset() != timedelta(0):
            raise UsageError(
                f'The parameter "{name}" has a time zone, which PyAthena leaves out: give it in UTC, with .astimezone(timezone.utc).'
            )
        return literal(name, value.replace(tzinfo=None))
    return literal(name, value)


def _as_pyathena_lists(name: str, value: Any) -> str:  # the user's
    """Write the same inside a list, where PyAthena writes six digits of a float."""
    if type(value) is not float:
        return _as_pyathena(name, value)
    _finite(name, value)
    if float(f"{value:f}") != value:
        raise UsageError(f'The parameter "{name}" holds {value}, of which PyAthena keeps six digits behind the point: give Decimals.')
    return _signed(f"{value:f}")


def _listed(name: str, values: Sequence[Any] | set[Any], write: Callable[[str, Any], str]) -> str:
    if not values:
        raise UsageError(f'The parameter "{name}" is an empty list, and nothing can stand in IN (): leave the condition out.')
    return f"({', '.join(write(name, value) for value in values)})"


def _integer(name: str, value: int) -> str:
    if abs(value) > MAX_INTEGER:
        raise UsageError(f'The parameter "{name}" is {value}, which is beyond bigint: give a Decimal.')
    return _signed(str(value))


def _double(name: str, value: float) -> str:
    written = _finite(name, value)
    return _signed(written if "e" in written else f"{written}e0")


def _finite(name: str, value: float) -> str:
    if value - value != 0:
        raise UsageError(f'The parameter "{name}" is {value}, which has no literal: write nan() or infinity() in the statement.')
    return repr(value)


def _decimal(name: str, value: Decimal) -> str:
    digits = f"{value:f}"
    if not value.is_finite() or len(digits.lstrip("-0.").replace(".", "")) > 38:
        raise UsageError(f'The parameter "{name}" is {value}, and a decimal has 38 digits at most.')
    return f"DECIMAL '{digits}'"


def _timestamp(_name: str, value: datetime) -> str:
    moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    digits = "microseconds" if value.microsecond % 1000 else "milliseconds"
    return f"TIMESTAMP '{moment.isoformat(' ', digits)}{' UTC' if value.tzinfo is not None else ''}'"


def _signed(digits: str) -> str:
    """Write a number that may stand behind a minus: `--3` would begin a comment."""
    return f"({digits})" if digits.startswith("-") else digits


_WRITERS: dict[type, Callable[[str, Any], str]] = {
    type(None): lambda _name, _value: "NULL",
    bool: lambda _name, value: "TRUE" if value else "FALSE",
    int: _integer,
    float: _double,
    Decimal: _decimal,
    str: lambda _name, value: "'" + value.replace("'", "''") + "'",
    bytes: lambda _name, value: f"X'{value.hex()}'",
    bytearray: lambda _name, value: f"X'{value.hex()}'",
    date: lambda _name, value: f"DATE '{value.isoformat()}'",
    datetime: _timestamp,
}
"""By exact type: what is derived from them, as pandas.Timestamp, PyAthena refuses too."""


# text


def typed(subject: str, kind: str, written: str) -> Any:  # a value of the type
    """Read the value of one of `TYPES` that a text says. subject: who wants it, as a sentence begins. Raises UsageError."""
    read, form = _READERS[kind]
    try:
        return read(written)
    except (ValueError, KeyError, ArithmeticError):
        raise UsageError(f'{subject} is {form}, not "{written[:60]}".') from None


def _whole(written: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,19}", written):
        raise ValueError(written)
    return int(written)


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "int": (_whole, "a whole number of 19 digits at most"),
    "decimal": (Decimal, "a decimal as 1.50"),
    "double": (float, "a number"),
    "boolean": (lambda written: {"true": True, "false": False}[written.lower()], "true or false"),
    "string": (str, "a text"),
    "date": (date.fromisoformat, "a date as 2026-11-07"),
    "timestamp": (datetime.fromisoformat, "a timestamp as 2026-11-07 10:00:00"),
}
