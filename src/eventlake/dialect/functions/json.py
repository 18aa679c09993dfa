"""JSON: https://trino.io/docs/current/functions/json.html

A Trino json is its text in DuckDB. Malformed text is NULL to json_extract and its kin, and fails json_parse.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from eventlake.dialect.beside import Beside
from eventlake.dialect.binding import Value, derived
from eventlake.dialect.failures import refusal
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.functions.json_paths import Path, json_path
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.literals import json_literal
from eventlake.dialect.types.type import BIGINT, BOOLEAN, JSON, VARCHAR, Type
from eventlake.errors import QuerySyntaxError

_FAULT = "Malformed JSON that Athena reads up to its fault: "


def _broken(path: Path, source: Value) -> Sql:
    """Make SQL for text that is no JSON: NULL, unless Trino would have found a value before the fault, which is refused."""
    if _is_sound(source):
        return ours("NULL")
    first = path.steps[0] if path.steps else None
    if first is not None:
        suspicious = emit(
            r"CASE WHEN starts_with(ltrim({0}), '{{') THEN contains({0}, {1}) ELSE {2} AND regexp_matches({0}, '^\s*\[') END",
            source,
            text(f'"{first}"'),
            ours("true" if first.isdecimal() else "false"),
        )
    else:
        suspicious = emit("el_json_closed({0}) OR regexp_matches({0}, {1})", source, _A_SCALAR_AND_MORE)
    return emit("CASE WHEN {} THEN {} END", suspicious, _refused(source))


def _is_sound(source: Value) -> bool:
    """Tell whether a value is a json whose text is JSON; json_array_get gives texts without their quotes."""
    return source.type == JSON and source.json != "text"


_A_SCALAR_AND_MORE = text(r"""^\s*("(?:[^"\\]|\\.)*"|-?[0-9]|true\s|false\s|null\s)""")
_READABLE = text(r"""^\s*([\[{]|"(?:[^"\\]|\\.)*"|-?[0-9]|true\s|false\s|null\s)""")


def _refused(source: Value) -> Sql:
    return refusal(_FAULT, emit("substring({}, 1, 60)", source))


def _broken_anywhere(path: Sql, source: Value) -> Sql:
    """Make SQL for text that is no JSON where the path stands in a column: NULL if it is a path and nothing could be read before the fault."""
    return emit("CASE WHEN regexp_matches({0}, {1}) THEN {2} ELSE nullif({3}, {3}) END", source, _READABLE, _refused(source), path)


_UNREAD = text(chr(1))
"""Stands where a text is no JSON, and for a value that is one character and no letter, so that both are looked at again."""
_UNSURE = text(r"^(?:[\x01{\[]|-?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)|[0-9]+\.[0-9]+|[0-9]{19,}|(?i:nan|inf|infinity))$)")
"""Begins what DuckDB may have read otherwise than Trino: an object or a text like one, a number that it writes anew."""
_OPENED = r"(CASE WHEN starts_with({0}, '{{') THEN true ELSE regexp_matches({0}, '^\s*[{{\[]') END)"
"""Whether a text may be an object or an array; others are passed by, because DuckDB's TRY is slow where it fails."""


def _scalar(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].is_null or values[1].type.name == "unknown":
        return derived(emit("CAST(NULL AS VARCHAR)"), VARCHAR, values)
    if path is None:
        return _at_column_path("el_json_text({}, {})", VARCHAR, values)

    beside = _beside(parts, source, path)
    if beside is not None:
        exact = _at("el_json_text({}, {})", path)
        return derived(_read_beside("json_extract_string", beside, source, path, "", _LOOKS_READ, exact), VARCHAR, values)

    def read(j: Sql, path: Path) -> Sql:
        again = emit("WHEN regexp_matches(el_s, {}) THEN true WHEN el_s = '0' THEN contains({}, '-0')", _UNSURE, j)
        exact = _at("el_json_text({}, {})", path)
        return _read_once("json_extract_string", source._replace(sql=j), path, _UNREAD, again, exact, ours("el_s"))

    return derived(_by_path(source, path, read), VARCHAR, values)


