"""What a command prints: rows or records, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from eventlake.answers.forms import in_form
from eventlake.answers.values import Rows


def show(columns: Sequence[str], rows: Rows, form: str) -> None:
    """Print rows in one of the forms. Raises UsageError for Parquet, which goes to a file."""
    text = in_form(columns, rows, form)
    if text:
        click.echo(text)


def show_records(records: Sequence[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print records of the same keys in one of the forms."""
    show(columns, [[record.get(column) for column in columns] for record in records], form)
