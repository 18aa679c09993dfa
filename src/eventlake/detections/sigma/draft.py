"""A Sigma rule -> the two files of a detection, as a draft: its SQL, and its tests where events can be made for which it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from eventlake.detections.header import length_text
from eventlake.detections.sigma.document import documents
from eventlake.detections.sigma.fields import Field, field_of
from eventlake.detections.sigma.rule import Rule, read_rule
from eventlake.detections.sigma.selection import EXISTS
from eventlake.errors import DeclarationError
from eventlake.model import Source, Table
from eventlake.sources.samples import names, read_sample

_PEOPLE = ("user_name", "user_id", "ip", "pipeline", "project_name", "application", "client_name")
"""Columns that say who or what an event is about, the first of them that a table has and that says something."""
_TESTED = 200
"""How many events a drafted test makes at most."""
_SHORT = timedelta(minutes=10)
"""A window that what comes late would miss."""
OTHER = "something else"


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of a detection. tests: empty if none could be made."""

    name: str
    sql: str
    tests: str


def draft_of(text: str, where: str, sources: Sequence[Source], table: str = "") -> Draft:
    """Draft the detection of the rule that a YAML file's text holds. where: the file as sentences name it. Raises DeclarationError, UsageError."""
    rule = read_rule(documents(text, where), sources, table)
    name = re.sub(r"[^a-z0-9]+", "_", rule.about[0].lower()).strip("_")[:60].strip("_")
    if not name or not name[0].isalpha():
        raise DeclarationError(f'{where}: of the title "{rule.about[0][:60]}" no name can be made: begin it with a letter of a to z.')
    return Draft(name, _sql(rule, where), _tests(rule, sources))


def _sql(rule: Rule, where: str) -> str:
    key, said = _key(rule, where)
    identity = f'count(distinct coalesce("{rule.table.key}", event_id))'
    having, parameter = _threshold(rule, identity, where)
    header = [
        *rule.about,
        f"severity {rule.severity}",
        f"every {'5m' if rule.window <= timedelta(hours=1) else '15m'}",
        f"window {length_text(rule.window)}",
        *(["lateness 30m"] if rule.window < _SHORT else []),
        f"key {said}",
        *parameter,
        "do Look at the events, and say here what is to be done.",
    ]
    lines = [
        *(f"-- {line}" for line in header),
        "select",
        f"  {key} as key,",
        f"  {identity} as events,",
        "  min(event_time) as first_event,",
        "  max(event_time) as last_event",
        f"from {rule.table.name}",
        'where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, \'%H\'))',
        "  and event_time >= :since",
        "  and event_time < :until",
        f"  and {rule.predicate.sql}",
        f"group by {key}",
        *having,
    ]
    return "\n".join(lines) + "\n"


def _key(rule: Rule, where: str) -> tuple[str, str]:
    """Return the key as SQL and in words: what the rule counts by, or whom the events are about."""
    if rule.counted is not None:
        columns = [_column(name, rule.table, where) for name in rule.counted.by]
        texts = [f"cast({column} as varchar)" for column in columns]
        return (" || ' ' || ".join(texts), " and ".join(rule.counted.by)) if texts else ("'all'", "all events together")
    people = _people(rule.table)
    known = [f"nullif({name}, '')" for name in people]
    known += ["event_id"] if rule.table.key == "event_id" else [f'"{rule.table.key}"', "event_id"]
    return f"coalesce({', '.join(known)})", f"{people[0]}, or what is known instead" if people else "the event"


def _threshold(rule: Rule, identity: str, where: str) -> tuple[list[str], list[str]]:
    """Return the line that counts, and that of its parameter; nothing if one event is enough."""
    counted = rule.counted
    if counted is None:
        return [], []
    if counted.field:
        column = _column(counted.field, rule.table, where)
        return [f"having count(distinct {column}) >= :least"], [
            f"param least int = {counted.least}  values of {counted.field}, as the rule says"
        ]
    return [f"having {identity} >= :least"], [f"param least int = {counted.least}  events, as the rule says"]


def _column(name: str, table: Table, where: str) -> str:
    found = field_of(name, table)
    if isinstance(found, str):
        raise DeclarationError(f"{where}: {found}.")
    return found.sql


def _tests(rule: Rule, sources: Sequence[Source]) -> str:
    """Return cases: it fires; one event less, if it counts; and an event that differs in the first thing that it asks for."""
    least = rule.counted.least if rule.counted else 1
    sample, keyed = _sample(rule.table, sources), _keyed(rule)
    if not rule.predicate.holds or not sample or keyed is None or not 1 <= least <= _TESTED:
        return ""
    key, more = keyed
    asked = {_below(path, rule.table): value for path, value in rule.predicate.holds.items()}
    change = {**asked, **{_below(path, rule.table): value for path, value in more.items()}}
    cases = [_case("it fires", least, change, {key: {}})]
    if least > 1:
        cases.append(_case("one less", least - 1, change, {}))
    if (first := next((path for path, value in asked.items() if isinstance(value, str) and value != EXISTS), None)) is not None:
        cases.append(_case(f"{first} is something else", least, change | {first: OTHER}, {}))
    return json.dumps({"events": {"event": {"sample": sample}}, "cases": cases}, indent=2, ensure_ascii=False) + "\n"


def _keyed(rule: Rule) -> tuple[str, dict[str, Any]] | None:  # JSON
    """Return the key of a test's events, and what of them is changed for it by path; None where no such events can be made."""
    holds, counted = dict(rule.predicate.holds or {}), rule.counted
    by = counted.by if counted else tuple(_people(rule.table)[:1])
    fields = [field for name in by if isinstance(field := field_of(name, rule.table), Field)]
    more: dict[str, Any] = {}
    if counted and counted.field:
        varied = field_of(counted.field, rule.table)
        if not isinstance(varied, Field) or varied.kind != "text" or varied.path in holds:
            return None
        more[varied.path] = "value {n}"
    for field in fields:
        if field.path in more:
            return None
        more[field.path] = holds.get(field.path, "somebody")
    values = [more[field.path] for field in fields]
    if (not fields and counted is None) or not all(isinstance(value, str) for value in values):
        return None
    return " ".join(values) if fields else "all", more


def _case(name: str, times: int, change: Mapping[str, Any], finds: Mapping[str, Any]) -> dict[str, Any]:  # JSON
    return {"case": name, "events": [{"event": "event", "at": "-2m", "times": times, "change": dict(change)}], "finds": dict(finds)}


def _sample(table: Table, sources: Sequence[Source]) -> str:
    """Return the first sample that becomes a row of a table alone, as cases name it; nothing if there is none."""
    for source in sources:
        for name in names(source) if source.name == table.source else ():
            read = read_sample(source, name)
            if list(read.lines) == [table.name] and b'"detail"' in read.event:
                return f"{source.name}/{name}"
    return ""


def _below(path: str, table: Table) -> str:
    """Return a path as cases write it."""
    return path.removeprefix(f"{table.root}.")


def _people(table: Table) -> list[str]:
    return [name for name in _PEOPLE if (column := table.column(name)) and column.type == "string"]
