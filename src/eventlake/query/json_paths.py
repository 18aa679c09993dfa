"""JSON paths: Trino's, checked and written as DuckDB reads them.

Two languages: the old path of json_extract (`$.a["b c"][0]`) and SQL's of json_value, json_query and json_exists (`lax $.a[0]`).
https://trino.io/docs/current/functions/json.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from eventlake.query.binding import Value, mistyped, refused
from eventlake.query.types import text

_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|\[\"(?P<key>(?:[^\"\\]|\\.)*)\"\]|\[(?P<bare>[A-Za-z_]\w*)\]", re.ASCII)
_SQL_STEP = re.compile(r"\s*\.\s*(?P<name>[A-Za-z_]\w*)(?!\s*\()|\s*\.\s*\"(?P<key>[^\"\\]*)\"|\s*\[\s*(?P<index>\d+)\s*\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the root: a name is a key, a number an index. mode: `lax` or `strict` of SQL's paths."""

    steps: tuple[str | int, ...]
    mode: str = ""

    @property
    def sql(self) -> str:
        """The path as a literal for DuckDB."""
        return path_sql(self.steps)


def path_sql(steps: tuple[str | int, ...]) -> str:
    """A literal of DuckDB's own path language."""
    made = "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in steps)
    return text("$" + made)


def json_path(value: Value, node: exp.Expr) -> Path | None:
    """The old path of a literal; None if it stands in a column. Raises QuerySyntaxError where Trino finds it invalid."""
    if value.type.name == "unknown":
        return None
    if not isinstance(value.literal, str):
        return None
    return Path(_steps(value.literal, value.literal[:1] == "$", _STEP, value.literal[1:], node))


def sql_path(written: str, node: exp.Expr) -> Path:
    """The path behind `lax` or `strict`. Raises QueryRefusedError for wildcards, filters and methods."""
    match = re.fullmatch(r"\s*(lax|strict)\s+\$(.*)", written, re.DOTALL)
    if match is None:
        raise mistyped(f"'{written}' is no path: begin it with lax $ or strict $", node)
    try:
        return Path(_steps(written, True, _SQL_STEP, match[2].rstrip(), node), match[1])
    except Exception as error:
        raise refused(f"The path '{written}'", node, "keys and numbered elements are known") from error


def _steps(written: str, begins: bool, step: re.Pattern[str], rest: str, node: exp.Expr) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    at = 0
    while begins and at < len(rest):
        match = step.match(rest, at)
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
        raise mistyped(f"'{written}' is no JSON path: write $.name, $[\"any name\"] or $[0]", node)
    return tuple(steps)
