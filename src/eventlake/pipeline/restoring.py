"""Log line -> the envelope that it came from: the inverse of a table's mapping.

Takes the columns of one log line as they are stored, gives an event that becomes the same log line again, byte for byte. It is the event as
it came wherever the line kept all of it; what a line does not keep (docs/replay.md lists it) is written in the form that nearly all events
have. Called by `replay`, and for records of which a log line is all that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice, permutations, product
from typing import Any

from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.path import Holding, Path, parse_path, value_at
from eventlake.pipeline.placing import Vacancy, compile_put, copied, merged, put
from eventlake.pipeline.readable import Readable
from eventlake.pipeline.transform import Transform

Event = dict[str, Any]  # JSON

_EXACTNESS = ("json", "struct", "map", "array", "text", "joined", "number", "integer", "boolean", "date", "timestamp")
"""Which of the columns that read one place says most of it: those before write it first."""
_ORDER = ("version", "id", "detail-type", "source", "account", "time", "region", "resources")
"""The keys of an envelope, as EventBridge writes them, but for `detail` at the end."""
_MOST_ORDERS = 5_000
"""How many orders of an array are tried; seven texts in it have 5,040."""


class Restorer:
    """Restores the events of one table. codec: reads and writes JSON as whoever wrote the lines did."""

    def __init__(self, table: Table, codec: Codec = STANDARD) -> None:
        self.table = table
        self._codec = codec
        columns = [Readable.of(column, codec, is_key=column.name == table.key) for column in table.columns if column.name != EXTRA]
        self._columns = sorted(columns, key=lambda one: _EXACTNESS.index(one.converter))
        self._root = parse_path(table.root)
        self._beside = {one.name: [other for other in columns if other is not one and one.meets(other)] for one in columns}
        needed = [one for one in self._columns if not self._is_implied(one)]
        straight = [one for one in needed if self._is_straight(one)]
        alone = [one for one in needed if one not in straight and self._is_alone(one)]
        first = [one for one in needed if self._is_first(one)]
        led = [one for one in needed if one not in straight and self._is_led(one)]
        self._leading = [(one.name, other.name, other.convert) for one in led for other in self._beside[one.name]]
        alone += led
        taken = [path for one in alone for path in one.paths] + [one.paths[0][:-1] for one in first]
        self._alone_paths = Vacancy(taken)
        self._put_straight = compile_put((one.name, one.paths[0], one.writer) for one in straight)
        plain = [(one.name, path, one.writer) for one in (*straight, *alone) for path in (one.paths[0], *_repeated(one))]
        self._put_plain = compile_put([*plain, *((one.name, one.paths[0][:-1], _as_array) for one in first)])
        self._careful = [(one, _repeated(one), "") for one in needed if one not in straight]
        said = {other: one.name for one in led for other in self._beside[one.name] if other.paths[0] == one.paths[0]}
        self._difficult = [
            (one, repeated, said.get(one, "")) for one, repeated, _ in self._careful if one not in alone and one not in first
        ]

    def event(self, line: Mapping[str, Any]) -> Event:
        """Return the event of a log line, given as its columns in the spelling of the declaration."""
        written = line.get(EXTRA)
        if written is None:
            return self._event(line, {})
        extra = self._codec.loads(written.encode())
        if not self._is_ambiguous(extra):
            return self._event(line, _nested(self._root, extra))
        events = [self._event(line, unfolded) for unfolded in self._unfolded(written)]
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

    def _is_straight(self, one: Readable) -> bool:
        """Return True if a column has one place, of which no other column says more than it does itself."""
        place = one.paths[0]
        if len(one.paths) > 1 or not _is_of_keys(place):
            return False
        others = [path for other in self._beside[one.name] for path in other.paths if one.is_at(path)]
        return not others or (one.converter == "json" and all(path[: len(place)] == place for path in others))

    def _is_implied(self, one: Readable) -> bool:
        """Return True if a column reads a part of what a column of JSON holds, and nothing else."""
        leading = [other for other in self._beside[one.name] if other.converter == "json" and self._is_straight(other)]
        return len(one.paths) == 1 and any(len(other.paths[0]) < len(one.paths[0]) for other in leading)

    def _is_alone(self, one: Readable) -> bool:
        """Return True if a column has several places, of which no other column says anything."""
        return not self._beside[one.name] and all(map(_is_of_keys, (*one.paths, *_repeated(one))))

    def _is_first(self, one: Readable) -> bool:
        """Return True if a column keeps the text that is the first of an array, of which no other column says anything."""
        *way, last = one.paths[0]
        return (
            not self._beside[one.name]
            and len(one.paths) == 1
            and one.converter == "text"
            and last == 0
            and bool(way)
            and _is_of_keys((*way,))
        )

    def _is_led(self, one: Readable) -> bool:
        """Return True if a column keeps the text of a place of which others keep the moment that it names."""
        beside = self._beside[one.name]
        is_text = one.converter == "text" and len(one.paths) == 1 and _is_of_keys(one.paths[0])
        return is_text and all(other.converter == "timestamp" and other.paths[0] == one.paths[0] for other in beside)

    def _is_led_in(self, line: Mapping[str, Any]) -> bool:
        """Return True if such texts of a line name the moments beside them."""
        for name, other, convert in self._leading:
            text = line.get(name)
            if text is not None and convert(text) != line.get(other):
                return False
        return True

    def _is_ambiguous(self, extra: Event) -> bool:
        """Return True if fields of `extra` may lie outside the table's root, or be the root itself."""
        return "envelope" in extra or "$" in extra or str(self._root[-1]) in extra

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
        for one, repeated, said in self._difficult if is_plain else self._careful:
            value = line.get(one.name)
            if value is not None and line.get(said) is None and one.read(event) != value:
                event = self._with(event, one, value, line)
            if repeated:
                event = self._again(event, one, repeated, line)
        for place, readers in self._chosen.items():
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

    @cached_property
    def _chosen(self) -> dict[Path, list[Readable]]:
        """Return the arrays from which columns choose texts by what they hold, each with the columns that read it."""
        places = {path[:-1]: None for one in self._columns for path in one.paths if isinstance(path[-1], Holding)}
        return {place: [one for one in self._columns if any(path[:-1] == place for path in one.paths)] for place in places}

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
        """Return the keys of an envelope, each with what it was where the line says nothing of it, as far as that is known.

        None where a column says everything, that there was nothing too.
        """
        pattern = self.table.pattern
        constants = {"version": "0", **{key: _constant(pattern.get(key)) for key in ("source", "detail-type")}}
        said = {str(path[0]) for one in self._columns for path in one.paths if len(path) == 1} - {"time"}
        said -= {key for key, constant in constants.items() if constant and key != "version"}
        unsaid: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            **{key: partial(_same, constant) for key, constant in constants.items() if constant},
            "id": _event_id,
            "time": self._time,
            "resources": _nothing,
        }
        return [(key, None if key in said else unsaid.get(key)) for key in _ORDER]

    @cached_property
    def _timed(self) -> list[str] | None:
        """Return the columns that would read the moment if they found nothing before; None if one would read it first, or others behind it."""
        timed = [one for one in self._columns if ("time",) in one.paths]
        are_last = all(len(one.paths) > 1 and one.paths[-1] == ("time",) for one in timed)
        return [one.name for one in timed] if are_last else None

    def _time(self, line: Mapping[str, Any]) -> str | None:
        """Return the moment of the event, to the second as EventBridge writes it, if every column that would read it finds its value before."""
        if self._timed is None:
            return None
        for name in self._timed:
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


def _is_of_keys(path: Path) -> bool:
    return all(isinstance(segment, str) for segment in path)


def _constant(condition: Any) -> str | None:
    """Return the one text that a pattern allows a key, None if it allows several."""
    return condition[0] if isinstance(condition, list) and len(condition) == 1 and isinstance(condition[0], str) else None


def _repeated(one: Readable) -> list[Path]:
    """Return the places where events say a text once more: further out than its first, and as the first of `resources`.

    Other names in one object are those of other versions, of which an event has one.
    """
    first, *others = one.paths
    outer = [first[:depth] for depth in range(len(first) - 1)]
    return [path for path in others if one.converter == "text" and (path[:-1] in outer or path == ("resources", 0))]


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
