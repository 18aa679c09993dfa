"""Asks the lake for the page: bounded, remembered, and given up when the bus ends.

An answer is remembered by its statement and by the generations of what its tables hold: what did not change is not asked again.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from eventlake.errors import EventlakeError
from eventlake.interfaces import Result
from eventlake.lake import Lake

AT_ONCE = 2
"""How many tiles are asked for at the same time, by all who look."""
REMEMBERED = 400
"""How many answers are remembered."""
MOST_ROWS = 20_000
"""How many rows of an answer are remembered and drawn."""

_WORD = re.compile(r"\w+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its rows, or the sentence that says why there are none. cut: whether there were more rows than are kept."""

    result: Result
    problem: str = ""
    cut: bool = False


NOTHING = Result((), (), ())


class Asking:
    """Asks a lake. open_lake: opens it when somebody looks for the first time. is_stopping: whether nobody will hear the answer."""

    def __init__(self, open_lake: Callable[[], Lake], is_stopping: Callable[[], bool]) -> None:
        self._open = open_lake
        self._is_stopping = is_stopping
        self._lake: Lake | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, object], Answered] = OrderedDict()
        self._pool = ThreadPoolExecutor(AT_ONCE, "tiles")

    @property
    def lake(self) -> Lake:
        """Return the lake. Raises LakeNotFoundError."""
        with self._lock:
            if self._lake is None:
                self._lake = self._open()
            return self._lake

    def ask(self, sql: str) -> Future[Answered]:
        """Have a statement answered, in its turn."""
        return self._pool.submit(self.answer, sql)

    def answer(self, sql: str) -> Answered:
        """Answer a statement; what goes wrong becomes a sentence."""
        try:
            key = sql, self._state(sql)
            with self._lock:
                if known := self._known.get(key):
                    self._known.move_to_end(key)
                    return known
            answered = _kept(self.lake.engine.query(sql, cancelled=self._is_stopping))
        except EventlakeError as error:
            return Answered(NOTHING, str(error))
        except Exception:
            _log.exception("A query of the page failed.")
            return Answered(NOTHING, "This could not be asked; the bus said why where it runs.")
        self._remember(key, answered)
        return answered

    def state(self) -> object:
        """Return what changes when anything comes into the lake, or is swapped in it."""
        return tuple(_generations(self.lake, table.name) for table in self.lake.tables)

    def close(self) -> None:
        """Let go of what waits; what runs is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if (close := getattr(self._lake and self._lake.engine, "close", None)) is not None:
            close()

    def _state(self, sql: str) -> object:
        """Return what changes when something comes into the tables that a statement names, or is swapped in them."""
        words = {word.lower() for word in _WORD.findall(sql)}
        named = [table.name for table in self.lake.tables if table.name in words]
        return tuple(_generations(self.lake, name) for name in named)

    def _remember(self, key: tuple[str, object], answered: Answered) -> None:
        with self._lock:
            self._known[key] = answered
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def _generations(lake: Lake, table: str) -> Sequence[object]:
    return tuple((one.hour, one.generation, one.objects, one.rows) for one in lake.catalog.contents(table).hours)


def _kept(result: Result) -> Answered:
    if len(result.rows) <= MOST_ROWS:
        return Answered(result)
    return Answered(replace(result, rows=result.rows[:MOST_ROWS]), cut=True)
