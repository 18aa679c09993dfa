"""Asks the lake for the page: bounded, remembered, and given up when the bus ends.

An answer is remembered by its statement and by the generations of what its tables hold: what did not change is not asked again.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from eventlake.errors import EventlakeError
from eventlake.interfaces import Result
from eventlake.lake import Lake

AT_ONCE = 2
"""How many tiles are asked for at the same time on one machine, by all who look."""
REMEMBERED = 400
"""How many answers are remembered."""
MOST_ROWS = 20_000
"""How many rows of an answer are remembered and drawn."""

Key = tuple[str, object]
"""A statement, and what changes with what its tables hold."""
Held = Mapping[str, Sequence[tuple[object, ...]]]
"""What each hour of each table of a lake holds, its hour first and its state last: it changes with it."""

_WORD = re.compile(r"\w+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its rows, or the sentence that says why there are none. cut: whether there were more rows than are kept."""

    result: Result
    problem: str = ""
    cut: bool = False


NOTHING = Result((), (), ())
_UNKNOWN = Answered(NOTHING, "This could not be asked; the bus said why where it runs.")


@dataclass(slots=True)
class Asked:
    """A statement under way, or answered. wanted: how many wait who can go away. is_given_up: whether the last of them went."""

    future: Future[Answered]
    wanted: int = 0
    is_given_up: bool = False

    @classmethod
    def over(cls, answered: Answered) -> Asked:
        """Return one that is answered."""
        future: Future[Answered] = Future()
        future.set_result(answered)
        return cls(future)

    def settle(self, answered: Answered) -> None:
        """Give the answer to all who wait, once."""
        with suppress(InvalidStateError):
            self.future.set_result(answered)

    def want(self) -> None:
        """Count one more who waits."""
        self.wanted += 1

    def leave(self) -> None:
        """Count one less; the last has the statement given up, if it still runs."""
        self.wanted -= 1
        self.is_given_up = self.wanted <= 0 and not self.future.done()


class Asking:
    """Asks a lake.

    open_lake: opens it when somebody looks for the first time. is_stopping: whether nobody will hear the answer. at_once: how many tiles are
    asked for at the same time, by all who look.
    """

    def __init__(self, open_lake: Callable[[], Lake], is_stopping: Callable[[], bool], at_once: int = AT_ONCE) -> None:
        self._open = open_lake
        self._is_stopping = is_stopping
        self._lake: Lake | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, Answered] = OrderedDict()
        self._under_way: dict[Key, Asked] = {}
        self._pool = ThreadPoolExecutor(at_once, "tiles")

    @property
    def lake(self) -> Lake:
        """Return the lake. Raises LakeNotFoundError."""
        with self._lock:
            if self._lake is None:
                self._lake = self._open()
            return self._lake

    def ask(self, sql: str, held: Held | None = None) -> Asked:
        """Have a statement answered in its turn; who asks the same meanwhile shares the answer. held: what the tables hold, if known already."""
        try:
            key: Key = sql, self._state(sql, held)
        except EventlakeError as error:
            return Asked.over(Answered(NOTHING, str(error)))
        with self._lock:
            if known := self._known.get(key):
                self._known.move_to_end(key)
                return Asked.over(known)
            asked = self._under_way.get(key)
            if asked is None or asked.is_given_up:
                asked = self._under_way[key] = Asked(Future())
                self._pool.submit(self._run, key, asked)
            return asked

    def answer(self, sql: str) -> Answered:
        """Answer a statement; what goes wrong becomes a sentence."""
        return self.ask(sql).future.result()

    def told(self, tell: Callable[[], Result]) -> Asked:
        """Have rows told in their turn that no statement has; they are not remembered, since they may change without a table."""
        asked = Asked(Future())

        def run() -> None:
            try:
                asked.settle(_kept(tell()))
            except EventlakeError as error:
                asked.settle(Answered(NOTHING, str(error)))
            except Exception:
                _log.exception("A tile of the page failed.")
                asked.settle(_UNKNOWN)

        self._pool.submit(run)
        return asked

    def _run(self, key: Key, asked: Asked) -> None:
        """Run a statement for all who asked it; nobody else would hear of what goes wrong."""
        answered = self._answered(key, asked)
        with self._lock:
            if self._under_way.get(key) is asked:
                del self._under_way[key]
        asked.settle(answered)

    def _answered(self, key: Key, asked: Asked) -> Answered:
        try:
            answered = _kept(self.lake.engine.query(key[0], cancelled=lambda: asked.is_given_up or self._is_stopping()))
        except EventlakeError as error:
            return Answered(NOTHING, str(error))
        except Exception:
            _log.exception("A query of the page failed.")
            return _UNKNOWN
        self._remember(key, answered)
        return answered

    def explain(self, sql: str) -> str:
        """Say what a statement would read and cost, without running it. Raises EventlakeError for what would be refused."""
        return self.lake.engine.explain(sql)

    def held(self) -> Held:
        """Return what changes when anything comes into a table, or is swapped in it, for every table."""
        return {table.name: _generations(self.lake, table.name) for table in self.lake.tables}

    def generations(self) -> dict[str, dict[str, object]]:
        """Return for each table what changes with each of its hours."""
        return {table.name: {str(one[0]): one for one in _generations(self.lake, table.name)} for table in self.lake.tables}

    def close(self) -> None:
        """Let go of what waits; what runs is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for asked in list(self._under_way.values()):
            asked.settle(Answered(NOTHING, "The bus ends; ask again when it is back."))
        if (close := getattr(self._lake and self._lake.engine, "close", None)) is not None:
            close()

    def _state(self, sql: str, held: Held | None) -> object:
        """Return what changes when something comes into the tables that a statement names, or is swapped in them."""
        words = {word.lower() for word in _WORD.findall(sql)}
        named = [table.name for table in self.lake.tables if table.name in words]
        return tuple(_generations(self.lake, name) if held is None else held[name] for name in named)

    def _remember(self, key: Key, answered: Answered) -> None:
        with self._lock:
            self._known[key] = answered
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def unfinished_hours(held: Held) -> int:
    """Return how many hours hold something that is not closed: more may come into them."""
    return len({one[0] for hours in held.values() for one in hours if one[-1] != "closed"})


def _generations(lake: Lake, table: str) -> Sequence[tuple[object, ...]]:
    return tuple((one.hour, one.generation, one.objects, one.rows, one.state) for one in lake.catalog.contents(table).hours)


def _kept(result: Result) -> Answered:
    if len(result.rows) <= MOST_ROWS:
        return Answered(result)
    return Answered(replace(result, rows=result.rows[:MOST_ROWS]), cut=True)
