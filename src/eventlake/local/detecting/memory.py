"""What is remembered between the ticks of a lake's detections, in SQLite beside its catalog: states, and what is to be told to whom.

States and what follows from them are saved in one transaction; what is told is told after it, and noted then. So whatever ends the process
at any step, nothing is forgotten, and what was told without being noted is told again with the same id.
One process writes; `doctor` reads.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventlake.backends.sqlite_file import committed
from eventlake.detections.states import State
from eventlake.errors import StorageError
from eventlake.local.crash import crash_point

MEMORY = "detections.db"
_BUSY_S = 30.0
_KEPT = timedelta(days=7)
"""How long what was told is remembered."""
_SCHEMA = """
    create table if not exists run (detection text primary key, until_us integer, mark integer not null, tried_us integer not null, problem text not null);
    create table if not exists state (detection text not null, key text not null, state text not null, primary key (detection, key));
    create table if not exists telling (number integer primary key, id text not null unique, severity text not null, body blob not null,
        told_us integer not null, accepted integer not null default 0);
    create table if not exists errand (sink text not null, telling text not null, attempts integer not null default 0, next_us integer not null,
        given_up_us integer not null, primary key (sink, telling));
    create index if not exists errand_by_time on errand (sink, next_us);
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How far a detection has looked, in UTC: everything before `until` was seen. mark: the newest object of its tables then.

    tried: when it ran last, also in vain. problem: why in vain, a sentence; empty if it went well.
    """

    until: datetime | None = None
    mark: int = 0
    tried: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """An alert's event that a sink is to be told. since: when it was to be told first."""

    sink: str
    id: str
    body: bytes
    attempts: int
    since: datetime
    given_up: datetime


