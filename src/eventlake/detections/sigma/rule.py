"""The documents of a Sigma file -> one rule to draft a detection from: which events, and how many of them within which time.

Rules: https://sigmahq.io/docs/basics/rules.html, correlations: https://sigmahq.io/docs/meta/correlations.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from eventlake.detections.sigma.condition import Count, Joined, Tree, read_condition
from eventlake.detections.sigma.document import Node
from eventlake.detections.sigma.selection import Predicate, all_of, any_of, none_of, predicate_of
from eventlake.errors import UsageError
from eventlake.model import Source, Table
from eventlake.naming import nearest, nearest_or_all

LEVELS = {"informational": "information", "low": "low", "medium": "medium", "high": "high", "critical": "critical"}
USUAL_WINDOW = timedelta(hours=1)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=400)
_SPAN = re.compile(r"([1-9]\d{0,4})([smhd])")
_CORRELATIONS = ("event_count", "value_count")
_NOT_SELECTIONS = {"condition", "timeframe"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. about: its title, description and where it is from, a line each. tree: which events; counted: how many, None if one is enough."""

    about: tuple[str, ...]
    severity: str
    table: Table
    predicate: Predicate
    counted: Count | None
    window: timedelta


def read_rule(documents: Sequence[Node], sources: Sequence[Source], table: str = "") -> Rule:
    """Read the rule of a file: the only one, or the correlation of the others. table: its name, if the rule does not tell it.

    Raises DeclarationError for what is not read, UsageError for a table that must be named.
    """
    correlations = [one for one in documents if one.named("correlation")]
    rules = [one for one in documents if not one.named("correlation")]
    if len(correlations) > 1:
        raise correlations[1].wrong("only one correlation of a file is read")
    if correlations:
        return _correlated(correlations[0], rules, sources, table)
    if len(rules) > 1:
        raise rules[1].wrong("a second rule is not read, unless a correlation names both: cut the file in two")
    [one] = rules
    chosen = _table(one, sources, table)
    predicate, counted, window = _detection(one, chosen)
    return Rule(_about(one), _severity(one), chosen, predicate, counted, window)


def _correlated(one: Node, rules: Sequence[Node], sources: Sequence[Source], table: str) -> Rule:
    said = one.names()["correlation"]
    kind = _required(said, "type")
    if kind.text() not in _CORRELATIONS:
        raise kind.wrong(f"the correlation {kind.text()} is not read: there is {', '.join(_CORRELATIONS)}")
    if (aliases := said.named("aliases")) is not None:
        raise aliases.wrong("aliases are not read: name the field as the table has it")
    chosen = list(_named_by(_required(said, "rules"), rules))
    tables = {(found := _table(rule, sources, table)).name: found for rule in chosen}
    if len(tables) > 1:
        raise said.wrong(f"its rules are about several tables, {', '.join(tables)}; one is read")
    [found] = tables.values()
    read = [_detection(rule, found) for rule in chosen]
    if any(counted for _, counted, _ in read):
        raise said.wrong("a rule that counts by itself cannot be counted again")
    by = said.named("group-by")
    fields = tuple(each.text() for each in by.items()) if by else ()
    counted = _correlation_count(said, kind.text(), fields)
    span = _required(said, "timespan")
    predicate = any_of([predicate for predicate, _, _ in read])
    return Rule(_about(one), _severity(one), found, predicate, counted, _span(span))


def _named_by(names: Node, rules: Sequence[Node]) -> Iterator[Node]:
    known = {named.text(): rule for rule in rules for key in ("name", "id") if (named := rule.named(key)) is not None}
    if not names.items():
        raise names.wrong("it names no rule")
    for each in names.items():
        if each.text() not in known:
            raise each.wrong(f'the file has no rule "{each.text()}".{nearest_or_all(each.text(), known)}')
        yield known[each.text()]


