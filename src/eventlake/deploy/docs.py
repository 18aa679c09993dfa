"""The documentation of a source, docs/sources/<name>.md, from its declaration, samples and saved queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from eventlake.model import Bare, Source, Table
from eventlake.query.saved import SavedQuery
from eventlake.sources import is_optional


def source_page(source: Source, saved: dict[str, SavedQuery]) -> str:
    """Write the page of one source: what it is, its rules, its tables with every column, its samples and saved queries."""
    return "\n".join([*_source(source), *_queries(source, saved)]).rstrip() + "\n"


def _source(source: Source) -> Iterator[str]:
    yield f"# {source.title}"
    yield ""
    yield f"{source.doc}"
    yield ""
    yield f"Source `{source.name}`, database `{source.database}`, event bus `{source.bus}`; the provider's reference: <{source.reference}>."
    if is_optional(source):
        yield f"It is off until it is named: `--sources {source.name}`, or `EVENTLAKE_SOURCES`; [optional sources](../optional-sources.md) says more."
    yield "This page derives from the declaration."
    for table in source.tables:
        yield from _table(table)
    if source.bare:
        yield ""
        yield "## Without an envelope"
        yield ""
        yield "Objects of these shapes are taken as well, and put into an envelope:"
        yield ""
        yield from (f"- `{json.dumps(bare.pattern)}` goes to `{bare.into}`{_changed(bare)}" for bare in source.bare)
    if source.refusals:
        yield ""
        yield "## Not stored"
        yield ""
        yield from (f"- {refusal.name} (`{json.dumps(refusal.pattern)}`): {refusal.reason}" for refusal in source.refusals)


def _changed(bare: Bare) -> str:
    """Say which keys get the names and values that events have."""
    named = [f"`{key}` as `{name}`" if name else f"without `{key}`" for key, name in bare.rename.items()]
    return "".join(f", {part}" for part in [*named, *(f"the JSON in `{key}` opened" for key in bare.json)])


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"## `{table.name}`"
    yield ""
    yield f"{table.doc}"
    yield f"Duplicates are told by `{table.key}`; objects lie in `{table.prefix}/YYYY/MM/DD/HH/`."
    yield ""
    yield "```json"
    yield json.dumps(table.pattern)
    yield "```"
    yield ""
    yield "| column | type | from | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        paths = " or ".join(f"`{path}`" for path in column.paths) if column.name != "extra" else ""
        kind = "JSON text" if column.converter == "json" else f"`{column.type}`"
        yield f"| `{column.name}` | {kind} | {paths} | {_cell(column.doc)} |"
    yield "| `date` | `date` |  | Day of arrival, in UTC; partition key. |"
    yield "| `hour` | `string` |  | Hour of arrival, `00` to `23`, in UTC; partition key. |"
    if table.personal:
        yield ""
        yield f"Personal data may stand in {_listed(table)}; [privacy](../privacy.md) says how less of it is kept."


def _listed(table: Table) -> str:
    """List where a table's events hold personal data: columns by their names, other places by their paths."""
    columns = {path: column.name for column in table.columns for path in column.paths if column.name != "extra"}
    named = dict.fromkeys(columns.get(place.path, place.path) for place in table.personal)
    return ", ".join(f"`{name}`" for name in named)


def _queries(source: Source, saved: dict[str, SavedQuery]) -> Iterator[str]:
    own = [query for query in saved.values() if query.source == source.name]
    samples = sorted(path.name.removesuffix(".event.json") for path in Path(source.folder).glob("samples/*.event.json"))
    yield ""
    yield "## Saved queries"
    yield ""
    yield "| query | parameters | question |"
    yield "|---|---|---|"
    for query in own:
        parameters = ", ".join(f"`{parameter.name}`" for parameter in query.parameters)
        yield f"| `{query.name}` | {parameters} | {_cell(query.title)} |"
    yield ""
    yield f"Samples: {', '.join(samples)}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
