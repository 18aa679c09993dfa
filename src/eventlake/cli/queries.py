"""`queries`: the saved queries, all or one in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from eventlake.cli.query import find
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show, show_records

if TYPE_CHECKING:
    from eventlake.query.saved import SavedQuery


@click.command(short_help="The saved queries: all, or one in full.")
@click.argument("name", required=False)
@global_options
def queries(name: str | None) -> None:
    """List the saved queries; `queries NAME` shows one with its meaning, parameters and SQL."""
    from eventlake.query.saved import readable_saved

    current = settings()
    saved, unread = readable_saved(current.load_sources())
    if name is None:
        for left_out in unread:
            click.echo(f"{left_out.sentence} It is left out.", err=True)
        rows = [[one.name, one.source, ", ".join(parameter.name for parameter in one.parameters), one.title] for one in saved.values()]
        show(("query", "source", "parameters", "meaning"), rows, current.form)
        return
    one = find(name, saved, unread)
    if current.form == "table":
        click.echo("\n".join(_page(one)))
        return
    parameters = [
        {"name": parameter.name, "type": parameter.type, "default": parameter.default, "meaning": parameter.doc}
        for parameter in one.parameters
    ]
    record = {"query": one.name, "source": one.source, "meaning": one.doc, "parameters": parameters, "sql": one.sql}
    show_records([record], current.form, tuple(record))


def _page(one: SavedQuery) -> Iterator[str]:
    yield f"{one.name} ({one.source}): {one.doc}"
    yield ""
    for parameter in one.parameters:
        default = "must be given" if parameter.default is None else f"default {parameter.default!r}"
        yield f"  --param {parameter.name}=...  {parameter.type}, {default}: {parameter.doc}"
    yield ""
    yield one.sql.strip()
