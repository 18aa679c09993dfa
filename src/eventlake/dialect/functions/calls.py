"""Athena's functions: who they are is data, one line each; how a call finds its line is here.

A line is a name, a signature and a template of DuckDB's SQL, or a builder where a template is not enough. A function without a line does
not exist: it is refused with the nearest name, never passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from types import ModuleType

from eventlake.dialect.binding import InvalidArgumentError, Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions import (
    arrays,
    binary,
    dates,
    dates_read,
    dates_written,
    formats,
    json,
    lambdas,
    maps,
    numbers,
    regex,
    sql_json,
    text,
)
from eventlake.dialect.functions.elsewhere import ELSEWHERE
from eventlake.dialect.functions.function import Builder, Function, Syntactic
from eventlake.dialect.functions.refusals import PARTIAL, REFUSED
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.aggregation import aggregate
from eventlake.dialect.queries.windows import WINDOWS
from eventlake.dialect.sql import emit, joined
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.json_casts import require_one_form
from eventlake.dialect.types.spelling import parse_type
from eventlake.dialect.types.type import DATE, EACH, UNKNOWN, Type, coercible, common, instants
from eventlake.dialect.types.zones import once_held
from eventlake.errors import NameNotFoundError
from eventlake.naming import nearest

TABLES: tuple[ModuleType, ...] = (
    text,
    formats,
    numbers,
    dates,
    dates_written,
    dates_read,
    json,
    sql_json,
    arrays,
    maps,
    lambdas,
    regex,
    binary,
)
"""The modules of the functions, in the order of the page that lists them; each has `FUNCTIONS` and `SYNTACTIC`."""

SYNTACTIC: dict[str, Syntactic] = {name: build for table in TABLES for name, build in table.SYNTACTIC.items()}
"""Functions whose arguments are no plain values: TRY, IF's kin, lambdas, TRIM, JSON_VALUE, LISTAGG."""


@cache
def functions() -> dict[str, list[Function]]:
    """Collect every scalar function by name, from the tables."""
    known: dict[str, list[Function]] = {}
    for table in TABLES:
        for function in table.FUNCTIONS:
            known.setdefault(function.name, []).append(function)
    return known


_AMBIGUOUS_NULL = {
    "json_extract_scalar": {0},
    "substr": {0},
    "reverse": {0},
    "date_trunc": {1},
    "date_add": {2},
    "lpad": {0, 2},
    "rpad": {0, 2},
    "sequence": {0, 1},
}
"""Functions that Trino cannot choose a way of when all these arguments are bare NULLs."""

_NULL_OF_NULL = frozenset(
    (
        *("regexp_like", "regexp_extract", "regexp_extract_all", "regexp_count", "regexp_split", "regexp_position"),
        *("date_format", "date_parse", "format_datetime", "parse_datetime", "from_unixtime"),
    )
)
"""Functions that give NULL for a bare NULL whatever the other arguments are, an invalid pattern too."""


def known_names() -> list[str]:
    """Return every name that a call may have."""
    return sorted({*functions(), *SYNTACTIC, *AGGREGATES, *WINDOWS})


def _hint(name: str) -> str:
    """Return what leads from a name that is not there to one that is, or nothing."""
    other = ELSEWHERE.get(name)
    return f" It has {other}()." if other else nearest(name, known_names())


def call(parts: Parts, name: str, arguments: Sequence[exp.Expr], node: exp.Expr) -> Value:
    """Make the value of a call. Raises NameNotFoundError, QueryRefusedError or QuerySyntaxError."""
    known = functions()
    if name in AGGREGATES:
        return aggregate(parts, name, arguments, node)
    if name in SYNTACTIC:
        return SYNTACTIC[name](parts, node)
    if name in WINDOWS:
        raise mistyped(f"{name}() wants OVER (...)", node)
    if name in REFUSED:
        raise refused(f"{name}()", node, REFUSED[name])
    if name not in known:
        raise NameNotFoundError(f"There is no function {name}(){position(node)} in Athena.{_hint(name)}")
    values = [parts.value(argument) for argument in arguments]
    places = _AMBIGUOUS_NULL.get(name)
    if places and len(values) > max(places) and all(values[place].type.name == "unknown" for place in places):
        raise mistyped(f"{name}() of a bare NULL is ambiguous: cast it", node)
    return applied(parts, name, known[name], values, node)


def _built(build: Builder, parts: Parts, given: list[Value], node: exp.Expr) -> Value:
    """Return what a builder makes of its arguments; the one moment with a zone of its own among them is computed once."""
    place = next((place for place, value in enumerate(given) if value.type.zone == EACH), None)
    if place is None:
        return build(parts, given, node)
    return once_held(given[place], lambda moment: build(parts, [*given[:place], moment, *given[place + 1 :]], node))


_CARRIERS = frozenset(
    (
        *("element_at", "slice", "reverse", "flatten", "repeat", "cardinality", "trim_array", "combinations", "ngrams", "array_join"),
        *("array_max", "array_min", "map_keys", "map_values", "map_entries", "map_from_entries", "multimap_from_entries", "map_concat"),
    )
)
"""Functions that give parts of their arguments again and compare none: timestamps in them keep each its zone."""


_COMPARING = frozenset(
    (
        *("contains", "contains_sequence", "array_position", "array_remove", "array_distinct", "array_intersect", "array_except"),
        *("array_union", "arrays_overlap", "array_histogram"),
    )
)
"""Functions that tell the elements of arrays apart."""


def _takes_moments(way: Function) -> bool:
    return "timestamptz" in way.signature.partition("->")[0]


