"""Whether objects keep columns in the types that are declared now: asked only of columns that were declared otherwise before.

A text that looks like a number would be answered as one, though Athena fails on such an object of Parquet, and makes of one of JSON lines what
its SerDe makes of it. Types of Parquet stand in the footer; JSON lines show theirs in their values, so these are looked at.
What Trino reads as another type: https://trino.io/docs/current/object-storage/file-formats.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.types.spelling import parse_type
from eventlake.dialect.types.type import Type
from eventlake.model import Column

_WIDER = frozenset({("integer", "bigint")})
"""What is stored and what it may be read as in Parquet."""
_NAMES = {"struct": "row"}
_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|[^\s"()\[\],]+|[()\[\],])')
_INTEGERS = "('UBIGINT', 'BIGINT', 'UHUGEINT', 'HUGEINT')"
_NUMBERS = "('UBIGINT', 'BIGINT', 'UHUGEINT', 'HUGEINT', 'DOUBLE')"
_FORMS = {"timestamp": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?", "date": r"\d{4}-\d\d-\d\d"}
_SPELT = {"UBIGINT": "bigint", "UHUGEINT": "hugeint", "JSON": "values of several types"}

FILE = "$file"
"""The column that names the object of a row while objects are read: no table can declare one of this name."""
NAMED = f", filename={text(FILE)}"
"""Has DuckDB add the column `FILE`; under the name that it chooses itself, a table may have one of its own."""


def schema_of(columns: Iterable[tuple[str, str]]) -> str:
    """Write the `schema` of read_parquet: columns, each with its type in DuckDB, that are read by their names, and are NULL where they are not."""
    return (
        f"MAP {{{', '.join(f'{text(name)}: {{name: {text(name)}, type: {text(kind)}, default_value: NULL}}' for name, kind in columns)}}}"
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A column that was declared otherwise before: its name in queries, in log lines, and its type now, as Glue spells it."""

    name: str
    spelling: str
    declared: str

    @classmethod
    def of(cls, columns: Iterable[Column]) -> tuple[Asked, ...]:
        """Return those of these columns."""
        return tuple(cls(one.stored_name, one.name, one.type) for one in columns if one.earlier)


@dataclass(frozen=True, slots=True)
class TypeCheck:
    """Objects of one format that are asked for the types of columns. compression: of JSON lines; empty for Parquet."""

    paths: tuple[str, ...]
    columns: tuple[Asked, ...]
    compression: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """An object that keeps a column in a type which cannot be read as the one that is declared now."""

    path: str
    column: str
    stored: str
    declared: str


def misfits(connection: Any, check: TypeCheck) -> Iterator[Misfit]:  # duckdb has no stubs of ours
    """Yield what does not fit, by column and object. Raises duckdb.Error where an object cannot be read."""
    if check.compression:
        for column in check.columns:
            yield from _of_json(connection, check, column)
        return
    rows = connection.execute(f"select file_name, name, num_children, duckdb_type from parquet_schema({_listed(check.paths)})").fetchall()
    stored = top_level(rows)
    for column in check.columns:
        declared = parse_type(column.declared)
        for path in check.paths:
            kind = stored.get(path, {}).get(column.name)
            if kind is not None and not fits(_read(kind), declared):
                yield Misfit(path, column.name, kind.lower(), str(declared))


def top_level(rows: Iterable[Sequence[Any]]) -> dict[str, dict[str, str]]:  # a row of parquet_schema
    """Return the columns of each file with their types, as DuckDB writes them, out of file, name, count of children and type."""
    found: dict[str, dict[str, str]] = {}
    inside = 0
    for file, name, children, kind in rows:
        if file not in found:  # the first of a file's rows is the whole of it
            found[file] = {}
        elif inside:
            inside += (children or 0) - 1
        else:
            found[file][name.lower()] = kind
            inside = children or 0
    return found


def fits(stored: Type, declared: Type) -> bool:
    """Return True if Parquet of a type is read as another without a change of its values; fields that are not there are NULL."""
    if stored.name != declared.name:
        return (stored.name, declared.name) in _WIDER
    if stored.name == "row":
        now = {name.lower(): kind for name, kind in declared.fields()}
        return all(fits(kind, now.get(name.lower(), kind)) for name, kind in stored.fields())
    return all(map(fits, stored.args, declared.args))


def duckdb_fits(stored: str, declared: str) -> bool:
    """Return True if Parquet of a type, as DuckDB writes it, is read as a type of Glue without a change of its values."""
    return fits(_read(stored), parse_type(declared))


