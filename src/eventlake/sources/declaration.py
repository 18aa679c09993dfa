"""A source.toml -> a Source, or a sentence that names what is wrong with it.

One file declares a source: its tables with event pattern and columns. The form is described in docs/adding-a-source.md.
Every table ends in five columns that it need not declare: event_id, event_time, account, event_region and extra.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eventlake.errors import DeclarationError, PatternError
from eventlake.model import PARTITION_KEYS, Bare, Column, Refusal, Source, Table
from eventlake.pipeline import convert
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.rule import compile_pattern

DECLARATION = "source.toml"

STANDARD_COLUMNS = (
    Column("event_id", "string", ("$.id",), "text", "The id of the event in EventBridge's envelope; the same for every delivery of one event."),
    Column("event_time", "timestamp", ("$.time",), "timestamp", "When it happened, in UTC, cut to milliseconds."),
    Column("account", "string", ("$.account",), "text", "The AWS account the event was sent from."),
    Column("event_region", "string", ("$.region",), "text", "The region the event was sent from."),
    Column("extra", "string", ("$",), "json", "JSON of every field that has no column of its own, and of values that do not fit theirs; NULL if there is none."),
)
"""The columns that end every table; a table may give event_id and event_time other paths."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}", re.ASCII)
_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9_][a-z0-9_-]*(/[a-z0-9_][a-z0-9_-]*){0,3}", re.ASCII)

_SOURCE_KEYS = ("name", "title", "doc", "reference", "database", "bus", "table", "bare", "refused")
_TABLE_KEYS = ("name", "doc", "prefix", "pattern", "root", "key", "event_id", "event_time", "columns")
_COLUMN_KEYS = ("name", "type", "from", "as", "doc")
_BARE_KEYS = ("pattern", "into", "envelope")
_REFUSED_KEYS = ("name", "pattern", "reason")
_ENVELOPE_KEYS = ("detail-type", "source", "time", "account", "region")


def read_source(file: Path) -> Source:
    """The source that a file declares. Raises DeclarationError."""
    shown = f"{file.parent.name}/{file.name}"
    try:
        declared = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise DeclarationError(f"{file}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{shown}: is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.") from None
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"{shown}: is not TOML: {error}.") from None
    return _source(_Place(shown, declared), str(file.parent))


