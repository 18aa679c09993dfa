"""Compiled event pattern + event -> does it match: EventBridge's rules, as its own matcher decides them.

`pattern` compiles a pattern once to its rule, which is then asked for each event. A rule is branches (one for each way through the pattern's
`$or`s), a branch is a condition for each flattened path (`detail.state`), and a condition is a list of tests of which one must hold for one leaf.
Leaves that lie in different elements of one array are never combined.
Behaviour where AWS's page is silent, and of numbers, follows its open matcher: https://github.com/aws/event-ruler
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.pipeline.as_written import Literal, Members
from eventlake.pipeline.operators import Test

Membership = dict[int, int]
"""For each array that a leaf lies in, by number: the index of the element."""

Leaf = tuple[Any, Membership]
"""A scalar of the event, and the array elements it lies in."""

Branch = dict[str, list[Test]]
"""For each flattened path, the tests of which one must hold."""


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
