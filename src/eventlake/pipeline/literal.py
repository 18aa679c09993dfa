"""Python literals and calls as lines of code, broken as `ruff format` breaks them.

Called by `eventlake.pipeline.mapping`, whose code people read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE_LENGTH = 140
"""Characters that a line may have."""


@dataclass(frozen=True, slots=True)
class Brackets:
    """What opens, what stands between commas, what closes: `Rest(`, its arguments, `)`."""

    opening: str
    items: Sequence[str | Brackets]
    closing: str

    def __str__(self) -> str:
        """Write all of it on one line."""
        inner = ", ".join(map(str, self.items))
        return f"{self.opening}{inner}{',' if self.opening == '(' and len(self.items) == 1 else ''}{self.closing}"


def broken_lines(code: str | Brackets, before: str = "", after: str = "", indent: int = 0) -> list[str]:
    """Write the code with what stands before and after it, on one line if it fits, else with one item a line."""
    line = f"{' ' * indent}{before}{code}{after}"
    if isinstance(code, str) or len(line) <= LINE_LENGTH:
        return [line]
    inner = [line for item in code.items for line in broken_lines(item, after=",", indent=indent + 4)]
    return [f"{' ' * indent}{before}{code.opening}", *inner, f"{' ' * indent}{code.closing}{after}"]


def string(text: str) -> str:
    """Write a text as a literal."""
    return json.dumps(text, ensure_ascii=False)


def strings(texts: Iterable[str]) -> Brackets:
    """Write a set of texts, sorted, so that the same set is the same code; Python has no literal for the empty one."""
    literals = [string(text) for text in sorted(texts)]
    return Brackets("{", literals, "}") if literals else Brackets("set[str](", [], ")")
