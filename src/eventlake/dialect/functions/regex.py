"""Regular expressions: Java's syntax as Trino reads it, on DuckDB's RE2: https://trino.io/docs/current/functions/regexp.html

A literal pattern is read into a tree and written anew for RE2, one in a column is checked when it is met: what RE2 cannot say is refused by
name. Where only some texts make a difference (a line feed at the end, letters outside ASCII), those texts are refused.
"""

from __future__ import annotations

import re

from eventlake.dialect.binding import InvalidArgumentError, Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.lambdas import lambda_value
from eventlake.dialect.functions.regex_pattern import Pattern
from eventlake.dialect.functions.regex_plans import AFTER, BEFORE
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.type import BIGINT, BOOLEAN, INTEGER, VARCHAR, Type, array


def _like(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made, s = Pattern(values[1], node, "whether"), values[0]
    found = made.where(emit("regexp_matches({}, {})", s, made.on(s)), s, ours("false"))
    return derived(made.guarded(found, s), BOOLEAN, values)


def _extract(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node, "first")
    group, s, p = made.group(values), values[0].sql, made.on(values[0])
    taken = joined(" || ", [emit("regexp_extract({}, {}, {})", s, p, place) for place in made.places(group)])
    if made.takes_letters(group):
        found = emit("nullif({}, '')", taken)
    else:
        found = emit("(CASE WHEN regexp_matches({}, {}) THEN {} END)", s, p, made.participating(taken, group))
    return derived(made.guarded(made.where(found, values[0], ours("NULL")), values[0]), VARCHAR, values)


def _all(value: Value, made: Pattern, group: int = 0) -> Sql:
    """Make SQL of every match, or of a group of every match."""
    spots = made.spots(value)
    if spots is not None:
        made.place(group)
        return emit("list_transform({}, lambda el_i: '')", spots)
    return emit("regexp_extract_all({}, {}, {})", value, made.on(value), made.place(group))


def _extract_all(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    group = made.group(values)
    whole = ours("el_m")
    found, item = _all(values[0], made, group), made.participating(whole, group)
    if item is not whole:
        found = emit("list_transform({}, lambda el_m: {})", found, item)
    return derived(made.guarded(made.where(found, values[0], ours("[]")), values[0]), array(VARCHAR), values)


def _count(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    found = made.where(emit("CAST(len({}) AS BIGINT)", _all(values[0], made)), values[0], ours("0"))
    return derived(made.guarded(found, values[0]), BIGINT, values)


def _split(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made, s = Pattern(values[1], node), values[0]
    spots = made.spots(s)
    if spots is not None:
        return derived(made.guarded(emit("el_split_at({}, {})", s, spots), s), array(VARCHAR), values)
    made.require_bare("regexp_split()")
    if not made.is_literal:
        pieces = emit("el_split_anywhere({}, {})", s, made.on(s))
    elif not made.may_be_empty:
        pieces = emit("string_split_regex({}, {})", s, made.on(s))
    elif made.is_anchored:
        pieces = emit("el_split_once({}, {})", s, made.on(s))
    elif made.has_context:
        raise refused(f"A pattern with ^, $ or \\b that may match nothing, '{made.given}', in regexp_split()", node)
    else:
        pieces = emit("el_split_everywhere({}, {})", s, _all(s, made))
    return derived(made.guarded(pieces, s), array(VARCHAR), values)


def _position(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made, s = Pattern(values[1], node), values[0]
    if not made.spots(s):
        made.require_bare("regexp_position()")
    start, occurrence = (value.literal for value in (*values[2:], *[Value(emit("1"), BIGINT, literal=1)] * (4 - len(values))))
    if not isinstance(start, int) or not isinstance(occurrence, int) or start > 1000:
        raise refused("regexp_position() with a start or occurrence that is not a literal, or beyond 1,000", node)
    if start < 1 or occurrence < 1:
        raise InvalidArgumentError(f"The start and the occurrence of regexp_position() are 1 or more{position(node)}.")
    if spots := made.spots(s):
        sought = emit("list_filter({}, lambda el_i: el_i >= {})[{}]", spots, start, occurrence)
        position_of = emit("CAST(CASE WHEN {} IS NULL THEN NULL ELSE coalesce({}, -1) END AS INTEGER)", s, sought)
        return derived(made.guarded(position_of, s), INTEGER, values)
    if occurrence > 1:
        return derived(made.guarded(_later_position(made, s, start, occurrence), s), INTEGER, values)
    skipped = f".{{{start - 1}}}" if start > 1 else ""
    before = emit("{} || {} || ')'", text(f"^(?s:{skipped}(.*?))(?:"), made.on(s))
    found = emit("{} + length(regexp_extract({}, {}, 1))", start, s, before)
    matches = emit("length({0}) >= {1} AND regexp_matches({0}, {2})", s, start, before)
    missing = emit("{} IS NULL OR {} IS NULL", s, made.on(s))
    sql = emit("CAST(CASE WHEN {} THEN NULL WHEN {} THEN {} ELSE -1 END AS INTEGER)", missing, matches, found)
    return derived(made.guarded(sql, s), INTEGER, values)


def _later_position(made: Pattern, s: Value, start: int, occurrence: int) -> Sql:
    """Make SQL of where the second or a later match begins."""
    if not made.is_literal or (made.has_context and (start > 1 or made.may_be_empty)):
        raise refused("regexp_position() of a later occurrence with this pattern", made.node)
    rest = Value(emit("substring({}, {})", s, start) if start > 1 else s.sql, VARCHAR)
    split = ("el_split_everywhere({}, {})", _all(rest, made)) if made.may_be_empty else ("string_split_regex({}, {})", made.sql)
    return emit("el_match_position({}, {}, {}, {})", emit(split[0], rest, split[1]), _all(rest, made), occurrence, start)


# replacing


def _replace(parts: Parts, node: exp.Expr) -> Value:
    values = [parts.value(argument) for argument in node.expressions[:2]]
    if len(node.expressions) not in {2, 3} or any(value.type.name not in {"varchar", "unknown"} for value in values):
        raise mistyped("regexp_replace() takes text, a pattern and a replacement", node)
    try:
        return _replacing(parts, values, node)
    except InvalidArgumentError as error:
        if parts.context.outside is None:
            raise
        return derived(failure(str(error).rstrip(".")), VARCHAR, values)


def _replacing(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    if values[0].type.name == "unknown" and not isinstance(node.expressions[-1], exp.Lambda):
        return derived(emit("CAST(NULL AS VARCHAR)"), VARCHAR, values)
    made, s = Pattern(values[1], node), values[0]
    template: list[str | int] = []
    if len(node.expressions) == 3 and isinstance(node.expressions[2], exp.Lambda):
        return _replaced_by_lambda(parts, made, s, node)
    if len(node.expressions) == 3:
        third = parts.value(node.expressions[2])
        if third.type.name == "unknown":
            return derived(emit("CAST(NULL AS VARCHAR)"), VARCHAR, [*values, third])
        if third.type.name != "varchar" or not isinstance(third.literal, str) or not made.is_literal:
            raise refused("regexp_replace() with a pattern or a replacement that is not a literal", node)
        template, fault = _template(third.literal, made)
        if fault:
            spots = made.spots(s)
            matches = emit("len({}) > 0", spots) if spots else emit("regexp_matches({}, {})", s, made.on(s))
            wrong = emit("(CASE WHEN {1} THEN {2} ELSE {0} END)", s, matches, failure(fault))
            return derived(made.guarded(made.where(wrong, s, s.sql), s), VARCHAR, values)
    return derived(made.guarded(made.where(_replaced(made, s, template), s, s.sql), s), VARCHAR, values)


def _replaced(made: Pattern, s: Value, template: list[str | int]) -> Sql:
    if made.is_literal and (not made.may_be_empty or made.is_anchored or made.is_one_place):
        before, after = (made.groups.get(number, []) for number in (BEFORE, AFTER))
        middle = [place for part in template for place in (made.places(part) if isinstance(part, int) else [part])]
        written = [*before, *middle, *after]
        if any(isinstance(part, int) and part > 9 for part in written):
            raise refused("A replacement with more than nine groups", made.node)
        replacement = "".join(f"\\{part}" if isinstance(part, int) else part.replace("\\", r"\\") for part in written)
        return emit("regexp_replace({}, {}, {}, 'g')", s, made.on(s), text(replacement))
    spots = made.spots(s)
    if spots is not None and not any(isinstance(part, int) and part for part in template):
        between = text("".join(part for part in template if isinstance(part, str)))
        return emit("array_to_string(el_split_at({}, {}), {})", s, spots, between)
    made.require_bare("regexp_replace()")
    if made.is_literal and made.has_context:
        raise refused(f"A pattern with ^, $ or \\b that may match nothing, '{made.given}', in regexp_replace()", made.node)
    if not made.is_literal:
        return emit("array_to_string(el_split_anywhere({}, {}), '')", s, made.on(s))
    pieces = [text(part) if isinstance(part, str) else emit("coalesce({}[el_i], '')", _all(s, made, part)) for part in template]
    after_it = emit("el_split_everywhere({}, {})[el_i + 1]", s, _all(s, made))
    whole = emit("list_transform({}, lambda el_m, el_i: {})", _all(s, made), joined(" || ", [*pieces, after_it]))
    return emit("array_to_string({}, '')", whole)


def _replaced_by_lambda(parts: Parts, made: Pattern, s: Value, node: exp.Expr) -> Value:
    """Make the value of `regexp_replace(s, pattern, x -> ...)`: x holds the groups of each match, and NULL leaves the match out."""
    if not made.is_literal or (made.may_be_empty and (made.has_context or not made.given)):
        raise refused("regexp_replace() with a lambda and a pattern that stands in a column, or may match nothing at ^, $ or \\b", node)
    made.require_bare("regexp_replace() with a lambda")
    count = made.tree.count
    row = ours(f"el_p{parts.context.depth}")
    body = lambda_value(parts, node.expressions[2], [array(VARCHAR)], [row])
    if body.type.name != "varchar":
        raise mistyped(f"The lambda of regexp_replace() gives a varchar, not {body.type}: cast it", node)
    groups = [emit("el_g[{}]", place + 1) for place in range(count)]
    taken = [made.participating(piece, number) for number, piece in enumerate(groups, 1)]
    lists = joined(", ", [_all(s, made, number) for number in range(1, count + 1)] or [_all(s, made)])
    hits = (
        emit("list_transform(list_zip({}), lambda el_g: [{}])", lists, joined(", ", taken))
        if count
        else emit("list_transform({}, lambda el_g: CAST([] AS VARCHAR[]))", lists)
    )
    replacements = emit("list_transform({}, lambda {}: {})", hits, row, body)
    split = emit("el_split_everywhere({}, {})", s, _all(s, made)) if made.may_be_empty else emit("string_split_regex({}, {})", s, made.sql)
    return derived(made.guarded(emit("el_interleaved({}, {})", split, replacements), s), VARCHAR, (s, body))


def _template(written: str, made: Pattern) -> tuple[list[str | int], str]:
    """Read Java's replacement into its parts, groups by their number, and say what is wrong with it if a match meets it."""
    count = made.tree.count if made.given else 0
    names = made.tree.names if made.given else {}
    parts: list[str | int] = []
    at = 0
    while at < len(written):
        reference = re.match(r"\$(?:(\d+)|\{(\w+)\})", written[at:])
        if written[at] == "\\":
            if at + 1 == len(written):
                return parts, "The replacement of regexp_replace ends with a backslash"
            parts.append(written[at + 1])
            at += 2
        elif written[at] == "$":
            if reference is None or (reference[2] and reference[2] not in names):
                return parts, "The replacement of regexp_replace names no group of its pattern"
            number, size = (names[reference[2]], len(reference[0])) if reference[2] else _numbered(reference[1], count)
            if number > count:
                return parts, f"The pattern of regexp_replace has no group {number}"
            parts.append(number)
            at += size
        else:
            parts.append(written[at])
            at += 1
    return parts, ""


def _numbered(digits: str, count: int) -> tuple[int, int]:
    """Return the group that `$12` names, the first or the twelfth, and the length of its name."""
    number, size = int(digits), len(digits) + 1
    while number > count and number > 9:
        number, size = number // 10, size - 1
    return number, size


def _ways(name: str, build: Builder, kind: Type, more: int = 0, number: str = "bigint") -> list[F]:
    """List the ways to call a function of a text, a pattern and up to so many numbers."""
    return [F(name, f"varchar, varchar{f', {number}' * count} -> {kind}", build) for count in range(more + 1)]


FUNCTIONS = [
    *_ways("regexp_like", _like, BOOLEAN),
    *_ways("regexp_extract", _extract, VARCHAR, more=1),
    *_ways("regexp_extract_all", _extract_all, array(VARCHAR), more=1),
    *_ways("regexp_count", _count, BIGINT),
    *_ways("regexp_split", _split, array(VARCHAR)),
    *_ways("regexp_position", _position, INTEGER, more=2, number="integer"),
]

SYNTACTIC: dict[str, Syntactic] = {"regexp_replace": _replace}