def _at(template: str, path: Path) -> Callable[[Sql], Sql]:
    """Make the maker of SQL that reads a JSON at the path."""
    return lambda j: emit(template, j, path.sql)


def _beside(parts: Parts, source: Value, path: Path) -> Beside | None:
    """Return the relation beside whose column the part can be read; where a group has the column, only the column itself is there."""
    context = parts.context
    if source.type != VARCHAR or not path.steps or path.odd(0) is not None or context.clause == "UNNEST":
        return None
    is_key = context.grouped is not None and not context.inside_aggregate and source.sql in context.grouped
    return None if is_key else context.scope.beside(source.sql)


def _read_beside(function: str, beside: Beside, source: Value, path: Path, loose: str, unlike: str, exact: Callable[[Sql], Sql]) -> Sql:
    """Make SQL of a part that is read beside the source's relation, and read again only where it is one of those that need care.

    loose, unlike: branches of a CASE that say of {part} and {source} whether it is: what only DuckDB reads, what it writes otherwise than Trino.
    Conditions are a CASE, because DuckDB computes both sides of an OR. Of JSON as we write it only what is unlike is asked: the general form
    takes DuckDB longer to plan than a small table to read.
    """
    parts, part, is_loose = beside.part(function, source.sql, path.sql)
    first = emit("WHEN {} IS NULL THEN {} IS NULL AND {} IS NOT NULL WHEN {} THEN true", part, parts, source, is_loose)
    only_here, anew = (emit(branches, part=part, source=source, unsure=_UNSURE) for branches in (loose, unlike))
    doubtful = emit(_CARE, emit("CASE {} {} {} END", first, only_here, anew), _read_carefully(source, path, exact), part)
    strict = emit(_CARE, emit("CASE {} END", anew), exact(source.sql), part) if anew else emit("CAST({} AS VARCHAR)", part)
    return beside.either(source.sql, doubtful, strict)


_CARE = "(CASE WHEN {} THEN {} ELSE CAST({} AS VARCHAR) END)"
_LOOKS_READ = "WHEN {part} = '0' THEN contains({source}, '-0') ELSE regexp_matches({part}, {unsure})"
_LOOKS_LOOSE = r"WHEN regexp_matches(CAST({part} AS VARCHAR), '(^|[:,\[])-?(?i:nan|inf)') THEN true"
"""Whether a part needs care: of a text, and of a JSON, in which DuckDB reads `nan` and `inf`; branches of a CASE."""


def _read_once(function: str, source: Value, path: Path, unread: Sql, again: Sql, exact: Callable[[Sql], Sql], found: Sql) -> Sql:
    """Make SQL that reads a part of a JSON once, and again only where it is one of those that need care."""
    parts = emit("{}({}, [{}])", ours(function), source, path.sql)
    if not _is_sound(source):
        parts = emit("TRY({})", parts)
        parts = emit("CASE WHEN " + _OPENED + " THEN {1} END", source, parts) if path.steps else parts
        parts = emit("coalesce({}, CASE WHEN {} IS NOT NULL THEN [{}] END)", parts, source, unread)
        again = emit("{} ELSE el_json_maybe_loose({})", again, source)
    once_more = _read_carefully(source, path, exact)
    template = "list_transform({}, lambda el_s: CASE WHEN el_s IS NULL THEN NULL WHEN (CASE {} END) THEN {} ELSE {} END)[1]"
    return emit(template, parts, again, once_more, found)


