"""The SQL of an event's text: of each column the key and the JSON of its value, in the objects and in the order in which `Restorer` puts them.

Athena's SQL, called by `eventlake.pipeline.wording`. What a column that is NULL says is NULL, and left out where texts are joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from eventlake.model import Table
from eventlake.pipeline.athena_sql import quoted
from eventlake.pipeline.athena_sql import text as literal
from eventlake.pipeline.convert import GlueType, parse_glue_type
from eventlake.pipeline.placement import ORDER, Placement
from eventlake.pipeline.placing import by_object
from eventlake.pipeline.readable import Readable

SEAM = "\n"
"""Stands around what is looked at by itself: JSON as we write it has none."""

Sql = tuple[str, ...]
"""Texts in SQL that follow each other."""
_MOST = 100
"""How many of them a call takes; Trino takes 127."""
_BACKSLASH, _QUOTE = r"'\', '\\'", r"""'"', '\"'"""
_LITERAL = re.compile(r"'(?:[^']|'')*'")


class NoEventSqlError(Exception):
    """Raised for a table whose events no SQL of ours writes."""


class EventSql:
    """What is written of the columns of a table: keys with their values, each behind a comma, and nothing of a column that is NULL.

    dumps: writes a JSON value. Raises NoEventSqlError.
    """

    def __init__(self, table: Table, placed: Placement, dumps: Callable[[str], str]) -> None:
        self._placed = placed
        self._dumps = dumps
        if any(one.converter == "json" and path[:-1] != placed.root for one, path, _ in placed.plain):
            raise NoEventSqlError  # what is looked at by itself stands at one place in the text
        kinds = {column.name: parse_glue_type(column.type) for column in table.columns}
        self.places = [path for _, path, _ in placed.plain]
        self._alone: dict[Sql, Sql] = {}
        """Fields without their comma, as the text of the key and the SQL behind it, by what they are among others."""
        self._objects = {
            way: {
                key: self._field(key, one, kinds[one.name], is_array=is_array) for key, (one, is_array) in sorted(keys, key=_is_rewritten)
            }
            for way, keys in by_object((path, (one, is_array)) for one, path, is_array in placed.plain).items()
        }
        inner = {way[:depth] for way in self._objects for depth in range(1, len(way) + 1)}
        if len(set(self.places)) < len(self.places) or not inner.isdisjoint(self.places):
            raise NoEventSqlError

    def is_plain(self) -> str:
        """Return the condition that a row is put together straight: it has an id, and texts of moments name the moments beside them."""
        conditions = [f"{name_sql('event_id')} IS NOT NULL"]
        for text, moment, _ in self._placed.leading:
            written = f"replace(CAST({name_sql(moment)} AS varchar), ' ', 'T') || 'Z'"
            conditions.append(f"({name_sql(text)} = {written} OR {name_sql(text)} = replace({written}, '.000Z', 'Z'))")
        return " AND ".join(conditions)

    def parts(self, way: tuple[str, ...]) -> list[tuple[str, Sql]]:
        """Return the parts of an object in order: fields of its own, under no name, and each object in it under its key."""
        depth = len(way)
        below = [inner for inner in self._objects if inner[:depth] == way]
        names = [name for name, _ in groupby(below, lambda inner: str(inner[depth]) if len(inner) > depth else "")]
        return [(name, self._object((*way, name)) if name else _flat(self._objects[way].values())) for name in names]

    def _object(self, way: tuple[str, ...]) -> Sql:
        """Return the field that is an object, nothing where nothing is in it."""
        begin = f",{self._dumps(way[-1])}:{{"
        parts = self.parts(way)
        if len(parts) == 1 and len(parts[0][1]) == 1 and (only := self._alone.get(parts[0][1])):
            return (chained((literal(begin + only[0]), *only[1:], "'}'")),)
        fields = joined(_flat(sql for _, sql in parts))
        return (chained((literal(begin), f"substr(nullif({fields}, ''), 2)", "'}'")),)

    def _field(self, key: str, one: Readable, kind: GlueType, *, is_array: bool) -> Sql:
        value = _value(name_sql(one.name), one.converter if one.converter in ("json", "timestamp") else kind.name, kind)
        around = ("'['", "']'") if is_array else (literal(SEAM), literal(SEAM)) if one.converter == "json" else ()
        parts = (*around[:1], *value, *around[1:])
        written = chained((literal(f",{self._dumps(key)}:"), *parts))
        if one.converter == "json":
            return (f"coalesce({written}, {literal(SEAM * 2)})",)
        self._alone[written,] = f"{self._dumps(key)}:", *parts
        return (written,)

    def around(self, root: tuple[str, ...]) -> tuple[Sql, Sql]:
        """Return what stands before the fields of the root, and behind them."""
        begin = ',"detail":{'
        behind: Sql = ("'}}'",)
        for depth in range(1, len(root)):
            (name, _), *after = self.parts(root[:depth])
            if name != root[depth]:
                raise NoEventSqlError  # with fields of `extra`, the root would come first
            begin += f"{self._dumps(name)}:{{"
            behind = ("'}'", *_flat(sql for _, sql in after), *behind)
        first, *others = self._envelope()
        if _LITERAL.fullmatch(first):
            return (f"'{{{first[2:]}", *others, literal(begin)), behind
        return ("'{'", f"substr({joined((first, *others, literal(begin)))}, 2)"), behind

    def _envelope(self) -> Iterator[str]:
        """Yield the fields of the envelope in EventBridge's order, then those that only a table knows, without `detail`."""
        parts = dict(self.parts(()))
        own = dict(self._objects.get((), {}))
        if not set(parts).isdisjoint(ORDER):
            raise NoEventSqlError
        for key in ORDER:
            known = [*own.pop(key, ()), *(() if key in self._placed.said else self._unsaid(key))]
            yield from known if len(known) < 2 else [f"coalesce({', '.join(known)})"]
        for name, sql in parts.items():
            yield from () if name == "detail" else sql if name else _flat(own.values())

    def _unsaid(self, key: str) -> Sql:
        """Return the field of a key of which no column says anything, as far as it is known."""
        if key in self._placed.constants:
            return (literal(f",{self._dumps(key)}:{self._dumps(self._placed.constants[key])}"),)
        if key == "id":
            return (chained((literal(',"id":'), *_quoted(name_sql("event_id")))),)
        if key == "time" and self._placed.timed is not None:
            written = f"""date_format({name_sql("event_time")}, ',"time":"%Y-%m-%dT%H:%i:%sZ"')"""
            others = [f"{name_sql(name)} IS NOT NULL" for name in self._placed.timed if name != "event_time"]
            return (f"CASE WHEN {' AND '.join(others)} THEN {written} END" if others else written,)
        return (literal(',"resources":[]'),) if key == "resources" else ()


