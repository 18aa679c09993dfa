"""`||` and concat() of arrays: two arrays, or an array and one more element on either side.

Trino has these three ways and takes the one that fits: https://trino.io/docs/current/functions/array.html#array-concatenation-operator
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.dialect.binding import InvalidArgumentError, Value, derived, mistyped, refused
from eventlake.dialect.sql import Sql, emit
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.type import UNKNOWN, Type, array, coercible, common


def concatenated(left: Value, right: Value, node: exp.Expr) -> Value:
    """Return two values joined, at least one of them an array. Raises QuerySyntaxError where Trino finds no way or several."""
    kinds = _chosen(left.type, right.type)
    if kinds is None:
        raise mistyped(f"|| cannot join {left.type} and {right.type}", node)
    a, b = coerce(left, kinds[0]), coerce(right, kinds[1])
    whole = kinds[0] if _depth(kinds[0]) >= _depth(kinds[1]) else kinds[1]
    return derived(_joined(a, b, whole), whole, (left, right))


def joined_with_null(left: Value, right: Value, node: exp.Expr) -> Value:
    """Return a value joined with a NULL that has no type, which Trino takes for an array of such values where nothing else fits.

    Raises QuerySyntaxError where several ways fit, QueryRefusedError for a text of which it is not known here whether its length has a bound.
    """
    known = right if left.type.name == "unknown" else left
    if known.type.name in {"unknown", "varbinary", "char"}:
        raise mistyped(f"|| of {left.type} and {right.type} is ambiguous: cast NULL", node)
    if known.type.name == "varchar" and not known.type.numbers:
        raise refused("A text joined with a bare NULL", node, "cast the NULL to varchar")
    kind = array(known.type)
    return derived(emit("CAST(NULL AS {})", kind.duckdb), kind, (known,))


def joined_chars(left: Value, right: Value, node: exp.Expr) -> Value:
    """Return two texts joined of which one at least is a char: a char as long as both."""
    if not {left.type.name, right.type.name} <= {"char", "varchar"}:
        raise mistyped(f"|| cannot join {left.type} and {right.type}: cast both to varchar", node)
    if not (left.type.numbers and right.type.numbers):
        raise refused("A char joined with a text of any length", node, "cast the char to varchar")
    a, b = (coerce(value, Type("char", numbers=value.type.numbers)) for value in (left, right))
    return derived(emit("({} || {})", a, b), Type("char", numbers=(a.type.numbers[0] + b.type.numbers[0],)), (left, right))


def all_concatenated(values: Sequence[Value], node: exp.Expr) -> Value:
    """Return the arrays of a concat(); two arguments may be an array and an element."""
    if len(values) < 2:
        raise InvalidArgumentError(f"concat() takes two or more arguments{position(node)}.")
    if len(values) == 2:
        return concatenated(values[0], values[1], node)
    kind = UNKNOWN
    for value in values:
        both = common(kind, value.type)
        if both is None or value.type.name not in {"array", "unknown"}:
            raise mistyped(f"concat() joins arrays of one type, not {kind} and {value.type}", node)
        kind = both
    made = coerce(values[0], kind)
    for value in values[1:]:
        made = derived(_joined(made, coerce(value, kind), kind), kind, (made, value))
    return made


def _chosen(left: Type, right: Type) -> tuple[Type, Type] | None:
    """Return what both sides are coerced to: the way without a coercion, or the only one with. Raises QuerySyntaxError for several."""
    if left.name == "unknown" and right.name == "unknown":
        return None
    ways = list(_ways(left, right))
    if (left, right) in ways:
        return left, right
    if len(ways) > 1:
        raise mistyped(f"|| of {left} and {right} could join two arrays or an array and an element: cast NULL and empty arrays")
    return ways[0] if ways else None


def _ways(left: Type, right: Type) -> Iterator[tuple[Type, Type]]:
    """Yield what two sides may be coerced to: arrays, an array and an element, an element and an array."""
    both = common(left, right)
    if both is not None and both.name == "array":
        yield both, both
    for whole, item in ((left, right), (right, left)):
        element = common(whole.args[0] if whole.name == "array" else UNKNOWN, item)
        if whole.name in {"array", "unknown"} and element is not None and coercible(item, element):
            yield (array(element), element) if whole is left else (element, array(element))


def _depth(kind: Type) -> int:
    return 1 + _depth(kind.args[0]) if kind.name == "array" else 0


def _joined(left: Value, right: Value, whole: Type) -> Sql:
    """Make SQL that is NULL if either side is, an element too."""
    return emit("({} || {})", _side(left, whole), _side(right, whole))


def _side(side: Value, whole: Type) -> Sql:
    """Make SQL of a side as an array: an element becomes an array of one, a NULL none at all."""
    if side.type == whole:
        return side.sql
    return once(side.sql, lambda item: emit("(CASE WHEN {0} IS NOT NULL THEN [{0}] END)", item))
