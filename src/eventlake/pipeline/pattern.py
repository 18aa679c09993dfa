"""Event pattern -> its rule, or a sentence that says what EventBridge would refuse in it.

Operators: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
Behaviour where the page is silent follows AWS's open matcher: https://github.com/aws/event-ruler
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from eventlake.errors import EventError, PatternError
from eventlake.pipeline.as_written import loads
from eventlake.pipeline.operators import Test, read_test, same_as
from eventlake.pipeline.rule import Branch, Rule
from eventlake.pipeline.wildcards import COMPLEXITY_LIMIT, complexity

OR = "$or"

_RESERVED_IN_OR = frozenset(
    {
        "exactly",
        "prefix",
        "suffix",
        "equals-ignore-case",
        "wildcard",
        "numeric",
        "exists",
        "anything-but",
        "cidr",
        "=",
        "<",
        "<=",
        ">",
        ">=",
        "$or",
    }
)
_BRANCHES_LIMIT = 1000
_DEPTH_LIMIT = 100


def matches(pattern: str | bytes | Mapping[str, Any], event: str | bytes | Mapping[str, Any]) -> bool:  # any JSON object
    """Return True if an event pattern matches an event, as EventBridge decides it.

    Both may be JSON text or what `json.loads` gives. Raises PatternError for a pattern that EventBridge would refuse, EventError
    for an event that is no JSON object.
    """
    rule = _cached_rule(pattern) if isinstance(pattern, str | bytes) else compile_pattern(pattern)
    if not isinstance(event, Mapping):
        event = _event(event)
    return rule.matches(event)


@lru_cache(maxsize=256)
def _cached_rule(pattern: str | bytes) -> Rule:
    return compile_pattern(pattern)


def _event(text: str | bytes) -> Mapping[str, Any]:
    try:
        event = loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise EventError("NotJson", f"The event is not JSON: {error}.") from None
    if not isinstance(event, dict):
        raise EventError("NotAnEvent", "The event is not a JSON object.")
    return event


def compile_pattern(pattern: str | bytes | Mapping[str, Any]) -> Rule:  # any JSON object
    """Compile a pattern, JSON text or a mapping, to its rule. Raises PatternError with the key, the value and what is allowed."""
    if isinstance(pattern, str | bytes):
        try:
            pattern = loads(pattern)
        except (ValueError, RecursionError) as error:
            raise PatternError(f"The event pattern is not JSON: {error}.") from None
    if not isinstance(pattern, Mapping):
        raise PatternError(f"The event pattern is {_kind(pattern)}, expected an object.")
    branches: list[Branch] = []
    _read_object(pattern, (), branches, in_or=False)
    _check_wildcards(branches)
    return Rule(_without_shadowed(branches))


def _check_wildcards(branches: Sequence[Branch]) -> None:
    """Refuse wildcards that EventBridge finds too complex. Branches that agree in every key before a field are compared with it together."""
    together: dict[tuple[Hashable, str], dict[Hashable, tuple[str, ...]]] = {}
    for branch in branches:
        before: tuple[Hashable, ...] = ()
        for path, tests in sorted(branch.items()):
            found = {test.identity: test.wildcards for test in tests if test.wildcards}
            if found:
                together.setdefault((before, path), {}).update(found)
            before = (*before, (path, frozenset(test.identity for test in tests)))
    for place, wildcards in together.items():
        _check_complexity(place[1], list(wildcards.values()))


def _check_complexity(path: str, tests: list[tuple[str, ...]]) -> None:
    if sum(text.count("*") + 1 for test in tests for text in test) > COMPLEXITY_LIMIT // 2 and complexity(tests) > COMPLEXITY_LIMIT:
        raise PatternError(f'"{path}": the wildcards are too complex for EventBridge; use fewer *, or fewer repeated characters after a *.')


def _without_shadowed(branches: list[Branch]) -> list[Branch]:
    """Leave out the branches that AWS's matcher takes for an earlier one.

    It takes a branch for an earlier one of the same keys if they share a value at each of them, and then never looks at the other values:
    of `"$or": [{"b": ["p"]}, {"b": ["p", "q"]}]` beside another key, "q" matches nothing. Who tests a pattern here must see what AWS does.
    """
    kept: list[Branch] = []
    for branch in branches:
        if not any(_is_taken_for(branch, earlier) for earlier in kept):
            kept.append(branch)
    return kept


def _is_taken_for(branch: Branch, earlier: Branch) -> bool:
    if branch.keys() != earlier.keys():
        return False
    return all({test.identity for test in branch[path]} & {test.identity for test in earlier[path]} for path in branch)


def _read_object(pattern: Mapping[str, Any], path: tuple[str, ...], branches: list[Branch], *, in_or: bool) -> None:
    """Add the conditions of an object of the pattern to every branch; its `$or`s multiply the branches."""
    if not pattern:
        raise PatternError(f"{_at(path)}an empty object is not allowed; leave the key out to allow any value.")
    if len(path) > _DEPTH_LIMIT:
        raise PatternError(f"{_at(path[:3])}the pattern is nested deeper than {_DEPTH_LIMIT} levels.")
    for key, value in pattern.items():
        if key == OR:
            branches[:] = _read_or(value, path, branches)
        elif in_or and key in _RESERVED_IN_OR:
            raise PatternError(f'{_at(path)}"{key}" is a reserved word that cannot be a field name inside $or.')
        elif isinstance(value, Mapping):
            _read_object(value, (*path, key), branches, in_or=in_or)
        elif isinstance(value, list):
            _add_condition(value, (*path, key), branches)
        else:
            raise PatternError(f"{_at((*path, key))}the value is {_kind(value)}, expected an array of values or an object.")


def _read_or(members: object, path: tuple[str, ...], branches: list[Branch]) -> list[Branch]:
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members) or len(members) < 2:
        raise PatternError(f"{_at((*path, OR))}expected an array of at least two objects.")
    grown: list[Branch] = []
    for member in members:
        own = [dict(branch) for branch in branches] or [{}]
        _read_object(member, path, own, in_or=True)
        grown += own
        if len(grown) > _BRANCHES_LIMIT:
            raise PatternError(f"{_at((*path, OR))}the members of $or combine to more than {_BRANCHES_LIMIT} patterns.")
    return grown


def _add_condition(values: list[Any], path: tuple[str, ...], branches: list[Branch]) -> None:
    if not values:
        raise PatternError(f"{_at(path)}an empty array is not allowed; it would match nothing.")
    tests = [_read_value(value, path) for value in values]
    if not branches:
        branches.append({})
    for branch in branches:
        branch[".".join(path)] = tests


def _read_value(value: object, path: tuple[str, ...]) -> Test:
    try:
        if isinstance(value, Mapping):
            return read_test(value)
        if isinstance(value, list):
            raise ValueError("the value is an array inside an array; expected a text, a number, true, false, null or an operator")
        return same_as(value)
    except ValueError as error:
        raise PatternError(f"{_at(path)}{error}.") from None


def _at(path: tuple[str, ...]) -> str:
    return f'"{".".join(path)}": ' if path else ""


def _kind(value: object) -> str:
    names = {str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "null", list: "an array"}
    return names.get(type(value), "something else")
