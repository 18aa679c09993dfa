"""One query's process as its owner sees it: takes a cell, a question, a job, and gives rows; let go, it is killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import eventlake.errors as errors
from eventlake.errors import ConfigurationError, CorruptObjectError, EventlakeError, QueryError, QueryFailedError, QueryLimitError
from eventlake.interfaces import Each
from eventlake.layout import Days
from eventlake.query.box import channel, values
from eventlake.query.box.answering import NO_TYPE, OUT_OF_MEMORY
from eventlake.query.box.channel import ChannelClosedError, ChannelLateError
from eventlake.query.box.forking import ENDED
from eventlake.query.box.load import Load
from eventlake.query.box.question import Question, Understood
from eventlake.query.box.rows import PassedOn, Rows
from eventlake.query.box.trials import Ground
from eventlake.query.box.walls import Cell
from eventlake.query.diagnosis import too_much_memory
from eventlake.query.run import MAX_ROWS, Job, too_many_rows

ANSWER_MB = 256
"""The bytes of an answer, as they come over the wire, when nothing else is said."""
START_S = 20.0
"""How long a process may take to begin."""
_MOST_PROCESSOR_S = 86_400.0
"""What a process is believed to have taken of the processor: it is counted against who asks, and nobody is to be held up for ever."""
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
        self._instead: Callable[[], Worker] | None = None
        self._memory_mb = 0
        self._end: Ended | None = None
        self.processor_s = 0.0
        """Seconds of the processor that it says it had taken when its last rows were there."""
        self.until(time.monotonic() + START_S, START_S)

    def prepare(self, cell: Cell) -> None:
        """Tell it what it may use; it puts up its walls and opens DuckDB meanwhile. Does not wait; `begin` finds out whether it heard."""
        import msgspec

        self._memory_mb = cell.memory_mb
        self._data.settimeout(START_S)
        with contextlib.suppress(ChannelClosedError, ChannelLateError):
            channel.send(self._data, channel.CELL, msgspec.msgpack.encode(cell))

    def begin(self) -> bool:
        """Wait until it stands behind its walls; return False if it is gone. Raises what `look` does."""
        return self._is_ready() and not self.is_gone()

    def is_gone(self) -> bool:
        """Return True if the process has ended, whatever it said before, or was let go."""
        if self._leash.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._data, 0)  # POLLHUP and POLLERR come unasked
        poll.register(self._leash, select.POLLIN)  # on which its end is told
        return bool(poll.poll(0))

    def until(self, deadline: float, seconds: float, look: Callable[[], None] | None = None) -> None:
        """Say how long it may take from here: to the deadline, of time.monotonic(). look: raises if nobody wants the answer any more."""
        self._deadline, self._seconds, self._look = deadline, seconds, look

    def replace_by(self, instead: Callable[[], Worker]) -> None:
        """Say where another process comes from, should somebody kill this one before it answers its question."""
        self._instead = instead

    def more_time(self, seconds: float) -> None:
        """Move the deadline, by time that was spent on other things than the query."""
        self._deadline += seconds

    def translate(self, question: Question) -> Understood:
        """Return what the process understands of a question. Raises QueryError or ConfigurationError."""
        with self._sentences():
            try:
                return self._exchanged(channel.QUESTION, question, channel.UNDERSTOOD, Understood)
            except ChannelClosedError:
                if not self._was_killed_by_others():
                    raise
            self._become_another()
            return self._exchanged(channel.QUESTION, question, channel.UNDERSTOOD, Understood)

    def kept(self, days: Sequence[Days]) -> list[Days]:
        """Return for each scan of the question the hours that it needs to read. Raises QueryError or ConfigurationError."""
        return self._told(channel.HOURS, days, channel.KEPT, list[Days])

    def try_walls(self, ground: Ground) -> list[str]:
        """Return what the process is kept from, by names of `trials.TRIALS`, after it tried. Raises ConfigurationError."""
        return self._told(channel.TRY, ground, channel.REFUSED, list[str])

    def ask(self, job: Job, answer_mb: int = ANSWER_MB, each: Each | None = None) -> Rows:
        """Return the rows of the job's statement. each: is given them as they come, and they are not kept.

        Raises QueryFailedError, QueryLimitError, QueryRefusedError, CorruptObjectError or ConfigurationError.
        """
        with self._sentences():
            self._send(channel.JOB, job)
            decoder = values.rows_decoder(job.types)
            return self._rows(job, answer_mb << 20, Rows(decoder) if each is None else PassedOn(decoder, each))

    def close(self) -> None:
        """Let it go: the zygote kills it. Does not wait."""
        self._data.close()
        self._leash.close()

    def ended(self, seconds: float = 5.0) -> Ended | None:
        """Return how it ended, after it was let go or died; None if that is not known in time."""
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
        """Return the answer to one frame. Raises QueryError or ConfigurationError."""
        with self._sentences():
            return self._exchanged(kind, body, answer, form)

    def _exchanged(self, kind: bytes, body: object, answer: bytes, form: type[_Form]) -> _Form:
        """Return the answer to one frame. Raises ChannelClosedError or ChannelLateError beside what is told."""
        import msgspec

        self._send(kind, body)
        told, content = channel.receive(self._data, channel.MOST_BYTES, self._deadline, self._look)
        if told == channel.FAILED:
            raise _error_of(content, self._memory_mb)
        try:
            return msgspec.msgpack.decode(content if told == answer else b"", type=form)
        except (msgspec.DecodeError, RecursionError):
            raise ChannelClosedError from None

    def _was_killed_by_others(self) -> bool:
        """Return True if it was killed before it said a word, and another may be asked: no limit of its own kills so."""
        end = self.ended()
        return self._instead is not None and (end is None or end.signal == signal.SIGKILL)

    def _become_another(self) -> None:
        """Go on with another process, once."""
        assert self._instead is not None  # it was asked for
        another = self._instead()
        self.close()
        self._data, self._leash, self._ready = another._data, another._leash, another._ready
        self._instead, self._end = None, None

    def _is_ready(self) -> bool:
        """Return True if it has said that it stands behind its walls; waits for that."""
        if not self._ready:
            try:
                kind, _ = channel.receive(self._data, 0, time.monotonic() + START_S, self._look)
            except (ChannelClosedError, ChannelLateError):
                return False
            self._ready = kind == channel.READY
        return self._ready

    def _send(self, kind: bytes, body: object) -> None:
        import msgspec

        if not self._is_ready():
            raise not_started()
        self._data.settimeout(max(self._deadline - time.monotonic(), 0.001))
        channel.send(self._data, kind, msgspec.msgpack.encode(body))

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn the end of the process and of its time into sentences."""
        try:
            yield
        except ChannelLateError:
            raise too_long(self._seconds) from None
        except ChannelClosedError:
            raise self._death() from None

    def _rows(self, job: Job, most: int, rows: Rows) -> Rows:
        import msgspec

        load = Load(job.types, most, max(job.memory_mb << 20, most), self._require_time)
        while True:
            kind, body = channel.receive(self._data, most, self._deadline, self._look)
            if kind == channel.DONE:
                self.processor_s = _seconds(body)
                return rows
            if kind == channel.FAILED:
                raise _error_of(body, self._memory_mb)
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
        """Return why it ended without an answer."""
        end = self.ended()
        if end is not None and end.signal == signal.SIGXCPU:
            return too_long(self._seconds)
        if end is not None and end.signal == signal.SIGKILL:
            return QueryLimitError("The query was killed by the system, most likely because memory ran out: ask for less.")
        if end is not None and end.signal:
            return too_much_memory(self._memory_mb)
        why = f"most likely because it needs more than {self._memory_mb:,} MB of memory" if end else "and nothing tells why"
        return QueryLimitError(f"The process of the query ended without an answer, {why}: ask again, or for less.")


