"""Regular expressions: Java's syntax as Trino reads it, on DuckDB's RE2: https://trino.io/docs/current/functions/regexp.html

A literal pattern is checked when the query is translated, one in a column when it is met: what RE2 reads otherwise or not at all is refused by
name. Where only some texts make a difference (a line feed at the end, letters outside ASCII), those texts are refused.
"""

from __future__ import annotations

import re
import warnings

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure, refusal
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import BIGINT, BOOLEAN, INTEGER, VARCHAR, array

_REFUSED = (
    (re.compile(r"\(\?(?:[=!>]|<[=!])"), "look-ahead, look-behind or an atomic group"),
    (re.compile(r"\\[1-9]|\\k<"), "a back reference"),
    (re.compile(r"(?<!\\)(?:[*+?]|\{\d+,?\d*\})\+"), "a possessive quantifier"),
    (re.compile(r"\[[^\]]*&&"), "an intersection of character classes"),
    (re.compile(r"\\[hHvVRXGZcQEuNoOyYK]"), "an escape that RE2 reads otherwise"),
    (re.compile(r"\\p\{(?!L[ulmot]?\}|N[dlo]?\}|P[cdeifos]?\}|S[ckmo]?\}|Z[lps]?\})"), "a named class of characters"),
    (re.compile(r"\(\?[imsux-]*[xud]"), "a flag that RE2 does not have"),
)
_FOLDED = re.compile("[ßŉǰΐΰևẖ-ẞﬀ-ﬗİıſ\u212a]")
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]")
_GROUP = re.compile(rf"{_CLASS_OR_ESCAPE.pattern}|(\((?!\?)|\(\?P?<([A-Za-z]\w*)>)")


class Pattern:
    """A pattern that both read alike, but for the texts that `guarded` refuses.

    sql: RE2's pattern. written: the same as text, empty where it stands in a column.
    """

    def __init__(self, value: Value, node: exp.Expr) -> None:
        self.node = node
        self.written = ""
        self.is_literal = isinstance(value.literal, str) or value.type.name == "unknown" or value.is_null
        if isinstance(value.literal, str):
            self.written = _checked(value.literal, node)
            self.sql = text(self.written)
        else:
            self.sql = value.sql

    def on(self, value: Value) -> Sql:
        """Make SQL of the pattern for this text."""
        return self.sql if self.is_literal else emit("el_regex({}, {})", self.sql, value)

    def guarded(self, found: Sql, value: Value) -> Sql:
        """Give what was found, but refuse texts on which Java and RE2 differ."""
        checks = []
        bare = _CLASS_OR_ESCAPE.sub("", self.written)
        if "$" in bare or "(?m" in self.written:
            checks.append((emit("ends_with({}, chr(10))", value), "A pattern with $ or (?m) on text that ends with a line feed: "))
        if re.search(r"\\[bB]|\[:", self.written.replace("\\\\", "")):
            checks.append((emit("length({0}) <> strlen({0})", value), r"A pattern with \b or a named class on text outside ASCII: "))
        if re.search(r"\(\?[a-z]*i", self.written):
            checks.append((emit("el_folds({})", value), "A pattern without regard to case on such letters: "))
        whens = joined(" ", [emit("WHEN {} THEN {}", condition, refusal(what, value.sql)) for condition, what in checks])
        return emit("(CASE {} ELSE {} END)", whens, found) if checks else found

    @property
    def groups(self) -> tuple[int, list[str]]:
        """Return how many groups it has, and the names of the named ones in their order, with '' for the others."""
        found = [match[2] or "" for match in _GROUP.finditer(self.written) if match[1]]
        return len(found), found

    def group(self, values: list[Value]) -> int:
        """Return the group that the third argument names. Raises QuerySyntaxError if there is none."""
        if len(values) < 3 or values[0].is_null:  # Trino looks for a group in a match only
            return 0
        number = values[2].literal
        if not isinstance(number, int):
            raise refused("A group that is not a literal", self.node)
        if number and not self.written and not self.is_literal:
            raise refused("A group of a pattern that is not a literal", self.node)
        if self.written and not 0 <= number <= self.groups[0]:
            raise mistyped(f"The pattern has no group {number}", self.node)
        return number

    def participating(self, sql: Sql, group: int) -> Sql:
        """Make SQL of a group's text, NULL where it took no part in the match; RE2 has '' there."""
        if not group or not self._may_be_left_out:
            return sql
        if _may_be_empty(self._body(group)):
            raise refused(f"A group that need not match and may be empty, in the pattern '{self.written}'", self.node)
        return emit("nullif({}, '')", sql)

    @property
    def _may_be_left_out(self) -> bool:
        bare = _CLASS_OR_ESCAPE.sub("", self.written)
        return "|" in bare or bool(re.search(r"\)(?:[?*]|\{0)", bare))

    def _body(self, group: int) -> str:
        opens = [match for match in _GROUP.finditer(self.written) if match[1]][group - 1]
        depth, at = 1, opens.end()
        while depth:
            skipped = _CLASS_OR_ESCAPE.match(self.written, at)
            at = skipped.end() if skipped else at + 1
            depth += 0 if skipped else {"(": 1, ")": -1}.get(self.written[at - 1], 0)
        return self.written[opens.end() : at - 1]

    @property
    def may_be_empty(self) -> bool:
        """Tell whether it may match without taking a letter."""
        return _may_be_empty(self.written)

    @property
    def is_anchored(self) -> bool:
        """Tell whether it matches at the beginning of the text only."""
        return self.written.startswith("^") and "|" not in _CLASS_OR_ESCAPE.sub("", self.written) and "(?m" not in self.written

    @property
    def has_context(self) -> bool:
        """Tell whether what stands around a place decides too: ^, $ and \\b."""
        bare = re.sub(r"\\[bBzA]", "^", self.written.replace("\\\\", ""))
        return bool(re.search(r"[\^$]", _CLASS_OR_ESCAPE.sub("", bare)))


