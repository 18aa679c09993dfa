"""Log line -> the envelope that it came from: the inverse of a table's mapping.

Takes the columns of one log line as they are stored, gives an event that becomes the same log line again, byte for byte. It is the event as
it came wherever the line kept all of it; what a line does not keep (docs/replay.md lists it) is written in the form that nearly all events
have. Called by `replay`, and for records of which a log line is all that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from itertools import islice, permutations, product
from typing import Any

from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.path import Holding, Path, value_at
from eventlake.pipeline.placement import ORDER, Placement
from eventlake.pipeline.placing import OccupiedError, Vacancy, compile_put, copied, merged, put
from eventlake.pipeline.readable import Readable
from eventlake.pipeline.transform import Transform

Event = dict[str, Any]  # JSON

_MOST_ORDERS = 5_000
"""How many orders of an array are tried; seven texts in it have 5,040."""


class Restorer:
    """Restores the events of one table. codec: reads and writes JSON as whoever wrote the lines did. placed: how the columns find back."""

    def __init__(self, table: Table, codec: Codec = STANDARD) -> None:
        self.table = table
        self._codec = codec
        self.placed = placed = Placement(table, codec)
        self._root = placed.root
        self._beside = placed.beside
        self._alone_paths = Vacancy(placed.taken)
        self._put_straight = compile_put((one.name, one.paths[0], one.writer) for one in placed.straight)
        self._put_plain = compile_put((one.name, path, _as_array if is_array else one.writer) for one, path, is_array in placed.plain)

    def event(self, line: Mapping[str, Any]) -> Event:
        """Return the event of a log line, given as its columns in the spelling of the declaration."""
        written = line.get(EXTRA)
        if written is None:
            return self._event(line, {})
        extra = self._codec.loads(written.encode())
        if self.placed.ambiguous.isdisjoint(extra):
            return self._event(line, _nested(self._root, extra))
        events = []
        for unfolded in self._unfolded(written):
            with suppress(OccupiedError):  # it was another event
                events.append(self._event(line, unfolded))
        return next((event for event in events if self._becomes(event, line)), events[0])

    def envelope(self, line: bytes) -> bytes:
        """Return the bytes of the event of a log line, given as it is stored. Raises ValueError for what is no JSON object."""
        columns = self._codec.loads(line)
        if columns.__class__ is not dict:
            raise ValueError("the log line is no JSON object")
        return self._codec.encode(self.event(columns))

    def _becomes(self, event: Event, line: Mapping[str, Any]) -> bool:
        made = self._codec.loads(self._transform.line(event))
        return bool(made == {name: value for name, value in line.items() if value is not None})

    @cached_property
    def _transform(self) -> Transform:
        return Transform(self.table, self._codec)

    def _is_led_in(self, line: Mapping[str, Any]) -> bool:
        """Return True if such texts of a line name the moments beside them."""
        for name, other, convert in self.placed.leading:
            text = line.get(name)
            if text is not None and convert(text) != line.get(other):
                return False
        return True

    def _unfolded(self, written: str) -> Iterator[Event]:
        """Yield the events that `extra` alone may stand for: what lies outside the root has a name that a field inside may have too."""
        for around, whole in product(("$", "envelope", None), (False, True)):
            extra = self._codec.loads(written.encode())
            outside = {} if around is None else extra.pop(around, None)
            inside = extra.get(str(self._root[-1])) if whole else extra
            if outside.__class__ is dict and (not whole or (inside is not None and len(extra) == 1)):
                yield merged(outside, _nested(self._root, inside)) if inside or whole else outside

    def _event(self, line: Mapping[str, Any], event: Event) -> Event:
        """Put every column's value at its place in what `extra` left of the event."""
        is_plain = self._is_led_in(line) and (not event or self._alone_paths.is_free(event))
        put_values = self._put_plain if is_plain else self._put_straight
        put_values(event, line)
        for one, repeated, said in self.placed.difficult if is_plain else self.placed.careful:
            value = line.get(one.name)
            if value is not None and line.get(said) is None and one.read(event) != value:
                event = self._with(event, one, value, line)
            if repeated:
                event = self._again(event, one, repeated, line)
        for place, readers in self.placed.chosen.items():
            event = _in_order(event, place, readers, line)
        return self._enveloped(event, line)

    def _with(self, event: Event, one: Readable, value: Any, line: Mapping[str, Any]) -> Event:
        """Return the event with a column's value at the first of its places where no other column reads what it should not."""
        for path in one.paths:
            for candidate in () if isinstance(path[-1], Holding) else one.candidates(value):
                trial = copied(event, path)
                if put(trial, path, candidate) and one.read(trial) == value and self._fits(trial, one, path, line):
                    return trial
        return event

    def _again(self, event: Event, one: Readable, places: Sequence[Path], line: Mapping[str, Any]) -> Event:
        """Return the event with a value that stands at its first place at these too, if that changes nothing of the line."""
        value = line.get(one.name)
        if value is None or value_at(event, one.paths[0]) != value:
            return event
        for path in places:
            trial = copied(event, path)
            if value_at(event, path) is None and put(trial, path, value) and self._fits(trial, one, path, line):
                event = trial
        return event

    def _fits(self, event: Event, one: Readable, path: Path, line: Mapping[str, Any]) -> bool:
        """Return True if the columns beside one read nothing that the line does not say; what is not put yet may come."""
        for other in self._beside[one.name]:
            read, said = other.read(event), line.get(other.name)
            if read != said and (read is not None or other.paths == (path,)) and not (read.__class__ is dict and said.__class__ is dict):
                return False
        return True

    def _enveloped(self, event: Event, line: Mapping[str, Any]) -> Event:
        """Return the event with the keys of every envelope, in EventBridge's order."""
        take = event.pop
        detail = take("detail", None)
        made = {}
        for key, unsaid in self._order:
            value = take(key, None)
            if value is None and unsaid is not None:
                value = unsaid(line)
            if value is not None:
                made[key] = value
        made.update(event)
        made["detail"] = {} if detail is None else detail
        return made

    @cached_property
    def _order(self) -> list[tuple[str, Callable[[Mapping[str, Any]], Any] | None]]:
        """Return the keys of an envelope, each with what it was where the line says nothing of it, as far as that is known."""
        unsaid: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            **{key: partial(_same, constant) for key, constant in self.placed.constants.items()},
            "id": _event_id,
            "time": self._time,
            "resources": _nothing,
        }
        return [(key, None if key in self.placed.said else unsaid.get(key)) for key in ORDER]

    def _time(self, line: Mapping[str, Any]) -> str | None:
        """Return the moment of the event, to the second as EventBridge writes it, if every column that would read it finds its value before."""
        if self.placed.timed is None:
            return None
        for name in self.placed.timed:
            if line.get(name) in (None, ""):
                return None
        moment = line.get("event_time")
        return None if moment is None else f"{moment[:10]}T{moment[11:19]}Z"


