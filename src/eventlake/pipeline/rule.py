"""Event pattern + event -> does the pattern match: EventBridge's rules, as its own matcher decides them.

A pattern is compiled once, by `compile_pattern`, and then asked for each event. It becomes branches (one for each way through its `$or`s),
a branch is a condition for each flattened path (`detail.state`), and a condition is a list of tests of which one must hold for one leaf.
Leaves that lie in different elements of one array are never combined.
Operators: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
Behaviour where the page is silent, and of numbers, follows AWS's open matcher: https://github.com/aws/event-ruler
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eventlake.errors import EventError, PatternError
from eventlake.pipeline.as_written import Literal, Members, loads
from eventlake.pipeline.operators import Test, read_test, same_as
from eventlake.pipeline.wildcards import COMPLEXITY_LIMIT, complexity

Membership = dict[int, int]
"""For each array that a leaf lies in, by number: the index of the element."""

Leaf = tuple[Any, Membership]
"""A scalar of the event, and the array elements it lies in."""

Branch = dict[str, list[Test]]
"""For each flattened path, the tests of which one must hold."""

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


@dataclass(frozen=True, slots=True)
class Difference:
    """The first key of a pattern that an event does not meet."""

    path: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f'"{self.path}" is {self.found}, the rule wants {self.wanted}'


class Rule:
    """A compiled event pattern. paths: the flattened paths whose leaves decide."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self._branches = [_Branch(branch) for branch in branches]
        conditions = [(path, test) for branch in branches for path, tests in branch.items() for test in tests]
        self.paths = frozenset(path for path, _ in conditions)
        self._compares_numbers = any(test.compares_numbers for _, test in conditions)
        self._keys = {json.dumps(key).encode() for path, _ in conditions if "." in path for key in path.split(".")}

    def needs_as_written(self, data: bytes) -> bool:
        """Return True if the event's parsed values may not be enough to decide: of numbers, and of keys below the top that stand twice."""
        return self._compares_numbers or (bool(self._keys) and (b"\\u" in data or any(data.count(key) > 1 for key in self._keys)))

    def matches(self, event: Mapping[str, Any]) -> bool:  # any JSON object
        """Return True if the event meets the pattern. event: parsed; by `as_written.loads` where `needs_as_written` says so."""
        return any(branch.matches(event) for branch in self._branches)

    def first_difference(self, event: Mapping[str, Any]) -> Difference | None:  # any JSON object
        """Return the first key that the event does not meet, None if it matches; of several `$or` members the one that gets furthest."""
        if self.matches(event):
            return None
        return max((branch.difference(event) for branch in self._branches), key=lambda found: found[0])[1]


class _Branch:
    """One way through a pattern: a condition for each path."""

    def __init__(self, conditions: Branch) -> None:
        self._conditions = conditions
        self._at_top = [(path, tests) for path, tests in conditions.items() if "." not in path]
        self._deeper = [(path, tests) for path, tests in conditions.items() if "." in path]

    def matches(self, event: Mapping[str, Any]) -> bool:  # any JSON object
        """Return True if all conditions hold; those on top-level scalars decide most events, so only then is anything flattened."""
        if event.__class__ is Members:
            return self._matches_leaves(event, self._at_top + self._deeper)
        left = []
        for path, tests in self._at_top:
            value = event.get(path)
            if value.__class__ is str:
                for test in tests:
                    if test(value):
                        break
                else:
                    return False
            else:
                left.append((path, tests))
        if not left and not self._deeper:
            return True
        return self._matches_leaves(event, left + self._deeper)

    def _matches_leaves(self, event: Mapping[str, Any], conditions: list[tuple[str, list[Test]]]) -> bool:  # any JSON object
        leaves = flatten(event, [path for path, _ in conditions])
        choices = []
        for path, tests in conditions:
            passing = _passing(leaves.get(path), tests)
            if passing is None:
                return False
            if passing and all(passing):
                choices.append(passing)
        return _consistent(choices, {})

    def difference(self, event: Mapping[str, Any]) -> tuple[int, Difference]:  # any JSON object
        """Count the conditions that hold before the first that does not; return the number and that one."""
        leaves = flatten(event, list(self._conditions))
        for held, (path, tests) in enumerate(self._conditions.items()):
            found = leaves.get(path)
            if _passing(found, tests) is None:
                return held, Difference(path, " or ".join(test.wanted for test in tests), _shown(found))
        path = next(iter(self._conditions))
        return len(self._conditions), Difference(path, "all its conditions in one element of an array", "met by different elements")


def _passing(leaves: list[Leaf] | None, tests: list[Test]) -> list[Membership] | None:
    """Return the array elements of the leaves that pass, None if the condition does not hold."""
    if leaves is None:
        return [] if any(test.wants_absence for test in tests) else None
    return [membership for value, membership in leaves if any(test(value) for test in tests)] or None


def _consistent(choices: list[list[Membership]], chosen: Membership) -> bool:
    """Return True if one leaf can be taken for each condition so that no array is at two elements at once."""
    if not choices:
        return True
    return any(
        _consistent(choices[1:], {**chosen, **membership})
        for membership in choices[0]
        if all(chosen.get(array, index) == index for array, index in membership.items())
    )


def flatten(event: Mapping[str, Any], paths: Sequence[str]) -> dict[str, list[Leaf]]:  # any JSON object
    """Return the leaves of the event at these flattened paths; a path without a leaf is not in the answer.

    A key that holds a dot is the same as the keys it is made of. Objects within arrays lie at the array's own path.
    """
    leaves: dict[str, list[Leaf]] = {}
    arrays = 0
    pending: list[tuple[str, Any, Membership]] = [("", event, {})]
    while pending:
        path, value, membership = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(
                (inner, child, membership) for key, child in value.items() if _leads(inner := f"{path}.{key}" if path else key, paths)
            )
        elif isinstance(value, list):
            pending.extend(
                (path, child, {**membership, arrays: index} if isinstance(child, dict | list) else membership)
                for index, child in enumerate(value)
            )
            arrays += 1
        elif path in paths:
            leaves.setdefault(path, []).append((value, membership))
    return leaves


def _leads(path: str, paths: Sequence[str]) -> bool:
    return any(wanted == path or wanted.startswith(f"{path}.") for wanted in paths)


def _shown(leaves: list[Leaf] | None) -> str:
    if leaves is None:
        return "missing"
    values = [str(value) if value.__class__ is Literal else json.dumps(value, ensure_ascii=False) for value, _ in leaves[:3]]
    return " and ".join(value if len(value) <= 100 else value[:97] + "..." for value in values) + (" and more" if len(leaves) > 3 else "")


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
