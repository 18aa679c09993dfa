"""What a selection asks of fields -> a predicate of Athena's SQL, and values of fields for which it holds, for a test.

https://sigmahq.io/docs/basics/modifiers.html: texts are compared without regard to case, `*` and `?` stand for anything.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eventlake.detections.sigma.document import Node
from eventlake.detections.sigma.fields import Field, field_of
from eventlake.errors import DeclarationError
from eventlake.model import Table

_PLACES = {"contains": ("%", "%"), "startswith": ("", "%"), "endswith": ("%", "")}
_COMPARED = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_FLAGS = {"i": "i", "m": "m", "s": "s"}
_KNOWN = (*_PLACES, "re", "all", "cidr", "exists", "cased", *_COMPARED)
EXISTS = "x"
"""What stands in a test where a field only has to be there."""
_FREE = re.compile(r"[\w@./:| -]+")
_PIECE = re.compile(r"\\([*?\\])|([*?])|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate. holds: values by path of the event for which it holds, None for what is taken away; None if none are known."""

    sql: str
    holds: Mapping[str, Any] | None = None  # of JSON


def predicate_of(selection: Node, table: Table) -> Predicate:
    """Return the predicate of a selection: names with values, all of which must hold, or a list of such, one of which must.

    Raises DeclarationError for what is not read.
    """
    parts = [_all_of(one, table) for one in selection.items()]
    if not parts:
        raise selection.wrong("the selection is empty")
    return any_of(parts)


def any_of(parts: list[Predicate]) -> Predicate:
    """Return the predicate that holds if one does."""
    found = next((part.holds for part in parts if part.holds is not None), None)
    return Predicate(_joined(" or ", parts), found)


def all_of(parts: list[Predicate]) -> Predicate:
    """Return the predicate that holds if all do."""
    values: dict[str, Any] | None = {}
    for part in parts:
        for path, value in (part.holds or {}).items():
            if values is not None and values.setdefault(path, value) != value:
                values = None
        values = None if part.holds is None else values
    return Predicate(_joined(" and ", parts), values)


def none_of(part: Predicate) -> Predicate:
    """Return the predicate that holds if one does not; what is NULL does not hold. An event as it is is taken to do."""
    return Predicate(f"not coalesce({part.sql}, false)", {})


def _joined(word: str, parts: list[Predicate]) -> str:
    return parts[0].sql if len(parts) == 1 else f"({word.join(part.sql for part in parts)})"


def _all_of(one: Node, table: Table) -> Predicate:
    if not isinstance(one.value, dict):
        raise one.wrong("a keyword without a field is not read: name the field that holds it")
    if not one.value:
        raise one.wrong("the selection is empty")
    return all_of([_asked(name, value, table) for name, value in one.value.items()])


def _asked(name: str, value: Node, table: Table) -> Predicate:
    bare, *modifiers = name.split("|")
    if unknown := next((one for one in modifiers if one not in _KNOWN and not ("re" in modifiers and one in _FLAGS)), None):
        raise value.wrong(f'the modifier "{unknown}" of "{bare}" is not read: there is {", ".join(_KNOWN)}')
    found = field_of(bare, table)
    if isinstance(found, str):
        raise value.wrong(found)
    compare = _comparison(found, modifiers, value)
    parts = [compare(one) for one in value.items()]
    if not parts:
        raise value.wrong(f'"{bare}" has no value')
    return all_of(parts) if "all" in modifiers else any_of(parts)


def _comparison(field: Field, modifiers: list[str], value: Node) -> Callable[[Node], Predicate]:
    """Return what compares a field with one value, as the modifiers say. Raises DeclarationError for modifiers that do not go together."""
    kinds = [one for one in modifiers if one not in {"all", "cased"} and one not in _FLAGS]
    if len(kinds) > 1:
        raise value.wrong(f"the modifiers {' and '.join(kinds)} are not read together")
    kind = kinds[0] if kinds else ""
    if kind == "re":
        flags = "".join(one for one in modifiers if one in _FLAGS)
        return lambda one: _expression(field, flags, one)
    if kind == "cidr":
        return lambda one: _network(field, one)
    if kind == "exists":
        return lambda one: _existing(field, one)
    if kind in _COMPARED:
        return lambda one: _number(field, _COMPARED[kind], one)
    return lambda one: _text(field, _PLACES.get(kind, ("", "")), one, is_cased="cased" in modifiers)


