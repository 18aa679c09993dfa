"""Arrays, maps and structs of converted values.

Called by the mapping of a table for columns of these types; what lies inside is converted by `eventlake.pipeline.values`.
"""

from __future__ import annotations

from eventlake.pipeline.values import MISFIT, text

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from typing import Any

    from eventlake.pipeline.values import Converter


def array_of(item: Converter) -> Converter:
    """Return the converter to arrays; one element that does not fit makes the whole a misfit, so that places keep their meaning."""

    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not list:
            return MISFIT
        converted = [None if element is None else item(element) for element in value]
        return MISFIT if MISFIT in converted else converted

    return convert


def map_of(item: Converter) -> Converter:
    """Return the converter to maps from text."""

    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not dict:
            return MISFIT
        converted = {key: None if element is None else item(element) for key, element in value.items()}
        return MISFIT if MISFIT in converted.values() else converted

    return convert


def struct_of(fields: dict[str, Converter]) -> Converter:
    """Return the converter to structs; what is null, does not fit or is not named is left out, and the mapping finds it for `extra`."""
    each = tuple(fields.items())

    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not dict:
            return MISFIT
        converted = {}
        for name, field in each:
            inner = value.get(name)
            if inner is not None and (fitting := inner if inner.__class__ is str and field is text else field(inner)) is not MISFIT:
                converted[name] = fitting
        return converted

    return convert


def is_whole(converted: Any, value: Any) -> bool:  # column value and the JSON it came from
    """Return True if a converted value holds all of the original: structs leave out what they do not name and what does not fit."""
    if value.__class__ is dict and converted.__class__ is dict:
        return all(inner is None or (key in converted and is_whole(converted[key], inner)) for key, inner in value.items())
    if value.__class__ is list and converted.__class__ is list:
        return all(map(is_whole, converted, value))
    return True
