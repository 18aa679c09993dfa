"""EventBridge input paths: `$.detail.execution-id`, `$.resources[0]`.

Source of the form: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from typing import Any

Path = tuple[str | int, ...]
"""Keys of objects and indexes of arrays, from the whole event inwards."""

_SEGMENT = re.compile(r"\.([^.\[\]\s\"*?()]+)|\[(\d{1,4})\]", re.ASCII)


def parse_path(written: str) -> Path:
    """The segments of a path; `$` alone is the whole event. Raises ValueError if it is none."""
    if not written.startswith("$"):
        raise ValueError(f'"{written}" does not begin with "$"')
    segments: list[str | int] = []
    at = 1
    while at < len(written):
        match = _SEGMENT.match(written, at)
        if match is None:
            raise ValueError(f'"{written[at:]}" is not ".key" or "[index]"')
        segments.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    return tuple(segments)


def value_at(event: Any, path: Path) -> Any:  # any JSON value in and out
    """The value at a path, None where there is none."""
    for segment in path:
        if isinstance(segment, str):
            event = event.get(segment) if event.__class__ is dict else None
        else:
            event = event[segment] if event.__class__ is list and segment < len(event) else None
    return event
