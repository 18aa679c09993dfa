"""CAST from and to json: https://trino.io/docs/current/functions/json.html#cast-from-json"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.types.moments import moment_text
from eventlake.dialect.types.type import Type, quoted, text


def json_to(j: str, kind: Type, node: exp.Expr | None) -> str:
    """SQL of `CAST(j AS kind)` where j is the text of a json; JSON null becomes NULL."""
    if kind.name == "json":
        return j
    if kind.name in _SCALARS:
        return _once(j, lambda item: _scalar(item, kind))
    if kind.name == "array":
        inner = json_to("CAST(el_j AS VARCHAR)", kind.args[0], node)
        return _if_type(j, kind, ARRAY=f"list_transform(json_extract({j}, '$[*]'), lambda el_j: {inner})")
    if kind.name == "map" and kind.args[0].name == "varchar":
        inner = json_to("CAST(el_e.value AS VARCHAR)", kind.args[1], node)
        inner = f"coalesce({inner}, 'null')" if kind.args[1].name == "json" else inner
        entries = f"map_entries(CAST(CAST({j} AS JSON) AS MAP(VARCHAR, JSON)))"
        entries = f"list_sort({entries})" if "el_json_parse(" in j else entries
        return _if_type(j, kind, OBJECT=f"map_from_entries(list_transform({entries}, lambda el_e: row(el_e.key, {inner})))")
    if kind.name == "row":
        return _row(j, kind, node)
    raise (mistyped if kind.name in {"date", "timestamp"} else refused)(f"A cast from json to {kind}", node)


def _scalar(j: str, kind: Type) -> str:
    if kind.name == "varchar" and kind.numbers:
        return f"el_fitting({_TEXT.format(j=j)}, {kind.numbers[0]})"
    return _SCALARS[kind.name].format(j=j, type=kind.duckdb)


def _once(j: str, made: Callable[[str], str]) -> str:
    """SQL over j that computes it once, although macros name it often."""
    simple = "(" not in j.removeprefix("CAST(")
    return made(j) if simple else f"list_transform([{j}], lambda el_v: {made('el_v')})[1]"


def _if_type(j: str, kind: Type, **made: str) -> str:
    """SQL that goes by the type of the JSON; null is NULL, any other type fails."""
    ways = " ".join(f"WHEN '{name}' THEN {sql}" for name, sql in made.items())
    return f"(CASE coalesce(json_type({j}), 'NULL') {ways} WHEN 'NULL' THEN NULL ELSE {_fail(j, kind)} END)"


def _fail(j: str, kind: Type) -> str:
    return failure(f"This JSON is no {kind}: ", f"substring({j}, 1, 60)")


def _row(j: str, kind: Type, node: exp.Expr | None) -> str:
    """SQL that names j once: a field may be a row itself, and each would name it as often as it has fields."""
    by_name, by_place = [], []
    for index, (name, part) in enumerate(kind.fields()):
        place = text(f"$[{index}]")
        by_place.append(f"{quoted(name)} := {json_to(f'CAST(json_extract(el_r, {place}) AS VARCHAR)', part, node)}")
        key = f"list_filter(json_keys(el_r), lambda el_k: lower(el_k) = {text(name.lower())})[1]"
        place = "'$.\"' || " + key + " || '\"'"
        by_name.append(f"{quoted(name)} := {json_to(f'CAST(json_extract(el_r, {place}) AS VARCHAR)', part, node)}")
    wrong = _fail("el_r", kind)
    placed = f"CASE WHEN json_array_length(el_r) <> {len(by_place)} THEN {wrong} ELSE struct_pack({', '.join(by_place)}) END"
    made = _if_type("el_r", kind, OBJECT=f"struct_pack({', '.join(by_name)})", ARRAY=placed)
    return f"list_transform([coalesce({j}, 'null')], lambda el_r: {made})[1]"


_TEXT = "el_json_varchar({j})"
_WHOLE = "CAST(el_json_whole({j}) AS {type})"
_SCALARS = {
    "varchar": _TEXT,
    "bigint": _WHOLE,
    "integer": _WHOLE,
    "smallint": _WHOLE,
    "tinyint": _WHOLE,
    "double": "CAST(el_json_number({j}) AS DOUBLE)",
    "real": "CAST(el_json_number({j}) AS FLOAT)",
    "boolean": "el_json_boolean({j})",
    "decimal": "CAST(el_json_number_text({j}) AS {type})",
}


def canonical(j: str) -> str:
    """SQL of a json's text as Trino has it: json_parse sorts keys, json_extract does not, and a column may come from either."""
    if j.startswith("'"):
        return j
    if "el_json_parse(" in j:
        return _once(j, lambda text: f"el_json_normal(el_json_sorted({text}))")
    if "el_json_part(" in j:
        return f"el_json_normal({j})"
    return j if "(" in j else f"el_json_unsure({j})"


def to_json(value: Value, node: exp.Expr | None) -> str:
    """SQL of `CAST(value AS JSON)`: its text."""
    return f"(CASE WHEN {value.sql} IS NULL THEN NULL ELSE {_json(value.sql, value.type, node)} END)"


def _json(sql: str, kind: Type, node: exp.Expr | None) -> str:
    if kind.is_integer or kind.name == "boolean":
        return f"CAST({sql} AS VARCHAR)"
    if kind.name in {"varchar"}:
        return f"CAST(to_json({sql}) AS VARCHAR)"
    if kind.name == "decimal":
        return f"el_json_decimal(CAST({sql} AS VARCHAR))"
    if kind.name in {"double", "real"}:
        return f"el_json_double({sql})"
    if kind.name == "date":
        return f"('\"' || CAST({sql} AS VARCHAR) || '\"')"
    if kind.name == "timestamp":
        return f"('\"' || {moment_text(sql, kind.numbers[0])} || '\"')"
    if kind.name == "json":
        return sql
    if kind.name == "unknown":
        return "'null'"
    if kind.name == "array":
        return f"('[' || array_to_string(list_transform({sql}, lambda el_x: {_or_null('el_x', kind.args[0], node)}), ',') || ']')"
    if kind.name == "map" and kind.args[0].name in {"varchar", "bigint", "integer", "boolean"}:
        pair = f"CAST(to_json(CAST(el_e.key AS VARCHAR)) AS VARCHAR) || ':' || {_or_null('el_e.value', kind.args[1], node)}"
        return f"('{{' || array_to_string(list_transform(list_sort(map_entries({sql})), lambda el_e: {pair}), ',') || '}}')"
    if kind.name == "row":
        parts = [
            f"CAST(to_json({text(given or '')}) AS VARCHAR) || ':' || {_or_null(f'struct_extract({sql}, {text(name)})', part, node)}"
            for (name, part), given in zip(kind.fields(), kind.names, strict=True)
        ]
        return "('{' || " + " || ',' || ".join(parts) + " || '}')"
    raise refused(f"A cast from {kind} to json", node)


def _or_null(sql: str, kind: Type, node: exp.Expr | None) -> str:
    return f"CASE WHEN {sql} IS NULL THEN 'null' ELSE {_json(sql, kind, node)} END"
