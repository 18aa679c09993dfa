"""`failed`: what could not be stored in a table, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eventlake.answers.values import as_text, visible
from eventlake.cli.group import Suggesting
from eventlake.cli.redrive import redrive
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show, show_records
from eventlake.errors import UsageError
from eventlake.pipeline.failed_records import SHOWN_DIGITS

if TYPE_CHECKING:
    from eventlake.backends.catalog.entries import FailedEntry
    from eventlake.cloud.failed_events import FailedEvents
    from eventlake.local.failed_records import LocalFailedRecords

COLUMNS = ("id", "arrived", "table", "code", "reason", "bytes")
REDRIVEN = ("redriven", "into")
_ALL = click.option("--all", "all_records", is_flag=True, help="Those that were redriven too.")


@click.group(cls=Suggesting, invoke_without_command=True, short_help="What could not be stored in a table, and why.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="How many, the newest first.")
@_ALL
@global_options
def failed(limit: int, all_records: bool) -> None:
    """List the events that could not be stored in a table, the newest first, each with its reason."""
    if click.get_current_context().invoked_subcommand is None:
        _list(limit, all_records, settings())


@failed.command(name="list", short_help="The failed events, the newest first.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="How many, the newest first.")
@_ALL
@global_options
def list_failed(limit: int, all_records: bool) -> None:
    """List the events that could not be stored in a table, the newest first, each with its reason."""
    _list(limit, all_records, settings())


@failed.command(name="show", short_help="One failed event with its original bytes.")
@click.argument("id")
@click.option("--raw", is_flag=True, help="Print nothing but the original bytes.")
@global_options
def show_failed(id: str, raw: bool) -> None:
    """Show the failed event ID (or how it begins): where it failed, why, and its original bytes."""
    current = settings()
    records = _records(current)
    entry = _chosen(id, records.find(id))
    original = records.original(entry)
    if raw:
        click.echo(original, nl=False)
        return
    record = dict(zip((*COLUMNS, *REDRIVEN), _row(entry, redriven=True), strict=True)) | {
        "object": entry.key,
        "original": original.decode("utf-8", "backslashreplace"),
    }
    if current.form == "table":
        width = max(map(len, record))
        click.echo("\n".join(f"{name.ljust(width)}  {visible(as_text(value))}" for name, value in record.items()))
    else:
        show_records([record], current.form, tuple(record))


failed.add_command(redrive)


def _list(limit: int, all_records: bool, current: Settings) -> None:
    records = _records(current)
    entries, more = records.newest(limit, redriven=all_records)
    digits = SHOWN_DIGITS if current.form == "table" else None
    rows = [[entry.id[:digits], *_row(entry, redriven=all_records)[1:]] for entry in entries]
    show((*COLUMNS, *REDRIVEN) if all_records else COLUMNS, rows, current.form)
    if not rows:
        current.say("There is no failed event.")
    if more:
        current.say(f"The newest {limit:,}; --limit shows more.")
    if records.not_seen:
        current.say(records.not_seen)


def _records(current: Settings) -> FailedEvents | LocalFailedRecords:
    """Open the failed records of the lake."""
    if current.is_on_aws:
        from eventlake.cli.opening import open_deployment
        from eventlake.cloud.failed_events import FailedEvents

        return FailedEvents(*open_deployment(current))
    from eventlake.local.failed_records import LocalFailedRecords

    return LocalFailedRecords(current.lake_folder)


def _row(entry: FailedEntry, *, redriven: bool) -> list[object]:
    row = [entry.id, entry.arrival, entry.stream, entry.code, entry.message, entry.size_bytes]
    return [*row, entry.redriven, entry.into or None] if redriven else row


def _chosen(beginning: str, found: Sequence[FailedEntry]) -> FailedEntry:
    """Choose the one record that an id stands for."""
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f'"{beginning}" begins {len(found)} ids or more: {", ".join(entry.id for entry in found[:5])}; write more of it.')
    raise UsageError(f'There is no failed event "{beginning}"; `eventlake failed` lists them.')
