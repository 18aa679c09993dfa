"""CAST from and to json: https://trino.io/docs/current/functions/json.html#cast-from-json"""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.failures import failure, lasting_failure
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.moments import moment_text
from eventlake.dialect.types.type import JSON, Type


def json_to(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    """Make SQL of `CAST(value AS kind)` where the value is a json, as its text; JSON null becomes NULL."""
    j = value.sql
    if kind.name == "json":
        return j
    if kind.name in _SCALARS:
        return once(j, lambda item: _scalar(item, kind))
    if kind.name == "array":
        inner = json_to(_part("CAST(el_j AS VARCHAR)"), kind.args[0], node)
        items = emit("CAST(json_extract({}, '$[*]') AS JSON[])", j)  # DuckDB has no list, if it knows beforehand that there is none
        return _if_type(j, kind, ARRAY=emit("list_transform({}, lambda el_j: {})", items, inner))
    if kind.name == "map" and kind.args[0].name == "varchar":
        inner = json_to(_part("CAST((el_e).value AS VARCHAR)"), kind.args[1], node)
        inner = emit("coalesce({}, 'null')", inner) if kind.args[1].name == "json" else inner
        entries = emit("map_entries(CAST(CAST({} AS JSON) AS MAP(VARCHAR, JSON)))", j)
        entries = emit("list_sort({})", entries) if value.json == "parsed" else entries
        return _if_type(j, kind, OBJECT=emit("map_from_entries(list_transform({}, lambda el_e: row((el_e).key, {})))", entries, inner))
    if kind.name == "row":
        return _row(j, kind, node)
    raise (mistyped if kind.name in {"date", "timestamp"} else refused)(f"A cast from json to {kind}", node)


def _part(words: str) -> Value:
    """Return the json that stands in a variable of a lambda of ours."""
    return Value(ours(words), JSON)


def _scalar(j: Sql, kind: Type) -> Sql:
    if kind.name == "varchar" and kind.numbers:
        wrong = lasting_failure(f"A JSON text does not fit into {kind}")  # an error of Trino's own, which TRY_CAST does not hide
        return once(
            emit(_TEXT, j=j), lambda made: emit("(CASE WHEN length({0}) > {1} THEN {2} ELSE {0} END)", made, kind.numbers[0], wrong)
        )
    return emit(_SCALARS[kind.name], j=j, type=kind.duckdb)


def once(part: Sql, made: Callable[[Sql], Sql]) -> Sql:
    """Make SQL over a piece that computes it once, although macros name it often."""
    return made(part) if part.simple else emit("list_transform([{}], lambda el_v: {})[1]", part, made(ours("el_v")))


def _if_type(j: Sql, kind: Type, **made: Sql) -> Sql:
    """Make SQL that goes by the type of the JSON; null is NULL, any other type fails."""
    ways = joined(" ", (emit("WHEN {} THEN {}", text(name), way) for name, way in made.items()))
    return emit("(CASE coalesce(json_type({}), 'NULL') {} WHEN 'NULL' THEN NULL ELSE {} END)", j, ways, _fail(j, kind))


def _fail(j: Sql, kind: Type) -> Sql:
    return failure(f"This JSON is no {kind}: ", emit("substring({}, 1, 60)", j))


def _row(j: Sql, kind: Type, node: exp.Expr | None) -> Sql:
    """Make SQL that names j once: a field may be a row itself, and each would name it as often as it has fields."""
    by_name, by_place = [], []
    for index, ((name, part), given) in enumerate(zip(kind.fields(), kind.names, strict=True)):
        by_place.append(emit("{} := {}", quoted(name), json_to(_field(text(f"$[{index}]")), part, node)))
        by_name.append(emit("{} := {}", quoted(name), json_to(_named(given or name), part, node)))
    wrong = _fail(ours("el_r"), kind)
    placed = emit("CASE WHEN json_array_length(el_r) <> {} THEN {} ELSE struct_pack({}) END", len(by_place), wrong, joined(", ", by_place))
    named = emit("struct_pack({})", joined(", ", by_name)) if None not in kind.names else wrong
    made = _if_type(ours("el_r"), kind, OBJECT=named, ARRAY=placed)
    return emit("list_transform([coalesce({}, 'null')], lambda el_r: {})[1]", j, made)


def _named(name: str) -> Value:
    """Return the field of an object by its key, which Trino takes in small letters: a name with a capital, in quotes, finds none."""
    if name != name.lower():
        return Value(emit("CAST(NULL AS VARCHAR)"), JSON)
    keys = emit("list_filter(json_keys(el_r), lambda el_k: lower(el_k) = {})", text(name))
    several = failure(f"This JSON has several fields {name}: ", ours("substring(el_r, 1, 60)"))
    key = emit("list_transform([{}], lambda el_k: CASE WHEN len(el_k) > 1 THEN {} ELSE el_k[1] END)[1]", keys, several)
    return _field(emit("""'$."' || {} || '"'""", key))


def _field(path: Sql) -> Value:
    return Value(emit("CAST(json_extract(el_r, {}) AS VARCHAR)", path), JSON)


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


def canonical(value: Value) -> Sql:
    """Make SQL of a json's text as Trino has it: json_parse sorts keys, json_extract does not, and a column may come from either."""
    if value.json in {"normal", "text"}:
        return value.sql
    if value.json == "parsed":
        return once(value.sql, lambda text: emit("el_json_normal(el_json_sorted({}))", text))
    if value.json == "part":
        return emit("el_json_normal({})", value.sql)
    return once(value.sql, lambda text: emit("el_json_unsure({})", text))


def written_json(value: Value, depth: int = 0) -> Value:
    """Return the value with each json in it as Trino writes it, if json_parse made it."""
    kind, item = value.type, ours(f"el_w{depth}")
    if value.json != "parsed" or not kind.holds("json"):
        return value
    if kind.name == "json":
        return value.become(canonical(value), kind)
    if kind.name == "array":
        inner = written_json(Value(item, kind.args[0], json="parsed"), depth + 1)
        return value.become(emit("list_transform({}, lambda {}: {})", value, item, inner), kind)
    if kind.name == "map":
        inner = written_json(Value(emit("({}).value", item), kind.args[1], json="parsed"), depth + 1)
        entry = emit("struct_pack(key := ({}).key, value := {})", item, inner)
        return value.become(emit("map_from_entries(list_transform(map_entries({}), lambda {}: {}))", value, item, entry), kind)
    return value.become(once(value.sql, lambda row: _written_row(row, kind, depth)), kind)


def _written_row(row: Sql, kind: Type, depth: int) -> Sql:
    fields = (
        emit("{} := {}", quoted(name), written_json(Value(emit("struct_extract({}, {})", row, text(name)), part, json="parsed"), depth + 1))
        for name, part in kind.fields()
    )
    return emit("(CASE WHEN {} IS NULL THEN NULL ELSE struct_pack({}) END)", row, joined(", ", fields))


def distinguished(value: Value, what: str, node: exp.Expr) -> Value:
    """Return the value so that DuckDB tells apart what Trino does: a json as its text in Trino.

    Raises QueryRefusedError for what holds json or maps in it.
    """
    if value.type.name == "json":
        return value.become(canonical(value), JSON)._replace(json="normal")
    if value.type.name == "map" and not any(part.holds("json") or part.holds("map") for part in value.type.args):
        return value.become(by_keys(value), value.type)
    require_one_form(value.type, what, node)
    return value


def by_keys(value: Value) -> Sql:
    """Make SQL of a map with its entries in the order of their keys."""
    return emit("map_from_entries(list_sort(map_entries({})))", value)


def require_one_form(kind: Type, what: str, node: exp.Expr) -> None:
    """Raise QueryRefusedError where equal values may be held in several forms, which DuckDB would take for different ones.

    A json keeps the order of its keys and the digits of its numbers, a map the order of its entries.
    """
    if kind.holds("json") or kind.holds("map"):
        raise refused(f"{what} of {kind}", node, "take json_format(...) of a json, or the parts of it that matter")


def require_no_json(kind: Type, what: str, node: exp.Expr) -> None:
    """Refuse to compare what holds json, whose text may differ where it is equal. Raises QueryRefusedError."""
    if kind.holds("json"):
        raise refused(f"{what} of {kind}", node, "take json_format(...) of a json, or the parts of it that matter")


def require_keys(kind: Type, node: exp.Expr) -> None:
    """Refuse a map by json, whose keys DuckDB would tell apart by their text. Raises QueryRefusedError."""
    if kind.name == "map":
        require_one_form(kind.args[0], "A map by keys", node)
    for part in kind.args:
        require_keys(part, node)


def to_json(value: Value, node: exp.Expr | None) -> Sql:
    """Write `CAST(value AS JSON)`: its text."""
    return emit("(CASE WHEN {} IS NULL THEN NULL ELSE {} END)", value.sql, _json(value.sql, value.type, node))


def _json(sql: Sql, kind: Type, node: exp.Expr | None) -> Sql:
    if kind.is_integer or kind.name == "boolean":
        return emit("CAST({} AS VARCHAR)", sql)
    if kind.name in {"varchar"}:
        return emit("el_json_quoted({})", sql)
    if kind.name == "decimal":
        return emit("el_json_decimal(CAST({} AS VARCHAR))", sql)
    if kind.name in {"double", "real"}:
        return emit("el_json_double({})", sql)
    if kind.name == "date":
        return emit("('\"' || CAST({} AS VARCHAR) || '\"')", sql)
    if kind.name == "timestamp":
        return emit("('\"' || {} || '\"')", moment_text(sql, kind.numbers[0]))
    if kind.name == "json":
        return sql
    if kind.name == "unknown":
        return ours("'null'")
    if kind.name == "array":
        return emit(
            "('[' || array_to_string(list_transform({}, lambda el_x: {}), ',') || ']')", sql, _or_null(ours("el_x"), kind.args[0], node)
        )
    if kind.name == "map" and kind.args[0].name in {"varchar", "bigint", "integer", "boolean"}:
        pair = emit("el_json_quoted(CAST((el_e).key AS VARCHAR)) || ':' || {}", _or_null(ours("(el_e).value"), kind.args[1], node))
        return emit("('{{' || array_to_string(list_transform(list_sort(map_entries({})), lambda el_e: {}), ',') || '}}')", sql, pair)
    if kind.name == "row":
        parts = [
            emit(
                "el_json_quoted({}) || ':' || {}",
                text(given or ""),
                _or_null(emit("struct_extract({}, {})", sql, text(name)), part, node),
            )
            for (name, part), given in zip(kind.fields(), kind.names, strict=True)
        ]
        return emit("('{{' || {} || '}}')", joined(" || ',' || ", parts))
    raise refused(f"A cast from {kind} to json", node)


def _or_null(sql: Sql, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CASE WHEN {} IS NULL THEN 'null' ELSE {} END", sql, _json(sql, kind, node))
