"""Personal data in an event -> what is kept of it, before any log line is made: nothing, a pseudonym, a network or a mark.

A table declares places of its events and what becomes of the values there (`eventlake.model.Personal`). `Masking` gives the event with those
places changed; the columns, `extra` and every JSON text of its log line then hold nothing else. What a value says in another place, or within
a longer text, stays. Masking what is masked changes nothing, so that a log line that is played again joins with the first.
"""

from __future__ import annotations

import ipaddress
import re
from functools import partial

from eventlake.errors import ConfigurationError
from eventlake.model import EVERY
from eventlake.pipeline.path import parse_path, value_at
from eventlake.pipeline.values import MISFIT, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from eventlake.interfaces import Pseudonyms
    from eventlake.model import Table

    Change = Callable[[Any, str], Any]
    """A value and the day of its event -> what is kept of it, None for nothing."""

MARK = "***"
"""Stands for a text that is masked."""

_BEGINS_JSON = frozenset('{["')
_PREFIX_BITS = {4: 24, 6: 48}
_PSEUDONYM = re.compile(r"[a-z0-9-]{1,32}:[0-9a-f]{64}", re.ASCII)


class Masking:
    """What becomes of the personal data of one table: `masking(event)` gives the event as it may be kept, and changes nothing of the one given.

    places: paths, each with what becomes of the value there. times: the paths of which the first that an event has says when it happened.
    pseudonyms: makes them where a place asks for some. Raises ConfigurationError if one does and there are none to be had.
    """

    def __init__(self, table: str, places: Iterable[tuple[str, str]], times: Iterable[str], pseudonyms: Pseudonyms | None) -> None:
        self.tree: dict[Any, Any] = {}
        self.by_day = False
        self._times = [parse_path(path) for path in times]
        changes = _changes(pseudonyms)
        for path, how in places:
            if how not in changes:
                raise ConfigurationError(
                    f"{path} of {table} is to become a pseudonym, and the lake has no key: make one with `eventlake keys new`."
                )
            self.by_day = self.by_day or (how == "hmac" and pseudonyms is not None and pseudonyms.differ_by_day)
            _plant(self.tree, steps(path), changes[how])
        self._keep = change_of(self.tree)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the event as it may be kept."""
        kept = self._keep(event, self._day(event) if self.by_day else "")
        return kept if kept.__class__ is dict else event

    def _day(self, event: dict[str, Any]) -> str:
        """Return the day of an event's own time in UTC, as YYYY-MM-DD; empty if it has none that `event_time` could hold."""
        found = (timestamp(value) for path in self._times if (value := value_at(event, path)) is not None)
        return next((moment[:10] for moment in found if moment is not MISFIT), "")


def masking_of(table: Table, pseudonyms: Pseudonyms | None) -> Masking | None:
    """Return the masking of a table, None if all of it is kept. Raises ConfigurationError for pseudonyms that nobody makes."""
    places = masked_places(table)
    return Masking(table.name, places, time_paths(table), pseudonyms) if places else None


def time_paths(table: Table) -> list[str]:
    """Return the paths of which the first that an event has says when it happened."""
    return [path for column in table.columns if column.name == "event_time" for path in column.paths]


def asks_for_pseudonyms(table: Table) -> bool:
    """Return True if some of a table's personal data is to become pseudonyms."""
    return any(place.how == "hmac" for place in table.personal)


def masked_places(table: Table) -> list[tuple[str, str]]:
    """Return the paths of a table's personal data that is not kept, each with what becomes of it."""
    return [(place.path, place.how) for place in table.personal if place.how != "keep"]


