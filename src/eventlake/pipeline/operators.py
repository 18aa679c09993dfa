"""The tests of event patterns: a value in a pattern -> a test of one leaf of an event.

Called by `rule` while it compiles a pattern. Texts are compared with their quotation marks, as AWS's matcher does, so that `"5"` is not 5.
Numbers are compared as doubles; one that a double does not hold lies in no range, and equals the same digits only.
Operators: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import operator
import re
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.pipeline.address import AddressRange, address_range, ip_address
from eventlake.pipeline.as_written import comparable, is_number, written
from eventlake.pipeline.wildcards import wildcard_regex

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Test:
    """A test of one leaf.

    wanted: what passes, in words. identity: the same for two tests of the same value or operator. wants_absence: it holds where there is no
    leaf at all. compares_numbers: a leaf that is a number is needed as it is written. wildcards: the texts with `*` that it compares.
    """

    holds: Callable[[Any], bool]  # any scalar of JSON
    wanted: str
    identity: Hashable
    wants_absence: bool = False
    compares_numbers: bool = False
    wildcards: tuple[str, ...] = ()

    def __call__(self, value: Any) -> bool:  # any scalar of JSON
        """Return True if the leaf passes."""
        return self.holds(value)


def same_as(value: object) -> Test:
    """Return the test for a value itself. A text that is an IP address matches every spelling of the address."""
    if is_number(value):
        return Test(_equal_number(value), written(value), _number_identity(value), compares_numbers=True)
    if isinstance(value, str):
        return Test(_equal_text(value), json.dumps(value, ensure_ascii=False), ip_address(value) or value)
    if isinstance(value, bool) or value is None:
        return Test(lambda leaf: leaf is value, json.dumps(value), ("constant", value))
    raise ValueError("the value is no JSON")


def read_test(expression: Mapping[str, Any]) -> Test:
    """Return the test that an operator describes. Raises ValueError with what is wrong."""
    members = list(expression.items())
    if len(members) != 1:
        raise ValueError(f"{_json(expression)} has {len(members)} keys, expected one operator")
    (operator, operand) = members[0]
    reader = _OPERATORS.get(operator)
    if reader is None:
        raise ValueError(f'unknown operator "{operator}"; operators are {", ".join(sorted(_OPERATORS))}')
    return Test(
        reader(operand),
        _json(expression),
        _identity(operator, operand, expression),
        wants_absence=operator == "exists" and operand is False,
        compares_numbers=operator in {"numeric", "anything-but"},
        wildcards=_wildcards(operator, operand),
    )


def _identity(operator: str, operand: Any, expression: Mapping[str, Any]) -> Hashable:  # any JSON value
    """Return what makes two tests the same to the matcher: "= 5" is the value 5 itself."""
    if operator == "numeric" and operand[0] == "=":
        return _number_identity(operand[1])
    return ("operator", json.dumps(expression, sort_keys=True))


def _number_identity(value: object) -> Hashable:
    number = comparable(value)
    return ("number", written(value) if number is None else number)


def _wildcards(operator: str, operand: Any) -> tuple[str, ...]:  # any JSON value
    if operator == "anything-but" and isinstance(operand, Mapping):
        (operator, operand) = next(iter(operand.items()))
    if operator != "wildcard":
        return ()
    return tuple(operand) if isinstance(operand, list) else (operand,)


def _equal_text(text: str) -> Callable[[Any], bool]:
    address = ip_address(text)
    return (lambda leaf: leaf.__class__ is str and leaf == text) if address is None else _within(AddressRange(address, address))


def _within(addresses: AddressRange) -> Callable[[Any], bool]:
    def holds(leaf: object) -> bool:
        found = ip_address(leaf) if isinstance(leaf, str) else None
        return found is not None and found in addresses

    return holds


def _equal_number(value: object) -> Callable[[Any], bool]:
    wanted, digits = comparable(value), written(value)
    if wanted is None:
        return lambda leaf: is_number(leaf) and comparable(leaf) is None and written(leaf) == digits
    return lambda leaf: comparable(leaf) == wanted


def _text(operand: object, operator: str) -> str:
    if operand.__class__ is not str:
        raise ValueError(f'"{operator}" has {_json(operand)}, expected a text')
    return str(operand)


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
    if [key for key, _ in operand.items()] != ["equals-ignore-case"]:
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
    pattern = wildcard_regex(_text(operand, "wildcard"))
    return lambda leaf: leaf.__class__ is str and pattern.fullmatch(leaf) is not None


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
    elif operand in _EMPTY_RANGES:
        raise ValueError(f'"numeric" has {_json(operand)}; no number lies there')

    def holds(leaf: object) -> bool:
        found = comparable(leaf)
        return found is not None and all(compare(found) for compare in comparisons)

    return holds


def _comparison(operator: object, bound: object) -> Callable[[float], bool]:
    comparison = _COMPARISONS.get(operator) if isinstance(operator, str) else None
    if comparison is None:
        raise ValueError(f'"numeric" has the operator {_json(operator)}; operators are =, <, <=, >, >=')
    wanted = _bound("numeric", bound)
    return lambda found: comparison(found, wanted)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _bound(name: str, value: object) -> float:
    """Return the double of a number in a pattern. Raises ValueError if it is none, or if a double does not hold it."""
    if not is_number(value):
        raise ValueError(f'"{name}" has {_json(value)}, expected a number')
    number = comparable(value)
    if number is None:
        raise ValueError(f'"{name}" has {written(value)}, which a double does not hold; write at most 15 digits')
    return number


_LARGEST = sys.float_info.max
_EMPTY_RANGES = ([">", _LARGEST], [">=", _LARGEST], ["<", -_LARGEST], ["<=", -_LARGEST])
"""Ranges that AWS's matcher cannot take: it ends them at the largest double."""


