"""Events of just the shape that their table declares -> log lines, by msgspec: the bytes become an object with a place for each key at once.

For one machine, where most events are so. What is odd in any way is left to the router, which finds out what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Table
from eventlake.pipeline.masking import Masking
from eventlake.pipeline.path import Path
from eventlake.pipeline.straight import NOTHING, Shape, straight_source
from eventlake.pipeline.values import timestamp

_LOOKED_AT = 100
"""So many events that are not as expected are looked at for places that hold no texts."""
_MOMENTS = 4096
"""So many timestamps are remembered at most; events that come together share their second."""


class StraightReader:
    """Reads the events of one table and detail-type: `reader(data)` gives the log line, or None if the event is not of just the declared shape.

    masking: what becomes of personal data, None if all of it is kept. wanted: whether the table wants the events of a source.

    Where a text is declared, texts alone are expected until another scalar is met; then the place takes any value from there on.
    """

    def __init__(self, table: Table, masking: Masking | None, kind: str, wanted: Mapping[str, bool]) -> None:
        self._table = table
        self._kind = kind
        self._wanted = wanted
        self._tree: Mapping[Any, Any] = NOTHING if masking is None else masking.tree
        self._loose: set[Path] = set()
        self._looked_at = 0
        self._any = msgspec.json.Decoder(_struct(straight_source(table, ())[1], {}, is_strict=False)).decode
        self._make()

    def _make(self) -> None:
        source, self._shape, masks = straight_source(self._table, self._loose, self._tree)
        scope: dict[str, Any] = {"dumps": FAST.dumps, "encode": FAST.encode, "LINE": _line(self._table), **masks}
        scope |= {"KIND": self._kind, "WANTED": self._wanted}
        self._decode = msgspec.json.Decoder(_struct(self._shape, scope, is_strict=True)).decode
        exec(compile(source, f"<straight mapping of {self._table.name}>", "exec"), scope)  # the source is ours
        scope["timestamp"] = _Moments().moment
        self._line_of = scope["straight_line"]

    def __call__(self, data: bytes) -> bytes | None:
        """Return the log line of an event."""
        try:
            event = self._decode(data)
        except msgspec.ValidationError:
            return self(data) if self._loosened(data) else None
        except (ValueError, RecursionError):
            return None
        line: bytes | None = self._line_of(event)
        return line

    def _loosened(self, data: bytes) -> bool:
        """Let places take any value from now on that hold no text in this event; whether there are any, and nothing else is odd."""
        self._looked_at += 1
        if self._looked_at > _LOOKED_AT:
            return False
        try:
            found = set(_other_than_texts(self._shape, self._any(data)))
        except (ValueError, RecursionError):
            return False
        if not found:
            return False
        self._loose |= found
        self._make()
        return True


class _Moments(dict[str, Any]):
    """The columns of the timestamps that were met of late."""

    def moment(self, value: Any) -> Any:  # JSON in, column value out
        """Convert a timestamp, as `eventlake.pipeline.values` does."""
        return self[value] if value.__class__ is str else timestamp(value)

    def __missing__(self, value: str) -> Any:
        """Convert it, and remember it."""
        if len(self) >= _MOMENTS:
            self.clear()
        converted = self[value] = timestamp(value)
        return converted


def _other_than_texts(shape: Shape, value: Any) -> Iterator[Path]:  # an object of the shape's class
    for key, place in shape.places.items():
        held = getattr(value, place)
        if key in shape.inner and held is not None:
            yield from _other_than_texts(shape.inner[key], held)
        elif key in shape.texts and held.__class__ in {int, float, bool}:
            yield (*shape.path, key)


def _line(table: Table) -> type[msgspec.Struct]:
    """Make the class of a table's lines, which takes the values of all columns in their order; None is left out when it is written."""
    fields = [(f"c{number}", Any, msgspec.field(name=column.name, default=None)) for number, column in enumerate(table.columns)]
    return msgspec.defstruct("Line", fields, omit_defaults=True, gc=False)


def _struct(shape: Shape, scope: dict[str, Any], *, is_strict: bool) -> type[msgspec.Struct]:
    """Make the class of a shape, and of those in it; put an empty object of each into the scope. is_strict: whether texts must be texts."""
    types: dict[str, Any] = dict.fromkeys(shape.texts, str | None) if is_strict else {}
    types |= {key: _struct(one, scope, is_strict=is_strict) | None for key, one in shape.inner.items()}
    fields = [(place, types.get(key, Any), msgspec.field(name=key, default=None)) for key, place in shape.places.items()]
    made = msgspec.defstruct(f"Of_{shape.name}", fields, forbid_unknown_fields=True, gc=False)
    scope[shape.empty] = made()
    return made
