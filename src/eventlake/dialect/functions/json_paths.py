"""The paths of json_extract and its kin, `$.a["b c"][0]`: checked as Trino does, written as DuckDB reads them.

https://trino.io/docs/current/functions/json.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventlake.dialect.binding import Value, refused
from eventlake.dialect.sql import Sql, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.errors import QuerySyntaxError

_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|\[\"(?P<key>(?:[^\"\\]|\\.)*)\"\]|\[(?P<bare>[A-Za-z_]\w*)\]", re.ASCII)


class InvalidPathError(QuerySyntaxError):
    """A path that Trino finds invalid when it calls the function, so that TRY makes NULL of it."""


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the root: a name is a key, a number an index."""

    steps: tuple[str | int, ...]

    @property
    def sql(self) -> Sql:
        """The path as a literal for DuckDB."""
        return path_sql(self.steps)


def path_sql(steps: tuple[str | int, ...]) -> Sql:
    """A literal of DuckDB's own path language."""
    made = "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in steps)
    return text("$" + made)


def json_path(value: Value, node: exp.Expr) -> Path | None:
    """The old path of a literal; None if it stands in a column. Raises QuerySyntaxError where Trino finds it invalid."""
    if value.type.name == "unknown":
        return None
    if not isinstance(value.literal, str):
        return None
    return Path(_steps(value.literal, node))


def _steps(written: str, node: exp.Expr) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    begins, rest, at = written[:1] == "$", written[1:], 0
    while begins and at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            begins = False
            break
        groups = match.groupdict()
        key = groups.get("name") or groups.get("bare") or groups.get("key")
        steps.append(int(groups["index"]) if groups["index"] is not None else re.sub(r"\\(.)", r"\1", key or ""))
        if key and ('"' in steps[-1] if isinstance(steps[-1], str) else False):
            raise refused(f"A quote in the path '{written}'", node)
        at = match.end()
    if not begins:
        raise InvalidPathError(f"'{written}' is no JSON path{position(node)}: write $.name, $[\"any name\"] or $[0].")
    return tuple(steps)