def _text(field: Field, around: tuple[str, str], one: Node, *, is_cased: bool) -> Predicate:
    if one.value is None:
        return Predicate(f"{field.sql} is null", {field.path: None})
    if isinstance(one.value, (dict, list)):
        raise one.wrong("a single value is expected here")
    if field.kind == "number":
        return _number(field, "=", one)
    written = {True: "true", False: "false"}.get(one.value) if isinstance(one.value, bool) else str(one.value)
    assert written is not None  # of both
    pieces = list(_pieces(written))
    sql, value = (field.sql, "".join(pieces)) if is_cased else (f"lower({field.sql})", "".join(pieces).lower())
    example = one.value if isinstance(one.value, bool) else _example(written, around)
    plain = re.sub(r"\\(.)", r"\1", value)
    if around == ("", "") and not any(piece in "%_" for piece in pieces):
        return Predicate(f"{sql} = {_quoted(plain)}", {field.path: example})
    pattern = around[0] + value + around[1]
    escape = " escape '\\'" if "\\" in pattern else ""
    return Predicate(f"{sql} like {_quoted(pattern)}{escape}", {field.path: example})


def _pieces(text: str) -> Iterator[str]:
    """Yield the pieces of a pattern of LIKE: `*` and `?` are its wildcards, and what it takes for some is escaped."""
    for match in _PIECE.finditer(text):
        escaped, wild, letter = match.groups()
        if wild:
            yield "%" if wild == "*" else "_"
        else:
            one = escaped or letter
            yield f"\\{one}" if one in "%_\\" else one


def _example(text: str, around: tuple[str, str]) -> str:
    """Return a text that a pattern takes."""
    inner = "".join(escaped or ({"*": "", "?": "x"}[wild] if wild else letter) for escaped, wild, letter in _PIECE.findall(text))
    return f"{'x' if around[0] else ''}{inner}{'x' if around[1] else ''}"


def _expression(field: Field, flags: str, one: Node) -> Predicate:
    text = one.text()
    try:
        re.compile(text)
    except re.error as error:
        raise one.wrong(f"the expression cannot be read: {error}") from None
    holds = {field.path: text} if _FREE.fullmatch(text) and "." not in text and "|" not in text else None
    return Predicate(f"regexp_like({field.sql}, {_quoted(f'(?{flags}){text}' if flags else text)})", holds)


def _network(field: Field, one: Node) -> Predicate:
    try:
        network = ipaddress.ip_network(one.text())
    except ValueError as error:
        raise one.wrong(f"no network: {error}") from None
    first, last = (f"cast({_quoted(str(address))} as ipaddress)" for address in (network[0], network[-1]))
    return Predicate(f"try_cast({field.sql} as ipaddress) between {first} and {last}", {field.path: str(network[0])})


def _existing(field: Field, one: Node) -> Predicate:
    if not isinstance(one.value, bool):
        raise one.wrong("the modifier exists wants true or false")
    return (
        Predicate(f"{field.sql} is not null", {field.path: EXISTS}) if one.value else Predicate(f"{field.sql} is null", {field.path: None})
    )


def _number(field: Field, operator: str, one: Node) -> Predicate:
    number = one.value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number != number or abs(number) > 1e15:
        raise one.wrong(f'"{str(number)[:60]}" is no number that can be compared')
    example = number + {"<": -1, ">": 1}.get(operator, 0)
    value = field.sql if field.kind == "number" else f"try_cast({field.sql} as double)"
    return Predicate(f"{value} {operator} {number}", {field.path: example})


def _quoted(text: str) -> str:
    if "\0" in text:
        raise DeclarationError("A text with the character NUL is not read.")
    return "'" + text.replace("'", "''") + "'"