def _read_carefully(source: Value, path: Path, exact: Callable[[Sql], Sql]) -> Sql:
    """Make SQL that reads a part as Trino does, whatever the text is; it names the text in a lambda of its own."""
    whole = source._replace(sql=ours("el_k"))
    made = exact(whole.sql)
    if not _is_sound(source):
        loose = emit("CASE WHEN json_type({}, {}) IS NOT NULL THEN {} END", whole, path.sql, _refused(whole))
        template = "CASE WHEN NOT coalesce(json_valid({0}), false) THEN {1} WHEN el_json_loose({0}) THEN {2} ELSE {3} END"
        made = emit(template, whole, _broken(path, whole), loose, made)
    return emit("list_transform([{}], lambda el_k: {})[1]", source, made)


def _bound(source: Value, made: Callable[[Sql], Sql]) -> Sql:
    """Make SQL over a text that computes it once; a literal too, because DuckDB must not compute with it before the query runs."""
    if source.sql.simple and source.literal is None:
        return made(source.sql)
    return emit("list_transform([{}], lambda el_j: {})[1]", source, made(ours("el_j")))


def _by_path(source: Value, path: Path, read: Callable[[Sql, Path], Sql]) -> Sql:
    """Make SQL of what is read at the path; a step such as `01` is the key of an object or the index 1 of an array, as the data decides."""

    def either(j: Sql, path: Path, begin: int) -> Sql:
        place = path.odd(begin)
        if place is None:
            return read(j, path)
        is_array = emit("TRY(json_type({}, {})) = 'ARRAY'", j, path.until(place).sql)
        ways = [either(j, way, place + 1) for way in (path.respelt(place), path)]
        return emit("(CASE WHEN {} THEN {} ELSE {} END)", is_array, *ways)

    return _bound(source, lambda j: either(j, path, 0))


def _where_valid(source: Value, j: Sql, made: Sql, broken: Callable[[Value], Sql], kind: Type) -> Sql:
    """Make SQL of what is read of a text that is JSON. broken: what takes its place for a text that is none; a sound JSON is not asked."""
    if _is_sound(source):
        return made
    return emit("(CASE WHEN el_json_valid({}) THEN {} ELSE CAST({} AS {}) END)", j, made, broken(source._replace(sql=j)), kind.duckdb)


def _at_column_path(template: str, kind: Type, values: list[Value]) -> Value:
    """Make the value at a path that stands in a column."""
    source, where = values[0], emit("el_json_path({})", values[1])

    def read(j: Sql) -> Sql:
        return _where_valid(source, j, emit(template, j, where), lambda text: _broken_anywhere(where, text), kind)

    return derived(_bound(source, read), kind, values)


def _extract(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].is_null:
        return derived(emit("CAST(NULL AS VARCHAR)"), JSON, values)
    if path is None:
        return _part(_at_column_path("el_json_part({}, {})", JSON, values).sql, values)

    beside = _beside(parts, source, path)
    if beside is not None:
        exact = _at("CAST(json_extract({}, {}) AS VARCHAR)", path)
        return _part(_read_beside("json_extract", beside, source, path, _LOOKS_LOOSE, "", exact), values)

    def read(j: Sql, path: Path) -> Sql:
        found = emit("CAST(el_s AS VARCHAR)")
        unread = emit("CAST({} AS JSON)", text('"\\u0001"'))
        again = emit("WHEN el_s = {} THEN true " + _LOOKS_LOOSE, unread, part=ours("el_s"))
        exact = _at("CAST(json_extract({}, {}) AS VARCHAR)", path)
        return _read_once("json_extract", source._replace(sql=j), path, unread, again, exact, found)

    return _part(_by_path(source, path, read), values)


def _part(sql: Sql, values: list[Value]) -> Value:
    made = derived(sql, JSON, values)
    return made if made.json == "parsed" else made._replace(json="part")


