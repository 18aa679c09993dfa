"""The forms of an answer that are text, by their names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventlake.answers.csv_text import as_csv
from eventlake.answers.json_text import as_json, as_json_lines
from eventlake.answers.markdown import as_markdown
from eventlake.answers.table import as_table
from eventlake.answers.values import Rows
from eventlake.errors import UsageError

FORMS: dict[str, Callable[[Sequence[str], Rows], str]] = {
    "table": as_table,
    "json": as_json,
    "jsonl": as_json_lines,
    "csv": as_csv,
    "markdown": as_markdown,
}


def in_form(columns: Sequence[str], rows: Rows, form: str) -> str:
    """Write rows in one of the forms, without a line break at the end. Raises UsageError for Parquet."""
    if form not in FORMS:
        raise UsageError("Parquet is no text: eventlake query ... --to FILE.parquet writes the answer of a query.")
    return FORMS[form](columns, rows)
