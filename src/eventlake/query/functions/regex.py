"""Regular expressions: Java's syntax as Trino reads it, on DuckDB's RE2: https://trino.io/docs/current/functions/regexp.html

A pattern is checked when the query is translated: what RE2 reads otherwise or not at all is refused by name.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from sqlglot import exp

from eventlake.query.binding import Value, derived, mistyped, refused
from eventlake.query.failures import refusal
from eventlake.query.functions import Function as F
from eventlake.query.functions import Syntactic
from eventlake.query.types import BIGINT, BOOLEAN, VARCHAR, array, text

if TYPE_CHECKING:
    from eventlake.query.expressions import Expressions

_REFUSED = (
    (re.compile(r"\(\?(?:[=!>]|<[=!])"), "look-ahead, look-behind or an atomic group"),
    (re.compile(r"\\[1-9]|\\k<"), "a back reference"),
    (re.compile(r"(?<!\\)(?:[*+?]|\{\d+,?\d*\})\+"), "a possessive quantifier"),
    (re.compile(r"\[[^\]]*&&"), "an intersection of character classes"),
    (re.compile(r"\\[hHvVRXGZbBcQEuNoOyYKz]"), "an escape that RE2 reads otherwise"),
    (re.compile(r"\\p\{(?!L[ulmot]?\}|N[dlo]?\}|P[cdeifos]?\}|S[ckmo]?\}|Z[lps]?\})"), "a named class of characters"),
    (re.compile(r"\(\?[imsux-]*[xud]"), "a flag that RE2 does not have"),
)
_GROUP = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(\((?!\?)|\(\?<([A-Za-z]\w*)>)")


def pattern(value: Value, node: exp.Expr) -> str:
    """RE2's pattern for a literal of Java's. Raises QuerySyntaxError if it is invalid, QueryRefusedError if RE2 cannot say it."""
    if not isinstance(value.literal, str):
        raise refused("A pattern that is not a literal", node)
    written = value.literal
    for wrong, what in _REFUSED:
        if wrong.search(_without_escaped_backslashes(written)):
            raise refused(f"{what[0].upper()}{what[1:]} in the pattern '{written}'", node)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", re.sub(r"\\p\{\w+\}", "x", written)))
    except re.error as error:
        raise mistyped(f"The pattern '{written}' is invalid", node) from error
    return _blanks(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", written))


def _blanks(written: str) -> str:
    """Java's `\\s` knows the vertical tab, RE2's does not."""
    return re.sub(
        r"(\\\\)|(\[(?:\\.|[^\]\\])*\])|\\s", lambda m: m[1] or (m[2].replace(r"\s", r"\t-\r ") if m[2] else r"[\t-\r ]"), written
    )


def _without_escaped_backslashes(written: str) -> str:
    return written.replace("\\\\", "")


def groups(written: str) -> tuple[int, list[str]]:
    """How many groups a pattern has, and the names of the named ones."""
    found = [match for match in _GROUP.finditer(written) if match[1]]
    return len(found), [match[2] for match in found if match[2]]


def _ends_with_dollar(written: str) -> bool:
    return bool(re.search(r"(?<!\\)\$", re.sub(r"\[[^\]]*\]", "", _without_escaped_backslashes(written)))) and "(?m" not in written


def _at_end(found: str, value: Value, written: str) -> str:
    """Guards a `$`: in Java it also stands before a last line feed, in RE2 it does not."""
    if not _ends_with_dollar(written):
        return found
    unsure = refusal("A pattern with $ on text that ends with a line feed: ", value.sql)
    return f"(CASE WHEN ends_with({value.sql}, chr(10)) THEN {unsure} ELSE {found} END)"


def _group_number(values: list[Value], written: str, node: exp.Expr) -> int:
    if len(values) < 3:
        return 0
    if not isinstance(values[2].literal, int):
        raise refused("A group that is not a literal", node)
    if not 0 <= values[2].literal <= groups(written)[0]:
        raise mistyped(f"The pattern has no group {values[2].literal}", node)
    return values[2].literal


def _like(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    made = pattern(values[1], node)
    return derived(_at_end(f"regexp_matches({values[0].sql}, {text(made)})", values[0], made), BOOLEAN, values)


def _extract(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    made = pattern(values[1], node)
    group = _group_number(values, made, node)
    s = values[0].sql
    if group and _optional(made, group):
        raise refused(f"A group that need not match, in the pattern '{made}'", node)
    found = f"(CASE WHEN regexp_matches({s}, {text(made)}) THEN regexp_extract({s}, {text(made)}, {group}) END)"
    return derived(_at_end(found, values[0], made), VARCHAR, values)


def _optional(written: str, group: int) -> bool:
    """Whether a group may be left out of a match, which Trino answers with NULL and DuckDB with ''."""
    return "|" in re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", written) or bool(
        re.search(r"\)(?:[?*]|\{0)", re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", written))
    )


def _extract_all(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    made = pattern(values[1], node)
    group = _group_number(values, made, node)
    if group and _optional(made, group):
        raise refused(f"A group that need not match, in the pattern '{made}'", node)
    if _matches_nothing(made):
        raise refused(f"A pattern that matches nothing, '{made}'", node)
    return derived(_at_end(f"regexp_extract_all({values[0].sql}, {text(made)}, {group})", values[0], made), array(VARCHAR), values)


def _matches_nothing(written: str) -> bool:
    """Whether a pattern could match at one place without taking a letter, or stands at the beginning of each piece."""
    return _matches_empty_text(written) or "^" in written.replace("[^", "")


def _matches_empty_text(written: str) -> bool:
    return re.match(re.sub(r"\\p\{\w+\}", "x", written), "") is not None


def _count(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    made = pattern(values[1], node)
    if _matches_nothing(made):
        raise refused(f"A pattern that matches nothing, '{made}'", node)
    return derived(_at_end(f"CAST(len(regexp_extract_all({values[0].sql}, {text(made)})) AS BIGINT)", values[0], made), BIGINT, values)


def _split(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    made = pattern(values[1], node)
    if _matches_nothing(made):
        raise refused(f"A pattern that matches nothing, '{made}'", node)
    return derived(_at_end(f"string_split_regex({values[0].sql}, {text(made)})", values[0], made), array(VARCHAR), values)


def _replace(parts: Expressions, node: exp.Expr) -> Value:
    values = [parts.value(argument) for argument in node.expressions[:2]]
    if len(node.expressions) not in {2, 3} or any(value.type.name not in {"varchar", "unknown"} for value in values):
        raise mistyped("regexp_replace() takes text, a pattern and a replacement", node)
    made = pattern(values[1], node)
    if len(node.expressions) == 3 and isinstance(node.expressions[2], exp.Lambda):
        raise refused("regexp_replace() with a lambda", node)
    replacement = ""
    if len(node.expressions) == 3:
        third = parts.value(node.expressions[2])
        if third.type.name not in {"varchar"} or not isinstance(third.literal, str):
            raise refused("regexp_replace() with a replacement that is not a literal", node)
        replacement = _replacement(third.literal, made, node)
    if _matches_empty_text(made):
        raise refused(f"A pattern that matches nothing, '{made}'", node)
    return derived(_at_end(f"regexp_replace({values[0].sql}, {text(made)}, {text(replacement)}, 'g')", values[0], made), VARCHAR, values)


def _replacement(written: str, made: str, node: exp.Expr) -> str:
    """RE2's replacement for Java's: `$1`, `${name}` and `\\$`."""
    count, names = groups(made)
    order = [match[2] for match in _GROUP.finditer(made) if match[1]]
    pieces, at = "", 0
    while at < len(written):
        letter = written[at]
        reference = re.match(r"\$(?:(\d+)|\{(\w+)\})", written[at:])
        if letter == "\\":
            if at + 1 == len(written):
                raise mistyped("The replacement ends with a backslash", node)
            pieces += written[at + 1] if written[at + 1] != "\\" else r"\\"
            at += 2
            continue
        if letter == "$":
            if reference is None or (reference[2] and reference[2] not in names):
                raise mistyped(f"The replacement '{written}' names no group of the pattern", node)
            number = order.index(reference[2]) + 1 if reference[2] else int(reference[1])
            size = len(reference[0])
            if not reference[2]:
                while number > count and number > 9:
                    number, size = number // 10, size - 1
            if number > count:
                raise mistyped(f"The pattern has no group {number}", node)
            if number > 9:
                raise refused("A replacement with more than nine groups", node)
            pieces += f"\\{number}"
            at += size
            continue
        pieces += letter
        at += 1
    return pieces


FUNCTIONS = [
    F("regexp_like", "varchar, varchar -> boolean", _like),
    F("regexp_extract", "varchar, varchar -> varchar", _extract),
    F("regexp_extract", "varchar, varchar, bigint -> varchar", _extract),
    F("regexp_extract_all", "varchar, varchar -> array(varchar)", _extract_all),
    F("regexp_extract_all", "varchar, varchar, bigint -> array(varchar)", _extract_all),
    F("regexp_count", "varchar, varchar -> bigint", _count),
    F("regexp_split", "varchar, varchar -> array(varchar)", _split),
]

SYNTACTIC: dict[str, Syntactic] = {"regexp_replace": _replace}
