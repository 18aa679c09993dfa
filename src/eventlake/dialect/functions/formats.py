"""format(): Java's patterns, `%-10s`, `%,.2f`, `%1$tF`: https://docs.oracle.com/en/java/javase/24/docs/api/java.base/java/util/Formatter.html"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.functions import Function as F
from eventlake.dialect.functions import Syntactic
from eventlake.dialect.types.casts import cast
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.type import VARCHAR, text

if TYPE_CHECKING:
    from eventlake.dialect.queries.expressions import Expressions

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


def _format(parts: Expressions, node: exp.Expr) -> Value:
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
    shown = [piece for piece in pieces if piece != "''"]
    return derived(f"({' || '.join(shown)})" if shown else "''", VARCHAR, arguments)


def _fixed(match: re.Match[str], node: exp.Expr) -> str:
    if match["flags"] or match["width"] or match["digits"]:
        raise refused(f"{match[0]} in format()", node)
    return "'%'" if match["kind"] == "%" else "chr(10)"


def _formatted(match: re.Match[str], value: Value, node: exp.Expr) -> str:
    flags, kind = match["flags"], match["kind"]
    if ({"-", "0"} & set(flags) and not match["width"]) or {"-", "0"} <= set(flags) or {"+", " "} <= set(flags):
        raise mistyped(f"{match[0]} in format() wants a width, or has flags that contradict", node)
    if value.type.name == "unknown":
        return _nothing(match) if kind != "b" else _sized(match, "'false'")
    if kind in {"s", "S", "b", "B"}:
        return _text(match, value, node)
    if kind == "d" and value.type.is_integer and not match["digits"] and "#" not in flags:
        size = f"el_grouped(abs({value.sql}::HUGEINT))" if "," in flags else f"CAST(abs({value.sql}::HUGEINT) AS VARCHAR)"
        return _signed(match, value, f"{value.sql} < 0", size)
    if kind in {"x", "X"} and value.type.is_integer and not match["digits"] and not set(flags) - {"-", "0", "#"}:
        digits = f"lower(hex(CAST({value.sql} AS BIGINT)))"
        made = _padded(match, "'0x'" if "#" in flags else "''", digits, "''")
        return f"coalesce({f'upper({made})' if kind == 'X' else made}, {_nothing(match)})"
    if kind == "o" and value.type.is_integer and not match["digits"] and not set(flags) - {"-", "0"}:
        made = _padded(match, "''", f"el_octal({value.sql})", "''")
        return f"coalesce({made}, {_nothing(match)})"
    if kind == "f" and value.type.name in {"double", "real", "decimal"} and "#" not in flags:
        return _fraction(match, value, node)
    if kind.startswith("t") and kind[1] in _MOMENTS and value.type.name in {"date", "timestamp"} and not flags.strip("-"):
        if value.type.name == "date" and kind[1] in "HMSLTR":
            raise mistyped(f"{match[0]} in format() shows a time, which a date has not", node)
        return _sized(match, f"coalesce(strftime({value.sql}, {text(_MOMENTS[kind[1]])}), 'null')")
    if kind in {"d", "x", "o", "f", "e", "g"} and not value.type.is_number:
        raise mistyped(f"{match[0]} in format() takes no {value.type}", node)
    if (kind == "d" and not value.type.is_integer) or (kind in "feg" and value.type.is_integer):
        raise mistyped(f"{match[0]} in format() takes no {value.type}", node)
    raise refused(f"{match[0]} of {value.type} in format()", node)


def _text(match: re.Match[str], value: Value, node: exp.Expr) -> str:
    """`%s` and `%b`: the value as Java prints it, cut to the digits and put into the width."""
    if match["flags"].strip("-"):
        raise refused(f"{match[0]} in format()", node)
    if match["kind"] in {"b", "B"}:
        shown = f"coalesce({cast(value, VARCHAR, node).sql}, 'false')" if value.type.name == "boolean" else "'true'"
        shown = shown if value.type.name == "boolean" else f"(CASE WHEN {value.sql} IS NULL THEN 'false' ELSE 'true' END)"
    else:
        shown = f"coalesce({_shown(value, node)}, 'null')"
    if match["digits"]:
        shown = f"substring({shown}, 1, {match['digits']})"
    return _sized(match, f"upper({shown})" if match["kind"].isupper() else shown)


def _shown(value: Value, node: exp.Expr) -> str:
    if value.type.name in {"varchar", "char", "boolean", "date", "decimal", "ipaddress"} or value.type.is_integer:
        return cast(value, VARCHAR, node).sql
    if value.type.name in {"double", "real"}:
        return f"el_java_double({value.sql})"
    if value.type.name == "timestamp":
        return f"el_local_text(strftime({value.sql}, '%Y-%m-%dT%H:%M:%S.%f'))"
    if value.type.name == "time":
        return f"el_local_text(strftime(DATE '1970-01-01' + {value.sql}, '%H:%M:%S.%f'))"
    if value.type.name == "json":
        return canonical(value.sql)
    raise refused(f"%s of {value.type} in format()", node)


def _fraction(match: re.Match[str], value: Value, node: exp.Expr) -> str:
    """`%.2f`: rounded half up, as the shortest digits of a double stand in decimal."""
    digits = int(match["digits"] or 6)
    if digits > 15:
        raise refused(f"{match[0]} with more than 15 digits in format()", node)
    exact = value.sql if value.type.name == "decimal" else f"el_exact({value.sql})"
    rounded = f"CAST(CAST(round(abs({exact}), {digits}) AS DECIMAL(38,{digits})) AS VARCHAR)"
    if "," in match["flags"]:
        whole = f"el_grouped(CAST(split_part({rounded}, '.', 1) AS HUGEINT))"
        rounded = f"({whole} || regexp_extract({rounded}, '[.].*$'))" if digits else whole
    number = _signed(match, value, f"{value.sql} < 0", rounded)
    if value.type.name == "decimal":
        return number
    special = _sized(match, f"CASE WHEN isnan({value.sql}) THEN 'NaN' WHEN {value.sql} > 0 THEN 'Infinity' ELSE '-Infinity' END")
    return f"(CASE WHEN isfinite({value.sql}) OR {value.sql} IS NULL THEN {number} ELSE {special} END)"


def _signed(match: re.Match[str], value: Value, is_negative: str, body: str) -> str:
    flags = match["flags"]
    positive = "'+'" if "+" in flags else "' '" if " " in flags else "''"
    negative, ending = ("'('", f"CASE WHEN {is_negative} THEN ')' ELSE '' END") if "(" in flags else ("'-'", "''")
    sign = f"CASE WHEN {is_negative} THEN {negative} ELSE {positive} END"
    return f"coalesce({_padded(match, sign, body, ending)}, {_nothing(match)})"


def _padded(match: re.Match[str], sign: str, body: str, ending: str) -> str:
    if "0" in match["flags"]:
        return f"el_zero_padded({sign}, {body}, {ending}, {match['width']})"
    return _sized(match, f"({sign} || {body} || {ending})")


def _nothing(match: re.Match[str]) -> str:
    return _sized(match, text("null"[: int(match["digits"])] if match["digits"] else "null"))


def _sized(match: re.Match[str], shown: str) -> str:
    """A text in the width that the pattern gives it."""
    if not match["width"]:
        return shown
    return f"el_padded({shown}, {match['width']}, {'true' if '-' in match['flags'] else 'false'})"


FUNCTIONS: list[F] = []

SYNTACTIC: dict[str, Syntactic] = {"format": _format}
