"""The type that a CAST names: its node in the tree -> `types.Type`."""

from __future__ import annotations

from eventlake.dialect.binding import mistyped, refused
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import JSON, REAL, Type, array, decimal, mapping, row, timestamp

_SIMPLE = {
    **{
        name: Type(name)
        for name in ("boolean", "tinyint", "smallint", "integer", "bigint", "double", "date", "varbinary", "uuid", "ipaddress")
    },
    "int": Type("integer"),
    "real": REAL,
    "json": JSON,
}

_INSTEAD = {
    "string": "varchar",
    "text": "varchar",
    "float": "real or double",
    "numeric": "decimal",
    "number": "decimal",
    "bool": "boolean",
    "long": "bigint",
    "int8": "bigint",
    "int64": "bigint",
    "int4": "integer",
    "int32": "integer",
    "datetime": "timestamp",
    "binary": "varbinary",
    "struct": "row",
}
"""Types of other dialects, and Athena's."""

_UNANSWERED = frozenset(
    [
        "unknown",
        "color",
        "hyperloglog",
        "p4hyperloglog",
        "qdigest",
        "tdigest",
        "setdigest",
        "geometry",
        "sphericalgeography",
        "bingtile",
        "function",
        "char",
    ]
)
"""Types of Athena that no value has here."""


def datatype(node: exp.DataType) -> Type:
    """Return the Trino type of a node. Raises QueryError for what is no type of Athena, or none of ours."""
    name = str(node.this)
    numbers = [int(part.name) for part in node.expressions if isinstance(part, exp.DataTypeParam)]
    if name in _SIMPLE and not node.expressions:
        return _SIMPLE[name]
    if name in {"timestamp", "timestamp with time zone"}:
        digits = numbers[0] if numbers else 3
        if digits > 6:
            raise refused(f"A timestamp with {digits} digits of a second", node, "use at most 6")
        return timestamp(digits, zoned=name != "timestamp")
    if name == "time":
        return Type("time", numbers=(min(numbers[0], 6) if numbers else 3,))
    if name == "decimal":
        precision, scale = (*numbers, 0)[:2] if numbers else (38, 0)
        if precision > 38 or scale > precision:
            raise mistyped(f"decimal({precision},{scale}) is not a type of Athena", node)
        return decimal(precision, scale)
    if name in {"varchar", "char"}:
        return Type(name, numbers=tuple(numbers) if numbers or name == "varchar" else (1,))
    return _nested(name, node)


def _nested(name: str, node: exp.DataType) -> Type:
    kinds = [part for part in node.expressions if isinstance(part, exp.DataType)]
    if name == "array" and len(kinds) == len(node.expressions) == 1:
        return array(datatype(kinds[0]))
    if name == "map" and len(kinds) == len(node.expressions) == 2:
        return mapping(datatype(kinds[0]), datatype(kinds[1]))
    if name == "row":
        return row(*(_field(part) for part in node.expressions))
    if name in _UNANSWERED or name.startswith(("interval", "time ")):
        raise refused(f"The type {name}", node)
    if name in _INSTEAD:
        raise mistyped(f"{name} is not a type of Athena: write {_INSTEAD[name]}", node)
    raise mistyped(f"{name} is not a type of Athena", node)


def _field(node: exp.Expr) -> tuple[str | None, Type]:
    if isinstance(node, exp.ColumnDef):
        return node.name if node.this.args.get("quoted") else node.name.lower(), datatype(node.args["kind"])
    assert isinstance(node, exp.DataType)
    return None, datatype(node)
