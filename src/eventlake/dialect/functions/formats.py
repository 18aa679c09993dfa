"""format(): Java's patterns, `%-10s`, `%,.2f`, `%1$tF`: https://docs.oracle.com/en/java/javase/24/docs/api/java.base/java/util/Formatter.html"""

from __future__ import annotations

import re

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure, refusal
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.type import VARCHAR
from eventlake.dialect.types.zones import minutes_east, wall, zone_label

_SPECIFIER = re.compile(
    r"%(?:(?P<index>\d+)\$|(?P<again><))?(?P<flags>[-#+ 0,(]*)(?P<width>[1-9]\d*)?(?:\.(?P<digits>\d+))?(?P<kind>t[A-Za-z]|[a-zA-Z%])"
)
_MOMENTS = {
    "Y": "%Y",
    "y": "%y",
    "m": "%m",
    "B": "%B",
    "b": "%b",
    "h": "%b",
    "d": "%d",
    "e": "%-d",
    "A": "%A",
    "a": "%a",
    "j": "%j",
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "H": "%H",
    "M": "%M",
    "S": "%S",
    "L": "%g",
    "T": "%H:%M:%S",
    "R": "%H:%M",
}


def _format(parts: Parts, node: exp.Expr) -> Value:
    arguments = [parts.value(argument) for argument in node.expressions]
    if len(arguments) < 2:
        raise mistyped("format() takes a pattern and values for it", node)
    pattern, values = arguments[0].literal, arguments[1:]
    if not isinstance(pattern, str):
        raise refused("format() with a pattern that is not a literal", node)
    for value in values:
        if value.type.name in {"array", "map", "row", "varbinary"}:
            raise mistyped(f"format() takes no {value.type}", node)
    pieces, at, following, latest = [], 0, 0, -1
    for match in _SPECIFIER.finditer(pattern):
        pieces.append(text(pattern[at : match.start()]))
        at = match.end()
        if match["kind"] in {"%", "n"}:
            pieces.append(_fixed(match, node))
            continue
        place = int(match["index"]) - 1 if match["index"] else latest if match["again"] else following
        following += 0 if match["index"] or match["again"] else 1
        if not 0 <= place < len(values):
            raise mistyped("format() has fewer arguments than its pattern wants", node)
        latest = place
        pieces.append(_formatted(match, values[place], node))
    pieces.append(text(pattern[at:]))
    if "%" in _SPECIFIER.sub("", pattern):
        raise mistyped(f"The pattern '{pattern}' of format() is invalid", node)
    shown = [piece for piece in pieces if piece != text("")]
    return derived(emit("({})", joined(" || ", shown)) if shown else text(""), VARCHAR, arguments)


def _fixed(match: re.Match[str], node: exp.Expr) -> Sql:
    if match["flags"] or match["width"] or match["digits"]:
        raise refused(f"{match[0]} in format()", node)
    return ours("'%'" if match["kind"] == "%" else "chr(10)")


def _formatted(match: re.Match[str], value: Value, node: exp.Expr) -> Sql:
    flags, kind = match["flags"], match["kind"]
    if ({"-", "0"} & set(flags) and not match["width"]) or {"-", "0"} <= set(flags) or {"+", " "} <= set(flags):
        raise mistyped(f"{match[0]} in format() wants a width, or has flags that contradict", node)
    if value.type.name == "unknown":
        return _sized(match, text("false" if kind == "b" else "FALSE")) if kind in {"b", "B"} else _nothing(match)
    if kind in {"s", "S", "b", "B"}:
        return _text(match, value, node)
    if kind == "d" and value.type.is_integer and not match["digits"] and "#" not in flags:
        size = emit("el_grouped(abs({}::HUGEINT))", value.sql) if "," in flags else emit("CAST(abs({}::HUGEINT) AS VARCHAR)", value.sql)
        return _signed(match, value, emit("{} < 0", value.sql), size)
    if kind in {"x", "X"} and value.type.is_integer and not match["digits"] and not set(flags) - {"-", "0", "#"}:
        digits = emit("lower(hex(CAST({} AS BIGINT)))", value.sql)
        made = _padded(match, text("0x" if "#" in flags else ""), digits, text(""))
        return emit("coalesce({}, {})", emit("upper({})", made) if kind == "X" else made, _nothing(match))
    if kind == "o" and value.type.is_integer and not match["digits"] and not set(flags) - {"-", "0"}:
        made = _padded(match, text(""), emit("el_octal({})", value), text(""))
        return emit("coalesce({}, {})", made, _nothing(match))
    if kind == "f" and value.type.name in {"double", "real", "decimal"} and "#" not in flags:
        return _fraction(match, value, node)
    if kind.startswith("t") and kind[1] in _MOMENTS and value.type.name in {"date", "timestamp", "timestamptz"} and not flags.strip("-"):
        if value.type.name == "date" and kind[1] in "HMSLTR":
            raise mistyped(f"{match[0]} in format() shows a time, which a date has not", node)
        return _sized(match, emit("coalesce(strftime({}, {}), 'null')", wall(value), text(_MOMENTS[kind[1]])))
    if kind in {"d", "x", "o", "f", "e", "g"} and not value.type.is_number:
        raise mistyped(f"{match[0]} in format() takes no {value.type}", node)
    if (kind == "d" and not value.type.is_integer) or (kind in "feg" and value.type.is_integer):
        wrong = failure(f"{match[0]} in format() takes no {value.type}: ", value.sql)
        return emit("(CASE WHEN {} IS NULL THEN {} ELSE {} END)", value, _nothing(match), wrong)
    raise refused(f"{match[0]} of {value.type} in format()", node)


