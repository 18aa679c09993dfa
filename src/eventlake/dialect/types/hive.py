"""Athena's types as its DDL spells them: `string` for varchar, `struct<owner:string>` for a row.

https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

from eventlake.dialect.types.type import Type

_SPELT = {"varchar": "string", "varbinary": "binary", "integer": "int", "real": "float"}


def hive_type(kind: Type) -> str:
    """Return how DESCRIBE and SHOW CREATE TABLE spell a type."""
    if kind.name == "row":
        return f"struct<{','.join(f'{name}:{hive_type(part)}' for name, part in kind.fields())}>"
    if kind.args:
        return f"{kind.name}<{','.join(map(hive_type, kind.args))}>"
    if kind.name in {"decimal", "char"}:
        return f"{kind.name}({','.join(map(str, kind.numbers))})"
    return _SPELT.get(kind.name, kind.name)
