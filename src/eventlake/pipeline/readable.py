"""A column as its value is read from an event, and written back into one.

Says in plain steps what the code of a mapping does for one column; called by `eventlake.pipeline.restoring`, which runs the flow backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventlake.model import Column
from eventlake.pipeline import convert, nested, values
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.leftovers import chosen_value
from eventlake.pipeline.path import Path, parse_path, value_at
from eventlake.pipeline.values import MISFIT


@dataclass(frozen=True, slots=True, eq=False)
class Readable:
    """A column: its name, the name of its converter and the converter itself, the places it reads, and whether it is the table's key."""

    name: str
    converter: str
    paths: tuple[Path, ...]
    convert: Callable[[Any], Any]  # any JSON value -> a column's value
    codec: Codec
    is_key: bool

    @classmethod
    def of(cls, column: Column, codec: Codec, *, is_key: bool) -> Readable:
        """Compile a column."""
        written = convert.converter(column.converter, convert.parse_glue_type(column.type))
        function = (
            codec.dumps if column.converter == "json" else eval(written, {**vars(values), **vars(nested)})
        )  # the declaration was checked, its texts are types
        return cls(column.name, column.converter, tuple(map(parse_path, column.paths)), function, codec, is_key)

    def read(self, event: dict[str, Any]) -> Any:
        """Return the column's value of an event, None for NULL."""
        value = value_at(event, self.paths[0]) if len(self.paths) == 1 else chosen_value(event, self.paths)
        if value is None or (self.is_key and value == ""):
            return None
        fitting = self.convert(value)
        if fitting is MISFIT and len(self.paths) > 1:
            others = (value_at(event, path) for path in self.paths)
            converted = (self.convert(other) for other in others if other is not None and other != "")
            fitting = next((one for one in converted if one is not MISFIT), MISFIT)
        return None if fitting is MISFIT else fitting

    def meets(self, other: Readable) -> bool:
        """Return True if both read one place, or one reads a part of what the other does."""
        return any(map(other.is_at, self.paths))

    def is_at(self, place: Path) -> bool:
        """Return True if the column reads a place, a part of it or something that it is a part of."""
        return any(_meet(path, place) for path in self.paths)

    def written(self, value: Any) -> Any:
        """Return the column's value in the form that nearly all events have it."""
        if self.converter == "json":
            return self.codec.loads(value.encode())
        return as_events_write(value) if self.converter == "timestamp" else value

    @property
    def writer(self) -> Callable[[Any], Any] | None:
        """Return `written`, None where that is the value itself."""
        return self.written if self.converter in ("json", "timestamp") else None

    def candidates(self, value: Any) -> Iterator[Any]:
        """Yield the JSON values that may have become a column's value, the most usual first."""
        yield self.written(value)
        if self.converter == "joined":
            yield value.split(" ")
        if self.converter in ("text", "joined"):
            yield from _scalar(value, self.codec)
        elif self.converter in ("number", "integer", "boolean"):
            yield self.codec.dumps(value)
        elif self.converter == "timestamp":
            yield f"{value[:10]}T{value[11:]}Z"
            yield from _epochs(value)


def as_events_write(timestamp: str) -> str:
    """Write a stored timestamp as events have it: ISO 8601 in UTC, with milliseconds where there are any."""
    seconds = timestamp[11:] if timestamp[19:] != ".000" else timestamp[11:19]
    return f"{timestamp[:10]}T{seconds}Z"


def _epochs(timestamp: str) -> Iterator[int | float]:
    milliseconds = round(datetime.fromisoformat(f"{timestamp}+00:00").timestamp() * 1000)
    yield from (milliseconds, milliseconds / 1000, milliseconds // 1000)


def _scalar(text: str, codec: Codec) -> Iterator[Any]:
    """Yield the number or truth value that a text writes."""
    try:
        value = codec.loads(text.encode())
    except (ValueError, RecursionError):
        return
    if value.__class__ in (bool, int, float):
        yield value
        if value.__class__ is int:
            yield float(value)


def _meet(path: Path, other: Path) -> bool:
    """Return True if one path begins with the other; two segments of an array may be one element if one of them says what it holds."""
    return all(
        one == two or (not isinstance(one, str) and not isinstance(two, str) and not (isinstance(one, int) and isinstance(two, int)))
        for one, two in zip(path, other, strict=False)
    )