def _checked(written: str, node: exp.Expr) -> str:
    """Return RE2's pattern for a literal of Java's. Raises QuerySyntaxError if it is invalid, QueryRefusedError if RE2 cannot say it."""
    for wrong, what in _REFUSED:
        if wrong.search(written.replace("\\\\", "")):
            raise refused(f"{what[0].upper()}{what[1:]} in the pattern '{written}'", node)
    if re.search(r"\(\?[a-z]*i", written) and _FOLDED.search(written):
        raise refused(f"The pattern '{written}' without regard to case on letters that are also written as two", node)
    if re.search(r"\(\?P", _CLASS_OR_ESCAPE.sub("", written)):
        raise mistyped(f"A group is named by (?<name>...) in Athena, not as in '{written}'", node)
    try:
        _compiled(written)
    except re.error as error:
        if error.msg == "multiple repeat":  # which Java's syntax takes for one inside the other
            raise refused(f"A repetition of a repetition in the pattern '{written}'", node) from error
        raise mistyped(f"The pattern '{written}' is invalid", node) from error
    named = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", written)
    # Java's \s knows the vertical tab, RE2's does not
    return re.sub(r"(\\\\)|(\[(?:\\.|[^\]\\])*\])|\\s", lambda m: m[1] or (m[2].replace(r"\s", r"\t-\r ") if m[2] else r"[\t-\r ]"), named)


def _compiled(written: str) -> re.Pattern[str]:
    """Compile the pattern in Python's syntax, which is near enough to tell whether it is valid and may match nothing."""
    made = re.sub(r"\(\?[imsx-]+\)", "", re.sub(r"\\p\{\w+\}", "x", re.sub(r"\[:\w+:\]", "x", written)))
    made = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", made).replace(r"\z", r"\Z")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(made)


def _may_be_empty(written: str) -> bool:
    """Tell whether a pattern could match nothing, wherever it stands."""
    bare = re.sub(r"\\[bBzA]", "", written.replace("\\\\", "x"))
    try:
        return _compiled(_CLASS_OR_ESCAPE.sub("x", bare).replace("^", "").replace("$", "")).match("") is not None
    except re.error:
        return True