def _is_rewritten(place: tuple[str, tuple[Readable, bool]]) -> bool:
    """Return True for what is not put as it is; such keys of an object come last."""
    _, (one, is_array) = place
    return is_array or one.writer is not None


def _value(column: str, form: str, kind: GlueType) -> Sql:
    """Return the JSON of a column, NULL where the column is. form: its type, or what else it is as texts."""
    if form == "json":
        return (column,)
    if form == "string":
        return _quoted(column)
    if form in ("int", "bigint", "boolean"):
        return (f"CAST({column} AS varchar)",)
    if form == "date":
        return ("'\"'", f"CAST({column} AS varchar)", "'\"'")
    if form == "timestamp":
        return ("'\"'", f"replace(replace(CAST({column} AS varchar), ' ', 'T'), '.000', '')", "'Z\"'")
    if form == "struct" and all(item.name in ("string", "int", "bigint", "boolean") for item in kind.items):
        inner = joined(_flat(_field_of_struct(column, name, item) for name, item in zip(kind.fields, kind.items, strict=True)))
        return (f"CASE WHEN {column} IS NOT NULL THEN '{{' || substr({inner}, 2) || '}}' END",)
    raise NoEventSqlError


def _field_of_struct(column: str, name: str, kind: GlueType) -> Sql:
    return (chained((literal(f',"{name}":'), *_value(f"{column}.{name_sql(name)}", kind.name, kind))),)


def _quoted(column: str) -> Sql:
    return ("'\"'", f"replace(replace({column}, '\\', '\\\\'), '\"', '\\\"')", "'\"'")


def _flat(texts: Iterable[Sql]) -> Sql:
    return tuple(part for sql in texts for part in sql)


def joined(texts: Sequence[str]) -> str:
    """Return the SQL of texts in a row, those that are NULL left out: one call, for `||` copies with each text all before it."""
    parts = _literals_joined(texts)
    while len(parts) > _MOST:
        parts = [joined(parts[at : at + _MOST]) for at in range(0, len(parts), _MOST)]
    return f"concat_ws('', {', '.join(parts)})" if parts else "''"


def chained(texts: Sequence[str]) -> str:
    """Return the SQL of texts in a row, NULL where one is."""
    return " || ".join(_literals_joined(texts))


def _literals_joined(texts: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for part in texts:
        if parts and _LITERAL.fullmatch(parts[-1]) and _LITERAL.fullmatch(part):
            parts[-1] = parts[-1][:-1] + part[1:]
        else:
            parts.append(part)
    return parts


def name_sql(name: str) -> str:
    """Return a column's name as SQL has it."""
    return quoted(name.lower())
