"""Whether log lines hold what their table's columns can: looked at before an object of them becomes visible.

One line of another type would make every query of its column fail. Timestamps and dates must exist, numbers lie within their type, and what
is nested has its types too; text is text whatever it is.
Types: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from eventlake.model import Table
from eventlake.pipeline.convert import GlueType, parse_glue_type

_SCALARS: dict[str, Any] = {  # types, as msgspec reads them
    "string": str,
    "boolean": bool,
    "int": Annotated[int, msgspec.Meta(ge=-(1 << 31), le=(1 << 31) - 1)],
    "bigint": Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)],
    "double": float,
    "timestamp": Annotated[datetime, msgspec.Meta(tz=False)],
    "date": date,
}


class UnwritableLinesError(Exception):
    """One of these lines cannot be written, or would not be read; the writer's caller finds out which."""


class LineCheck:
    """The check of one table's log lines."""

    def __init__(self, table: Table) -> None:
        typed = [(column.name, parse_glue_type(column.type)) for column in table.columns if column.type != "string"]
        self._decode = msgspec.json.Decoder(_struct(typed)).decode

    def refused(self, lines: Sequence[bytes]) -> dict[int, str]:
        """Return the places of the lines that are refused, each with its reason."""
        found: dict[int, str] = {}
        decode = self._decode
        for place, line in enumerate(lines):
            try:
                decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                found[place] = str(error)
        return found


def _struct(fields: Sequence[tuple[str, GlueType]]) -> Any:  # a type
    """Return the type of an object with these fields, each of which may be null or not be there; it may have others."""
    written = [(f"field{place}", _type(kind) | None, msgspec.field(name=name, default=None)) for place, (name, kind) in enumerate(fields)]
    return msgspec.defstruct("Line", written)


def _type(kind: GlueType) -> Any:  # a type
    if kind.name == "array":
        return list[_type(kind.items[0]) | None]  # type: ignore[misc]  # it is made at run time
    if kind.name == "map":
        return dict[str, _type(kind.items[1]) | None]  # type: ignore[misc]  # it is made at run time
    if kind.name == "struct":
        return _struct(list(zip(kind.fields, kind.items, strict=True)))
    return _SCALARS[kind.name]
