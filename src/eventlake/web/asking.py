"""Asks the lake for the page: bounded, remembered, and given up when the bus ends.

An answer is remembered by its statement and by the generations of what its tables hold: what did not change is not asked again.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b

from eventlake.errors import EventlakeError
from eventlake.interfaces import Contents, Result
from eventlake.lake import Lake
from eventlake.web.answered import ENDS, NOTHING, UNKNOWN, Answered, Asked
from eventlake.web.grouping import grouped

AT_ONCE = 2
"""How many tiles are asked for at the same time on one machine, by all who look."""
REMEMBERED = 400
"""How many answers are remembered."""

Key = tuple[str, object]
"""A statement, and what changes with what its tables hold."""
Begun = tuple[Key, Asked]
"""A statement that somebody asks, and that is to be run."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a table holds. mark: differs once anything came into it or was swapped. hours: by their texts, of each what changes with it, its state last."""

    mark: bytes
    hours: Mapping[str, tuple[object, ...]] = field(compare=False)

    @classmethod
    def of(cls, contents: Contents) -> Holding:
        """Make that of a table's contents."""
        marks = contents.marks
        hours = {str(one.hour): (one.generation, one.objects, one.rows, marks.get(one.hour), one.state) for one in contents.hours}
        return cls(blake2b(repr(hours).encode(), digest_size=16).digest(), hours)


Held = Mapping[str, Holding]
"""What each table of a lake holds."""

Together = Callable[[Sequence[str], Callable[[], bool]], Iterator[Result | EventlakeError]]
"""Answers several statements, each with its rows or its error; asks whether nobody wants the rest."""

_WORD = re.compile(r"\w+")
_log = logging.getLogger(__name__)


