"""Values at their places in an event that is being put together.

Called by `eventlake.pipeline.restoring`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from eventlake.pipeline.path import Path

T = TypeVar("T")


class OccupiedError(Exception):
    """Raised where something that is no object is on the way to a value's place."""


Put = Callable[[dict[str, Any], Mapping[str, Any]], None]
"""Puts the values of a line into an event. Raises OccupiedError."""


def compile_put(places: Iterable[tuple[str, Path, Callable[[Any], Any] | None]]) -> Put:
    """Make the function that puts values of columns at keys of objects, each object looked up once for all of its keys.

    places: of each column its name, the path of a value of it (keys alone), and how the value is written there, None for as it is. The function
    is straight code: a loop over the columns takes twice as long for each event.
    """
    objects = by_object((path, (name, written)) for name, path, written in places)
    scope: dict[str, Any] = {"add": _add}
    code = ["def put(event, line):", "    get = line.get"]
    for way, columns in objects.items():
        code.append("    found = {}")
        for key, (name, written) in sorted(columns, key=lambda column: column[1][1] is not None):
            value = "value"
            if written is not None:
                value = f"W{len(scope)}(value)"
                scope[value.removesuffix("(value)")] = written
            code += [f"    value = get({name!r})", "    if value is not None:", f"        found[{key!r}] = {value}"]
        code += ["    if found:", f"        add(event, {way!r}, found)"]
    exec(compile("\n".join(code), "<places of columns>", "exec"), scope)  # the code is ours, a declaration's texts go in as literals
    made: Put = scope["put"]
    return made


def by_object(places: Iterable[tuple[Path, T]]) -> dict[Path, list[tuple[str, T]]]:
    """Group what is put at keys by the objects that hold the keys.

    An object stands together with those in it, so that keys come in one order whichever of them are there; what is named first comes first.
    """
    objects: dict[Path, list[tuple[str, T]]] = {}
    own: dict[Path, int] = {}
    first: dict[Path, int] = {}
    for number, (path, what) in enumerate(places):
        objects.setdefault(path[:-1], []).append((str(path[-1]), what))
        own.setdefault(path[:-1], number)
        for depth in range(1, len(path)):
            first.setdefault(path[:depth], number)
    return {
        way: objects[way] for way in sorted(objects, key=lambda way: [*(first[way[: depth + 1]] for depth in range(len(way))), own[way]])
    }


def _add(event: dict[str, Any], way: Path, found: dict[str, Any]) -> None:
    """Add keys to the object at a place; what is there already stays, objects in it become one with theirs."""
    holder = _object(event, way)
    if holder.keys().isdisjoint(found):
        holder.update(found)
    else:
        holder.update({key: merged(holder[key], value) if key in holder else value for key, value in found.items()})


class Vacancy:
    """Places in an event that may be taken."""

    def __init__(self, places: Iterable[Path]) -> None:
        self._keys: dict[Path, set[Any]] = {}
        for path in places:
            self._keys.setdefault(path[:-1], set()).add(path[-1])

    def is_free(self, event: dict[str, Any]) -> bool:
        """Return True if nothing is at any of the places, nor anything but objects on the way there."""
        for path, keys in self._keys.items():
            holder: Any = event
            for segment in path:
                holder = holder.get(segment)
                if holder is None:
                    break
                if holder.__class__ is not dict:
                    return False
            if holder and not holder.keys().isdisjoint(keys):
                return False
        return True


def _object(event: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the object at a path, made if it is not there. Raises OccupiedError."""
    for segment in path:
        inner = event.get(segment)  # type: ignore[arg-type]  # keys alone
        if inner is None:
            inner = event[segment] = {}  # type: ignore[index]
        elif inner.__class__ is not dict:
            raise OccupiedError
        event = inner
    return event


def merged(event: Any, other: Any) -> Any:  # any JSON values
    """Return two JSON values as one: objects key by key, of anything else the first."""
    if event.__class__ is not dict or other.__class__ is not dict:
        return event
    return event | {key: merged(event[key], value) if key in event else value for key, value in other.items()}


def put(event: Any, path: Path, value: Any) -> bool:
    """Put a value at a place of an event, through objects and arrays that are made; False if something else is on the way or there."""
    for segment, following in pairwise(path):
        inner = _at(event, segment)
        if inner is None and not _set(event, segment, inner := [] if isinstance(following, int) else {}):
            return False
        event = inner
    before = _at(event, path[-1])
    return _set(event, path[-1], value if before is None else merged(before, value))


def _at(container: Any, segment: Any) -> Any:
    if isinstance(segment, str):
        return container.get(segment) if container.__class__ is dict else None
    return container[segment] if container.__class__ is list and segment < len(container) else None


def _set(container: Any, segment: Any, value: Any) -> bool:
    if container.__class__ is not (dict if isinstance(segment, str) else list):
        return False
    if container.__class__ is list:
        container.extend([None] * (segment + 1 - len(container)))
    container[segment] = value
    return True


def copied(event: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the event with copies of what lies on the way to a place, so that the event stays as it is when something is put there."""
    made = event.copy()
    container: Any = made
    for segment in path[:-1]:
        inner = _at(container, segment)
        if inner.__class__ not in (dict, list):
            break
        _set(container, segment, inner.copy())
        container = _at(container, segment)
    return made
