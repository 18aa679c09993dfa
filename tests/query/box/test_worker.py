"""What the owner makes of what a process says: nothing of it is believed. The other end of the socket is played by the test."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from eventlake.dialect.types.type import BIGINT, DATE, VARCHAR, Type, array, mapping, row
from eventlake.errors import ConfigurationError, CorruptObjectError, EventlakeError, QueryFailedError, QueryLimitError
from eventlake.interfaces import Row
from eventlake.query.box import channel
from eventlake.query.box.forking import ENDED
from eventlake.query.box.question import Question
from eventlake.query.box.walls import Cell
from eventlake.query.box.worker import Worker
from eventlake.query.run import Job

NOW = datetime(2026, 11, 20, tzinfo=UTC)
JOB = Job("SELECT", (), (BIGINT, VARCHAR), "", 512, 1, 5.0)


@dataclass
class Played:
    """A worker, and the ends that its process would hold."""

    worker: Worker
    data: socket.socket
    leash: socket.socket

    def says(self, kind: bytes, body: object) -> None:
        """Send a frame to the owner."""
        channel.send(self.data, kind, body if isinstance(body, bytes) else msgspec.msgpack.encode(body))

    def dies(self, status: int | None) -> None:
        """End as the zygote tells it, which says nothing where it was ended itself."""
        if status is not None:
            self.leash.send(ENDED.pack(status, 1))
        self.leash.close()
        self.data.close()


@pytest.fixture
def played() -> Iterator[Played]:
    """A process that is ready, and told of five seconds, of which the test counts none."""
    (ours, data), (our_leash, leash) = socket.socketpair(), socket.socketpair()
    made = Played(Worker(ours, our_leash), data, leash)
    made.worker.prepare(Cell("", 512, 1, 5.0))
    made.says(channel.READY, b"")
    made.worker.until(time.monotonic() + 600, 5.0)
    yield made
    made.worker.close()
    data.close()
    leash.close()


def test_rows_of_the_types_announced_are_taken(played: Played) -> None:
    """In frames, in their order."""
    played.says(channel.ROWS, [[1, "a"], [None, None]])
    played.says(channel.ROWS, [[2, "b"]])
    played.says(channel.DONE, b"")

    assert played.worker.ask(JOB) == [(1, "a"), (None, None), (2, "b")]


def test_rows_are_passed_on_as_they_come(played: Played) -> None:
    """Before the answer is there; of it is known how many they were."""
    taken = list[Sequence[Row]]()
    played.says(channel.ROWS, [[1, "a"], [None, None]])
    played.says(channel.ROWS, [[2, "b"]])
    played.says(channel.FAILED, ("QueryLimitError", "Too much."))

    with pytest.raises(QueryLimitError, match="Too much"):
        played.worker.ask(JOB, each=taken.append)
    assert taken == [[(1, "a"), (None, None)], [(2, "b")]]


@pytest.mark.parametrize(
    ("said", "understood"), [(1.5, 1.5), (-1.0, 0.0), ("much", 0.0), (b"\xc1", 0.0), (float("inf"), 0.0), (float("nan"), 0.0)]
)
def test_what_it_took_is_what_it_says(played: Played, said: object, understood: float) -> None:
    """In seconds of the processor; nothing where it says what is none."""
    played.says(channel.DONE, said)
    played.worker.ask(JOB)

    assert played.worker.processor_s == understood


@pytest.mark.parametrize("frame", [[["1", "a"]], [[1]], [[1, "a", 2]], {"a": 1}, b"\xc1", b"", [[1, b"a"]], [[1.5, "a"]], [[True, "a"]]])
def test_anything_else_is_no_answer(played: Played, frame: object) -> None:
    """Another type, another number of columns, or no message at all."""
    played.says(channel.ROWS, frame)

    with pytest.raises(QueryFailedError):
        played.worker.ask(JOB)


def test_a_frame_that_is_too_long_is_not_read(played: Played) -> None:
    """Its head says four gigabytes; nobody waits for them."""
    played.data.sendall(struct.pack(">Ic", 0xFFFFFFFF, channel.ROWS))
    played.dies(0)

    with pytest.raises(QueryLimitError):
        played.worker.ask(JOB)


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (["QueryFailedError", "A number."], QueryFailedError, "A number."),
        (["CorruptObjectError", "It is\ncut\x1b[31m."], CorruptObjectError, "It is cut [31m."),
        (["QueryLimitError", "memory"], QueryLimitError, "more than 512 MB"),
        (["SystemExit", "now"], QueryFailedError, "no error of a query, SystemExit: now"),
        (["ConfigurationError", "x\n"], QueryFailedError, "no error of a query, ConfigurationError: x "),
        (["__doc__", "x"], QueryFailedError, "no error of a query, __doc__: x"),
        (["x" * 100_000, "x"], QueryFailedError, "no error of a query, xxx"),
        ("nonsense", QueryFailedError, "is not understood"),
        (["QueryFailedError", "x" * 100_000], QueryFailedError, "x" * 2_000),
    ],
)
def test_an_error_is_one_of_few_kinds_and_printable(played: Played, said: object, kind: type[EventlakeError], sentence: str) -> None:
    """Whatever the process would like it to be."""
    played.says(channel.FAILED, said)

    with pytest.raises(kind) as raised:
        played.worker.ask(JOB)

    assert sentence in str(raised.value)
    assert len(str(raised.value)) <= 2_000


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (24, "ran longer than 5 s"),
        (9, "killed by the system"),
        (6, "needs more than 512 MB"),
        (11, "needs more than 512 MB"),
        (0, "ended without an answer, most likely because it needs more than 512 MB"),
        (None, "ended without an answer, and nothing tells why"),
    ],
)
def test_a_death_is_a_sentence(played: Played, status: int | None, sentence: str) -> None:
    """By the limit on processor time, by the system, by itself; and of a death that nobody saw no cause is made up."""
    played.dies(status)

    with pytest.raises(QueryLimitError, match=sentence):
        played.worker.ask(JOB)


def test_silence_ends_at_the_deadline(played: Played) -> None:
    """A process that says nothing is not waited for."""
    played.worker.until(time.monotonic() + 0.1, 0.1)

    with pytest.raises(QueryLimitError, match=r"0\.1 s"):
        played.worker.ask(JOB)


def test_an_understanding_that_is_none_is_refused(played: Played) -> None:
    """A translation comes as the plain data that it is."""
    played.says(channel.UNDERSTOOD, {"names": 1})
    played.dies(0)

    with pytest.raises(QueryLimitError):
        played.worker.translate(Question("select 1", (), NOW))


def test_a_process_that_never_begins_is_told() -> None:
    """What to do then is said."""
    (ours, data), (our_leash, leash) = socket.socketpair(), socket.socketpair()
    data.close()
    leash.close()
    worker = Worker(ours, our_leash)

    worker.prepare(Cell("", 512, 1, 5.0))

    assert not worker.begin()
    with pytest.raises(ConfigurationError, match="eventlake doctor"):
        worker.ask(JOB)
    worker.close()


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        (array(DATE), ["2026-11-07", None], True),
        (array(DATE), ["no date"], False),
        (mapping(VARCHAR, BIGINT), {"a": 1}, True),
        (mapping(VARCHAR, BIGINT), {1: 1}, False),
        (row(("a", BIGINT), ("b c", VARCHAR)), {"a": 1, "b c": None}, True),
        (row(("a", BIGINT), ("b c", VARCHAR)), {"a": 1}, False),
        (Type("uuid"), 7, False),
    ],
)
def test_values_within_values_are_checked(played: Played, kind: Type, value: object, good: bool) -> None:
    """Arrays, maps and rows, down to the last element."""
    played.says(channel.ROWS, [[value]])
    played.says(channel.DONE, b"")
    job = Job("SELECT", (), (kind,), "", 512, 1, 5.0)

    if good:
        assert len(played.worker.ask(job)) == 1
    else:
        with pytest.raises(QueryFailedError):
            played.worker.ask(job)
