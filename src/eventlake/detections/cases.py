"""The tests of a detection, as data beside it: `NAME.test.json`. Events, a moment at which the detection runs, and what it must find then.

    {"events": {"failure": {"sample": "wrong-password", "change": {"ip": "198.51.100.7"}}},
     "cases": [{"case": "ten users tried",
                "events": [{"event": "failure", "at": "-50m", "times": 10, "every": "1m", "change": {"user_name": "user{n}@example.com"}}],
                "finds": {"198.51.100.7": {"events": 10, "users_tried": "10"}}}]}

An event is a sample of the source, or of another as `source/sample`, with changes: a path below the object that the table's undeclared fields
are collected from, or from the envelope as `$.time`, and its value; `{n}` in a text is the event's number from 1, and null takes a field away.
`at` is how long before the run it happened; `times` and `every` repeat it. What a case finds: key -> columns and their values as text,
`first_event` and `last_event` as `-50m`, so long before the run; a case that finds nothing is the look-alike, or the one below the threshold.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventlake.detections.detection import FOLDER, Detection
from eventlake.detections.header import length
from eventlake.detections.wording import event_moment
from eventlake.errors import DeclarationError
from eventlake.model import Source, Table
from eventlake.naming import nearest_or_all
from eventlake.sources.samples import names, read_sample

END = ".test.json"
CLOCK = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""When a detection runs in its cases, a Friday."""

_NAMESPACE = uuid.UUID("5d2b4c0e-0f0b-5a4e-8a36-0d5d1c7f9b11")

Json = Any  # as the file has it


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """An event of a case: its envelope without times and ids, how long before the run it happens, and the table whose times and key it has."""

    body: Mapping[str, Json]
    before: timedelta
    table: Table

    def at(self, clock: datetime, identity: str) -> bytes:
        """Write the event as it happens before a clock, under ids that follow from what names it."""
        body = deepcopy(dict(self.body))
        written = event_moment(clock - self.before)
        name = str(uuid.uuid5(_NAMESPACE, identity))
        for column, value in (("event_time", written), ("event_id", name), (self.table.key, name)):
            for path in self._paths(column):
                if _has(body, path):
                    _set(body, path, value)
        body["id"] = name
        body["time"] = written
        return json.dumps(body).encode()

    def _paths(self, column: str) -> Sequence[str]:
        found = self.table.column(column)
        return found.paths if found else ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what it is in words, its events, and what the detection must find: key -> column -> its value as text."""

    name: str
    events: tuple[CaseEvent, ...]
    finds: Mapping[str, Mapping[str, str]]


def read_cases(detection: Detection, sources: Sequence[Source]) -> list[Case]:
    """Read the cases of a detection; none if no file lies beside it. Raises DeclarationError for a file that does not say what it must."""
    source = next(one for one in sources if one.name == detection.source)
    path = Path(source.folder or ".") / FOLDER / f"{detection.name}{END}"
    return _cases(path, _Samples(source, sources, f"{source.name}/{FOLDER}/{path.name}")) if path.is_file() else []


def _cases(path: Path, samples: _Samples) -> list[Case]:
    where = samples.where
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DeclarationError(f"{where}: is no JSON: {error}.") from None
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise DeclarationError(f'{where}: is an object with "cases", a list.')
    shared = content.get("events", {})
    return [
        _case(one, shared, samples, f'{where}, case {number} "{one.get("case", "")}"') for number, one in enumerate(content["cases"], 1)
    ]


def _case(one: Mapping[str, Json], shared: Mapping[str, Json], samples: _Samples, where: str) -> Case:
    for name in ("case", "events", "finds"):
        if name not in one:
            raise DeclarationError(f'{where}: says no "{name}".')
    events = tuple(event for told in one["events"] for event in _events(told, shared, samples, where))
    finds = {key: {column: str(value) for column, value in columns.items()} for key, columns in one["finds"].items()}
    return Case(one["case"], events, finds)


def _events(told: Mapping[str, Json], shared: Mapping[str, Json], samples: _Samples, where: str) -> Iterator[CaseEvent]:
    named = told.get("event")
    if named is not None and named not in shared:
        raise DeclarationError(f'{where}: there is no event "{named}".{nearest_or_all(str(named), shared)}')
    template = shared.get(named, {}) if named is not None else {}
    sample = told.get("sample", template.get("sample", ""))
    changes = {**template.get("change", {}), **told.get("change", {})}
    begin = length(str(told.get("at", "")).removeprefix("-"), f'{where}: "at": "{told.get("at", "")}"')
    step = length(told["every"], f'{where}: "every": "{told["every"]}"') if "every" in told else timedelta(0)
    table, body = samples.event(sample, where)
    for number in range(1, int(told.get("times", 1)) + 1):
        yield CaseEvent(_changed(body, table, changes, number), begin - (number - 1) * step, table)


class _Samples:
    """The samples that cases name, each read once."""

    def __init__(self, source: Source, sources: Sequence[Source], where: str) -> None:
        self.where = where
        self._source = source
        self._sources = {one.name: one for one in sources}
        self._read: dict[str, tuple[Table, Mapping[str, Json]]] = {}

    def event(self, name: str, where: str) -> tuple[Table, Mapping[str, Json]]:
        """Return the table that a sample's event goes into, and the event. Raises DeclarationError if there is none, or not of one table."""
        if name not in self._read:
            self._read[name] = self._event(name, where)
        return self._read[name]

    def _event(self, name: str, where: str) -> tuple[Table, Mapping[str, Json]]:
        first, slash, rest = name.partition("/")
        source = self._sources.get(first) if slash else self._source
        sample = rest if slash else name
        if source is None or sample not in names(source):
            raise DeclarationError(f'{where}: there is no sample "{name}".{nearest_or_all(sample, names(source or self._source))}')
        read = read_sample(source, sample)
        tables = [table for table in source.tables if table.name in read.lines]
        body = json.loads(read.event)
        if len(tables) != 1 or "detail" not in body:
            raise DeclarationError(f'{where}: the sample "{name}" is no event with an envelope that one table takes; choose another.')
        return tables[0], body


def _changed(body: Mapping[str, Json], table: Table, changes: Mapping[str, Json], number: int) -> Mapping[str, Json]:
    made = deepcopy(dict(body))
    for path, value in changes.items():
        _set(made, path if path.startswith("$.") else f"{table.root}.{path}", _numbered(value, number))
    return made


def _numbered(value: Json, number: int) -> Json:
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, list):
        return [_numbered(one, number) for one in value]
    if isinstance(value, dict):
        return {key: _numbered(one, number) for key, one in value.items()}
    return value


def _parts(path: str) -> list[str]:
    return path.removeprefix("$.").split(".")


def _has(body: Mapping[str, Json], path: str) -> bool:
    at: Json = body
    for part in _parts(path):
        if not isinstance(at, dict) or part not in at:
            return False
        at = at[part]
    return True


def _set(body: dict[str, Json], path: str, value: Json) -> None:
    """Set a field, and make the objects around it; None takes it away."""
    *around, last = _parts(path)
    at = body
    for part in around:
        at = at.setdefault(part, {})
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