def _correlation_count(said: Node, kind: str, by: tuple[str, ...]) -> Count:
    condition = _required(said, "condition")
    field = condition.named("field")
    if (kind == "value_count") != (field is not None):
        raise condition.wrong("value_count counts the values of a field, which its condition names; event_count names none")
    limits = {name: value for name, value in condition.names().items() if name != "field"}
    if len(limits) != 1 or not limits.keys() <= {"gt", "gte"}:
        raise condition.wrong("the condition says gt or gte and a number, and nothing else")
    [(operator, number)] = limits.items()
    if isinstance(number.value, bool) or not isinstance(number.value, int) or not 0 <= number.value < 1_000_000_000:
        raise number.wrong("a whole number is expected here")
    return Count(field.text() if field else "", by, number.value + (operator == "gt"))


def _detection(one: Node, table: Table) -> tuple[Predicate, Count | None, timedelta]:
    said = _required(one, "detection")
    selections = {name: value for name, value in said.names().items() if name not in _NOT_SELECTIONS}
    conditions = _required(said, "condition").items()
    if not selections:
        raise said.wrong("it has no selection")
    read = [read_condition(each.text(), list(selections), each.wrong) for each in conditions]
    counts = [counted for _, counted in read if counted]
    if counts and len(read) > 1:
        raise said.wrong("several conditions, of which one counts, are not read")
    tree = read[0][0] if len(read) == 1 else Joined("or", tuple(tree for tree, _ in read))
    frame = said.named("timeframe")
    return _predicate(tree, selections, table), counts[0] if counts else None, _span(frame) if frame else USUAL_WINDOW


def _predicate(tree: Tree, selections: Mapping[str, Node], table: Table) -> Predicate:
    if not isinstance(tree, Joined):
        return predicate_of(selections[tree.name], table)
    parts = [_predicate(part, selections, table) for part in tree.parts]
    if tree.word == "not":
        return none_of(parts[0])
    return all_of(parts) if tree.word == "and" else any_of(parts)


def _table(one: Node, sources: Sequence[Source], table: str) -> Table:
    """Return the table that a rule is about: the one that is named, or that its logsource tells."""
    known = {each.name: each for source in sources for each in source.tables}
    if table:
        if table not in known:
            raise UsageError(f'There is no table "{table}".{nearest(table, known)} `eventlake tables` lists them.')
        return known[table]
    said = one.named("logsource")
    words = [value.text().lower() for value in said.names().values()] if said else []
    found = [each for each in known.values() if each.name in words] or [
        each for source in sources if source.name in words for each in source.tables
    ]
    if len(found) != 1:
        names = ", ".join(each.name for each in found)
        told = f"is about several tables, {names}" if names else "does not say which table it is about"
        raise UsageError(f"{one.where}: the rule {told}: name it, as --table {found[0].name if found else 'auth0_logs'}.")
    return found[0]


def _about(one: Node) -> tuple[str, ...]:
    title = _required(one, "title").text().rstrip(".")
    described = one.named("description")
    said = [each.text() for name in ("id", "author") if (each := one.named(name)) and each.value]
    told = described.text() if described and described.value else f"What the rule {title} is about."
    origin = f" ({', '.join(said)})" if said else ""
    title, told = (text[:1].upper() + text[1:] for text in (title, told))  # a small letter may begin a setting
    return title, told, f"Drafted from a Sigma rule{origin}: try it on the past before you rely on it."


def _severity(one: Node) -> str:
    level = one.named("level")
    if level is None:
        return "medium"
    if level.text() not in LEVELS:
        raise level.wrong(f'the level "{level.text()}" is none: there is {", ".join(LEVELS)}')
    return LEVELS[level.text()]


def _span(value: Node) -> timedelta:
    match = _SPAN.fullmatch(value.text())
    found = int(match[1]) * _UNITS[match[2]] if match else timedelta(0)
    if not timedelta(minutes=1) <= found <= _LONGEST or found % timedelta(minutes=1):
        raise value.wrong(f'"{value.text()[:40]}" is no length of time in whole minutes, such as 10m, 1h or 7d, at most {_LONGEST.days}d')
    return found


def _required(one: Node, name: str) -> Node:
    found = one.named(name)
    if found is None:
        raise one.wrong(f'"{name}" is missing')
    return found
