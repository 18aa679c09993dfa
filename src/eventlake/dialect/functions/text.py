"""Text: https://trino.io/docs/current/functions/string.html and url.html"""

from __future__ import annotations

import unicodedata

from eventlake.dialect.binding import InvalidArgumentError, Value, derived, mistyped, refused
from eventlake.dialect.failures import refusal
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.concatenation import all_concatenated, joined_chars, joined_with_null
from eventlake.dialect.types.type import INTEGER, VARCHAR

_LONGEST = 2_147_483_647
"""The most characters that a text has, and that DuckDB counts to."""


def _substring(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    s, start = values[0], values[1]
    size = values[2].sql if len(values) == 3 else emit("{}", _LONGEST)
    if all(isinstance(value.literal, int) and 0 < value.literal <= _LONGEST for value in values[1:]):
        return derived(emit("substring({})", joined(", ", values)), VARCHAR, values)
    return derived(emit("el_substring({}, {}, {})", s.sql, start.sql, size), VARCHAR, values)


def _replace(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Replace a text; DuckDB's own way is Trino's but for a search for nothing, and twice as fast as asking about that."""
    return derived(emit("replace({})" if values[1].literal else "el_replace({})", joined(", ", values)), VARCHAR, values)


def _concat(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    if len(values) < 2:
        raise mistyped("concat() takes two or more arguments", node)
    if len(values) == 2 and any(value.is_null for value in values):
        left, right = (parts.value(argument) for argument in node.expressions)
        if "unknown" in {left.type.name, right.type.name}:
            return joined_with_null(left, right, node)
    return derived(emit("({})", joined(" || ", (value.sql for value in values))), values[0].type, values)


def _concat_chars(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Join two texts of which one at least is a char, as long as they were before the signature left that out."""
    left, right = (parts.value(argument) for argument in node.expressions)
    return joined_chars(left, right, node)


def _concat_ws(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Join texts with a separator, NULL left out; one bare NULL might be a text or an array."""
    if len(values) == 2 and values[1].is_null and parts.value(node.expressions[1]).type.name == "unknown" and not values[0].is_null:
        raise mistyped("concat_ws() of one bare NULL is ambiguous: cast it", node)
    sql = emit("concat_ws({})", joined(", ", values))
    if not isinstance(values[0].literal, str):
        sql = emit("(CASE WHEN {} IS NULL THEN NULL ELSE {} END)", values[0], sql)
    return derived(sql, VARCHAR, values)


def _concat_arrays(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Join arrays, or an array and an element, as they were before the signature gave them one type."""
    given = [parts.value(argument) for argument in node.expressions]
    kinds = [value.type.name for value in given]
    if len(given) == 2 and "unknown" in kinds and "array" not in kinds:
        return joined_with_null(given[0], given[1], node)
    return all_concatenated(given, node)


def _parameter(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    url, name = values
    pattern = emit("('[?&]' || regexp_escape({}) || '(=[^&#]*|&|#|$)')", name)
    query = emit("regexp_extract({}, '^[^?#]*([?][^#]*)', 1)", url.sql)
    found = emit("regexp_extract({}, {}, 1)", query, pattern)
    decoded = emit("el_unescaped(replace(trim({}, '=&#'), '+', ' '))", found)
    return derived(emit("(CASE WHEN el_url({}) AND regexp_matches({}, {}) THEN {} END)", url, query, pattern, decoded), VARCHAR, values)


def _trim(parts: Parts, node: exp.Expr) -> Value:
    if isinstance(node, exp.Trim):
        arguments = [node.this, *([node.expression] if node.expression is not None else [])]
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "").upper(), "trim")
    else:
        arguments, name = list(node.expressions), str(node.this).lower()
    values = [parts.value(argument) for argument in arguments]
    if values and values[0].type.name == "char":
        values[0] = values[0].become(emit("rtrim({}, ' ')", values[0]), VARCHAR)
    if len(values) not in {1, 2} or any(value.type.name not in {"varchar", "unknown"} for value in values):
        raise mistyped(f"{name}() takes text, and the characters to take away", node)
    given = [coerce(value, VARCHAR) for value in values]
    sql = emit("{}({})", ours(f"el_{name}" if len(given) == 1 else name), joined(", ", given))
    return derived(sql, VARCHAR, given)


def _normalize(parts: Parts, node: exp.Expr) -> Value:
    form = node.args["form"].name if isinstance(node.args.get("form"), exp.Expr) else "NFC"
    value = parts.value(node.this)
    if value.type.name not in {"varchar", "unknown"}:
        raise mistyped(f"normalize() wants text, not {value.type}", node)
    value = coerce(value, VARCHAR)
    if form not in {"NFC", "NFD", "NFKC", "NFKD"}:
        raise InvalidArgumentError(f"The form of normalize() is written in capitals, not {form}{position(node)}.")
    if isinstance(value.literal, str):
        made = unicodedata.normalize(form, value.literal)  # type: ignore[arg-type]  # the grammar takes the four forms only
        return Value(text(made), VARCHAR, literal=made)
    if form == "NFC":
        return value.become(emit("nfc_normalize({})", value), VARCHAR)
    other = refusal(f"normalize(..., {form}) of text outside ASCII: ", value.sql)
    return value.become(emit("(CASE WHEN length({0}) = strlen({0}) OR {0} IS NULL THEN {0} ELSE {1} END)", value, other), VARCHAR)


def _codepoint(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    given = parts.value(node.expressions[0])  # before its length was left out
    if given.type.name == "varchar" and not given.type.numbers:
        raise refused("codepoint() of a text of any length", node, "write codepoint(CAST(x AS varchar(1)))")
    if given.type.name == "varchar" and given.type.numbers > (1,):
        raise mistyped(f"codepoint() takes a varchar(1), not a {given.type}: cast it", node)
    return derived(emit("el_codepoint({})", values[0]), INTEGER, values)


_URL = "(CASE WHEN el_url({0}) THEN %s END)"


def _of_char(sql: str) -> Builder:
    """Build a function of a char that gives one of the same length."""
    return lambda parts, values, node: derived(emit(sql, values[0]), values[0].type, values)


FUNCTIONS = [
    F("upper", "char -> varchar", _of_char("el_upper({0})")),
    F("lower", "char -> varchar", _of_char("lower({0})")),
    F("reverse", "char -> varchar", _of_char("el_reverse({0})")),
    F("length", "char -> bigint", "length({0})"),
    *(F(name, f"char{', bigint' * count} -> varchar", _substring) for name in ("substr", "substring") for count in (1, 2)),
    F("upper", "varchar -> varchar", "el_upper({0})"),
    F("lower", "varchar -> varchar", "lower({0})"),
    F("length", "varchar -> bigint", "length({0})"),
    F("length", "varbinary -> bigint", "octet_length({0})"),
    F("reverse", "varchar -> varchar", "el_reverse({0})"),
    F("substr", "varchar, bigint -> varchar", _substring),
    F("substr", "varchar, bigint, bigint -> varchar", _substring),
    F("substring", "varchar, bigint -> varchar", _substring),
    F("substring", "varchar, bigint, bigint -> varchar", _substring),
    F("concat", "varchar... -> varchar", _concat),
    *(F("concat", f"{kinds} -> varchar", _concat_chars) for kinds in ("char, char", "char, varchar", "varchar, char")),
    F("concat", "varbinary... -> varbinary", _concat),
    F("concat", "array(T)... -> array(T)", _concat_arrays),
    F("concat", "array(T), T -> array(T)", _concat_arrays),
    F("concat", "T, array(T) -> array(T)", _concat_arrays),
    F("concat_ws", "varchar, varchar... -> varchar", _concat_ws),
    F(
        "concat_ws",
        "varchar, array(varchar) -> varchar",
        "(CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE coalesce(array_to_string({1}, {0}), '') END)",
    ),
    F("strpos", "varchar, varchar -> bigint", "strpos({0}, {1})"),
    F("strpos", "varchar, varchar, bigint -> bigint", "el_strpos_nth({0}, {1}, {2})"),
    F("starts_with", "varchar, varchar -> boolean", "starts_with({0}, {1})"),
    F("split", "varchar, varchar -> array(varchar)", "el_split({0}, {1})"),
    F("split", "varchar, varchar, bigint -> array(varchar)", "el_split_limit({0}, {1}, {2})"),
    F("split_part", "varchar, varchar, bigint -> varchar", "el_split_part({0}, {1}, {2})"),
    F("split_to_map", "varchar, varchar, varchar -> map(varchar,varchar)", "el_split_to_map({0}, {1}, {2})"),
    F("split_to_multimap", "varchar, varchar, varchar -> map(varchar,array(varchar))", "el_split_to_multimap({0}, {1}, {2})"),
    F("replace", "varchar, varchar -> varchar", "replace({0}, {1}, '')"),
    F("replace", "varchar, varchar, varchar -> varchar", _replace),
    F("translate", "varchar, varchar, varchar -> varchar", "translate({0}, {1}, {2})"),
    F("lpad", "varchar, bigint, varchar -> varchar", "el_lpad({0}, {1}, {2})"),
    F("rpad", "varchar, bigint, varchar -> varchar", "el_rpad({0}, {1}, {2})"),
    F("chr", "bigint -> varchar", "el_chr({0})"),
    F("codepoint", "varchar -> integer", _codepoint),
    F("levenshtein_distance", "varchar, varchar -> bigint", "el_levenshtein({0}, {1})"),
    F("hamming_distance", "varchar, varchar -> bigint", "el_hamming({0}, {1})"),
    F("format_number", "double -> varchar", "el_format_number({0})"),
    F("soundex", "varchar -> varchar", "el_soundex({0})"),
    F("contains", "varchar, ipaddress -> boolean", "el_ip_contains({0}, {1})"),
    F("url_encode", "varchar -> varchar", "replace(replace(replace(url_encode({0}), '%20', '+'), '~', '%7E'), '%2A', '*')"),
    F("url_decode", "varchar -> varchar", "el_url_decode({0})"),
    F("url_extract_protocol", "varchar -> varchar", _URL % r"regexp_extract({0}, '^([A-Za-z][A-Za-z0-9+.-]*):', 1)"),
    F("url_extract_host", "varchar -> varchar", _URL % "el_url_host({0})"),
    F("url_extract_port", "varchar -> bigint", _URL % "el_url_port({0})"),
    F("url_extract_path", "varchar -> varchar", _URL % "el_unescaped(el_url_path({0}))"),
    F("url_extract_query", "varchar -> varchar", _URL % r"el_unescaped(regexp_extract({0}, '^[^?#]*[?]([^#]*)', 1))"),
    F("url_extract_fragment", "varchar -> varchar", _URL % r"el_unescaped(regexp_extract({0}, '#(.*)$', 1))"),
    F("url_extract_parameter", "varchar, varchar -> varchar", _parameter),
]

SYNTACTIC: dict[str, Syntactic] = {"trim": _trim, "ltrim": _trim, "rtrim": _trim, "normalize": _normalize}
