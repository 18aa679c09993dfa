"""A source.toml -> a Source, or a sentence that names what is wrong with it.

One file declares a source: its tables with event pattern and columns. The form is described in docs/adding-a-source.md.
Every table ends in six columns that it need not declare: event_id, event_time, account, event_region, event_origin and extra.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventlake.errors import DeclarationError, not_utf8
from eventlake.model import PARTITION_KEYS, Bare, Column, Refusal, Source, Stack, Table, Webhook
from eventlake.naming import nearest
from eventlake.pipeline import convert
from eventlake.pipeline.leftovers import ORIGIN
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.retention import MOST_DAYS, is_days
from eventlake.sources.place import Place, quoted
from eventlake.sources.privacy import personal_places

DECLARATION = "source.toml"

STANDARD_COLUMNS = (
    Column(
        "event_id", "string", ("$.id",), "text", "The id of the event in EventBridge's envelope; the same for every delivery of one event."
    ),
    Column("event_time", "timestamp", ("$.time",), "timestamp", "When it happened, in UTC, cut to milliseconds."),
    Column("account", "string", ("$.account",), "text", "The AWS account the event was sent from."),
    Column("event_region", "string", ("$.region",), "text", "The region the event was sent from."),
    Column(
        "event_origin",
        "string",
        (f"$.{ORIGIN}",),
        "text",
        "What the event was made from, `auth0-api` for example; NULL for an event as its sender sent it.",
    ),
    Column(
        "extra",
        "string",
        ("$",),
        "json",
        "JSON of every field that has no column of its own, and of values that do not fit theirs; NULL if there is none.",
    ),
)
"""The columns that end every table; a table may give event_id and event_time other paths."""

_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
OURS = "el_"
"""Begins the names of columns in our own statements, and no column of a table."""
NUMBERS_OF_ROWS = ("rowid", "file_row_number")
"""What DuckDB calls them, and no column of a table."""
_BUS = re.compile(r"[A-Za-z0-9_./-]{1,256}", re.ASCII)
_LOGICAL_ID = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9_][a-z0-9_-]*(/[a-z0-9_][a-z0-9_-]*){0,3}", re.ASCII)
_SOURCE_KEYS = ("name", "title", "doc", "reference", "database", "bus", "table", "bare", "refused", "webhook", "stack")
_TABLE_KEYS = ("name", "doc", "prefix", "pattern", "root", "key", "sort", "event_id", "event_time", "personal", "retention_days", "columns")
_COLUMN_KEYS = ("name", "type", "from", "as", "personal", "doc")
_BARE_KEYS = ("pattern", "into", "envelope", "rename", "json")
_REFUSED_KEYS = ("name", "pattern", "reason")
_WEBHOOK_KEYS = ("id", "origin")
_STACK_KEYS = ("deployed", "event_bus_parameter", "table_outputs")
_ENVELOPE_KEYS = ("detail-type", "source", "time", "account", "region", "version", "resources")
_DETAIL = "$.detail"

DOC_LIMIT = 255
"""Characters of a column's doc, which becomes its comment in Glue: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html"""


def read_source(file: Path) -> Source:
    """Read the source that a file declares. Raises DeclarationError."""
    shown = f"{file.absolute().parent.name}/{file.name}"
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise DeclarationError(f"{file}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{shown}: {not_utf8(error)}.") from None
    return parse_source(text, shown, str(file.parent))


def parse_source(text: str, shown: str = DECLARATION, folder: str = "") -> Source:
    """Read the source that a text declares.

    shown: how errors name the text. folder: where its samples and queries lie. Raises DeclarationError.
    """
    try:
        declared = tomllib.loads(text)
    except RecursionError:
        raise DeclarationError(f"{shown}: is not TOML that can be read: it is nested too deep.") from None
    except ValueError as error:  # TOMLDecodeError, and an integer of more than 4,300 digits
        raise DeclarationError(f"{shown}: is not TOML: {str(error).rstrip('.')}.") from None
    return _source(Place(shown, declared), folder)


def _source(place: Place, folder: str) -> Source:
    place.only_keys(_SOURCE_KEYS)
    name, database = place.name("name"), place.name("database")
    tables = tuple(_table(part, name, database) for part in place.parts("table", "table"))
    if not tables:
        raise place.wrong("declares no [[table]].")
    return Source(
        name=name,
        title=place.line("title", DOC_LIMIT),
        doc=place.text("doc"),
        reference=place.text("reference"),
        database=database,
        bus=_bus(place),
        tables=tables,
        bare=tuple(_bare(part) for part in place.parts("bare", "bare form")),
        refusals=tuple(_refusal(part) for part in place.parts("refused", "refusal")),
        webhook=_webhook(place),
        stack=_stack(place, tables),
        folder=folder,
    )


