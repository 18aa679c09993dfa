"""Events of the shape that their table declares -> log lines, by msgspec: the bytes become an object with a place for each key at once.

For one machine, where most events are so, and most others have keys in an object or two that no column reads: such an object becomes a dict.
What is odd in any other way is left to the router, which finds out what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Table
from eventlake.pipeline.masking import Masking
from eventlake.pipeline.path import Path, parse_path
from eventlake.pipeline.straight import NOTHING, Shape, straight_source
from eventlake.pipeline.values import timestamp

_COUNTED = 1_000
_LOOKED_AT = 100
"""Of so many events, so many that are not as expected are looked at for what may be expected from then on."""
_TIMES, _SHARE = 3, 16
"""An object takes any key from the third event on that has more of them, if that is one of sixteen or more: to read it as a dict takes longer."""
_MOMENTS = 4096
"""So many timestamps, and minutes, are remembered at most; events that come together share their second, or their minute."""
_PLAIN_MS = len("2026-11-20T10:00:00.123Z")
_SECONDS = frozenset(f":{second:02}." for second in range(60))


class StraightReader:
    """Reads the events of one table and detail-type: `reader(data)` gives the log line, or None if the event is odd.

    masking: what becomes of personal data, None if all of it is kept. wanted: whether the table wants the events of a source.

    Where a text is declared, texts alone are expected until another scalar is met; then the place takes any value from there on. So does an
    object take any key when some have come in which it has keys that no column reads.
    """

    def __init__(self, table: Table, masking: Masking | None, kind: str, wanted: Mapping[str, bool]) -> None:
        self._table = table
        self._kind = kind
        self._wanted = wanted
        self._tree: Mapping[Any, Any] = NOTHING if masking is None else masking.tree
        self._root = parse_path(table.root)
        self._loose: set[Path] = set()
        self._opened: set[Path] = set()
        self._met = Counter[Path]()
        self._read = self._looked_at = 0
        self._make()

    def _make(self) -> None:
        source, self._shape, masks = straight_source(self._table, self._loose, self._opened, self._tree)
        scope: dict[str, Any] = {"dumps": FAST.dumps, "encode": FAST.encode, "LINE": _line(self._table), **masks}
        scope |= {"KIND": self._kind, "WANTED": self._wanted}
        self._decode = msgspec.json.Decoder(_struct(self._shape, scope)).decode
        exec(compile(source, f"<straight mapping of {self._table.name}>", "exec"), scope)  # the source is ours
        scope["timestamp"] = _Moments().moment
        self._line_of = scope["straight_line"]

    def __call__(self, data: bytes) -> bytes | None:
        """Return the log line of an event."""
        self._read += 1
        try:
            event = self._decode(data)
        except msgspec.ValidationError:
            return self(data) if self._learns(data) else None
        except (ValueError, RecursionError):
            return None
        line: bytes | None = self._line_of(event)
        return line

    def _learns(self, data: bytes) -> bool:
        """Expect from now on what is odd about this event, where it may be expected; return False if there is nothing of the kind."""
        if self._read > _COUNTED:
            self._read, self._looked_at = 1, 0
            self._met.clear()
        self._looked_at += 1
        if self._looked_at > _LOOKED_AT:
            return False
        try:
            event = FAST.loads(data)
        except (ValueError, RecursionError):
            return False
        loose = set(_other_than_texts(self._shape, event))
        self._met.update(_with_more_keys(self._shape, event, self._root))
        opened = {path for path, times in self._met.items() if times >= _TIMES and times * _SHARE >= self._read} - self._opened
        if not loose and not opened:
            return False
        self._loose |= loose
        self._opened |= opened
        self._make()
        return True


class _Moments(dict[str, Any]):
    """The columns of the timestamps that were met of late, and the minutes of those with milliseconds, of which few are met twice."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes: dict[str, str | None] = {}

    def moment(self, value: Any) -> Any:  # JSON in, column value out
        """Convert a timestamp, as `eventlake.pipeline.values` does."""
        return self[value] if value.__class__ is str else timestamp(value)

    def __missing__(self, value: str) -> Any:
        """Convert it, and remember it or its minute."""
        if len(value) == _PLAIN_MS and value[16:20] in _SECONDS and value[23] == "Z":
            thousandths, minute = value[20:23], self._minute(value[:16])
            if minute is not None and thousandths.isdecimal() and thousandths.isascii():
                return minute + value[16:23]
        if len(self) >= _MOMENTS:
            self.clear()
        converted = self[value] = timestamp(value)
        return converted

    def _minute(self, value: str) -> str | None:
        """Return a minute as columns have it, None if there is no such one: `2026-11-20T10:00`."""
        if value in self._minutes:
            return self._minutes[value]
        if len(self._minutes) >= _MOMENTS:
            self._minutes.clear()
        plain, converted = f"{value[:10]} {value[11:]}", timestamp(value + ":00Z")
        exists = value[10] == "T" and converted == plain + ":00.000"
        minute = self._minutes[value] = plain if exists else None
        return minute


def _other_than_texts(shape: Shape, value: Any) -> Iterator[Path]:  # JSON
    """Yield the places of texts that hold another scalar."""
    for part, held in _parts(shape, value):
        yield from ((*part.path, key) for key in part.texts if held.get(key).__class__ in {int, float, bool})


def _with_more_keys(shape: Shape, value: Any, root: Path) -> Iterator[Path]:  # JSON
    """Yield the objects at the table's root or below it that have keys which no column reads."""
    for part, held in _parts(shape, value):
        if part.path and part.path[: len(root)] == root and not part.places.keys() >= held.keys():
            yield part.path


def _parts(shape: Shape, value: Any) -> Iterator[tuple[Shape, dict[str, Any]]]:  # JSON
    """Yield the objects of a shape with what stands for each."""
    if value.__class__ is dict:
        yield shape, value
        for key, inner in shape.inner.items():
            yield from _parts(inner, value.get(key))


def _line(table: Table) -> type[msgspec.Struct]:
    """Make the class of a table's lines, which takes the values of all columns in their order; None is left out when it is written."""
    fields = [(f"c{number}", Any, msgspec.field(name=column.name, default=None)) for number, column in enumerate(table.columns)]
    return msgspec.defstruct("Line", fields, omit_defaults=True, gc=False)


def _struct(shape: Shape, scope: dict[str, Any]) -> type[msgspec.Struct]:
    """Make the class of a shape, and of those in it; put an empty object of each into the scope."""
    types: dict[str, Any] = dict.fromkeys(shape.texts, str | None)
    types |= {key: _struct(one, scope) | None for key, one in shape.inner.items()}
    fields = [(place, types.get(key, Any), msgspec.field(name=key, default=None)) for key, place in shape.places.items()]
    made = msgspec.defstruct(f"Of_{shape.name}", fields, forbid_unknown_fields=True, gc=False)
    scope[shape.empty] = made()
    return made