def _seconds(body: bytes) -> float:
    """Return the seconds that a process says; none where it says none, or what no process can have taken."""
    import msgspec

    with contextlib.suppress(msgspec.DecodeError):
        said = msgspec.msgpack.decode(body, type=float)
        return said if 0.0 <= said <= _MOST_PROCESSOR_S else 0.0
    return 0.0


def too_long(seconds: float) -> QueryLimitError:
    """Return the error for a query that was killed at its deadline."""
    return QueryLimitError(f"The query ran longer than {seconds:g} s and was stopped: name fewer days in its WHERE, or ask for less.")


def not_started() -> ConfigurationError:
    """Return the error for a process that ended, or said nothing, before it was asked."""
    return ConfigurationError('The process that answers queries could not be started: run "eventlake doctor".')


def _error_of(body: bytes, memory_mb: int) -> QueryError | CorruptObjectError:
    """Return the error of a frame, its sentence as printable text: of a kind that may be said, or one that names the kind that may not."""
    import msgspec

    try:
        name, sentence = msgspec.msgpack.decode(body, type=tuple[str, str])
    except msgspec.DecodeError:
        return QueryFailedError("The process of the query failed, and what it said of it is not understood: ask again.")
    if sentence == OUT_OF_MEMORY:
        return too_much_memory(memory_mb)
    if name not in _SAYABLE:
        return QueryFailedError(_printable(f"The process of the query failed by something that is no error of a query, {name}: {sentence}"))
    kind: type[QueryError | CorruptObjectError] = getattr(errors, name)
    return kind(_printable(sentence))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_LETTERS])