class Asking:
    """Asks a lake.

    open_lake: opens it when somebody looks for the first time. is_stopping: whether nobody will hear the answer. at_once: how many tiles are
    asked for at the same time, by all who look.
    """

    def __init__(self, open_lake: Callable[[], Lake], is_stopping: Callable[[], bool], at_once: int = AT_ONCE) -> None:
        self._open = open_lake
        self.is_stopping = is_stopping
        self._lake: Lake | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, Answered] = OrderedDict()
        self._under_way: dict[Key, Asked] = {}
        self._holdings: dict[str, tuple[Contents, Holding]] = {}
        self._at_once = at_once
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
        return self.ask_all([sql], held)[0]

    def ask_all(self, statements: Sequence[str], held: Held | None = None) -> list[Asked]:
        """Have the statements of a page answered: those that nobody asks yet in groups that read the same tables."""
        asked, new = self.begun(statements, held)
        places = self._at_once if self._together is not None else len(new)
        groups = grouped([(one, self.named(one[0][0])) for one in new], places) if places and len(new) > 1 else [[one] for one in new]
        for group in groups:
            self._pool.submit(self.run, group)
        return asked

    def begun(self, statements: Sequence[str], held: Held | None, *, puts_off: bool = False) -> tuple[list[Asked], list[Begun]]:
        """Return each statement's answer, or that it is under way; and those that are neither, which are to be run.

        puts_off: whether they may wait until there is little to do; who asks the same meanwhile and will not wait has it run.
        """
        new: list[Begun] = []
        return [self._asked(sql, held, new, puts_off=puts_off) for sql in statements], new

    def _asked(self, sql: str, held: Held | None, new: list[Begun], *, puts_off: bool) -> Asked:
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
                asked = self._under_way[key] = Asked(Future(), is_put_off=puts_off)
                new.append((key, asked))
            elif asked.is_put_off and not puts_off:
                asked.is_put_off = False
                new.append((key, asked))
            return asked

    def taken(self, put_off: Begun) -> bool:
        """Take what was put off, to run it now; return False if somebody has taken it, or nobody wants it any more."""
        key, asked = put_off
        with self._lock:
            if asked.is_given_up and self._under_way.get(key) is asked:
                del self._under_way[key]
            is_wanted = asked.is_put_off and not asked.is_given_up
            asked.is_put_off = False
            return is_wanted

    def told(self, tell: Callable[[], Result], submit: Callable[[Callable[[], None]], object] | None = None) -> Asked:
        """Have rows told in their turn that no statement has; they are not remembered, since they may change without a table."""
        asked = Asked(Future())

        def run() -> None:
            try:
                asked.settle(Answered.of(tell()))
            except EventlakeError as error:
                asked.settle(Answered(NOTHING, str(error)))
            except Exception:
                _log.exception("A tile of the page failed.")
                asked.settle(UNKNOWN)

        (submit or self._pool.submit)(run)
        return asked

    @property
    def _together(self) -> Together | None:
        """Return what answers several statements at once, where the lake's engine can."""
        found: Together | None = getattr(self.lake.engine, "together", None)
        return found

    def run(self, group: Sequence[Begun]) -> float:
        """Run statements for all who asked them, and return the seconds of the processor that it took here, beside those of this thread.

        Nobody else would hear of what goes wrong.
        """
        left, spent, begun = list(group), 0.0, time.monotonic()
        try:
            for answer in self._answers([key[0] for key, _ in group], lambda: all(asked.is_given_up for _, asked in left)):
                spent += answer.processor_s if isinstance(answer, Result) else time.monotonic() - begun
                begun = time.monotonic()
                self._settle(*left[0], Answered(NOTHING, str(answer)) if isinstance(answer, EventlakeError) else Answered.of(answer))
                del left[0]
        except Exception:
            _log.exception("A query of the page failed.")
        for key, asked in left:
            self._settle(key, asked, UNKNOWN)
        return spent

    def _answers(self, statements: Sequence[str], is_given_up: Callable[[], bool]) -> Iterator[Result | EventlakeError]:
        """Yield the answer to each statement, or its error."""

        def cancelled() -> bool:
            return is_given_up() or self.is_stopping()

        if len(statements) > 1 and self._together is not None:
            yield from self._together(statements, cancelled)
            return
        for sql in statements:
            try:
                yield self.lake.engine.query(sql, cancelled=cancelled)
            except EventlakeError as error:
                yield error

    def _settle(self, key: Key, asked: Asked, answered: Answered) -> None:
        """Give an answer to all who wait for it, and remember it if it is one."""
        if not answered.problem:
            self._remember(key, answered)
        with self._lock:
            if self._under_way.get(key) is asked:
                del self._under_way[key]
        asked.settle(answered)

    def explain(self, sql: str) -> str:
        """Say what a statement would read and cost, without running it. Raises EventlakeError for what would be refused."""
        return self.lake.engine.explain(sql)

    def held(self) -> Held:
        """Return what every table holds."""
        return {table.name: self._holding(table.name) for table in self.lake.tables}

    def _holding(self, table: str) -> Holding:
        """Return what a table holds; of a year of hours that takes some tens of milliseconds, so that it is made once for the same contents."""
        contents = self.lake.catalog.contents(table)
        known = self._holdings.get(table)
        if known is None or known[0] is not contents:
            known = self._holdings[table] = contents, Holding.of(contents)
        return known[1]

    def close(self) -> None:
        """Let go of what waits; what runs is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for asked in list(self._under_way.values()):
            asked.settle(ENDS)
        if (close := getattr(self._lake and self._lake.engine, "close", None)) is not None:
            close()

    def _state(self, sql: str, held: Held | None) -> object:
        """Return what changes when something comes into the tables that a statement names, or is swapped in them."""
        return tuple((self._holding(name) if held is None else held[name]).mark for name in self.named(sql))

    def named(self, sql: str) -> list[str]:
        """Return the tables that a statement names, and perhaps others."""
        words = {word.lower() for word in _WORD.findall(sql)}
        return [table.name for table in self.lake.tables if table.name in words]

    def _remember(self, key: Key, answered: Answered) -> None:
        with self._lock:
            self._known[key] = answered
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def unfinished_hours(held: Held) -> int:
    """Return how many hours hold something that is not closed: more may come into them."""
    return len({hour for holding in held.values() for hour, one in holding.hours.items() if one[-1] != "closed"})
