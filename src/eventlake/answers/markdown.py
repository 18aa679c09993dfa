"""An answer as a table of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.answers.values import Rows, as_text, visible


def as_markdown(columns: Sequence[str], rows: Rows) -> str:
    """Write a heading and a line for each row, control characters as escapes."""
    lines = [columns, ["---"] * len(columns), *([visible(as_text(value)).replace("|", "\\|") for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
