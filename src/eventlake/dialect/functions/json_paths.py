"""The paths of json_extract and its kin, `$.a["b c"][0]`: checked as Trino does, written as DuckDB reads them.

https://trino.io/docs/current/functions/json.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventlake.dialect.binding import InvalidArgumentError, Value
from eventlake.dialect.sql import Sql, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position

_STEP = re.compile(r"""\.(?P<name>[\w:]+)|\[(?P<bare>\w+)\]|\["(?P<key>(?:[^"\\]|\\[\\"])*)"\]""")


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the root, each a key of an object, or an index of an array if it is a number."""

    steps: tuple[str, ...]

    def odd(self, begin: int) -> int | None:
        """Return the place, from `begin` on, of a step that is an index of an array in another spelling than an index has, such as `01`."""
        return next(
            (at for at, step in enumerate(self.steps) if at >= begin and re.fullmatch(r"[+-]?\d+", step) and step != str(int(step))), None
        )

    def respelt(self, place: int) -> Path:
        """Return the path with the index at this place spelt as an index is."""
        return Path((*self.steps[:place], str(int(self.steps[place])), *self.steps[place + 1 :]))

    def until(self, place: int) -> Path:
        """Return the path to where the step at this place begins."""
        return Path(self.steps[:place])

    @property
    def sql(self) -> Sql:
        """Write the path as a literal for DuckDB: a JSON pointer, https://datatracker.ietf.org/doc/html/rfc6901, whose numbers mean both too."""
        return text("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps))


def json_path(value: Value, node: exp.Expr) -> Path | None:
    """Read the old path of a literal; None if it stands in a column. Raises QuerySyntaxError where Trino finds it invalid."""
    if value.type.name == "unknown":
        return None
    if not isinstance(value.literal, str):
        return None
    return Path(_steps(value.literal, node))


def _steps(written: str, node: exp.Expr) -> tuple[str, ...]:
    steps: list[str] = []
    begins, at = written[:1] == "$", 1
    while begins and at < len(written):
        match = _STEP.match(written, at)
        if match is None:
            begins = False
            break
        steps.append(match["name"] or match["bare"] or re.sub(r"\\(.)", r"\1", match["key"] or ""))
        at = match.end()
    if not begins:
        raise InvalidArgumentError(f"'{written}' is no JSON path{position(node)}: write $.name, $[\"any name\"] or $[0].")
    return tuple(steps)
