"""`sources`: the log sources; `sources check` validates declarations, `sources new` drafts one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Naming
from eventlake.cli.paths import path_of
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show, show_records
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.model import Column, Source, Table


@click.group(cls=Naming, invoke_without_command=True, short_help="The log sources: all, one in full; check, draft.")
@global_options
def sources() -> None:
    """List the log sources that are on; `sources NAME` shows one in full, `sources available` what else comes with eventlake."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        current = settings()
        rows = [
            [source.name, source.title, table.database, table.name, len(table.columns), table.doc]
            for source in current.load_sources()
            for table in source.tables
        ]
        show(("source", "title", "database", "table", "columns", "meaning"), rows, current.form)


@sources.command(name="show", short_help="One source in full.")
@click.argument("name")
@global_options
def show_source(name: str) -> None:
    """Show the source NAME: its rules, tables and columns."""
    current = settings()
    source = _named(name, current.load_sources())
    if current.form == "table":
        click.echo("\n".join(_page(source)))
        return
    columns = ("database", "table", "column", "type", "from", "as", "personal", "meaning")
    show_records([_record(table, column) for table in source.tables for column in table.columns], current.form, columns)


def _record(table: Table, column: Column) -> dict[str, str]:
    """Return what `sources NAME` says of a column. personal: what becomes of its value, and of the values in it."""
    return {
        "database": table.database,
        "table": table.name,
        "column": column.name,
        "type": column.type,
        "from": " or ".join(column.paths),
        "as": column.converter,
        "personal": ", ".join(_personal(table, column)),
        "meaning": column.doc,
    }


def _personal(table: Table, column: Column) -> Iterator[str]:
    for place in table.personal:
        if place.path in column.paths:
            yield place.how
        elif column.converter == "json" and column.name != "extra" and place.path.startswith(f"{column.paths[0]}."):
            yield f"{place.path[len(column.paths[0]) + 1 :]}: {place.how}"


def _named(name: str, known: tuple[Source, ...]) -> Source:
    from eventlake.naming import nearest
    from eventlake.sources import DECLARATION, OPTIONAL

    for source in known:
        if source.name == name:
            return source
    if (OPTIONAL / name / DECLARATION).is_file():
        raise UsageError(f'The source "{name}" comes with eventlake and is off: switch it on with --sources {name}, or EVENTLAKE_SOURCES.')
    names = [source.name for source in known]
    raise UsageError(f'There is no source "{name}".{nearest(name, names)} Sources: {", ".join(names)}.')


def _page(source: Source) -> Iterator[str]:
    yield f"{source.title} ({source.name}): {source.doc}"
    yield f"Reference: {source.reference}"
    yield f"Declared in {source.folder}/source.toml"
    for table in source.tables:
        yield ""
        yield f"Table {table.database}.{table.name}, in {table.prefix}/YYYY/MM/DD/HH/: {table.doc}"
        yield f"Rule: {json.dumps(table.pattern)}"
        width, kinds = max(len(column.name) for column in table.columns), max(len(column.type) for column in table.columns)
        yield from (f"  {column.name.ljust(width)}  {column.type.ljust(min(kinds, 12))}  {column.doc}" for column in table.columns)
        if table.personal:
            yield f"Personal data: {', '.join(f'{place.path} ({place.how})' for place in table.personal)}"
    for refusal in source.refusals:
        yield ""
        yield f"Not stored: {refusal.name}: {refusal.reason}"


@sources.command(short_help="The sources that come with eventlake and are off until they are named.")
@global_options
def available() -> None:
    """List the sources that come with eventlake and are off until --sources NAME, or EVENTLAKE_SOURCES, names them."""
    from eventlake.sources import load_optional

    current = settings()
    named = {source.name for source in current.load_sources()}
    rows = [
        [source.name, source.title, "on" if source.name in named else "off", ", ".join(table.name for table in source.tables), source.doc]
        for source in load_optional()
    ]
    show(("source", "title", "state", "tables", "meaning"), rows, current.form)


@sources.command(short_help="Validate declarations and run their samples.")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--accept", is_flag=True, help="First write what the samples in DIR become now as what they must become.")
@global_options
def check(folder: str | None, accept: bool) -> int:
    """Validate the declarations in DIR (default: all that are loaded), run their samples, and read their detections and saved queries.

    Samples go through rule and transform; the SQL of detections, and of saved queries without a parameter that must be given, is asked of an
    empty lake. `detections test` tries detections on their tests.

    After a column was renamed, deleted or given another type, --accept writes the samples' log lines anew; read what changed. It writes none
    for an event that becomes nothing.
    """
    from eventlake.local.declared_sql import wrongs_in
    from eventlake.sources import load, samples

    current = settings()
    if accept and folder is None:
        raise UsageError("--accept writes into the folder of a source: give DIR.")
    if folder is not None and not path_of(folder).is_dir():
        raise UsageError(f'"{folder}" is no folder; give one that holds source.toml, or folders that do.')
    loaded = current.load_sources() if folder is None else load([*current.source_folders, Path(folder)])
    chosen = [source for source in loaded if folder is None or Path(source.folder).resolve().is_relative_to(Path(folder).resolve())]
    for file in [file for source in chosen if accept for file in samples.accept(source, loaded)]:
        current.say(f"Wrote {file}.")
    findings = [finding for source in chosen for finding in samples.check(source, loaded)] + wrongs_in(chosen, loaded)
    for finding in findings:
        click.echo(str(finding), err=True)
    rows = [
        [source.name, len(source.tables), _samples(source), sum(finding.source == source.name for finding in findings)] for source in chosen
    ]
    show(("source", "tables", "samples", "findings"), rows, current.form)
    return 1 if findings else 0


def _samples(source: Source) -> int:
    return len(list(Path(source.folder).glob("samples/*.event.json")))


@sources.command(short_help="Draft a declaration from pasted events.")
@click.argument("name")
@click.argument("events", nargs=-1, required=True, metavar="EVENT...")
@click.option("--into", metavar="DIR", help="Write it as DIR/NAME/source.toml, with the events as samples; default: print it.")
@global_options
def new(name: str, events: tuple[str, ...], into: str | None) -> None:
    """Draft the declaration of the source NAME from the events in files (or `-`): types inferred, personal data marked."""
    from eventlake.local.items import read_items
    from eventlake.sources.draft import draft, write_draft

    current = settings()
    items = [item.data for file in events for item in read_items(file)]
    if into is None:
        click.echo(draft(name, items), nl=False)
        return
    written = write_draft(path_of(into), name, items)
    current.say(f"Drafted {written}. Read it, fill in the meanings, then run: eventlake sources check {into}")