def _like(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    return derived(made.guarded(emit("regexp_matches({}, {})", values[0], made.on(values[0])), values[0]), BOOLEAN, values)


def _extract(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    group, s, p = made.group(values), values[0].sql, made.on(values[0])
    extracted = made.participating(emit("regexp_extract({}, {}, {})", s, p, group), group)
    found = emit("(CASE WHEN regexp_matches({}, {}) THEN {} END)", s, p, extracted)
    return derived(made.guarded(found, values[0]), VARCHAR, values)


def _all(value: Value, made: Pattern, group: int = 0) -> Sql:
    """Make SQL of every match, or of a group of every match."""
    return emit("regexp_extract_all({}, {}, {})", value, made.on(value), group)


def _extract_all(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    group = made.group(values)
    whole = ours("el_m")
    found, item = _all(values[0], made, group), made.participating(whole, group)
    if item is not whole:
        found = emit("list_transform({}, lambda el_m: {})", found, item)
    return derived(made.guarded(found, values[0]), array(VARCHAR), values)


def _count(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = Pattern(values[1], node)
    return derived(made.guarded(emit("CAST(len({}) AS BIGINT)", _all(values[0], made)), values[0]), BIGINT, values)


def _split(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made, s = Pattern(values[1], node), values[0]
    if not made.is_literal:
        pieces = emit("el_split_anywhere({}, {})", s, made.on(s))
    elif not made.may_be_empty:
        pieces = emit("string_split_regex({}, {})", s, made.on(s))
    elif made.is_anchored:
        pieces = emit("el_split_once({}, {})", s, made.on(s))
    elif made.has_context:
        raise refused(f"A pattern with ^, $ or \\b that may match nothing, '{made.written}', in regexp_split()", node)
    else:
        pieces = emit("el_split_everywhere({}, {})", s, _all(s, made))
    return derived(made.guarded(pieces, s), array(VARCHAR), values)


def _position(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made, s = Pattern(values[1], node), values[0]
    start, occurrence = (value.literal for value in (*values[2:], *[Value(emit("1"), BIGINT, literal=1)] * (4 - len(values))))
    if not isinstance(start, int) or not isinstance(occurrence, int) or start > 1000:
        raise refused("regexp_position() with a start or occurrence that is not a literal, or beyond 1,000", node)
    if start < 1 or occurrence < 1:
        raise mistyped("The start and the occurrence of regexp_position() are 1 or more", node)
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
    made, s = Pattern(values[1], node), values[0]
    template: list[str | int] = []
    if len(node.expressions) == 3 and isinstance(node.expressions[2], exp.Lambda):
        raise refused("regexp_replace() with a lambda", node)
    if len(node.expressions) == 3:
        third = parts.value(node.expressions[2])
        if third.type.name == "unknown":
            return derived(emit("CAST(NULL AS VARCHAR)"), VARCHAR, [*values, third])
        if third.type.name != "varchar" or not isinstance(third.literal, str) or not made.is_literal:
            raise refused("regexp_replace() with a pattern or a replacement that is not a literal", node)
        template, fault = _template(third.literal, made)
        if fault:
            wrong = emit("(CASE WHEN regexp_matches({0}, {1}) THEN {2} ELSE {0} END)", s, made.on(s), failure(fault))
            return derived(made.guarded(wrong, s), VARCHAR, values)
    return derived(made.guarded(_replaced(made, s, template), s), VARCHAR, values)


def _replaced(made: Pattern, s: Value, template: list[str | int]) -> Sql:
    simple = not made.may_be_empty or made.is_anchored or _is_one_assertion(made.written)
    if made.is_literal and simple:
        replacement = "".join(f"\\{part}" if isinstance(part, int) else part.replace("\\", r"\\") for part in template)
        return emit("regexp_replace({}, {}, {}, 'g')", s, made.on(s), text(replacement))
    if made.is_literal and made.has_context:
        raise refused(f"A pattern with ^, $ or \\b that may match nothing, '{made.written}', in regexp_replace()", made.node)
    if not made.is_literal:
        return emit("array_to_string(el_split_anywhere({}, {}), '')", s, made.on(s))
    pieces = [text(part) if isinstance(part, str) else emit("coalesce({}[el_i], '')", _all(s, made, part)) for part in template]
    after = emit("el_split_everywhere({}, {})[el_i + 1]", s, _all(s, made))
    whole = emit("list_transform({}, lambda el_m, el_i: {})", _all(s, made), joined(" || ", [*pieces, after]))
    return emit("array_to_string({}, '')", whole)


def _is_one_assertion(written: str) -> bool:
    return written in {"$", r"\b", "(?m)^", "(?m)$"}


def _template(written: str, made: Pattern) -> tuple[list[str | int], str]:
    """Read Java's replacement into its parts, groups by their number, and say what is wrong with it if a match meets it."""
    count, names = made.groups
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
            number, size = (names.index(reference[2]) + 1, len(reference[0])) if reference[2] else _numbered(reference[1], count)
            if number > count:
                return parts, f"The pattern of regexp_replace has no group {number}"
            if number > 9:
                raise refused("A replacement with more than nine groups", made.node)
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


FUNCTIONS = [
    F("regexp_like", "varchar, varchar -> boolean", _like),
    F("regexp_extract", "varchar, varchar -> varchar", _extract),
    F("regexp_extract", "varchar, varchar, bigint -> varchar", _extract),
    F("regexp_extract_all", "varchar, varchar -> array(varchar)", _extract_all),
    F("regexp_extract_all", "varchar, varchar, bigint -> array(varchar)", _extract_all),
    F("regexp_count", "varchar, varchar -> bigint", _count),
    F("regexp_split", "varchar, varchar -> array(varchar)", _split),
    F("regexp_position", "varchar, varchar -> integer", _position),
    F("regexp_position", "varchar, varchar, bigint -> integer", _position),
    F("regexp_position", "varchar, varchar, bigint, bigint -> integer", _position),
]

SYNTACTIC: dict[str, Syntactic] = {"regexp_replace": _replace}
