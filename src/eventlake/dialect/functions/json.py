"""JSON: https://trino.io/docs/current/functions/json.html

A Trino json is its text in DuckDB. Malformed text is NULL to json_extract and its kin, and fails json_parse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from eventlake.dialect.binding import Value, derived
from eventlake.dialect.failures import refusal
from eventlake.dialect.functions import Builder, Syntactic
from eventlake.dialect.functions import Function as F
from eventlake.dialect.functions.json_paths import Path, json_path
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.type import BIGINT, BOOLEAN, JSON, VARCHAR, Type, text

if TYPE_CHECKING:
    from eventlake.dialect.queries.expressions import Expressions


_FAULT = "Malformed JSON that Athena reads up to its fault: "


def _broken(path: Path, source: Value, sql: str) -> str:
    """SQL for text that is no JSON: NULL, unless Trino would have found a value before the fault, which is refused."""
    if source.type == JSON:
        return "NULL"
    first = path.steps[0] if path.steps else None
    if isinstance(first, int):
        suspicious = rf"regexp_matches({sql}, '^\s*\[')"
    elif first is not None:
        quoted_key = text('"' + first + '"')
        suspicious = f"(contains({sql}, {quoted_key}) AND starts_with(ltrim({sql}), '{{'))"
    else:
        closed = f"el_json_closed({sql})"
        suspicious = rf"{closed} OR regexp_matches({sql}, '^\s*(\"(?:[^\"\\]|\\.)*\"|-?[0-9]|true\s|false\s|null\s)')".replace('\\"', '"')
    return f"CASE WHEN {suspicious} THEN {refusal(_FAULT, f'substring({sql}, 1, 60)')} END"


def _broken_anywhere(path: str, sql: str) -> str:
    """SQL for text that is no JSON where the path stands in a column: NULL if it is a path and nothing could be read before the fault."""
    readable = r"'^\s*([\[{]|\"(?:[^\"\\]|\\.)*\"|-?[0-9]|true\s|false\s|null\s)'".replace('\\"', '"')
    return f"CASE WHEN regexp_matches({sql}, {readable}) THEN {refusal(_FAULT, f'substring({sql}, 1, 60)')} ELSE nullif({path}, {path}) END"


def _scalar(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].type.name == "unknown" or values[1].sql.startswith("CAST(NULL"):
        return derived("CAST(NULL AS VARCHAR)", VARCHAR, values)
    j = source.sql
    where = path.sql if path is not None else f"el_json_path({values[1].sql})"
    broken = _broken(path, source, j) if path is not None else _broken_anywhere(where, j)
    if source.type == JSON:
        return derived(f"el_json_text({j}, {where})", VARCHAR, values)
    return derived(f"(CASE WHEN json_valid({j}) THEN el_json_text({_valid(source)}, {where}) ELSE {broken} END)", VARCHAR, values)


def _valid(source: Value) -> str:
    """A literal that is no JSON must not reach a function DuckDB computes before the query runs."""
    return (
        f"(CASE WHEN json_valid({source.sql}) THEN {source.sql} END)"
        if source.literal is not None or source.sql.startswith("'")
        else source.sql
    )


def _extract(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    if values[1].sql.startswith("CAST(NULL"):
        return derived("CAST(NULL AS VARCHAR)", JSON, values)
    j = source.sql
    where = path.sql if path is not None else f"el_json_path({values[1].sql})"
    found = f"el_json_part({_valid(source)}, {where})"
    if source.type == JSON:
        return derived(found, JSON, values)
    broken = _broken(path, source, j) if path is not None else _broken_anywhere(where, j)
    return derived(f"(CASE WHEN el_json_valid({j}) THEN {found} ELSE {broken} END)", JSON, values)


def _size(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    source, path = values[0], json_path(values[1], node)
    where = path.sql if path is not None else f"el_json_path({values[1].sql})"
    made = f"el_json_size({_valid(source)}, {where})"
    if source.type == JSON:
        return derived(made, BIGINT, values)
    broken = _broken(path, source, source.sql) if path is not None else _broken_anywhere(where, source.sql)
    return derived(f"(CASE WHEN el_json_valid({source.sql}) THEN {made} ELSE CAST({broken} AS BIGINT) END)", BIGINT, values)


def _contains(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    source, wanted = values
    j = _valid(source)
    element = {"varchar": "VARCHAR", "boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}[wanted.type.name]
    kinds = {"VARCHAR": "('VARCHAR')", "BOOLEAN": "('BOOLEAN')", "BIGINT": "('BIGINT', 'UBIGINT')", "DOUBLE": "('DOUBLE')"}[element]
    shown = "(x ->> '$')" if element == "VARCHAR" else f"TRY_CAST(x ->> '$' AS {element})"
    sql = (
        f"(CASE WHEN {source.sql} IS NULL OR {wanted.sql} IS NULL THEN NULL WHEN json_valid({source.sql}) THEN CASE WHEN json_type({j}) = 'ARRAY' THEN "
        f"len(list_filter(CAST(json_extract({j}, '$[*]') AS JSON[]), lambda x: json_type(x) IN {kinds} AND {shown} = {wanted.sql})) > 0 END END)"
    )
    return derived(sql, BOOLEAN, values)


def _format(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(canonical(values[0].sql), VARCHAR)


def _of_valid(sql: str, kind: Type) -> Builder:
    """A function whose first argument is JSON or NULL."""

    def build(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
        made = sql.replace("{0}", _valid(values[0]) if "parse" not in sql else values[0].sql)
        return derived(made.replace("{1}", values[-1].sql), kind, values)

    return build


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
    F("json_parse", "varchar -> json", "el_json_parse({0})"),
    F("json_format", "json -> varchar", _format),
    *_both("is_json_scalar", "{0} -> boolean", _of_valid("(json_type(el_json_parse({0})) NOT IN ('OBJECT', 'ARRAY'))", BOOLEAN)),
]

SYNTACTIC: dict[str, Syntactic] = {}
