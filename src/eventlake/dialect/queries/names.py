"""Names: a column, a parameter of a lambda, a field of a row."""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Reading, Value, mistyped, refused, unknown
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.listings import UNKNOWN_OF_OBJECTS, refuse_modified_time
from eventlake.dialect.sql import emit, shut, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import by_keys, canonical
from eventlake.dialect.types.type import EACH
from eventlake.dialect.types.zones import each_zoned, instant, zone_label
from eventlake.errors import NameNotFoundError


def column(parts: Parts, node: exp.Expr) -> Value:
    """Return what a name with or without dots means. Raises QueryError."""
    if isinstance(node.this, exp.Star):
        raise mistyped("A star stands where one value is wanted", node)
    return named_value(parts, node.names if isinstance(node, exp.Column) else [node.name.lower()], node)


def named_value(parts: Parts, names: list[str], node: exp.Expr) -> Value:
    """Find what a name with dots means: a lambda's parameter, an alias where it counts, a column or a field of a row."""
    context = parts.context
    if names[0] in context.lambdas:
        return _fields(context.lambdas[names[0]], names[1:], node)
    if len(names) == 1 and names[0] in context.aliases:
        return _own_column(parts, names[0], node)
    found = context.scope.find(names)
    if found is None:
        if names[-1] == UNKNOWN_OF_OBJECTS:
            refuse_modified_time(node)
        shown = ".".join(part.name for part in node.parts) if isinstance(node, exp.Column) else node.name
        missing = unknown("column", shown, context.scope.names(), node)
        raise NameNotFoundError(f"{missing} A text is written in single quotes.") if _is_quoted(node) else missing
    column, rest, owner = found
    outer, value = owner is not context.scope, column.value
    context.scope.read[id(node)] = Reading(owner, value.sql, value.type, not rest)
    if outer:
        value = value._replace(columns=frozenset(), aggregate=False, window=False)
    elif context.grouped is not None and value.sql in context.grouped:
        value = key_of_group(value) if rest and not context.inside_aggregate else value.reading(frozenset())
    elif not context.inside_aggregate:
        value = column.read
    return _fields(value, rest, node) if rest else value


def _own_column(parts: Parts, name: str, node: exp.Expr) -> Value:
    """Return the SELECT's own column that ORDER BY names."""
    value = parts.context.aliases[name]
    if not value.sql:
        raise mistyped(f'"{name}" names two columns of the SELECT', node)
    if parts.context.sealed:
        raise mistyped(f'"{name}" is a column of the SELECT, which an aggregate in ORDER BY cannot take: write it with its table', node)
    return value


def _fields(value: Value, names: Sequence[str], node: exp.Expr) -> Value:
    for name in names:
        value = row_field(value, name, node)
    return value


def _is_quoted(node: exp.Expr) -> bool:
    """Tell whether a name is one word in double quotes, as other databases take for a text."""
    return isinstance(node, exp.Column) and len(node.parts) == 1 and bool(node.parts[0].args.get("quoted"))


def dotted(parts: Parts, node: exp.Expr) -> Value:
    """Return the field behind the dot of a value that is no name."""
    if not isinstance(node.expression, exp.Identifier):
        raise refused("This use of a dot", node)
    return row_field(parts.value(node.this), node.expression.name.lower(), node)


def row_field(value: Value, name: str, node: exp.Expr) -> Value:
    """Take the field of that name. Raises QueryError if the value is no row or has none."""
    if value.type.name != "row":
        raise mistyped(f"{value.type} has no fields, so not .{name}", node)
    known = [(stored, kind) for stored, kind in value.type.fields() if stored.lower() == name and stored]
    if not known or name not in [(given or "").lower() for given in value.type.names]:
        raise unknown("field", name, [given for given in value.type.names if given], node)
    if [(given or "").lower() for given in value.type.names].count(name) > 1:
        raise mistyped(f'"{name}" could be any of several fields of the row', node)
    return value.become(emit("struct_extract({}, {})", value.sql, text(known[0][0])), known[0][1])


def key_of_group(value: Value) -> Value:
    """Return a key of GROUP BY as its group has it: of moments that are equal in other zones, one of the zones stands for all.

    A json is grouped by its text in Trino, see `distinguished`.
    """
    value = value.reading(frozenset())
    if value.type.name == "json":
        return value.become(canonical(value), value.type)._replace(json="normal")
    if value.type.name == "map":
        return value.become(by_keys(value), value.type)
    if value.type.zone != EACH:
        return value
    return each_zoned(instant(value), shut("any_value({})", zone_label(value)), value.type, (value,))
