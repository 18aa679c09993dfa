"""One query's process as its owner sees it: takes a cell, a question, a job, and gives rows; let go, it is killed."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import eventlake.errors as errors
from eventlake.errors import ConfigurationError, CorruptObjectError, EventlakeError, QueryError, QueryFailedError, QueryLimitError
from eventlake.query.box import channel, values
from eventlake.query.box.answering import NO_TYPE, OUT_OF_MEMORY
from eventlake.query.box.channel import ChannelClosedError, ChannelLateError
from eventlake.query.box.forking import ENDED
from eventlake.query.box.load import Load
from eventlake.query.box.question import Days, Question, Understood
from eventlake.query.box.rows import Rows
from eventlake.query.box.trials import Ground
from eventlake.query.box.walls import Cell
from eventlake.query.run import MAX_ROWS, Job, too_many_rows

ANSWER_MB = 256
"""The bytes of an answer, as they come over the wire, when nothing else is said."""
START_S = 20.0
"""How long a process may take to begin."""
_SAYABLE = frozenset(
    ("QueryFailedError", "QueryLimitError", "QueryRefusedError", "QuerySyntaxError", "NameNotFoundError", "CorruptObjectError")
)
_MOST_LETTERS = 2_000
_Form = TypeVar("_Form")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. signal: what killed it, 0 if it ended by itself. peak_mb: the most memory it held."""

    signal: int
    peak_mb: float


