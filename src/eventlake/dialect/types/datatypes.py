"""The type that a CAST names: sqlglot's tree -> `types.Type`."""

from __future__ import annotations

from sqlglot import exp

from eventlake.dialect.binding import mistyped, refused
from eventlake.dialect.types.type import JSON, REAL, Type, array, decimal, mapping, row, timestamp

_D = exp.DataType.Type
_SIMPLE = {
    _D.BOOLEAN: Type("boolean"),
    _D.TINYINT: Type("tinyint"),
    _D.SMALLINT: Type("smallint"),
    _D.INT: Type("integer"),
    _D.BIGINT: Type("bigint"),
    _D.DOUBLE: Type("double"),
    _D.FLOAT: REAL,
    _D.DATE: Type("date"),
    _D.JSON: JSON,
    _D.VARBINARY: Type("varbinary"),
    _D.UUID: Type("uuid"),
    _D.IPADDRESS: Type("ipaddress"),
}


def datatype(node: exp.DataType) -> Type:
    """The Trino type of sqlglot's node. Raises QueryError for what is no type of Athena, or none of ours."""
    numbers = [int(part.name) for part in node.expressions if isinstance(part, exp.DataTypeParam) and part.name.isdigit()]
    if node.this in _SIMPLE and not node.expressions:
        return _SIMPLE[node.this]
    if node.this == _D.TIMESTAMP or node.this == _D.TIMESTAMPTZ:
        digits = numbers[0] if numbers else 3
        if digits > 6:
            raise refused(f"A timestamp with {digits} digits of a second", node, "use at most 6")
        return timestamp(digits, zoned=node.this == _D.TIMESTAMPTZ)
    if node.this == _D.TIME:
        return Type("time", numbers=(min(numbers[0], 6) if numbers else 3,))
    if node.this == _D.DECIMAL:
        precision, scale = (*numbers, 0)[:2] if numbers else (38, 0)
        if precision > 38 or scale > precision:
            raise mistyped(f"decimal({precision},{scale}) is not a type of Athena", node)
        return decimal(precision, scale)
    if node.this in {_D.VARCHAR, _D.CHAR}:
        name = "varchar" if node.this == _D.VARCHAR else "char"
        return Type(name, numbers=tuple(numbers) if numbers or name == "varchar" else (1,))
    return _nested(node)


def _nested(node: exp.DataType) -> Type:
    if node.this == _D.ARRAY and len(node.expressions) == 1:
        return array(datatype(node.expressions[0]))
    if node.this == _D.MAP and len(node.expressions) == 2:
        return mapping(datatype(node.expressions[0]), datatype(node.expressions[1]))
    if node.this == _D.STRUCT and node.expressions:
        return row(*(_field(part) for part in node.expressions))
    raise refused(f"The type {node.sql(dialect='trino')}", node)


def _field(node: exp.Expr) -> tuple[str | None, Type]:
    if isinstance(node, exp.ColumnDef) and isinstance(node.args.get("kind"), exp.DataType):
        return node.name.lower(), datatype(node.args["kind"])
    if isinstance(node, exp.DataType):
        return None, datatype(node)
    raise refused("This field of a row", node)
