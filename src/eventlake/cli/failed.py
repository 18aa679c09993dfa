"""`failed`: what could not be stored in a table, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Suggesting
from eventlake.cli.render import show, show_records, visible
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.backends.sqlite_catalog import SqliteCatalog

COLUMNS = ("id", "arrived", "table", "code", "reason", "bytes")


@click.group(cls=Suggesting, invoke_without_command=True, short_help="What could not be stored in a table, and why.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, the newest first.")
@global_options
def failed(limit: int) -> None:
    """List the events that could not be stored in a table, the newest first, each with its reason."""
    if click.get_current_context().invoked_subcommand is None:
        _list(limit, settings())


@failed.command(name="list", short_help="The failed events, the newest first.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, the newest first.")
@global_options
def list_failed(limit: int) -> None:
    """List the events that could not be stored in a table, the newest first, each with its reason."""
    _list(limit, settings())


@failed.command(name="show", short_help="One failed event with its original bytes.")
@click.argument("id")
@click.option("--raw", is_flag=True, help="Print nothing but the original bytes.")
@global_options
def show_failed(id: str, raw: bool) -> None:  # noqa: A002  the word a person reads in the usage
    """Show the failed event ID: where it failed, why, and its original bytes."""
