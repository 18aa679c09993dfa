"""Paths into an event: `$.detail.execution-id`, `$.resources[0]`, `$.resources[*:application:*]`.

The first two forms are EventBridge's input paths: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
The third is ours, for arrays whose order nobody promises: the first text in the array that holds the given one, as `resources` holds ARNs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    import re
    from collections.abc import Sequence
    from typing import Any


class Holding:
    """The segment `[*text*]`: the first text of an array that holds this one."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holding) and self.text == other.text

    def __hash__(self) -> int:
        return hash((Holding, self.text))

    def __repr__(self) -> str:
        return f"Holding({self.text!r})"

    def index(self, array: Sequence[Any]) -> int | None:  # any JSON values
        """Return the place of the element, None if there is none."""
        return next((index for index, element in enumerate(array) if element.__class__ is str and self.text in element), None)

    def pick(self, array: Sequence[Any]) -> str | None:  # any JSON values
        """Return the element, None if there is none."""
        index = self.index(array)
        return None if index is None else array[index]


Path = tuple[str | int | Holding, ...]
"""Keys of objects and places in arrays, from the whole event inwards."""

_SEGMENT = r"\.([^.\[\]\s\"*?()]+)|\[(\d{1,4})\]|\[\*([^\[\]\s\"*]+)\*\]$"


def parse_path(written: str) -> Path:
    """Read the segments of a path; `$` alone is the whole event. Raises ValueError if it is none."""
    import re  # not needed to read values, and not cheap to import; it keeps what it compiles

    segment = re.compile(_SEGMENT, re.ASCII)
    if not written.startswith("$"):
        raise ValueError(f'"{written}" does not begin with "$"')
    segments: list[str | int | Holding] = []
    at = 1
    while at < len(written):
        match = segment.match(written, at)
        if match is None:
            raise ValueError(f'"{written[at:]}" is not ".key", "[index]" or, at the end, "[*text*]"')
        segments.append(_segment(match))
        at = match.end()
    return tuple(segments)


def _segment(match: re.Match[str]) -> str | int | Holding:
    key, index, held = match.groups()
    if key is not None:
        return str(key)
    return Holding(held) if index is None else int(index)


def value_at(event: Any, path: Path) -> Any:  # any JSON value in and out
    """Return the value at a path, None where there is none."""
    for segment in path:
        if isinstance(segment, str):
            event = event.get(segment) if event.__class__ is dict else None
        elif event.__class__ is not list:
            return None
        elif isinstance(segment, int):
            event = event[segment] if segment < len(event) else None
        else:
            event = segment.pick(event)
    return event


def all_read(array: Sequence[Any], segments: Sequence[int | Holding]) -> bool:  # any JSON values
    """Return True if these segments together read every element of an array."""
    read = {segment if isinstance(segment, int) else segment.index(array) for segment in segments}
    return read.issuperset(range(len(array)))