class _Place:
    """A part of a declaration, with the words that lead to it; reads its values and says what is wrong with them."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:  # TOML values
        self.where = where
        self.values = values

    def wrong(self, what: str) -> DeclarationError:
        return DeclarationError(f"{self.where}: {what}")

    def only(self, known: Iterable[str]) -> _Place:
        for key in self.values:
            if key not in known:
                raise self.wrong(f'unknown key "{key}".{nearest(key, known)} Keys: {", ".join(known)}.')
        return self

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise self.wrong(f'"{key}" is missing.')
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f'"{key}" is {json.dumps(value, default=str)}, expected a text.')
        return value

    def name(self, key: str, form: re.Pattern[str] = _NAME, allowed: str = "lower-case letters, digits and _, not a digit first, at most 128") -> str:
        value = self.text(key)
        if not form.fullmatch(value):
            raise self.wrong(f'"{key}" is "{value}"; allowed are {allowed}.')
        return value

    def parts(self, key: str, noun: str) -> list[_Place]:
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.wrong(f'"{key}" is not a list of tables.')
        return [_Place(f'{self.where}, {noun} {_label(value, index)}', value) for index, value in enumerate(values, 1)]

    def pattern(self) -> dict[str, Any]:
        value = self.values.get("pattern")
        try:
            if isinstance(value, str):
                value = json.loads(value)
            if not isinstance(value, dict):
                raise self.wrong('"pattern" is missing: give an event pattern as a table, or as JSON text.')
            compile_pattern(value)
        except json.JSONDecodeError as error:
            raise self.wrong(f'"pattern" is not JSON: {error}.') from None
        except PatternError as error:
            raise self.wrong(f'"pattern": {error}') from None
        return value

    def path(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.wrong(f'"{key}" is {json.dumps(value, default=str)}, expected a path such as "$.detail.state".')
        try:
            parse_path(value)
        except ValueError as error:
            raise self.wrong(f'"{key}" is "{value}": {error}; write a path such as "$.detail.state" or "$.resources[0]".') from None
        return value

    def paths(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if value is None or value == []:
            raise self.wrong(f'"{key}" is missing: a path such as "$.detail.state", or a list of them of which the first present counts.')
        return tuple(self.path(key, path) for path in (value if isinstance(value, list) else [value]))


def _label(value: Mapping[str, Any], index: int) -> str:
    return f'"{value["name"]}"' if isinstance(value.get("name"), str) else f"number {index}"


def _source(place: _Place, folder: str) -> Source:
    place.only(_SOURCE_KEYS)
    name, database = place.name("name"), place.name("database")
    tables = tuple(_table(part, name, database) for part in place.parts("table", "table"))
    if not tables:
        raise place.wrong("declares no [[table]].")
    return Source(
        name=name,
        title=place.text("title"),
        doc=place.text("doc"),
        reference=place.text("reference"),
        database=database,
        bus=place.text("bus", "default"),
        tables=tables,
        bare=tuple(_bare(part) for part in place.parts("bare", "bare form")),
        refusals=tuple(_refusal(part) for part in place.parts("refused", "refusal")),
        folder=folder,
    )


def _table(place: _Place, source: str, database: str) -> Table:
    place.only(_TABLE_KEYS)
    name = place.name("name")
    columns = tuple(_column(part) for part in place.parts("columns", "column"))
    if not columns:
        raise place.wrong('"columns" is missing: one line each, { name = "...", type = "...", from = "$.detail...", doc = "..." }.')
    columns += _standard_columns(place)
    _check_columns(place, columns)
    return Table(
        name=name,
        database=database,
        source=source,
        doc=place.text("doc"),
        prefix=_prefix(place, name),
        pattern=place.pattern(),
        root=place.path("root", place.values.get("root", "$.detail")),
        key=_key(place, columns),
        columns=columns,
    )


def _prefix(place: _Place, name: str) -> str:
    prefix = place.text("prefix", name)
    if not _PREFIX.fullmatch(prefix) or prefix.split("/")[0] in {"error", "raw"}:
        raise place.wrong(f'"prefix" is "{prefix}"; allowed are lower-case letters, digits, _, - and /, not at an end, and not "error" or "raw".')
    return prefix


def _key(place: _Place, columns: tuple[Column, ...]) -> str:
    key = place.text("key", "event_id")
    names = [column.name for column in columns]
    if key not in names:
        raise place.wrong(f'"key" is "{key}", which is no column.{nearest(key, names)}')
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
    place.only(_COLUMN_KEYS)
    name = place.name("name", _COLUMN_NAME, "letters, digits and _, not a digit first, at most 128")
    declared = place.text("type")
    kind = _type(place, declared)
    return Column(name, declared.replace(" ", ""), place.paths("from"), _converter(place, kind, declared), place.text("doc"))


def _type(place: _Place, declared: str) -> convert.Type:
    try:
        return convert.parse_type(declared)
    except ValueError as error:
        allowed = ", ".join(convert.SCALARS + convert.NESTED)
        raise place.wrong(f'unknown type "{declared}": {error}.{nearest(declared, convert.SCALARS)} Types: {allowed}.') from None


def _converter(place: _Place, kind: convert.Type, declared: str) -> str:
    name = place.text("as", convert.default_converter(kind))
    allowed = convert.allowed_converters(kind)
    if name not in allowed:
        raise place.wrong(f'"as" is "{name}", which does not give the type "{declared}".{nearest(name, allowed)} Allowed: {", ".join(allowed)}.')
    return name


def _bare(place: _Place) -> Bare:
    place.only(_BARE_KEYS)
    envelope = place.values.get("envelope")
    if not isinstance(envelope, dict) or not all(isinstance(value, str) for value in envelope.values()):
        raise place.wrong('"envelope" is missing: a table of texts, such as { detail-type = "Auth0 log", time = "$.date" }.')
    _Place(f"{place.where}, envelope", envelope).only(_ENVELOPE_KEYS)
    for key, value in envelope.items():
        if value.startswith("$"):
            place.path(f"envelope.{key}", value)
    into = place.path("into", place.values.get("into"))
    if not all(isinstance(segment, str) for segment in parse_path(into)) or not parse_path(into):
        raise place.wrong(f'"into" is "{into}"; the object is put at keys, such as "$.detail".')
    return Bare(place.pattern(), into, dict(envelope))


def _refusal(place: _Place) -> Refusal:
    place.only(_REFUSED_KEYS)
    return Refusal(place.text("name"), place.pattern(), place.text("reason"))


def nearest(value: str, known: Iterable[str]) -> str:
    """` Did you mean "..."?`, or nothing if no known name is near."""
    found = difflib.get_close_matches(value.lower(), list(known), n=1, cutoff=0.6)
    return f' Did you mean "{found[0]}"?' if found else ""
