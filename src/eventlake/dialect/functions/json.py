"""JSON: https://trino.io/docs/current/functions/json.html

A Trino json is its text in DuckDB. Malformed text is NULL to json_extract and its kin, and fails json_parse.
"""

from __future__ import annotations

from dataclasses import replace

from eventlake.dialect.binding import Value, derived
from eventlake.dialect.failures import refusal
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.json_paths import Path, json_path
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.type import BIGINT, BOOLEAN, JSON, VARCHAR, Type

_FAULT = "Malformed JSON that Athena reads up to its fault: "


def _broken(path: Path, source: Value) -> Sql:
    """Make SQL for text that is no JSON: NULL, unless Trino would have found a value before the fault, which is refused."""
    if source.type == JSON:
        return ours("NULL")
    first = path.steps[0] if path.steps else None
    if isinstance(first, int):
        suspicious = emit(r"regexp_matches({}, '^\s*\[')", source)
    elif first is not None:
        suspicious = emit("(contains({0}, {1}) AND starts_with(ltrim({0}), '{{'))", source, text(f'"{first}"'))
    else:
        suspicious = emit("el_json_closed({0}) OR regexp_matches({0}, {1})", source, _A_SCALAR_AND_MORE)
    return emit("CASE WHEN {} THEN {} END", suspicious, _refused(source))


_A_SCALAR_AND_MORE = text(r"""^\s*("(?:[^"\\]|\\.)*"|-?[0-9]|true\s|false\s|null\s)""")
_READABLE = text(r"""^\s*([\[{]|"(?:[^"\\]|\\.)*"|-?[0-9]|true\s|false\s|null\s)""")


def _refused(source: Value) -> Sql:
    return refusal(_FAULT, emit("substring({}, 1, 60)", source))


def _broken_anywhere(path: Sql, source: Value) -> Sql:
    """Make SQL for text that is no JSON where the path stands in a column: NULL if it is a path and nothing could be read before the fault."""
    return emit("CASE WHEN regexp_matches({0}, {1}) THEN {2} ELSE nullif({3}, {3}) END", source, _READABLE, _refused(source), path)


def _scalar(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].is_null or values[1].type.name == "unknown":
        return derived(emit("CAST(NULL AS VARCHAR)"), VARCHAR, values)
    j = source.sql
    where = path.sql if path is not None else emit("el_json_path({})", values[1].sql)
    broken = _broken(path, source) if path is not None else _broken_anywhere(where, source)
    if source.type == JSON:
        return derived(emit("el_json_text({}, {})", j, where), VARCHAR, values)
    return derived(
        emit("(CASE WHEN json_valid({}) THEN el_json_text({}, {}) ELSE {} END)", j, _valid(source), where, broken), VARCHAR, values
    )


def _valid(source: Value) -> Sql:
    """A literal that is no JSON must not reach a function DuckDB computes before the query runs."""
    return emit("(CASE WHEN json_valid({0}) THEN {0} END)", source) if source.literal is not None else source.sql


def _extract(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].is_null:
        return derived(emit("CAST(NULL AS VARCHAR)"), JSON, values)
    j = source.sql
    where = path.sql if path is not None else emit("el_json_path({})", values[1].sql)
    found = emit("el_json_part({}, {})", _valid(source), where)
    if source.type == JSON:
        return _part(found, values)
    broken = _broken(path, source) if path is not None else _broken_anywhere(where, source)
    return _part(emit("(CASE WHEN el_json_valid({}) THEN {} ELSE {} END)", j, found, broken), values)


def _part(sql: Sql, values: list[Value]) -> Value:
    made = derived(sql, JSON, values)
    return made if made.json == "parsed" else replace(made, json="part")


def _size(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    where = path.sql if path is not None else emit("el_json_path({})", values[1].sql)
    made = emit("el_json_size({}, {})", _valid(source), where)
    if source.type == JSON:
        return derived(made, BIGINT, values)
    broken = _broken(path, source) if path is not None else _broken_anywhere(where, source)
    return derived(emit("(CASE WHEN el_json_valid({}) THEN {} ELSE CAST({} AS BIGINT) END)", source.sql, made, broken), BIGINT, values)


def _contains(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    source, wanted = values
    j = _valid(source)
    element = {"varchar": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}[wanted.type.name]
    kinds = {"VARCHAR": "('VARCHAR')", "BOOLEAN": "('BOOLEAN')", "BIGINT": "('BIGINT', 'UBIGINT')", "DOUBLE": "('DOUBLE')"}[element]
    shown = emit("(x ->> '$')") if element == "VARCHAR" else emit("TRY_CAST(x ->> '$' AS {})", ours(element))
    item = emit("json_type(x) IN {} AND {} = {}", ours(kinds), shown, wanted)
    found = emit("len(list_filter(CAST(json_extract({}, '$[*]') AS JSON[]), lambda x: {})) > 0", j, item)
    sql = emit(
        "(CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN json_valid({0}) THEN CASE WHEN json_type({2}) = 'ARRAY' THEN {3} END END)",
        source,
        wanted,
        j,
        found,
    )
    return derived(sql, BOOLEAN, values)


def _format(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(canonical(values[0]), VARCHAR)


def _of_valid(template: str, kind: Type) -> Builder:
    """Make the builder of a function whose first argument is JSON or NULL."""

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        return derived(emit(template, _valid(values[0]), *values[1:]), kind, values)

    return build


def _parse(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return replace(derived(emit("el_json_parse({})", values[0]), JSON, values), json="parsed")


def _both(name: str, signature: str, build: object) -> list[F]:
    return [F(name, signature.format(kind), build) for kind in ("varchar", "json")]  # type: ignore[arg-type]


FUNCTIONS = [
    *_both("json_extract_scalar", "{0}, varchar -> varchar", _scalar),
    *_both("json_extract", "{0}, varchar -> json", _extract),
    *_both("json_array_length", "{0} -> bigint", _of_valid("el_json_array_length({0})", BIGINT)),
    *_both("json_size", "{0}, varchar -> bigint", _size),
    *_both("json_array_contains", "{0}, varchar -> boolean", _contains),
    *_both("json_array_contains", "{0}, boolean -> boolean", _contains),
    *_both("json_array_contains", "{0}, bigint -> boolean", _contains),
    *_both("json_array_contains", "{0}, double -> boolean", _contains),
    *_both("json_array_get", "{0}, bigint -> json", _of_valid("el_json_array_get({0}, {1})", JSON)),
    F("json_parse", "varchar -> json", _parse),
    F("json_format", "json -> varchar", _format),
    *_both("is_json_scalar", "{0} -> boolean", "(json_type(el_json_parse({0})) NOT IN ('OBJECT', 'ARRAY'))"),
]

SYNTACTIC: dict[str, Syntactic] = {}
