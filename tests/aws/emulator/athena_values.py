"""Trino's values and columns as Athena's API prints them: `{owner=AWS, n=null}`, `[1, 2]`, `1.0E10`.

https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

PRECISION = {"varchar": 2147483647, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "double": 17, "real": 17, "timestamp": 3}
PLAIN_FROM, PLAIN_BELOW = 1e-3, 1e7
"""Java prints floating point numbers of this size without an exponent."""


def column_info(column: dict[str, Any]) -> dict[str, Any]:
    """A column of Trino's protocol as a ColumnInfo."""
    signature = column["typeSignature"]
    kind, numbers = signature["rawType"], [argument["value"] for argument in signature["arguments"] if argument["kind"] == "LONG"]
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column["name"],
        "Label": column["name"],
        "Type": "float" if kind == "real" else kind,
        "Precision": numbers[0] if kind in ("decimal", "char", "varchar") and numbers else PRECISION.get(kind, 0),
        "Scale": numbers[1] if kind == "decimal" else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind == "varchar",
    }


def row(values: list[Any], columns: list[dict[str, Any]]) -> list[str | None]:
    """A row as Athena prints it; NULL is None."""
    signatures = [column["typeSignature"] for column in columns]
    return [None if value is None else text(value, signature) for value, signature in zip(values, signatures, strict=True)]


def text(value: Any, signature: dict[str, Any]) -> str:
    """A value of a type; NULL inside another value is `null`."""
    kind, arguments = signature["rawType"], [argument["value"] for argument in signature["arguments"]]
    if value is None:
        return "null"
    if kind == "row":
        return "{" + ", ".join(f"{name}={text(each, inner)}" for (name, inner), each in zip(fields(arguments), value, strict=True)) + "}"
    if kind == "array":
        return "[" + ", ".join(text(each, arguments[0]) for each in value) + "]"
    if kind == "map":
        return "{" + ", ".join(f"{key}={text(each, arguments[1])}" for key, each in value.items()) + "}"
    if kind == "varbinary":
        return base64.b64decode(value).hex(" ")
    if kind == "boolean":
        return str(value).lower()
    if kind in ("double", "real") and not isinstance(value, str):
        return floating(float(value))
    return str(value)


def fields(arguments: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """(name, type) of each field of a row; those without a name are counted."""
    names = [(argument.get("fieldName") or {}).get("name", f"field{number}") for number, argument in enumerate(arguments)]
    return [(name, argument["typeSignature"]) for name, argument in zip(names, arguments, strict=True)]


def floating(value: float) -> str:
    """A number as Java prints it."""
    if value == 0 or PLAIN_FROM <= abs(value) < PLAIN_BELOW:
        return str(value)
    sign, numbers, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, numbers))
    return f"{'-' * sign}{digits[0]}.{digits[1:] or '0'}E{len(digits) + int(exponent) - 1}"
