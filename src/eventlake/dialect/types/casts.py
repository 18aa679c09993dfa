"""CAST, TRY_CAST and the coercions Trino makes by itself, as SQL of DuckDB.

Trino's rules: https://trino.io/docs/current/functions/conversion.html
"""

from __future__ import annotations

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import json_to, to_json
from eventlake.dialect.types.scalar_casts import SCALARS, text_to_zoned, to_precision
from eventlake.dialect.types.type import EACH, Type, in_zones_of
from eventlake.dialect.types.zones import held_as, instant, moved, once_held


def coerce(value: Value, kind: Type) -> Value:
    """Return the value as the wider type that Trino gives it by itself."""
    if value.type is kind or value.type == kind:
        return held_as(value, kind)
    if value.type.name == kind.name == "varchar":
        return value._replace(type=kind)
    if value.type.name == kind.name == "timestamp":
        return value.become(value.sql, kind)
    if value.type.is_unknown and not value.type.args:
        return typed_null(value, kind)
    if value.type.name == "timestamptz" and kind.name == "timestamptz":
        return held_as(moved(instant(value), value, kind, (value,)), kind)
    if kind.name == "timestamptz":
        return held_as(value.become(emit("CAST({} AS TIMESTAMP)", value.sql), kind.at("UTC")), kind)
    if value.type.args and (EACH in (*value.type.zones, *kind.zones) or value.type.holds("row")):  # DuckDB finds the fields of rows by name
        return held_as(cast(value, kind), kind)
    if kind.name == "char":
        if (
            value.type.name == "varchar" and not value.type.numbers
        ):  # Trino knows the length of many a text that is computed, and pads to it
            raise refused(f"A char beside a text of any length, as {kind}", None, "cast the char to varchar")
        return value.become(emit("rpad({}, {}, ' ')", value.sql, kind.numbers[0]), kind)
    widened = value.become(emit("CAST({} AS {})", value.sql, kind.duckdb), kind)
    return widened._replace(literal=value.literal) if isinstance(value.literal, int) and kind.is_integer else widened


def typed_null(value: Value, kind: Type) -> Value:
    """Give a value of unknown type, which can only be NULL, a type."""
    return value.become(emit("CAST({} AS {})", value.sql, kind.duckdb), kind)._replace(is_null=value.is_null)


def cast(value: Value, kind: Type, node: exp.Expr | None = None) -> Value:
    """Return `CAST(value AS kind)`; fails on the data that Trino fails on. Raises QueryError for what Trino or we do not cast."""
    source = value.type
    if source == kind and not kind.is_unknown:
        return value
    kind = in_zones_of(kind, source)
    if source.name == "unknown":
        return typed_null(value, kind)
    if source.zone == EACH and value.clock is None and not value.sql.simple:
        return once_held(value, lambda moment: cast(moment, kind, node))
    rule = _RULES.get((_family(source), _family(kind)))
    if rule is None:
        if _family(source) in _IMPOSSIBLE.get(_family(kind), ()):
            raise mistyped(f"{source} cannot be cast to {kind}", node)
        raise refused(f"A cast from {source} to {kind}", node)
    if source.name == "timestamptz" and kind.name == "timestamptz":
        return moved(to_precision(instant(value), source, kind), value, kind, (value,))
    if kind.zone == EACH:
        return text_to_zoned(value, kind)
    made = value.become(rule(value, kind, node), kind)
    return made._replace(json="normal") if kind.name == "json" and not source.holds("json") else made


_IMPOSSIBLE = {
    "integer": (
        "moment",
        "date",
        "zoned",
        "array",
        "map",
        "row",
        "interval day",
        "interval month",
        "varbinary",
        "time",
        "uuid",
        "ipaddress",
    ),
    "double": ("moment", "date", "zoned", "array", "map", "row", "interval day", "interval month", "varbinary", "time"),
    "decimal": ("moment", "date", "zoned", "array", "map", "row", "interval day", "interval month", "varbinary", "time"),
    "boolean": ("moment", "date", "zoned", "array", "map", "row", "interval day", "interval month", "varbinary", "time"),
    "date": ("integer", "double", "decimal", "boolean", "array", "map", "row", "interval day", "interval month", "varbinary", "time"),
    "moment": ("integer", "double", "decimal", "boolean", "array", "map", "row", "interval day", "interval month", "varbinary"),
    "zoned": ("integer", "double", "decimal", "boolean", "array", "map", "row", "interval day", "interval month", "varbinary"),
    "varchar": ("array", "map", "row"),
    "array": ("varchar", "integer", "double", "decimal", "boolean", "date", "moment", "zoned", "map", "row"),
    "map": ("varchar", "integer", "double", "decimal", "boolean", "date", "moment", "zoned", "array", "row"),
    "row": ("varchar", "integer", "double", "decimal", "boolean", "date", "moment", "zoned", "array", "map"),
}


def _family(kind: Type) -> str:
    if kind.is_integer:
        return "integer"
    return {
        "real": "real",
        "timestamp": "moment",
        "timestamptz": "zoned",
        "char": "char",
    }.get(kind.name, kind.name)


def _nested(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    item = Value(ours("el_x"), value.type.args[0])
    element = cast(item, kind.args[0], node)
    return value.sql if element.sql == item.sql else emit("list_transform({}, lambda el_x: {})", value.sql, element.sql)


def _map_to_map(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    key = cast(Value(emit("(el_x).key"), value.type.args[0]), kind.args[0], node)
    item = cast(Value(emit("(el_x).value"), value.type.args[1]), kind.args[1], node)
    return emit("map_from_entries(list_transform(map_entries({}), lambda el_x: row({}, {})))", value.sql, key.sql, item.sql)


def _row_to_row(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    if len(value.type.args) != len(kind.args):
        raise mistyped(f"{value.type} has another number of fields than {kind}", node)
    parts = [
        cast(Value(emit("struct_extract({}, {})", value.sql, text(name)), source), target, node).sql
        for (name, source), target in zip(value.type.fields(), kind.args, strict=True)
    ]
    made = emit(
        "struct_pack({})",
        joined(", ", (emit("{} := {}", quoted(name), part) for (name, _), part in zip(kind.fields(), parts, strict=True))),
    )
    return emit("CASE WHEN {} IS NULL THEN NULL ELSE {} END", value.sql, made)


def _json_to(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return json_to(value, kind, node)


def _to_json(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return to_json(value, node)


_RULES = {
    **SCALARS,
    ("array", "array"): _nested,
    ("map", "map"): _map_to_map,
    ("row", "row"): _row_to_row,
    **{
        ("json", target): _json_to
        for target in ("integer", "double", "real", "decimal", "boolean", "varchar", "date", "moment", "array", "map", "row")
    },
    **{
        (source, "json"): _to_json
        for source in ("integer", "double", "real", "decimal", "boolean", "varchar", "date", "moment", "array", "map", "row")
    },
}