def _bus(place: Place) -> str:
    if "bus" not in place.values:
        return "default"
    return place.name("bus", _BUS, 'the name of an event bus, "default", or "partner" for one that the provider makes')


def _table(place: Place, source: str, database: str) -> Table:
    place.only_keys(_TABLE_KEYS)
    name = place.name("name")
    if name.startswith("__"):  # it becomes a Python module, and `__init__` is one already
        raise place.wrong(f'"name" is "{name}"; names that begin with __ are Python\'s own: choose another.')
    columns = tuple(_column(part) for part in place.parts("columns", "column"))
    if not columns:
        raise place.wrong('"columns" is missing: one line each, { name = "...", type = "...", from = "$.detail...", doc = "..." }.')
    columns += _standard_columns(place)
    _check_columns(place, columns)
    root, key = _root(place, columns), _key(place, columns)
    return Table(
        name=name,
        database=database,
        source=source,
        doc=place.text("doc"),
        prefix=_prefix(place, name),
        pattern=place.pattern(),
        root=root,
        key=key,
        columns=columns,
        sort=_sort(place, columns),
        personal=personal_places(columns, root, key, _personal(place), place.wrong),
        retention_days=_retention_days(place),
    )


def _root(place: Place, columns: Sequence[Column]) -> str:
    """Read where undeclared fields keep their own name: the detail, or another object that columns read; a path that none reads is a slip."""
    root = place.keys_path("root", place.values.get("root", _DETAIL))
    keys = parse_path(root)
    if root != _DETAIL and not any(parse_path(path)[: len(keys)] == keys for column in columns for path in column.paths):
        raise place.wrong(
            f'"root" is "{root}", from which no column reads anything: name the object that holds their fields, such as "{_DETAIL}".'
        )
    return root


def _retention_days(place: Place) -> int | None:
    """Read how many days the table's hours are kept, None for ever."""
    days = place.values.get("retention_days")
    if days is not None and not is_days(days):
        raise place.wrong(
            f'"retention_days" is {quoted(days)}, expected a number of days from 1 to {MOST_DAYS:,}; leave it out to keep all for ever.'
        )
    return days


def _personal(place: Place) -> dict[str, Any]:
    """Read how personal data is kept: of columns in their own lines, of parts of their JSON in the table's `personal`."""
    of_columns = {part.text("name"): part.values["personal"] for part in place.parts("columns", "column") if "personal" in part.values}
    return of_columns | dict(place.section("personal").values)