def _same(constant: str, _line: Mapping[str, Any]) -> str:
    return constant


def _event_id(line: Mapping[str, Any]) -> Any:
    return line.get("event_id")


def _nothing(_line: Mapping[str, Any]) -> list[Any]:
    return []


def _as_array(value: Any) -> list[Any]:
    return [value]


def _nested(path: Path, value: Any) -> Event:
    for segment in reversed(path):
        value = {segment: value}
    return value  # type: ignore[no-any-return]  # a table's root has a segment at least


def _in_order(event: Event, place: Path, readers: Sequence[Readable], line: Mapping[str, Any]) -> Event:
    """Return the event with the texts that columns choose from an array, in an order in which each column finds its own."""
    if all(one.read(event) == line.get(one.name) for one in readers):
        return event
    texts = [line[one.name] for one in readers if isinstance(line.get(one.name), str)]
    before = value_at(event, place)
    for order in islice(permutations(dict.fromkeys(texts)), _MOST_ORDERS):
        trial = copied(event, (*place, 0))
        is_put = put(trial, place, []) and _fill(value_at(trial, place), before, order)
        if is_put and all(one.read(trial) == line.get(one.name) for one in readers):
            return trial
    return event


def _fill(array: Any, before: Any, texts: Sequence[str]) -> bool:
    """Put texts into an array: what was at a place stays there."""
    if array.__class__ is not list:
        return False
    fixed = {index: value for index, value in enumerate(before or []) if value is not None}
    left = iter([text for text in texts if text not in fixed.values()])
    size = len(texts) + len(fixed)
    array[:] = [fixed[index] if index in fixed else next(left, None) for index in range(size)]
    while array and array[-1] is None:
        array.pop()
    return True