def _read(kind: str) -> Type:
    """Read a type as DuckDB writes it: `STRUCT(a VARCHAR, "b c" BIGINT[])`."""
    tokens = _TOKEN.findall(kind)[::-1]
    return _type(tokens)


def _type(tokens: list[str]) -> Type:
    """Read the type at the end of these tokens, which stand in reverse, and take it off them."""
    words = [tokens.pop().lower()]
    while tokens and tokens[-1] not in "()[],":
        words.append(tokens.pop().lower())
    name = " ".join(words)
    made = Type(_NAMES.get(name, name))
    if tokens and tokens[-1] == "(":
        tokens.pop()
        made = _with_parts(made.name, tokens)
    while tokens[-2:] == ["]", "["]:
        del tokens[-2:]
        made = Type("array", (made,))
    return made


def _with_parts(name: str, tokens: list[str]) -> Type:
    names: list[str | None] = []
    parts = []
    while True:
        if name == "row":
            names.append(tokens.pop().strip('"').replace('""', '"'))
        parts.append(_type(tokens))
        if tokens.pop() == ")":
            return Type(name, tuple(parts), names=tuple(names)) if name in {"row", "map"} else Type(f"{name}({', '.join(map(str, parts))})")


def _of_json(connection: Any, check: TypeCheck, column: Asked) -> Iterator[Misfit]:  # duckdb has no stubs of ours
    declared, name = parse_type(column.declared), quoted(column.spelling)
    source = (
        f"read_json({_listed(check.paths)}, columns={{{text(column.spelling)}: 'JSON'}}, format='newline_delimited', records=true, "
        f"maximum_object_size=16777216, compression='{check.compression}', hive_partitioning=false{NAMED})"
    )
    found = connection.execute(
        f"select distinct {quoted(FILE)}, json_structure({name})::varchar from {source} "
        f"where {name} is not null and json_type({name}) <> 'NULL' and {_may_not_fit(name, declared)} order by 1, 2"
    )
    for path, structure in found.fetchall():
        shape = json.loads(structure)
        if not declared.args or not _shape_fits(shape, declared):
            yield Misfit(path, column.name, _named(shape), str(declared))


def _may_not_fit(name: str, declared: Type) -> str:
    """Return the condition under which a value is none of the type; of what has parts every value is asked for its own."""
    kind, value = f"json_type({name})", f"json_extract_string({name}, '$')"
    if declared.name in _FORMS:
        return f"not ({kind} = 'VARCHAR' and regexp_full_match({value}, {text(_FORMS[declared.name])}))"
    if declared.name in {"bigint", "integer"}:
        return f"not ({kind} in {_INTEGERS} and try_cast({value} as {declared.name}) is not null)"
    fitting = {"varchar": "('VARCHAR')", "double": _NUMBERS, "boolean": "('BOOLEAN')"}.get(declared.name)
    return "true" if fitting is None else f"{kind} not in {fitting}"


def _shape_fits(shape: Any, declared: Type) -> bool:  # JSON of json_structure
    if shape == "NULL":
        return True
    if isinstance(shape, list):
        return declared.name == "array" and all(_shape_fits(part, declared.args[0]) for part in shape)
    if isinstance(shape, dict):
        return declared.name in {"row", "map"} and _parts_fit(shape, declared)
    if declared.name in {"varchar", *_FORMS}:
        return bool(shape == "VARCHAR")
    integer = str(shape) in _INTEGERS
    fitting = {"bigint": integer, "integer": integer, "double": str(shape) in _NUMBERS, "boolean": shape == "BOOLEAN"}
    return bool(fitting.get(declared.name))


def _parts_fit(shape: Mapping[str, Any], declared: Type) -> bool:
    if declared.name == "map":
        return all(_shape_fits(part, declared.args[1]) for part in shape.values())
    now = {name.lower(): kind for name, kind in declared.fields()}
    return all(_shape_fits(part, now[name.lower()]) for name, part in shape.items() if name.lower() in now)


def _named(shape: Any) -> str:  # JSON of json_structure
    """Return what a person calls the shape of a value."""
    if isinstance(shape, list | dict):
        return "an array" if isinstance(shape, list) else "an object"
    return _SPELT.get(shape, str(shape).lower())


def _listed(paths: Sequence[str]) -> str:
    return f"[{', '.join(map(text, paths))}]"


def key_of(path: str, folder: str | Path) -> str:
    """Return the key of an object that lies below a folder."""
    return path.removeprefix(f"{str(folder).rstrip('/')}/")