class Worker:
    """A process that was asked for. `close` it: that is what ends it."""

    def __init__(self, data: socket.socket, leash: socket.socket) -> None:
        self._data = data
        self._leash = leash
        self._ready = False
        self._memory_mb = 0
        self._end: Ended | None = None
        self.until(time.monotonic() + START_S, START_S)

    def prepare(self, cell: Cell) -> None:
        """Tell it what it may use; it puts up its walls and opens DuckDB meanwhile. Does not wait."""
        import msgspec

        self._memory_mb = cell.memory_mb
        self._data.settimeout(START_S)
        try:
            channel.send(self._data, channel.CELL, msgspec.msgpack.encode(cell))
        except (ChannelClosedError, ChannelLateError):
            raise _not_started() from None

    def until(self, deadline: float, seconds: float, look: Callable[[], None] | None = None) -> None:
        """Say how long it may take from here: to the deadline, of time.monotonic(). look: raises if nobody wants the answer any more."""
        self._deadline, self._seconds, self._look = deadline, seconds, look

    def more_time(self, seconds: float) -> None:
        """Move the deadline, by time that was spent on other things than the query."""
        self._deadline += seconds

    def translate(self, question: Question) -> Understood:
        """What the process understands of a question. Raises QueryError or ConfigurationError."""
        return self._told(channel.QUESTION, question, channel.UNDERSTOOD, Understood)

    def kept(self, days: Sequence[Days]) -> list[Days]:
        """For each scan of the question the hours that it needs to read. Raises QueryError or ConfigurationError."""
        return self._told(channel.HOURS, days, channel.KEPT, list[Days])

    def try_walls(self, ground: Ground) -> list[str]:
        """Return what the process is kept from, by names of `trials.TRIALS`, after it tried. Raises ConfigurationError."""
        return self._told(channel.TRY, ground, channel.REFUSED, list[str])

    def ask(self, job: Job, answer_mb: int = ANSWER_MB) -> Rows:
        """The rows of the job's statement.

        Raises QueryFailedError, QueryLimitError, QueryRefusedError, CorruptObjectError or ConfigurationError.
        """
        with self._sentences():
            self._send(channel.JOB, job)
            return self._rows(job, answer_mb << 20)

    def close(self) -> None:
        """Let it go: the zygote kills it. Does not wait."""
        self._data.close()
        self._leash.close()

    def ended(self, seconds: float = 5.0) -> Ended | None:
        """How it ended, after it was let go or died; None if that is not known in time."""
        if self._end is None:
            self._leash.settimeout(seconds)
            try:
                told = self._leash.recv(ENDED.size)
            except OSError:
                return None
            if len(told) == ENDED.size:
                status, peak_kb = ENDED.unpack(told)
                self._end = Ended(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, peak_kb / 1024)
        return self._end

    def _told(self, kind: bytes, body: object, answer: bytes, form: type[_Form]) -> _Form:
        """The answer to one frame."""
        import msgspec

        with self._sentences():
            self._send(kind, body)
            said, told = channel.receive(self._data, channel.MOST_BYTES, self._deadline, self._look)
            if said == channel.FAILED:
                raise _said(told, self._memory_mb)
            try:
                return msgspec.msgpack.decode(told if said == answer else b"", type=form)
            except (msgspec.DecodeError, RecursionError):
                raise ChannelClosedError from None

    def _send(self, kind: bytes, body: object) -> None:
        import msgspec

        self._await_ready(self._look)
        self._data.settimeout(max(self._deadline - time.monotonic(), 0.001))
        channel.send(self._data, kind, msgspec.msgpack.encode(body))

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turns the end of the process and of its time into sentences."""
        try:
            yield
        except ChannelLateError:
            raise too_long(self._seconds) from None
        except ChannelClosedError:
            raise self._death() from None

    def _await_ready(self, look: Callable[[], None] | None) -> None:
        if self._ready:
            return
        try:
            kind, _ = channel.receive(self._data, 0, time.monotonic() + START_S, look)
        except (ChannelClosedError, ChannelLateError):
            raise _not_started() from None
        self._ready = kind == channel.READY

    def _rows(self, job: Job, most: int) -> Rows:
        import msgspec

        rows = Rows(values.rows_decoder(job.types))
        load = Load(job.types, most, max(job.memory_mb << 20, most), self._require_time)
        while True:
            kind, body = channel.receive(self._data, most, self._deadline, self._look)
            if kind == channel.DONE:
                return rows
            if kind == channel.FAILED:
                raise _said(body, self._memory_mb)
            load.add(body)
            try:
                load.add_rows(rows.append(body))
            except (msgspec.DecodeError, RecursionError):  # a ValidationError is one of them
                raise QueryFailedError(NO_TYPE) from None
            if len(rows) > MAX_ROWS:
                raise too_many_rows()

    def _require_time(self) -> None:
        """Raise if nobody wants the answer any more, or the time is over."""
        if self._look is not None:
            self._look()
        if time.monotonic() > self._deadline:
            raise ChannelLateError

    def _death(self) -> EventlakeError:
        """Why it ended without an answer."""
        end = self.ended()
        if end is not None and end.signal == signal.SIGXCPU:
            return too_long(self._seconds)
        if end is not None and end.signal == signal.SIGKILL:
            return QueryLimitError("The query was killed by the system, most likely because memory ran out: ask for less.")
        return too_much_memory(self._memory_mb)


def too_long(seconds: float) -> QueryLimitError:
    """The sentence for a query that was killed at its deadline."""
    return QueryLimitError(f"The query ran longer than {seconds:g} s and was stopped: name fewer days in its WHERE, or ask for less.")


def too_much_memory(memory_mb: int) -> QueryLimitError:
    """The sentence for a query that hit the limit on memory."""
    return QueryLimitError(f"The query needs more than {memory_mb:,} MB of memory: name fewer days in its WHERE, or ask for less.")


def _not_started() -> ConfigurationError:
    return ConfigurationError('The process that answers queries could not be started: run "eventlake doctor".')


def _said(body: bytes, memory_mb: int) -> QueryError | CorruptObjectError:
    """The error of a frame: one of the kinds that may be said, its sentence as printable text."""
    import msgspec

    try:
        name, sentence = msgspec.msgpack.decode(body, type=tuple[str, str])
    except msgspec.DecodeError:
        return too_much_memory(memory_mb)
    if name not in _SAYABLE or sentence == OUT_OF_MEMORY:
        return too_much_memory(memory_mb)
    kind: type[QueryError | CorruptObjectError] = getattr(errors, name)
    return kind("".join(letter if letter.isprintable() else " " for letter in sentence[:_MOST_LETTERS]))
