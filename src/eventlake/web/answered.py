"""An answer of the lake to the page, and a statement that is under way to one."""

from __future__ import annotations

import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace

from eventlake.interfaces import Result

MOST_ROWS = 20_000
"""How many rows of an answer are remembered and drawn."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its rows, or the sentence that says why there are none. cut: whether there were more rows than are kept."""

    result: Result
    problem: str = ""
    cut: bool = False

    @classmethod
    def of(cls, result: Result) -> Answered:
        """Return the answer that these rows are, or the first of them."""
        if len(result.rows) <= MOST_ROWS:
            return cls(result)
        return cls(replace(result, rows=result.rows[:MOST_ROWS]), cut=True)


NOTHING = Result((), (), ())
UNKNOWN = Answered(NOTHING, "This could not be asked; the bus said why where it runs.")
ENDS = Answered(NOTHING, "The bus ends; ask again when it is back.")
UNWANTED = Answered(NOTHING, "Nobody waits for this any more.")


@dataclass(slots=True)
class Asked:
    """A statement under way, or answered.

    wanted: how many wait who can go away. is_given_up: whether the last of them went. is_put_off: whether it waits for a time when there is
    little to do, since only browsers that follow what changes want it.
    """

    future: Future[Answered]
    wanted: int = 0
    is_given_up: bool = False
    is_put_off: bool = False

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


class Visit:
    """Somebody who waits for a page in a thread: what is asked for him alone is given up when he goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits_for: Asked | None = None
        self._is_gone = False

    def answer(self, asked: Asked) -> Answered:
        """Return the answer, as soon as it is there."""
        with self._lock:
            asked.want()
            self._waits_for = asked
            if self._is_gone:
                asked.leave()
        return asked.future.result()

    def go(self) -> None:
        """Wait no longer."""
        with self._lock:
            if self._waits_for is not None and not self._is_gone:
                self._waits_for.leave()
            self._is_gone = True