def _check_range(operand: Sequence[Any]) -> None:
    lower, bottom, upper, top = operand
    if lower not in {">", ">="} or upper not in {"<", "<="}:
        raise ValueError(f'"numeric" has {_json(operand)}; a range begins with > or >= and ends with < or <=')
    if _bound("numeric", bottom) >= _bound("numeric", top):
        raise ValueError(f'"numeric" has {_json(operand)}; the lower bound must be less than the upper one')


def _cidr(operand: object) -> Callable[[Any], bool]:
    text = _text(operand, "cidr")
    try:
        addresses = address_range(text)
    except ValueError as error:
        raise ValueError(f'"cidr" has {_json(text)}; {error}') from None
    if addresses is None:
        raise ValueError(f'"cidr" has {_json(text)}, expected an address and mask bits such as "10.0.0.0/24"')
    return _within(addresses)


def _anything_but(operand: object) -> Callable[[Any], bool]:
    if isinstance(operand, Mapping):
        return _anything_but_operator(operand)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not (all(value.__class__ is str for value in values) or all(is_number(value) for value in values)):
        raise ValueError(
            f'"anything-but" has {_json(operand)}, expected a text, a number, a list of texts, a list of numbers, or one operator'
        )
    if values[0].__class__ is str:
        texts = frozenset(values)
        return lambda leaf: not (leaf.__class__ is str and leaf in texts)
    numbers = frozenset(_bound("anything-but", value) for value in values)
    return lambda leaf: comparable(leaf) not in numbers


_NEGATABLE = ("equals-ignore-case", "prefix", "suffix", "wildcard")


def _anything_but_operator(operand: Mapping[str, Any]) -> Callable[[Any], bool]:
    members = list(operand.items())
    if len(members) != 1 or members[0][0] not in _NEGATABLE:
        raise ValueError(f'"anything-but" has {_json(operand)}, expected one of the operators {", ".join(_NEGATABLE)}')
    (name, inner) = members[0]
    values = [_text(value, f"anything-but {name}") for value in (inner if isinstance(inner, list) else [inner])]
    if not values:
        raise ValueError(f'"anything-but" has {_json(operand)}; an empty list would allow everything')
    if name in {"prefix", "suffix"} and "" in values:
        raise ValueError(f'"anything-but" has {_json(operand)}; an empty {name} would allow nothing')
    refused = [_OPERATORS[name](value) for value in values]
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