def applied(parts: Parts, name: str, ways: Sequence[Function], values: list[Value], node: exp.Expr) -> Value:
    """Make the call by the way whose signature fits the arguments best."""
    best: tuple[int, Function, list[Type], Type] | None = None
    for way in ways:
        match = _match(way.signature, [value.type for value in values])
        if match is not None and (best is None or match[0] < best[0]):
            best = (match[0], way, match[1], match[2])
    if best is None and (name in PARTIAL or any(value.type.name == "char" for value in values)):
        raise refused(f"{name}({', '.join(str(value.type) for value in values)})", node)
    if best is None:
        shown = ", ".join(str(value.type) for value in values)
        takes = " or ".join(dict.fromkeys(f"({way.signature.partition('->')[0].strip()})" for way in ways))
        raise mistyped(f"{name}({shown}) is not in Athena: it takes {takes}", node)
    _, way, kinds, result = best
    if name not in _CARRIERS and not _takes_moments(way):
        kinds, result = [instants(kind) for kind in kinds], instants(result)
    given = [coerce(value, kind) for value, kind in zip(values, kinds, strict=True)]
    if name in _COMPARING:
        require_one_form(kinds[0], f"{name}()", node)
    if name in _NULL_OF_NULL and any(value.is_null for value in values):
        return derived(emit("CAST(NULL AS {})", result.duckdb), result, given)
    if callable(way.sql):
        try:
            return _built(way.sql, parts, given, node)
        except InvalidArgumentError as error:
            if parts.context.outside is None:
                raise
            return derived(failure(str(error).rstrip(".")), result, given)
    return derived(emit(way.sql, *given, all=joined(", ", given), type=result.duckdb), result, given)


def _match(signature: str, given: Sequence[Type]) -> tuple[int, list[Type], Type] | None:
    """Return the cost, the types to coerce the arguments to, and the result's type; None if they do not fit."""
    wanted, result, repeated = _signature(signature)
    if len(given) != len(wanted):
        if not repeated or len(given) < len(wanted) - 1:
            return None
        wanted = (*wanted[:-1], *([wanted[-1]] * (len(given) - len(wanted) + 1)))
    found: dict[str, Type] = {}
    for pattern, kind in zip(wanted, given, strict=True):
        if not _bind(pattern, kind, found):
            return None
    cost, kinds = 0, []
    for pattern, kind in zip(wanted, given, strict=True):
        target = _filled(pattern, found, kind)
        if target is None or not (target == kind or kind.name == "unknown" or coercible(kind, target)):
            return None
        cost += 0 if target.name == kind.name else 1 + _distance(kind, target)
        kinds.append(target)
    answer = _filled(result, found, UNKNOWN)
    return None if answer is None else (cost, kinds, answer)


def _distance(kind: Type, target: Type) -> int:
    order = ("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double", "date", "timestamp", "timestamptz")
    return order.index(target.name) - order.index(kind.name) if kind.name in order and target.name in order else 0


def _bind(pattern: Type, kind: Type, found: dict[str, Type]) -> bool:
    if len(pattern.name) == 1:
        if pattern.name == "n" and not (kind.is_number or kind.name == "unknown"):
            return False
        if pattern.name == "i" and not (kind.is_integer or kind.name == "unknown"):
            return False
        both = common(found.get(pattern.name, UNKNOWN), kind)
        if both is None:
            return False
        found[pattern.name] = instants(both) if pattern.name == "k" else both
        return True
    if pattern.args and kind.name == pattern.name:
        return all(_bind(a, b, found) for a, b in zip(pattern.args, kind.args, strict=True))
    return True


_FRACTIONAL = frozenset(("time", "timestamp", "timestamptz"))
"""Types that a signature takes with as many digits of a second as a value has; a char it takes of any length."""


def _filled(pattern: Type, found: dict[str, Type], kind: Type) -> Type | None:
    if len(pattern.name) == 1:
        return found.get(pattern.name, UNKNOWN)
    if pattern.name in _FRACTIONAL and pattern.numbers == (9,):
        return (
            kind
            if kind.name == pattern.name
            else Type(pattern.name, numbers=(0,) if kind == DATE else kind.numbers if kind.is_moment else (3,))
        )
    if pattern.name == "char":
        return kind if kind.name == "char" else None
    if pattern.args:
        parts = [_filled(part, found, UNKNOWN) for part in pattern.args]
        return None if None in parts else Type(pattern.name, tuple(part for part in parts if part is not None), names=pattern.names)
    return pattern


@lru_cache(maxsize=1024)
def _signature(signature: str) -> tuple[tuple[Type, ...], Type, bool]:
    left, _, right = signature.partition("->")
    repeated = "..." in left
    wanted = tuple(_pattern(part) for part in _split(left.replace("...", "")))
    return wanted, _pattern(right.strip()), repeated


def _pattern(spelling: str) -> Type:
    spelling = spelling.strip().lower()
    if len(spelling) == 1:
        return Type(spelling)
    name, bracket, inner = spelling.partition("(")
    if bracket and name in {"array", "map"}:
        return Type(name, tuple(_pattern(part) for part in _split(inner[:-1])))
    if spelling == "char":
        return Type(spelling)
    if spelling in _FRACTIONAL:
        return Type(spelling, numbers=(9,))
    if spelling.startswith("interval"):
        return Type(spelling)
    return parse_type(spelling)


def _split(text: str) -> list[str]:
    parts, depth, part = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [piece for piece in [*parts, part] if piece.strip()]