def change_of(node: Any) -> Change:
    """Return what makes of a value what may be kept. node: what becomes of it, or a dict of what becomes of the values in it."""
    if node.__class__ is not dict:
        change: Change = node
        return change
    within = {step: change_of(inner) for step, inner in node.items()}
    every = within.get(EVERY)
    has_places = any(step.__class__ is int for step in within)

    def change_within(value: Any, day: str) -> Any:
        if value.__class__ is list:
            return change_elements(value, day)
        if every is not None:  # one thing stands where several were declared
            value = every(value, day)
        if value.__class__ is not dict:
            return change_packed(value, day) if value.__class__ is str and value.lstrip()[:1] in _BEGINS_JSON else value
        kept = value
        for key, inner in within.items():
            held = value.get(key)
            if held is not None:
                if kept is value:
                    kept = value.copy()
                kept[key] = inner(held, day)
        return kept

    def change_packed(text: str, day: str) -> str:
        """Change what stands in JSON that a provider packed into a text, once or several times; the very text if nothing of it is meant."""
        import json  # a Lambda function reads its events without

        try:
            packed = json.loads(text)
            kept = change_within(packed, day)
            return text if kept == packed else json.dumps(kept)
        except (ValueError, RecursionError):  # no JSON, though it begins as some
            return text

    def change_elements(values: list[Any], day: str) -> list[Any]:
        """Change what stands in an array; where keys of one object were declared and several stand there, each of them is meant."""
        each = every or (None if has_places else change_within)
        if each is not None:
            return [each(held, day) for held in values]
        return [within[place](held, day) if place in within else held for place, held in enumerate(values)]

    return change_within


def steps(path: str) -> list[Any]:
    """Return the keys and places that lead to a place in an event; `EVERY` for each element of an array. Raises ValueError if it is no path."""
    first, *others = path.split("[]")
    found: list[Any] = [*parse_path(first)]
    for other in others:
        found += [EVERY, *parse_path(f"${other}")]
    return found


def _plant(tree: dict[Any, Any], path: Sequence[Any], change: Change) -> None:
    *inner, last = path
    for step in inner:
        tree = tree.setdefault(step, {})
    tree[last] = change


_REMEMBERED = 20_000
"""So many texts are remembered: the same people come again and again, and a lookup costs a tenth of what it spares."""


class _Remembering(dict[str, "str | None"]):
    """Text -> what is kept of it, made when it is asked for first."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[str], str | None]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        made = self[text] = self._make(text)
        return made


def _changes(pseudonyms: Pseudonyms | None) -> dict[str, Change]:
    changes: dict[str, Change] = {"mask": _marked, "drop": _dropped, "network": _of_texts(_network)}
    if pseudonyms is not None:
        changes["hmac"] = _of_days(pseudonyms) if pseudonyms.differ_by_day else _of_texts(partial(_pseudonym, pseudonyms, ""))
    return changes


def _of_texts(make: Callable[[str], str | None]) -> Change:
    """Make the change of texts, of each text of an array, and of numbers as texts; anything else becomes nothing."""
    known = _Remembering(make)

    def change(value: Any, day: str) -> Any:
        if value.__class__ is str:
            return known[value]
        if value.__class__ is list:
            return [change(held, day) for held in value]
        return known[repr(value)] if value.__class__ is int else None

    return change


def _of_days(pseudonyms: Pseudonyms) -> Change:
    """Make the change to the pseudonyms of the day."""
    of_day: dict[str, Change] = {}

    def change(value: Any, day: str) -> Any:
        if day not in of_day:
            of_day.clear()  # days come one after another
            of_day[day] = _of_texts(partial(_pseudonym, pseudonyms, day))
        return of_day[day](value, day)

    return change


def _pseudonym(pseudonyms: Pseudonyms, day: str, text: str) -> str:
    return text if not text or _PSEUDONYM.fullmatch(text) else pseudonyms.of(text, day)


def _marked(value: Any, day: str) -> str | None:
    return MARK if value.__class__ is str and value else None


def _dropped(value: Any, day: str) -> None:
    return None


def _network(text: str) -> str | None:
    """Return the network of an address, 24 bits of a version 4 and 48 of a version 6; a mark for what is no address, nothing for no text."""
    if not text:
        return None
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        return MARK
    bits = min(_PREFIX_BITS[address.version], address.network.prefixlen)
    return str(ipaddress.ip_network(f"{address.ip}/{bits}", strict=False))