class Memory:
    """The memory of a lake's detections in a file. read_only: for `doctor`. Raises StorageError."""

    def __init__(self, file: Path, *, read_only: bool = False) -> None:
        self._file = file
        with self._failing():
            if read_only:
                self._connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None)
            else:
                self._connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
                self._connection.execute("pragma journal_mode = wal")
                self._connection.execute("pragma synchronous = full")
                self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # detections

    def run(self, detection: str) -> Run:
        """Return how far a detection has looked."""
        rows = self._rows("select until_us, mark, tried_us, problem from run where detection = ?", (detection,))
        return Run(_moment(rows[0][0]), rows[0][1], _moment(rows[0][2]), rows[0][3]) if rows else Run()

    def problems(self) -> dict[str, str]:
        """Return why detections ran in vain, by name."""
        return dict(self._rows("select detection, problem from run where problem <> '' order by detection"))

    def forget_others(self, detections: Iterable[str]) -> None:
        """Forget the detections that there are no more; their alerts stay open in the table."""
        with self._transaction() as run:
            known = json.dumps(list(detections))
            for table in ("run", "state"):
                run(f"delete from {table} where detection not in (select value from json_each(?))", (known,))

    def states(self, detection: str) -> dict[str, State]:
        """Return the states of a detection, by key."""
        return {key: _state(text) for key, text in self._rows("select key, state from state where detection = ?", (detection,))}

    def save(self, detection: str, run: Run, states: Mapping[str, State], tellings: Sequence[Saved], now: datetime) -> None:
        """Store what a tick of a detection came to: all of it or nothing. now: aware."""
        before = self.states(detection)
        with self._transaction() as execute:
            _save_run(execute, detection, run)
            for key in before.keys() - states.keys():
                execute("delete from state where detection = ? and key = ?", (detection, key))
            for key, state in states.items():
                if before.get(key) != state:
                    execute("insert or replace into state values (?, ?, ?)", (detection, key, _written(state)))
            for one in tellings:
                _save_telling(execute, one, _microseconds(now))
        crash_point("states saved")

    def fail(self, detection: str, problem: str, now: datetime | None) -> None:
        """Note that a detection ran in vain; what it has seen before stays. now: None if it was not tried, since it cannot be read."""
        before = self.run(detection)
        with self._transaction() as execute:
            _save_run(execute, detection, replace(before, tried=now or before.tried, problem=problem))

    def note_idle(self, detections: Iterable[str], until: datetime) -> None:
        """Note that up to a moment nothing came that detections would have to look at."""
        with self._transaction() as execute:
            for detection in detections:
                execute("update run set until_us = ? where detection = ?", (_microseconds(until), detection))

    # what is told

    def unaccepted(self) -> list[tuple[str, bytes]]:
        """Return the events of alerts that the bus has not accepted, in order: id and body."""
        return self._rows("select id, body from telling where not accepted order by number")

    def accept(self, ids: Iterable[str]) -> None:
        """Note that the bus has accepted events."""
        with self._transaction() as execute:
            for one in ids:
                execute("update telling set accepted = 1 where id = ?", (one,))
        crash_point("acceptance noted")

    def errands(self, sink: str, now: datetime, limit: int = 100) -> list[Errand]:
        """Return what a sink is to be told now, the oldest first."""
        rows = self._rows(
            "select t.id, t.body, e.attempts, t.told_us, e.given_up_us from errand e join telling t on t.id = e.telling "
            "where e.sink = ? and e.next_us <= ? order by t.number limit ?",
            (sink, _microseconds(now), limit),
        )
        return [Errand(sink, one, body, attempts, _known(told), _known(until)) for one, body, attempts, told, until in rows]

    def done(self, errand: Errand) -> None:
        """Note that a sink was told, or that it is told no more."""
        with self._transaction() as execute:
            execute("delete from errand where sink = ? and telling = ?", (errand.sink, errand.id))
        crash_point("errand done")

    def postpone(self, errand: Errand, until: datetime) -> None:
        """Tell a sink again later."""
        with self._transaction() as execute:
            values = _microseconds(until), errand.sink, errand.id
            execute("update errand set attempts = attempts + 1, next_us = ? where sink = ? and telling = ?", values)

    def waiting(self) -> dict[str, int]:
        """Count what sinks have not been told, by name."""
        return dict(self._rows("select sink, count(*) from errand group by sink order by sink"))

    def late(self, before: datetime) -> dict[str, int]:
        """Count what sinks were to be told before a moment and have not been, by name."""
        query = (
            "select e.sink, count(*) from errand e join telling t on t.id = e.telling where t.told_us < ? group by e.sink order by e.sink"
        )
        return dict(self._rows(query, (_microseconds(before),)))

    def tidy(self, sinks: Iterable[str], now: datetime) -> None:
        """Forget the errands of sinks that there are no more, and what was told long ago."""
        with self._transaction() as execute:
            execute("delete from errand where sink not in (select value from json_each(?))", (json.dumps(list(sinks)),))
            old = "accepted and told_us < ? and id not in (select telling from errand)"
            execute(f"delete from telling where {old}", (_microseconds(now - _KEPT),))

    # the file

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._failing():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._failing(), committed(self._connection):
            yield self._connection.execute

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise SQLite's errors as sentences."""
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f'"{self._file}" cannot be used: {error}. If it is damaged, remove it: what is found then is told again, by the same ids.'
            ) from None


@dataclass(frozen=True, slots=True)
class Saved:
    """An event that tells of an alert, and which sinks are told of it until when."""

    id: str
    severity: str
    body: bytes
    sinks: tuple[str, ...] = ()
    given_up: datetime | None = None


def _save_run(execute: Any, detection: str, run: Run) -> None:
    values = run.until and _microseconds(run.until), run.mark, _microseconds(run.tried) if run.tried else 0, run.problem
    execute("insert or replace into run values (?, ?, ?, ?, ?)", (detection, *values))


def _save_telling(execute: Any, one: Saved, now_us: int) -> None:
    execute("insert or ignore into telling (id, severity, body, told_us) values (?, ?, ?, ?)", (one.id, one.severity, one.body, now_us))
    until = _microseconds(one.given_up) if one.given_up else now_us
    for sink in one.sinks:
        execute("insert or ignore into errand (sink, telling, next_us, given_up_us) values (?, ?, ?, ?)", (sink, one.id, now_us, until))


_TIMES = ("opened", "first_event", "last_event", "seen")


def _written(state: State) -> str:
    values = asdict(state)
    return json.dumps(values | {name: values[name].isoformat() for name in _TIMES})


def _state(text: str) -> State:
    values = json.loads(text)
    return State(**values | {name: datetime.fromisoformat(values[name]) for name in _TIMES})


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _known(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _moment(microseconds: int | None) -> datetime | None:
    return _known(microseconds) if microseconds else None