def _text(match: re.Match[str], value: Value, node: exp.Expr) -> Sql:
    """Write a value for `%s` or `%b` as Java prints it, cut to the digits and put into the width."""
    if match["flags"].strip("-"):
        raise refused(f"{match[0]} in format()", node)
    if match["kind"] in {"b", "B"}:
        if value.type.name == "boolean":
            shown = emit("coalesce({}, 'false')", cast(value, VARCHAR, node))
        else:
            shown = emit("(CASE WHEN {} IS NULL THEN 'false' ELSE 'true' END)", value)
    else:
        shown = emit("coalesce({}, {})", _shown(value, node), text("NULL" if match["kind"] == "S" else "null"))
    if match["digits"]:
        shown = _unless(r"[\x{10000}-\x{10FFFF}]", shown, emit("substring({}, 1, {})", shown, int(match["digits"])), match)
    return _sized(match, _unless(r"[^\x00-\x7F]", shown, emit("upper({})", shown), match) if match["kind"].isupper() else shown)


def _unless(letters: str, shown: Sql, made: Sql, match: re.Match[str]) -> Sql:
    """Refuse a text with letters of which Java counts two each, or makes two where it makes capitals."""
    wrong = refusal(f"{match[0]} in format(), of ", shown)
    return emit("(CASE WHEN regexp_matches({}, {}) THEN {} ELSE {} END)", shown, text(letters), wrong, made)


def _shown(value: Value, node: exp.Expr) -> Sql:
    if value.type.name in {"varchar", "char", "boolean", "date", "decimal", "ipaddress"} or value.type.is_integer:
        return cast(value, VARCHAR, node).sql
    if value.type.name in {"double", "real"}:
        return emit("el_java_double({})", value.sql)
    if value.type.name == "timestamp":
        return emit("el_local_text(strftime({}, '%Y-%m-%dT%H:%M:%S.%f'))", value.sql)
    if value.type.name == "timestamptz":
        return _zoned(value)
    if value.type.name == "time":
        return emit("el_local_text(strftime(DATE '1970-01-01' + {}, '%H:%M:%S.%f'))", value.sql)
    if value.type.name == "json":
        return canonical(value)
    raise refused(f"%s of {value.type} in format()", node)


def _zoned(value: Value) -> Sql:
    """Make SQL of a moment as java.time.ZonedDateTime prints it: the local time, the offset, and the zone if it has a name."""
    local = emit("el_local_text(strftime({}, '%Y-%m-%dT%H:%M:%S.%f'))", wall(value))
    return emit("({} || el_java_offset({}, {}))", local, zone_label(value), minutes_east(value))


def _fraction(match: re.Match[str], value: Value, node: exp.Expr) -> Sql:
    """Write a number for `%.2f`: rounded half up, from the shortest digits of a double in decimal."""
    digits = int(match["digits"] or 6)
    if digits > 15:
        raise refused(f"{match[0]} with more than 15 digits in format()", node)
    exact = value.sql if value.type.name == "decimal" else emit("el_exact({})", value.sql)
    rounded = emit("CAST(CAST(round(abs({}), {}) AS DECIMAL(38,{})) AS VARCHAR)", exact, digits, digits)
    if "," in match["flags"]:
        whole = emit("el_grouped(CAST(split_part({}, '.', 1) AS HUGEINT))", rounded)
        rounded = emit("({} || regexp_extract({}, '[.].*$'))", whole, rounded) if digits else whole
    if value.type.name == "decimal":
        return _signed(match, value, emit("{} < 0", value.sql), rounded)
    number = _signed(match, value, emit("signbit({})", value.sql), rounded)
    special = _sized(match, emit("CASE WHEN isnan({}) THEN 'NaN' WHEN {} > 0 THEN 'Infinity' ELSE '-Infinity' END", value.sql, value.sql))
    return emit("(CASE WHEN isfinite({}) OR {} IS NULL THEN {} ELSE {} END)", value.sql, value.sql, number, special)


def _signed(match: re.Match[str], value: Value, is_negative: Sql, body: Sql) -> Sql:
    flags = match["flags"]
    positive = text("+" if "+" in flags else " " if " " in flags else "")
    bracketed = "(" in flags
    negative, ending = text("(" if bracketed else "-"), emit("CASE WHEN {} THEN ')' ELSE '' END", is_negative) if bracketed else text("")
    sign = emit("CASE WHEN {} THEN {} ELSE {} END", is_negative, negative, positive)
    return emit("coalesce({}, {})", _padded(match, sign, body, ending), _nothing(match))


def _padded(match: re.Match[str], sign: Sql, body: Sql, ending: Sql) -> Sql:
    if "0" in match["flags"]:
        return emit("el_zero_padded({}, {}, {}, {})", sign, body, ending, int(match["width"]))
    return _sized(match, emit("({} || {} || {})", sign, body, ending))


def _nothing(match: re.Match[str]) -> Sql:
    word = "NULL" if match["kind"].isupper() else "null"
    return _sized(match, text(word[: int(match["digits"])] if match["digits"] else word))


def _sized(match: re.Match[str], shown: Sql) -> Sql:
    """Put a text into the width that the pattern gives it."""
    if not match["width"]:
        return shown
    return emit("el_padded({}, {}, {})", shown, int(match["width"]), ours("true" if "-" in match["flags"] else "false"))


FUNCTIONS: list[F] = []

SYNTACTIC: dict[str, Syntactic] = {"format": _format}
