"""The tests of event patterns: a value in a pattern -> a test of one leaf of an event.

Called by `rule` while it compiles a pattern. Texts are compared with their quotation marks, as AWS's matcher does, so that `"5"` is not 5.
Operators: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any

Scalar = str | int | float | bool | None

NUMBER_LIMIT = 5_000_000_000
"""Numbers are compared between -5e9 and 5e9, to six digits after the point; beyond, only as they are written."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test of one leaf.

    wanted: what passes, in words. identity: the same for two tests of the same value or operator. wants_absence: it holds where there is no
    leaf at all.
    """

    holds: Callable[[Any], bool]  # any scalar of JSON
    wanted: str
    identity: Hashable
    wants_absence: bool = False

    def __call__(self, value: Any) -> bool:  # any scalar of JSON
        """Return True if the leaf passes."""
        return self.holds(value)


def same_as(value: object) -> Test:
    """Return the test for a value itself. A text that is an IP address matches every spelling of the address."""
    if isinstance(value, str):
        return Test(_equal_text(value), json.dumps(value, ensure_ascii=False), ip_address(value) or value)
    if isinstance(value, bool) or value is None:
        return Test(lambda leaf: leaf is value, json.dumps(value), ("constant", value))
    if isinstance(value, int | float):
        return Test(_equal_number(value), json.dumps(value), ("number", _comparable(value) or _literal(value)))
    raise ValueError("the value is no JSON")


def read_test(expression: Mapping[str, Any]) -> Test:
    """Return the test that an operator describes. Raises ValueError with what is wrong."""
    if len(expression) != 1:
        raise ValueError(f"{_json(expression)} has {len(expression)} keys, expected one operator")
    (operator, operand) = next(iter(expression.items()))
    reader = _OPERATORS.get(operator)
    if reader is None:
        raise ValueError(f'unknown operator "{operator}"; operators are {", ".join(sorted(_OPERATORS))}')
    identity = ("operator", json.dumps(expression, sort_keys=True))
    return Test(reader(operand), _json(expression), identity, wants_absence=operator == "exists" and operand is False)


def _equal_text(text: str) -> Callable[[Any], bool]:
    address = ip_address(text)
    if address is None:
        return lambda leaf: leaf.__class__ is str and leaf == text
    return lambda leaf: leaf.__class__ is str and ip_address(leaf) == address


def _equal_number(value: float) -> Callable[[Any], bool]:
    wanted, literal = _comparable(value), _literal(value)
    if wanted is None:
        return lambda leaf: _is_number(leaf) and _literal(leaf) == literal
    return lambda leaf: _is_number(leaf) and _comparable(leaf) == wanted


def _is_number(leaf: object) -> bool:
    return leaf.__class__ is int or leaf.__class__ is float


def _literal(value: float) -> str:
    return repr(value)


def _comparable(value: float) -> int | None:
    """Return a number as the matcher orders it, in millionths above -5e9; None beyond its limits."""
    if not -NUMBER_LIMIT <= value <= NUMBER_LIMIT:
        return None
    return int(1e6 * (5e9 + value))


def _text(operand: object, operator: str) -> str:
    if not isinstance(operand, str):
        raise ValueError(f'"{operator}" has {_json(operand)}, expected a text')
    return operand


def _quoted(leaf: object) -> str:
    """Write a leaf as the matcher sees it: texts in quotation marks, other scalars as JSON writes them."""
    return f'"{leaf}"' if isinstance(leaf, str) else json.dumps(leaf)


def _prefix(operand: object) -> Callable[[Any], bool]:
    if isinstance(operand, Mapping):
        folded = _Folded(_ignoring_case(operand, "prefix"))
        return lambda leaf: leaf.__class__ is str and folded.begins(leaf)
    beginning = '"' + _text(operand, "prefix")
    return lambda leaf: leaf.__class__ is str and f'"{leaf}"'.startswith(beginning)


def _suffix(operand: object) -> Callable[[Any], bool]:
    if isinstance(operand, Mapping):
        folded = _Folded(_ignoring_case(operand, "suffix"))
        return lambda leaf: leaf.__class__ is str and folded.ends(leaf)
    end = _text(operand, "suffix") + '"'
    return lambda leaf: leaf.__class__ is str and f'"{leaf}"'.endswith(end)


def _ignoring_case(operand: Mapping[str, Any], operator: str) -> str:
    if list(operand) != ["equals-ignore-case"]:
        raise ValueError(f'"{operator}" has {_json(operand)}, expected a text or {{"equals-ignore-case": "..."}}')
    return _text(operand["equals-ignore-case"], f"{operator} equals-ignore-case")


def _equals_ignore_case(operand: object) -> Callable[[Any], bool]:
    folded = _Folded(_text(operand, "equals-ignore-case"))
    return lambda leaf: leaf.__class__ is str and folded.equals(leaf)


class _Folded:
    """A text without regard to case: each of its characters stands for itself, its lower and its upper case."""

    def __init__(self, text: str) -> None:
        spellings = [sorted({character, character.lower(), character.upper()}) for character in text]
        pattern = "".join(f"(?:{'|'.join(map(re.escape, each))})" for each in spellings)
        self._pattern = re.compile(pattern, re.DOTALL)
        self._at_end = re.compile(f"(?:{pattern})\\Z", re.DOTALL)

    def equals(self, leaf: str) -> bool:
        return self._pattern.fullmatch(leaf) is not None

    def begins(self, leaf: str) -> bool:
        return self._pattern.match(leaf) is not None

    def ends(self, leaf: str) -> bool:
        return self._at_end.search(leaf) is not None


def _wildcard(operand: object) -> Callable[[Any], bool]:
    pattern = re.compile(_wildcard_regex(_text(operand, "wildcard")), re.DOTALL)
    return lambda leaf: leaf.__class__ is str and pattern.fullmatch(leaf) is not None


def _wildcard_regex(text: str) -> str:
    """Write a wildcard as a regex: `*` is any characters, also none and line breaks; `\\*` and `\\\\` are the characters themselves."""
    if "**" in re.sub(r"\\.", "", text, flags=re.DOTALL) and re.search(r"(?<!\\)(?:\\\\)*\*\*", text):
        raise ValueError(f'"wildcard" has {_json(text)}; two wildcards in a row are not allowed')
    parts, at = [], 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
            if text[at : at + 1] not in {"*", "\\"}:
                raise ValueError(f'"wildcard" has {_json(text)}; a backslash stands before * or \\ only')
            parts.append(re.escape(text[at]))
        else:
            parts.append(".*" if character == "*" else re.escape(character))
        at += 1
    return "".join(parts)


def _exists(operand: object) -> Callable[[Any], bool]:
    if not isinstance(operand, bool):
        raise ValueError(f'"exists" has {_json(operand)}, expected true or false')
    return lambda _leaf: operand


def _numeric(operand: object) -> Callable[[Any], bool]:
    if not isinstance(operand, list) or len(operand) not in {2, 4}:
        raise ValueError(f'"numeric" has {_json(operand)}, expected an array such as [">", 0, "<=", 5]')
    comparisons = [_comparison(operand[at], operand[at + 1]) for at in range(0, len(operand), 2)]
    if len(comparisons) == 2:
        _check_range(operand)
    return lambda leaf: _is_number(leaf) and all(holds(leaf) for holds in comparisons)


def _comparison(operator: object, bound: object) -> Callable[[Any], bool]:
    if operator not in {"=", "<", "<=", ">", ">="}:
        raise ValueError(f'"numeric" has the operator {_json(operator)}; operators are =, <, <=, >, >=')
    wanted = _limit(bound)

    def holds(leaf: float) -> bool:
        found = _comparable(leaf)
        if found is None:
            return False
        return {"=": found == wanted, "<": found < wanted, "<=": found <= wanted, ">": found > wanted, ">=": found >= wanted}[str(operator)]

    return holds


def _limit(bound: object) -> int:
    if not isinstance(bound, int | float) or isinstance(bound, bool):
        raise ValueError(f'"numeric" has {_json(bound)}, expected a number')
    comparable = _comparable(bound)
    if comparable is None:
        raise ValueError(f'"numeric" has {_json(bound)}; numbers are compared between -5e9 and 5e9')
    return comparable


def _check_range(operand: Sequence[Any]) -> None:
    lower, bottom, upper, top = operand
    if lower not in {">", ">="} or upper not in {"<", "<="}:
        raise ValueError(f'"numeric" has {_json(operand)}; a range begins with > or >= and ends with < or <=')
    if _limit(bottom) >= _limit(top):
        raise ValueError(f'"numeric" has {_json(operand)}; the lower bound must be less than the upper one')


def _cidr(operand: object) -> Callable[[Any], bool]:
    text = _text(operand, "cidr")
    written, slash, mask = text.partition("/")
    address = ip_address(written)
    if address is None or not slash or not re.fullmatch(r"\d{1,3}", mask, re.ASCII):
        raise ValueError(f'"cidr" has {_json(text)}, expected an address and mask bits such as "10.0.0.0/24"')
    bits = len(address) * 8
    if int(mask) >= bits:
        raise ValueError(f'"cidr" has {_json(text)}; mask bits must be less than {bits}')
    top = (int.from_bytes(address) | (1 << bits - int(mask)) - 1).to_bytes(len(address))

    def holds(leaf: object) -> bool:
        found = ip_address(leaf) if isinstance(leaf, str) else None
        return found is not None and len(found) == len(address) and address <= found <= top

    return holds


_IPV4 = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


def ip_address(text: str) -> bytes | None:
    """Return the 4 or 16 bytes of an IP address, None for other text; an IPv4 address mapped into IPv6 is IPv4."""
    if (match := _IPV4.fullmatch(text)) is not None:
        parts = [int(part) for part in match.groups()]
        return bytes(parts) if max(parts) <= 255 else None
    if text.count(":") < 2 or "%" in text:
        return None
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return address.ipv4_mapped.packed if address.ipv4_mapped else address.packed


def _anything_but(operand: object) -> Callable[[Any], bool]:
    if isinstance(operand, Mapping):
        return _anything_but_operator(operand)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not (all(isinstance(value, str) for value in values) or all(_is_number(value) for value in values)):
        raise ValueError(
            f'"anything-but" has {_json(operand)}, expected a text, a number, a list of texts, a list of numbers, or one operator'
        )
    if isinstance(values[0], str):
        texts = frozenset(values)
        return lambda leaf: not (leaf.__class__ is str and leaf in texts)
    numbers = frozenset(map(_limit_of_anything_but, values))
    return lambda leaf: not (_is_number(leaf) and _comparable(leaf) in numbers)


def _limit_of_anything_but(value: Any) -> int:  # a number, as the caller has checked
    comparable = _comparable(value)
    if comparable is None:
        raise ValueError(f'"anything-but" has {_json(value)}; numbers are compared between -5e9 and 5e9')
    return comparable


_NEGATABLE = ("equals-ignore-case", "prefix", "suffix", "wildcard")


def _anything_but_operator(operand: Mapping[str, Any]) -> Callable[[Any], bool]:
    if len(operand) != 1 or next(iter(operand)) not in _NEGATABLE:
        raise ValueError(f'"anything-but" has {_json(operand)}, expected one of the operators {", ".join(_NEGATABLE)}')
    (operator, inner) = next(iter(operand.items()))
    values = inner if isinstance(inner, list) else [inner]
    if not values:
        raise ValueError(f'"anything-but" has {_json(operand)}; an empty list would allow everything')
    if operator in {"prefix", "suffix"} and "" in values:
        raise ValueError(f'"anything-but" has {_json(operand)}; an empty {operator} would allow nothing')
    refused = [_OPERATORS[operator](value) for value in values]
    return lambda leaf: not any(holds(leaf) for holds in refused)


def _exactly(operand: object) -> Callable[[Any], bool]:
    text = _text(operand, "exactly")
    return lambda leaf: leaf.__class__ is str and leaf == text


def _json(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= 120 else written[:117] + "..."


_OPERATORS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
