"""Maps: https://trino.io/docs/current/functions/map.html"""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.functions.lambdas import require_arguments
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.type import BIGINT, JSON, UNKNOWN, VARCHAR, Type, array, mapping, row
from eventlake.dialect.types.zones import as_instants


def _map(parts: Parts, node: exp.Expr) -> Value:
    if not node.expressions:
        return Value(emit("MAP {{}}"), mapping(UNKNOWN, UNKNOWN))
    require_arguments(node, "map", 2)
    keys, values = (parts.value(argument) for argument in node.expressions)
    if keys.type.name != "array" or values.type.name != "array":
        raise mistyped("map() wants an array of keys and an array of values", node)
    keys = as_instants(keys)
    return derived(emit("el_map({}, {})", keys.sql, values.sql), mapping(keys.type.args[0], values.type.args[0]), (keys, values))


def _from_entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    entries = values[0]
    if entries.is_null and entries.type.name != "array":
        return Value(emit("NULL"), mapping(UNKNOWN, UNKNOWN), is_null=True)
    entries, pair = _pairs(entries, "map_from_entries", node)
    first, second = (name for name, _ in pair.fields())
    made = [emit("list_transform({}, lambda el_e: struct_extract(el_e, {}))", entries, text(name)) for name in (first, second)]
    return entries.become(emit("el_map({}, {})", made[0], made[1]), mapping(*pair.args))


def _multimap_from_entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    entries = values[0]
    if entries.is_null and entries.type.name != "array":
        return Value(emit("NULL"), mapping(UNKNOWN, array(UNKNOWN)), is_null=True)
    entries, pair = _pairs(entries, "multimap_from_entries", node)
    key, item = (emit("struct_extract(el_e, {})", text(name)) for name, _ in pair.fields())
    pairs = emit("list_transform({}, lambda el_e: {{'k': {}, 'v': {}}})", entries.sql, key, item)
    return entries.become(emit("el_pairs_to_multimap(el_keyed({}))", pairs), mapping(pair.args[0], array(pair.args[1])))


def _pairs(entries: Value, name: str, node: exp.Expr) -> tuple[Value, Type]:
    """Return the entries and the type of one; nothing is known of those that are bare NULLs, or none. Raises QuerySyntaxError."""
    pair = entries.type.args[0] if entries.type.name == "array" else UNKNOWN
    if entries.type.name == "array" and pair == UNKNOWN:
        pair = row((None, UNKNOWN), (None, UNKNOWN))
        return coerce(entries, array(pair)), pair
    if pair.name != "row" or len(pair.args) != 2:
        raise mistyped(f"{name}() wants an array of rows of a key and a value", node)
    return entries, pair


def _entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    kind = row((None, values[0].type.args[0]), (None, values[0].type.args[1]))
    return values[0].become(
        emit("list_transform(map_entries({}), lambda el_e: struct_pack(field0 := (el_e).key, field1 := (el_e).value))", values[0].sql),
        array(kind),
    )


def _keys(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Make the keys of a map; of a JSON text that is read as one, which most ask for, those of the text where no map is needed for them."""
    keys, parsed = emit("map_keys({})", values[0]), _parsed_object(values[0].type, node)
    if parsed is not None and (read := parts.value(parsed)).literal is None:
        keys = once(read.sql, lambda sql: emit(_OF_TEXT, sql, keys))
    return values[0].become(keys, array(values[0].type.args[0]))


_OF_TEXT = (
    "list_transform([CASE WHEN NOT starts_with({0}, '{{') THEN NULL WHEN NOT json_valid({0}) THEN NULL WHEN el_json_maybe_loose({0}) THEN NULL "
    "ELSE json_keys(CASE WHEN json_valid({0}) THEN {0} END) END], lambda el_k: CASE WHEN list_unique(el_k) = len(el_k) THEN el_k ELSE {1} END)[1]"
)
"""The keys of a JSON text, in their order; whatever is no object, may be no JSON to Trino, or has a key twice, is read as a map."""


def _parsed_object(kind: Type, node: exp.Expr) -> exp.Expr | None:
    """Return the text of `map_keys(cast(json_parse(text) as map(varchar, json)))`."""
    argument = node.expressions[0]
    if type(argument) is not exp.Cast or kind != mapping(VARCHAR, JSON) or argument.args.get("literal"):
        return None
    call = argument.this
    is_call = isinstance(call, exp.Anonymous) and str(call.this).lower() == "json_parse" and len(call.expressions) == 1
    return call.expressions[0] if is_call else None


def _histogram(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    kind = mapping(values[0].type.args[0], BIGINT)
    return values[0].become(emit("el_array_histogram({})", values[0].sql), kind)


def _concat_maps(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Make one map, in which the last of equal keys counts; the entries of the last map stand first."""
    if len(values) == 1:
        return values[0].become(
            emit("(CASE WHEN {} IS NOT NULL THEN {} END)", values[0], failure("map_concat wants two maps or more")), values[0].type
        )
    missing = joined(" OR ", (emit("{} IS NULL", value.sql) for value in values))
    whole = values[0].sql
    for value in values[1:]:
        whole = emit("el_map_concat({}, {})", whole, value)
    return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", missing, whole), values[0].type, values)


FUNCTIONS = [
    F("cardinality", "map(K,V) -> bigint", "CAST(cardinality({0}) AS BIGINT)"),
    F("element_at", "map(K,V), K -> V", "el_map_element({0}, {1})"),
    F("array_histogram", "array(T) -> map(T,bigint)", _histogram),
    F("multimap_from_entries", "array(T) -> T", _multimap_from_entries),
    F("map_keys", "map(K,V) -> array(K)", _keys),
    F("map_values", "map(K,V) -> array(V)", "map_values({0})"),
    F("map_entries", "map(K,V) -> array(K)", _entries),
    F("map_from_entries", "array(T) -> T", _from_entries),
    F("map_concat", "map(K,V)... -> map(K,V)", _concat_maps),
]

SYNTACTIC: dict[str, Syntactic] = {"map": _map}