def _size(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if path is None:
        return _at_column_path("el_json_size({}, {})", BIGINT, values)

    def read(j: Sql, path: Path) -> Sql:
        return _where_valid(source, j, emit("el_json_size({}, {})", j, path.sql), partial(_broken, path), BIGINT)

    return derived(_by_path(source, path, read), BIGINT, values)


_ELEMENT_TYPES = {"varchar": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}


def _contains(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    wanted = values[1]
    element = _ELEMENT_TYPES[wanted.type.name]
    kinds = {"BIGINT": "('BIGINT', 'UBIGINT')"}.get(element, f"('{element}')")
    shown = emit("(x ->> '$')") if element == "VARCHAR" else emit("TRY_CAST(x ->> '$' AS {})", ours(element))

    def read(j: Sql) -> Sql:
        item = emit("json_type(x) IN {} AND {} = {}", ours(kinds), shown, wanted)
        found = emit("len(list_filter(CAST(json_extract({}, '$[*]') AS JSON[]), lambda x: {})) > 0", j, item)
        return emit("CASE WHEN {} IS NOT NULL AND json_type({}) = 'ARRAY' THEN {} END", wanted, j, found)

    return _of_array(values, read, _begun, BOOLEAN)


def _format(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(canonical(values[0]), VARCHAR)


def _begun(j: Sql) -> Sql:
    """Ask whether a text begins as an array with an element, which Trino may find before it comes to a fault."""
    return emit(r"regexp_matches({0}, '^\s*\[\s*\S')", j)


def _ended(j: Sql) -> Sql:
    """Ask whether a text may hold a whole array, behind which Trino reads nothing."""
    return emit("el_json_closed({0}) AND starts_with(ltrim({0}), '[')", j)


def _of_array(values: list[Value], made: Callable[[Sql], Sql], may_be_read: Callable[[Sql], Sql], kind: Type) -> Value:
    """Make the value of a function that reads an array; malformed text that Trino may have read is refused.

    may_be_read: of a malformed text, whether Trino comes to an answer before the fault; elsewhere it is NULL.
    """
    source = values[0]

    def read(j: Sql) -> Sql:
        return _where_valid(source, j, made(j), lambda text: emit("CASE WHEN {} THEN {} END", may_be_read(j), _refused(text)), kind)

    return derived(_bound(source, read), kind, values)


def _array_length(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return _of_array(values, lambda j: emit("el_json_array_length({})", j), _ended, BIGINT)


def _array_get(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return _of_array(values, lambda j: emit("el_json_array_get({}, {})", j, values[1]), _begun, JSON)._replace(json="text")


def _parse(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    written = values[0].literal
    if isinstance(written, str):
        with suppress(QuerySyntaxError):  # no JSON: fails as the query runs, or is NULL in try()
            return Value(text(json_literal(written, node)), JSON, json="normal")
    return derived(emit("el_json_parse({})", values[0]), JSON, values)._replace(json="parsed")


def _both(name: str, signature: str, build: object) -> list[F]:
    return [F(name, signature.format(kind), build) for kind in ("varchar", "json")]  # type: ignore[arg-type]


FUNCTIONS = [
    *_both("json_extract_scalar", "{0}, varchar -> varchar", _scalar),
    *_both("json_extract", "{0}, varchar -> json", _extract),
    *_both("json_array_length", "{0} -> bigint", _array_length),
    *_both("json_size", "{0}, varchar -> bigint", _size),
    *_both("json_array_contains", "{0}, varchar -> boolean", _contains),
    *_both("json_array_contains", "{0}, boolean -> boolean", _contains),
    *_both("json_array_contains", "{0}, bigint -> boolean", _contains),
    *_both("json_array_contains", "{0}, double -> boolean", _contains),
    *_both("json_array_get", "{0}, bigint -> json", _array_get),
    F("json_parse", "varchar -> json", _parse),
    F("json_format", "json -> varchar", _format),
    *_both("is_json_scalar", "{0} -> boolean", "(json_type(el_json_parse({0})) NOT IN ('OBJECT', 'ARRAY'))"),
]

SYNTACTIC: dict[str, Syntactic] = {}