def _sort(place: Place, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Read the columns by which closed hours are sorted; by their time if nothing is said."""
    types = {column.name: column.type for column in columns}
    sort = place.values.get("sort", ["event_time"])
    if not isinstance(sort, list) or not all(isinstance(name, str) for name in sort):
        raise place.wrong(f'"sort" is {quoted(sort)}, expected a list of columns, such as ["pipeline", "event_time"].')
    for name in sort:
        if name not in types:
            raise place.wrong(f'"sort" names "{name}", which is no column.{nearest(name, types)}')
        if "map<" in types[name]:
            raise place.wrong(f'"sort" names "{name}", a column of type "{types[name]}"; a map has no order.')
    return tuple(sort)


_TAKEN = {"closed", "closing", "error", "raw", "retained"}
"""Where the bucket holds what is no new log object."""


def _prefix(place: Place, name: str) -> str:
    prefix = place.text("prefix", name)
    if not _PREFIX.fullmatch(prefix) or prefix.split("/")[0] in _TAKEN:
        raise place.wrong(
            f'"prefix" is "{prefix}"; allowed are lower-case letters, digits, _, - and /, not at an end, '
            f"and at the beginning none of {', '.join(sorted(_TAKEN))}."
        )
    return prefix


def _key(place: Place, columns: tuple[Column, ...]) -> str:
    key = place.text("key", "event_id")
    types = {column.name: column.type for column in columns}
    if key not in types:
        raise place.wrong(f'"key" is {quoted(key)}, which is no column.{nearest(key, types)}')
    if types[key] not in convert.SCALARS:
        raise place.wrong(f'"key" is "{key}", a column of type "{types[key]}"; duplicates are told apart by one value.')
    return key


def _standard_columns(place: Place) -> tuple[Column, ...]:
    return tuple(
        Column(column.name, column.type, place.paths(column.name), column.converter, column.doc) if column.name in place.values else column
        for column in STANDARD_COLUMNS
    )


def _check_columns(place: Place, columns: tuple[Column, ...]) -> None:
    seen: dict[str, str] = {name: f"the partition key {name}" for name, _ in PARTITION_KEYS}
    seen |= dict.fromkeys(NUMBERS_OF_ROWS, "DuckDB's number of a row")
    for column in columns:
        if column.stored_name in seen:
            raise place.wrong(f'column "{column.name}" is the same as {seen[column.stored_name]} where case does not count; rename it.')
        seen[column.stored_name] = f'column "{column.name}"'


def _column(place: Place) -> Column:
    place.only_keys(_COLUMN_KEYS)
    name = place.name("name", _COLUMN_NAME, "letters, digits and _, not a digit first, at most 128")
    if name.lower().startswith(OURS):
        raise place.wrong(f'"name" is "{name}"; names that begin with {OURS} stand in our own statements: choose another.')
    declared = place.text("type")
    kind = _type(place, declared)
    return Column(name, "".join(declared.split()), place.paths("from"), _converter(place, kind, declared), place.line("doc", DOC_LIMIT))


def _type(place: Place, declared: str) -> convert.GlueType:
    try:
        return convert.parse_glue_type(declared)
    except ValueError as error:
        allowed = ", ".join(convert.SCALARS + convert.NESTED)
        hint = nearest(declared, convert.SCALARS) if declared.isidentifier() else ""
        raise place.wrong(f"unknown type {quoted(declared)}: {error}.{hint} Types: {allowed}.") from None
    except RecursionError:
        raise place.wrong(f"the type {quoted(declared)} is nested too deep.") from None


def _converter(place: Place, kind: convert.GlueType, declared: str) -> str:
    name = place.text("as", convert.default_converter(kind))
    allowed = convert.allowed_converters(kind)
    if name not in allowed:
        hint = nearest(name, allowed)
        raise place.wrong(f'"as" is {quoted(name)}, which does not give the type {quoted(declared)}.{hint} Allowed: {", ".join(allowed)}.')
    return name


def _bare(place: Place) -> Bare:
    place.only_keys(_BARE_KEYS)
    into = place.keys_path("into", place.values.get("into"))
    if into == "$":
        raise place.wrong('"into" is "$"; the object is put at keys, such as "$.detail".')
    return Bare(place.pattern(), into, _envelope(place), _renamed(place), _json_keys(place))


def _renamed(place: Place) -> dict[str, str]:
    renamed = place.section("rename").values
    for key, name in renamed.items():
        if not isinstance(name, str):
            raise place.wrong(f'"rename" calls "{key}" {quoted(name)}, expected the key that events have, or "" to leave it out.')
    return dict(renamed)


def _json_keys(place: Place) -> tuple[str, ...]:
    keys = place.values.get("json", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise place.wrong(f'"json" is {quoted(keys)}, expected a list of keys whose text is JSON, such as ["details"].')
    return tuple(keys)


def _envelope(place: Place) -> dict[str, str]:
    envelope = place.values.get("envelope", {})
    if not isinstance(envelope, dict):
        raise place.wrong(
            f'"envelope" is {quoted(envelope)}, expected a TOML table such as {{ detail-type = "Auth0 log", time = "$.date" }}.'
        )
    part = Place(f"{place.where}, envelope", envelope).only_keys(_ENVELOPE_KEYS)
    for key in ("detail-type", "source", *envelope):
        if part.text(key).startswith("$"):
            part.path(key, envelope[key])
    return dict(envelope)


def _refusal(place: Place) -> Refusal:
    place.only_keys(_REFUSED_KEYS)
    return Refusal(place.text("name"), place.pattern(), place.text("reason"))


def _webhook(place: Place) -> Webhook | None:
    if "webhook" not in place.values:
        return None
    part = place.section("webhook").only_keys(_WEBHOOK_KEYS)
    if not place.values.get("bare"):
        raise part.wrong("what is posted is told by the source's bare forms, and it declares no [[bare]].")
    return Webhook(part.paths("id"), part.line("origin", DOC_LIMIT))


def _stack(place: Place, tables: tuple[Table, ...]) -> Stack:
    part = place.section("stack").only_keys(_STACK_KEYS)
    deployed = part.values.get("deployed", True)
    if not isinstance(deployed, bool):
        raise part.wrong(f'"deployed" is {quoted(deployed)}, expected true or false.')
    outputs = part.section("table_outputs").only_keys([table.name for table in tables])
    for key in outputs.values:
        outputs.name(key, _LOGICAL_ID, "letters and digits, a letter first, at most 64")
    if "event_bus_parameter" in part.values:
        part.name("event_bus_parameter", _LOGICAL_ID, "letters and digits, a letter first, at most 64")
    return Stack(deployed, part.values.get("event_bus_parameter", ""), dict(outputs.values))
