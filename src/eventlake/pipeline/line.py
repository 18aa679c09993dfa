"""What the generated functions of `eventlake.pipeline.mapping` call while they put a log line together.

Kept apart and small, because a Lambda function imports it at its start.
"""

from __future__ import annotations

from eventlake.pipeline.codec import quote
from eventlake.pipeline.values import MISFIT

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from eventlake.pipeline.leftovers import Fields, Leftovers
    from eventlake.pipeline.values import Converter

    Unread = tuple[tuple[str, ...], dict[str, Any], set[str]]
    """An object that holds undeclared keys: the keys that lead to it from the table's root, the object, and its declared keys."""

EMPTY: dict[str, Any] = {}
"""Stands for an object that is not there."""

NOTHING: list[Any] = []
"""Stands for an array that is not there."""


def write(add: Callable[[str], None], name: str, fitting: Any) -> bool:  # a text or MISFIT
    """Add a column of text to the text of a line; True if its value does not fit and there is nothing to add."""
    if fitting is MISFIT:
        return True
    add(f',"{name}":')
    add(quote(fitting))
    return False


def keep(line: dict[str, Any], name: str, fitting: Any) -> bool:  # a text or MISFIT
    """Put a column of text into a line; True if its value does not fit and there is nothing to put."""
    if fitting is MISFIT:
        return True
    line[name] = fitting
    return False


def first_fitting(event: dict[str, Any], paths: Sequence[str], converter: Converter) -> Any:  # a column's value
    """Convert the first of these values that fits, for a column whose chosen value does not; return MISFIT if none does."""
    from eventlake.pipeline.path import parse_path, value_at

    values = (value_at(event, parse_path(path)) for path in paths)
    converted = (converter(value) for value in values if value is not None and value != "")
    return next((value for value in converted if value is not MISFIT), MISFIT)


def remainder(unread: Sequence[Unread]) -> dict[str, Any]:
    """Return the undeclared fields of these objects, nested as they were.

    For the common case that they are all that is odd about an event; whether the declared ones fit was seen already.
    """
    rest: dict[str, Any] = {}
    for path, value, declared in unread:
        left = {key: inner for key, inner in value.items() if key not in declared and inner is not None}
        place = rest
        for key in path:
            place = place.setdefault(key, {})
        place.update(left)
        if not place:
            _remove(rest, path)
    return rest


def _remove(rest: dict[str, Any], path: tuple[str, ...]) -> None:
    """Drop empty parent objects left behind when an undeclared value turns out to be null."""
    if path:
        *outer, last = path
        holder = rest
        for key in outer:
            holder = holder[key]
        del holder[last]
        if not holder:
            _remove(rest, tuple(outer))


def joined_line(pieces: list[str]) -> bytes:
    """Join the pieces of a line's columns, each of which begins with a comma and its name, into one JSON object and a newline."""
    if pieces:
        pieces[0] = "{" + pieces[0][1:]
        pieces.append("}\n")
        return "".join(pieces).encode()
    return b"{}\n"


class Rest:
    """What no column of one table keeps: `Leftovers` with these arguments, made for the first event that needs it."""

    def __init__(self, root: str, settled: Iterable[str], columns: Iterable[tuple[Converter | Fields, Sequence[str]]]) -> None:
        self._declared = root, settled, columns
        self._leftovers: Leftovers | None = None

    def of(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the undeclared fields of an event, {} if every value is in a column."""
        if self._leftovers is None:
            from eventlake.pipeline.leftovers import Leftovers

            self._leftovers = Leftovers(*self._declared)
        return self._leftovers.of(event)
