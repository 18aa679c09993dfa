"""A source.toml -> a Source, or a sentence that names what is wrong with it.

One file declares a source: its tables with event pattern and columns. The form is described in docs/adding-a-source.md.
Every table ends in six columns that it need not declare: event_id, event_time, account, event_region, event_origin and extra.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eventlake.errors import DeclarationError, PatternError
from eventlake.model import PARTITION_KEYS, Bare, Column, Refusal, Source, Stack, Table, Webhook
from eventlake.naming import nearest
from eventlake.pipeline import convert
from eventlake.pipeline.leftovers import ENVELOPE_KEYS, ORIGIN
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.retention import MOST_DAYS, is_days
from eventlake.pipeline.rule import compile_pattern
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

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}", re.ASCII)
_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
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

DOC_LIMIT = 255
"""Characters of a column's doc, which becomes its comment in Glue: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html"""
_SHOWN_LIMIT = 80
"""Characters of a wrong value that an error shows."""


def read_source(file: Path) -> Source:
    """Read the source that a file declares. Raises DeclarationError."""
    shown = f"{file.absolute().parent.name}/{file.name}"
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise DeclarationError(f"{file}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{shown}: is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.") from None
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
    return _source(_Place(shown, declared), folder)


class _Place:
    """A part of a declaration, with the words that lead to it; reads its values and says what is wrong with them."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:  # TOML values
        self.where = where
        self.values = values

    def wrong(self, what: str) -> DeclarationError:
        return DeclarationError(f"{self.where}: {what}")

    def only_keys(self, known: Iterable[str]) -> _Place:
        for key in self.values:
            if key not in known:
                raise self.wrong(f"unknown key {_shown(key)}.{nearest(key, known)} Keys: {', '.join(known)}.")
        return self

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise self.wrong(f'"{key}" is missing.')
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f'"{key}" is {_shown(value)}, expected a text.')
        return value

    def line(self, key: str, limit: int) -> str:
        value = self.text(key)
        if len(value) > limit or not value.isprintable():
            what = f"has {len(value)} characters" if len(value) > limit else "is more than one line"
            raise self.wrong(f'"{key}" {what}; write one line of at most {limit}.')
        return value

    def name(
        self, key: str, form: re.Pattern[str] = _NAME, allowed: str = "lower-case letters, digits and _, not a digit first, at most 128"
    ) -> str:
        value = self.text(key)
        if not form.fullmatch(value):
            raise self.wrong(f'"{key}" is {_shown(value)}; allowed are {allowed}.')
        return value

    def parts(self, key: str, noun: str) -> list[_Place]:
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.wrong(f'"{key}" is {_shown(values)}, expected a list of TOML tables.')
        return [_Place(f"{self.where}, {noun} {_label(value, index)}", value) for index, value in enumerate(values, 1)]

    def section(self, key: str) -> _Place:
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.wrong(f'"{key}" is {_shown(values)}, expected a TOML table.')
        return _Place(f"{self.where}, {key}", values)

    def pattern(self) -> dict[str, Any]:
        value = self.values.get("pattern")
        if value is None:
            raise self.wrong('"pattern" is missing: give an event pattern as a TOML table, or as JSON text.')
        try:
            pattern = json.loads(value if isinstance(value, str) else json.dumps(value, allow_nan=False))
            if not isinstance(pattern, dict):
                raise self.wrong(f'"pattern" is {_shown(value)}, expected an event pattern such as {{ source = ["aws.codebuild"] }}.')
            json.dumps(pattern, allow_nan=False, ensure_ascii=False).encode()
            compile_pattern(value if isinstance(value, str) else pattern)
        except json.JSONDecodeError as error:
            raise self.wrong(f'"pattern" is not JSON: {error}.') from None
        except PatternError as error:
            raise self.wrong(f'"pattern": {error}') from None
        except TypeError:
            raise self.wrong('"pattern" holds a date or a time, which JSON does not have; write it as a text.') from None
        except ValueError:
            raise self.wrong('"pattern" holds a number or a character that JSON does not have.') from None
        except RecursionError:
            raise self.wrong('"pattern" is nested too deep.') from None
        return pattern

    def path(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.wrong(f'"{key}" is {_shown(value)}, expected a path such as "$.detail.state".')
        try:
            parse_path(value)
        except ValueError as error:
            raise self.wrong(f'"{key}" is {_shown(value)}: {error}; write a path such as "$.detail.state" or "$.resources[0]".') from None
        return value

    def event_path(self, key: str, value: object) -> str:
        """Read a path to a part of an event; a first key that only looks like one of the envelope's is a slip."""
        path = self.path(key, value)
        segments = parse_path(path)
        if not segments or not isinstance(segments[0], str):
            raise self.wrong(f'"{key}" is "{path}", no part of an event; write a path such as "$.detail.state".')
        if segments[0] not in ENVELOPE_KEYS and (hint := nearest(segments[0], ENVELOPE_KEYS)):
            raise self.wrong(f'"{key}" is "{path}", but events have no "{segments[0]}".{hint}')
        return path

    def keys_path(self, key: str, value: object) -> str:
        """Read a path of keys alone, to a place in the envelope."""
        if value is None:
            raise self.wrong(f'"{key}" is missing: a path of keys, such as "$.detail".')
        path = self.path(key, value)
        if not all(isinstance(segment, str) for segment in parse_path(path)):
            raise self.wrong(f'"{key}" is "{path}", expected keys alone, such as "$.detail".')
        return path

    def paths(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if value is None or value == []:
            raise self.wrong(f'"{key}" is missing: a path such as "$.detail.state", or a list of them of which the first present counts.')
        return tuple(self.event_path(key, path) for path in (value if isinstance(value, list) else [value]))


def _label(value: Mapping[str, Any], index: int) -> str:
    return _shown(value["name"]) if isinstance(value.get("name"), str) else f"number {index}"


def _shown(value: object) -> str:
    """Write a wrong value as JSON has it, cut where it is long."""
    try:
        shown = json.dumps(value, default=str, ensure_ascii=False)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes, an array in an array in an array ...
        return f"a very long {type(value).__name__}"
    return shown if len(shown) <= _SHOWN_LIMIT else shown[: _SHOWN_LIMIT - 3] + "..."


def _source(place: _Place, folder: str) -> Source:
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


def _bus(place: _Place) -> str:
    if "bus" not in place.values:
        return "default"
    return place.name("bus", _BUS, 'the name of an event bus, "default", or "partner" for one that the provider makes')


def _table(place: _Place, source: str, database: str) -> Table:
    place.only_keys(_TABLE_KEYS)
    name = place.name("name")
    if name.startswith("__"):  # it becomes a Python module, and `__init__` is one already
        raise place.wrong(f'"name" is "{name}"; names that begin with __ are Python\'s own: choose another.')
    columns = tuple(_column(part) for part in place.parts("columns", "column"))
    if not columns:
        raise place.wrong('"columns" is missing: one line each, { name = "...", type = "...", from = "$.detail...", doc = "..." }.')
    columns += _standard_columns(place)
    _check_columns(place, columns)
    root, key = place.keys_path("root", place.values.get("root", "$.detail")), _key(place, columns)
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


def _retention_days(place: _Place) -> int | None:
    """Read how many days the table's hours are kept, None for ever."""
    days = place.values.get("retention_days")
    if days is not None and not is_days(days):
        raise place.wrong(
            f'"retention_days" is {_shown(days)}, expected a number of days from 1 to {MOST_DAYS:,}; leave it out to keep all for ever.'
        )
    return days


def _personal(place: _Place) -> dict[str, Any]:
    """Read how personal data is kept: of columns in their own lines, of parts of their JSON in the table's `personal`."""
    of_columns = {part.text("name"): part.values["personal"] for part in place.parts("columns", "column") if "personal" in part.values}
    return of_columns | dict(place.section("personal").values)


def _sort(place: _Place, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Read the columns by which closed hours are sorted; by their time if nothing is said."""
    names = [column.name for column in columns]
    sort = place.values.get("sort", ["event_time"])
    if not isinstance(sort, list) or not all(isinstance(name, str) for name in sort):
        raise place.wrong(f'"sort" is {_shown(sort)}, expected a list of columns, such as ["pipeline", "event_time"].')
    for name in sort:
        if name not in names:
            raise place.wrong(f'"sort" names "{name}", which is no column.{nearest(name, names)}')
    return tuple(sort)


_TAKEN = {"closed", "closing", "error", "raw", "retained"}
"""Where the bucket holds what is no new log object."""


def _prefix(place: _Place, name: str) -> str:
    prefix = place.text("prefix", name)
    if not _PREFIX.fullmatch(prefix) or prefix.split("/")[0] in _TAKEN:
        raise place.wrong(
            f'"prefix" is "{prefix}"; allowed are lower-case letters, digits, _, - and /, not at an end, '
            f"and at the beginning none of {', '.join(sorted(_TAKEN))}."
        )
    return prefix


def _key(place: _Place, columns: tuple[Column, ...]) -> str:
    key = place.text("key", "event_id")
    types = {column.name: column.type for column in columns}
    if key not in types:
        raise place.wrong(f'"key" is {_shown(key)}, which is no column.{nearest(key, types)}')
    if types[key] not in convert.SCALARS:
        raise place.wrong(f'"key" is "{key}", a column of type "{types[key]}"; duplicates are told apart by one value.')
    return key


def _standard_columns(place: _Place) -> tuple[Column, ...]:
    return tuple(
        Column(column.name, column.type, place.paths(column.name), column.converter, column.doc) if column.name in place.values else column
        for column in STANDARD_COLUMNS
    )


def _check_columns(place: _Place, columns: tuple[Column, ...]) -> None:
    seen: dict[str, str] = {name: f"the partition key {name}" for name, _ in PARTITION_KEYS}
    for column in columns:
        if column.stored_name in seen:
            raise place.wrong(f'column "{column.name}" is the same as {seen[column.stored_name]} where case does not count; rename it.')
        seen[column.stored_name] = f'column "{column.name}"'


def _column(place: _Place) -> Column:
    place.only_keys(_COLUMN_KEYS)
    name = place.name("name", _COLUMN_NAME, "letters, digits and _, not a digit first, at most 128")
    declared = place.text("type")
    kind = _type(place, declared)
    return Column(name, "".join(declared.split()), place.paths("from"), _converter(place, kind, declared), place.line("doc", DOC_LIMIT))


def _type(place: _Place, declared: str) -> convert.GlueType:
    try:
        return convert.parse_glue_type(declared)
    except ValueError as error:
        allowed = ", ".join(convert.SCALARS + convert.NESTED)
        hint = nearest(declared, convert.SCALARS) if declared.isidentifier() else ""
        raise place.wrong(f"unknown type {_shown(declared)}: {error}.{hint} Types: {allowed}.") from None
    except RecursionError:
        raise place.wrong(f"the type {_shown(declared)} is nested too deep.") from None


def _converter(place: _Place, kind: convert.GlueType, declared: str) -> str:
    name = place.text("as", convert.default_converter(kind))
    allowed = convert.allowed_converters(kind)
    if name not in allowed:
        hint = nearest(name, allowed)
        raise place.wrong(f'"as" is {_shown(name)}, which does not give the type {_shown(declared)}.{hint} Allowed: {", ".join(allowed)}.')
    return name


def _bare(place: _Place) -> Bare:
    place.only_keys(_BARE_KEYS)
    into = place.keys_path("into", place.values.get("into"))
    if into == "$":
        raise place.wrong('"into" is "$"; the object is put at keys, such as "$.detail".')
    return Bare(place.pattern(), into, _envelope(place), _renamed(place), _json_keys(place))


def _renamed(place: _Place) -> dict[str, str]:
    renamed = place.section("rename").values
    for key, name in renamed.items():
        if not isinstance(name, str):
            raise place.wrong(f'"rename" calls "{key}" {_shown(name)}, expected the key that events have, or "" to leave it out.')
    return dict(renamed)


def _json_keys(place: _Place) -> tuple[str, ...]:
    keys = place.values.get("json", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise place.wrong(f'"json" is {_shown(keys)}, expected a list of keys whose text is JSON, such as ["details"].')
    return tuple(keys)


def _envelope(place: _Place) -> dict[str, str]:
    envelope = place.values.get("envelope", {})
    if not isinstance(envelope, dict):
        raise place.wrong(
            f'"envelope" is {_shown(envelope)}, expected a TOML table such as {{ detail-type = "Auth0 log", time = "$.date" }}.'
        )
    part = _Place(f"{place.where}, envelope", envelope).only_keys(_ENVELOPE_KEYS)
    for key in ("detail-type", "source", *envelope):
        if part.text(key).startswith("$"):
            part.path(key, envelope[key])
    return dict(envelope)


def _refusal(place: _Place) -> Refusal:
    place.only_keys(_REFUSED_KEYS)
    return Refusal(place.text("name"), place.pattern(), place.text("reason"))


def _webhook(place: _Place) -> Webhook | None:
    if "webhook" not in place.values:
        return None
    part = place.section("webhook").only_keys(_WEBHOOK_KEYS)
    if not place.values.get("bare"):
        raise part.wrong("what is posted is told by the source's bare forms, and it declares no [[bare]].")
    return Webhook(part.paths("id"), part.line("origin", DOC_LIMIT))


def _stack(place: _Place, tables: tuple[Table, ...]) -> Stack:
    part = place.section("stack").only_keys(_STACK_KEYS)
    deployed = part.values.get("deployed", True)
    if not isinstance(deployed, bool):
        raise part.wrong(f'"deployed" is {_shown(deployed)}, expected true or false.')
    outputs = part.section("table_outputs").only_keys([table.name for table in tables])
    for key in outputs.values:
        outputs.name(key, _LOGICAL_ID, "letters and digits, a letter first, at most 64")
    if "event_bus_parameter" in part.values:
        part.name("event_bus_parameter", _LOGICAL_ID, "letters and digits, a letter first, at most 64")
    return Stack(deployed, part.values.get("event_bus_parameter", ""), dict(outputs.values))
