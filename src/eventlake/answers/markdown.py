"""An answer as a table of Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eventlake.answers.values import Rows, as_text, visible

_MARKS = re.compile(r"[\\|<\[\]!`]")


def as_markdown(columns: Sequence[str], rows: Rows) -> str:
    """Write a heading and a line for each row: control characters as escapes, and no text opens a tag, a link, a picture or a cell."""
    lines = [[_cell(name) for name in columns], ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:  # a value of a row
    return _MARKS.sub(r"\\\g<0>", visible(as_text(value)))
