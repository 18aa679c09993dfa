"""Buffers and batches: when they are delivered, what they cover, and that nothing is left out or doubled."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import EventError, StorageError, StorageFullError
from eventlake.layout import split_key
from eventlake.model import Table
from eventlake.pipeline.buffer import Batch
from eventlake.pipeline.delivery import Delivery, Hints
from eventlake.pipeline.failed_records import failed_record, record_id, told_apart
from eventlake.pipeline.router import Placed, Routed
from eventlake.sources import load

TABLES = {table.name: table for source in load() for table in source.tables}
AUTH0 = TABLES["auth0_logs"]
PIPELINE = TABLES["pipeline_execution_state_change"]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def line(table: Table = AUTH0, text: bytes = b"{}\n") -> Routed:
    """One log line of a table."""
    return Routed(lines=[(table, text)])


def accept(delivery: Delivery, position: int, routed: Routed, arrival: datetime = NOON, now: float = 0.0) -> None:
    """Hand in the record at a position; each is one long."""
    delivery.accept(position, position + 1, arrival, routed, b"raw", now)


@dataclass
class Beside:
    """A delivery that was begun. then: what its end does; it is done when a test says so."""

    then: Callable[[], None]
    done: bool = False

    def is_done(self) -> bool:
        """Return what the test says."""
        return self.done

    def finish(self) -> None:
        """End it."""
        self.then()


def test_what_is_begun_goes_on_beside_what_is_read_next() -> None:
    """A full buffer is begun and a new one goes on; nothing counts as delivered before the end, and one is under way at a time."""
    begun: list[Beside] = []
    ended: list[tuple[int, int]] = []

    def begin(batches: Sequence[Batch]) -> Beside:
        begun.append(Beside(lambda: ended.extend((batch.position_from, batch.position_to) for batch in batches)))
        return begun[-1]

    delivery = Delivery(lambda _batch: None, Hints(5, 6), {}, begin=begin)
    for position in range(2):
        accept(delivery, position, line())
    assert delivery.begin_due(0.0) == 0
    accept(delivery, 2, line())
    assert (len(begun), ended, delivery.delivered, delivery.is_empty, delivery.next_due(0.0)) == (1, [], 0, False, 0.0)

    assert delivery.begin_due(0.0) == 0
    begun[0].done = True
    assert delivery.begin_due(0.0) == 1
    assert (ended, delivery.delivered) == ([(0, 2)], 2)

    for position in range(3, 6):
        accept(delivery, position, line())
    assert (len(begun), ended, delivery.delivered) == (2, [(0, 2)], 2)
    accept(delivery, 6, line(), NOON + timedelta(hours=1))
    assert (len(begun), ended, delivery.delivered) == (3, [(0, 2), (2, 4)], 4)
    assert delivery.deliver_all() == 2
    assert (ended, delivery.delivered, delivery.is_empty) == ([(0, 2), (2, 4), (4, 6), (6, 7)], 7, True)


def test_what_cannot_be_delivered_beside_waits_with_what_came_behind_it() -> None:
    """It rests, is tried again as one, and holds up no other stream."""
    broken = {AUTH0.name}
    done: list[tuple[str, int, int, int]] = []

    def end(batches: Sequence[Batch]) -> None:
        if broken & {batch.stream for batch in batches}:
            raise StorageError("a link")
        done.extend((batch.stream, batch.position_from, batch.position_to, len(batch.lines)) for batch in batches)

    delivery = Delivery(lambda batch: end([batch]), Hints(50, 6), {}, can_go_back=True, begin=lambda batches: Beside(lambda: end(batches)))
    for position in range(3):
        accept(delivery, position, line())
    delivery.begin_due(0.0)
    for position in range(3, 6):
        accept(delivery, position, line(PIPELINE if position < 5 else AUTH0))
    with pytest.raises(StorageError, match="a link"):
        delivery.begin_due(0.0)
    assert delivery.deliver_due(0.5) == 1
    assert (done, delivery.delivered, delivery.must_go_back) == ([(PIPELINE.name, 3, 6, 2)], 0, False)

    broken.clear()
    assert delivery.deliver_due(1.0) == 1
    assert done[1:] == [(AUTH0.name, 0, 6, 4)]
    assert (delivery.delivered, delivery.must_go_back) == (6, False)


def test_an_interrupted_wait_loses_nothing() -> None:
    """Ctrl-C while a delivery ends: it is buffered as before."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    ends = [interrupted, lambda: None]
    delivery = Delivery(lambda _batch: None, Hints(5, 2), {}, begin=lambda _batches: Beside(ends.pop(0)))
    accept(delivery, 0, line())
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver_all()
    assert delivery.delivered == 0
    assert (delivery.deliver_all(), delivery.delivered) == (1, 1)


def test_many_streams_hold_no_more_than_a_few() -> None:
    """Where all buffers together are too large, the largest are delivered, though none of them is full or old."""
    rounds: list[list[str]] = []

    def begin(batches: Sequence[Batch]) -> Beside:
        rounds.append([batch.stream for batch in batches])
        return Beside(lambda: None)

    delivery = Delivery(lambda _batch: None, Hints(5, 100, total_bytes=20), {}, begin=begin)
    tables = list(TABLES.values())[:6]
    for position, (table, size) in enumerate(zip(tables, (5, 8, 1, 2, 6, 3), strict=True)):
        accept(delivery, position, line(table, b"x" * size))
    delivery.deliver_due(0.0)
    accept(delivery, 6, line(tables[1], b"x" * 4))
    delivery.deliver_due(0.0)
    accept(delivery, 7, line(tables[4], b"x" * 9))
    delivery.deliver_due(0.0)

    assert rounds == [[tables[1].name], [tables[4].name], [tables[4].name]]


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 60))
def test_batches_that_follow_each_other_are_one_again(hours: list[int], cut: int) -> None:
    """As if all had been buffered in one: lines and hours, whichever clock they came by."""

    def batch(part: Sequence[tuple[int, int]]) -> list[Batch]:
        done: list[Batch] = []
        delivery = Delivery(done.append, Hints(1e9, 1 << 30), {})
        delivery._latest = {AUTH0.name: NOON + timedelta(days=9)}
        for position, ahead in part:
            delivery.position = position
            accept(delivery, position, line(text=b"%d\n" % position), NOON + timedelta(hours=ahead))
        delivery.deliver_all()
        return done

    numbered = list(enumerate(hours))
    whole = batch(numbered)
    parts = [*batch(numbered[:cut]), *batch(numbered[cut:])]
    if len(parts) == 2:
        parts[0].add_behind(parts[1])
        parts[0].position_to = parts[1].position_to

    def held(batches: Sequence[Batch]) -> list[object]:
        return [(one.lines, one.positions, one.size_bytes, one.position_from, one.position_to, one.moments, one.runs) for one in batches]

    assert held(parts[:1]) == held(whole)


def test_a_batch_that_fails_stays_and_is_delivered_again() -> None:
    """A full disk loses nothing: the records wait, whole, and the checkpoint does not move."""
    tries: list[int] = []
    done: list[Batch] = []

    def deliver(batch: Batch) -> None:
        tries.append(len(batch.lines))
        if len(tries) < 3:
            raise StorageError("full")
        done.append(batch)

    delivery = Delivery(deliver, Hints(1, 100), {})
    accept(delivery, 0, line())
    for _ in range(2):
        with pytest.raises(StorageError):
            delivery.deliver_due(5.0)
        assert delivery.delivered == 0
    delivery.deliver_due(5.0)

    assert tries == [1, 1, 1]
    assert delivery.delivered == 1


def test_a_record_whose_buffer_cannot_be_emptied_is_not_half_accepted() -> None:
    """If making room fails, none of its lines is buffered, and it can be handed in again."""
    fails = True
    done: list[Batch] = []

    def deliver(batch: Batch) -> None:
        if fails:
            raise StorageError("full")
        done.append(batch)

    delivery = Delivery(deliver, Hints(100, 1000), {})
    both = Routed(lines=[(AUTH0, b"{}\n"), (PIPELINE, b"{}\n")])
    accept(delivery, 0, both)
    with pytest.raises(StorageError):
        accept(delivery, 1, both, NOON + timedelta(hours=1))
    fails = False
    accept(delivery, 1, both, NOON + timedelta(hours=1))
    delivery.deliver_all()

    assert (
        sorted((batch.stream, len(batch.lines)) for batch in done) == [("auth0_logs", 1)] * 2 + [("pipeline_execution_state_change", 1)] * 2
    )


def test_a_stream_that_cannot_be_delivered_holds_up_no_other() -> None:
    """It rests; what comes for it when its buffer is full is left out, and must be read once more; nothing behind it counts as delivered."""
    broken = {"auth0_logs"}
    done: list[tuple[str, int, int]] = []

    def deliver(batch: Batch) -> None:
        if batch.stream in broken:
            raise StorageError("a link")
        done.append((batch.stream, batch.position_from, batch.position_to))

    delivery = Delivery(deliver, Hints(5, 100), {}, can_go_back=True)
    for position in range(4):
        accept(delivery, position, line(AUTH0 if position % 2 == 0 else PIPELINE), NOON + timedelta(minutes=45 * (position // 2)))
        accept(delivery, position, Routed())
    accept(delivery, 4, line(text=b"x" * 100), NOON + timedelta(hours=1))
    accept(delivery, 5, line(PIPELINE), NOON + timedelta(hours=1))

    with pytest.raises(StorageError, match="a link"):
        delivery.deliver_due(10.0)
    assert delivery.deliver_due(10.5) == 0
    assert delivery.next_due(10.5) == 1.5
    assert done == [("pipeline_execution_state_change", 1, 5), ("pipeline_execution_state_change", 5, 6)]
    assert (delivery.delivered, delivery.must_go_back) == (0, False)

    broken.clear()
    assert delivery.deliver_due(12.0) == 1
    assert done[-1] == ("auth0_logs", 0, 4)
    assert (delivery.delivered, delivery.must_go_back) == (4, True)


def test_what_is_due_at_once_is_delivered_at_once() -> None:
    """A round of many streams is one delivery; where that fails, each is on its own, and the one that cannot be delivered stays."""
    rounds: list[list[str]] = []
    alone: list[str] = []
    broken: set[str] = set()

    def together(batches: Sequence[Batch]) -> Beside:
        rounds.append([batch.stream for batch in batches])
        return Beside(lambda: fail() if broken & {batch.stream for batch in batches} else None)

    def fail() -> None:
        raise StorageError("a link")

    def deliver(batch: Batch) -> None:
        if batch.stream in broken:
            raise StorageError("a link")
        alone.append(batch.stream)

    delivery = Delivery(deliver, Hints(5, 100), {}, can_go_back=True, begin=together)
    names = [AUTH0.name, PIPELINE.name]
    for position in range(0, 8, 2):
        broken = {AUTH0.name} if position == 4 else set()
        accept(delivery, position, line(AUTH0))
        accept(delivery, position + 1, line(PIPELINE))
        with pytest.raises(StorageError, match="a link") if broken else contextlib.nullcontext():
            delivery.deliver_due(10.0 * position + 10)
        assert delivery.delivered == (4 if broken else position + 2)

    assert rounds == [names, names, names, names]
    assert alone == [PIPELINE.name]


@pytest.mark.parametrize("table", [AUTH0, None])
@pytest.mark.parametrize("room", [1, 2, 3, 5, 100])
def test_a_batch_for_which_there_is_no_room_is_delivered_in_halves(room: int, table: Table | None) -> None:
    """Down to one event; each stretch follows the one in front, and the records of one event stay together."""
    done: list[Batch] = []

    def deliver(batch: Batch) -> None:
        if len(batch.positions) > room:
            raise StorageFullError("full")
        done.append(batch)

    delivery = Delivery(deliver, Hints(5, 1 << 20), {})
    for position in range(17):
        accept(delivery, position, line(text=b"%d\n" % position) if table else Routed(failures=[(None, EventError("NotJson", "no"))]))
    for _ in range(6):
        with contextlib.suppress(StorageFullError):
            delivery.deliver_all()

    held = [(batch.position_from, batch.position_to, list(batch.positions)) for batch in done]
    assert [end for _, end, _ in held[:-1]] == [start for start, _, _ in held[1:]]
    assert [position for _, _, positions in held for position in positions] == list(range(17))
    assert all(start <= min(positions) and max(positions) < end for start, end, positions in held)
    assert all(len(batch.lines) + len(batch.failures) == len(batch.positions) for batch in done)
    assert delivery.delivered == 17


def test_the_halves_that_were_delivered_are_not_delivered_again() -> None:
    """The disk is full in the middle of it."""
    done: list[int] = []
    room = 5

    def deliver(batch: Batch) -> None:
        if len(batch.lines) > room - len(done):
            raise StorageFullError("full")
        done.extend(batch.positions)

    delivery = Delivery(deliver, Hints(5, 1 << 20), {})
    for position in range(9):
        accept(delivery, position, line())
    for _ in range(2):
        with pytest.raises(StorageFullError):
            delivery.deliver_due(9.0)
    assert done == list(range(4))
    assert delivery.delivered == 4
    room = 100
    delivery.deliver_due(9.0)

    assert done == list(range(9))


@pytest.mark.parametrize(("size", "seconds", "due"), [(10, 4.9, 0), (10, 5.0, 1), (99, 0.0, 0), (100, 0.0, 1)])
def test_a_buffer_is_due_when_it_is_old_or_large(size: int, seconds: float, due: int) -> None:
    """Five seconds after its oldest record, or at a hundred bytes."""
    delivery = Delivery(lambda _batch: None, Hints(5, 100), {})
    accept(delivery, 0, line(text=b"x" * size))

    assert delivery.deliver_due(seconds) == due


@pytest.mark.parametrize(("size", "due"), [(9, 5.0), (10, 0.5)])
def test_the_end_of_a_burst_waits_for_nobody(size: int, due: float) -> None:
    """Half a second after the last of it, where it is worth an object; else for all of the five seconds."""
    delivery = Delivery(lambda _batch: None, Hints(5, 160, quiet_seconds=0.5), {})
    accept(delivery, 0, line(text=b"x" * size))

    assert delivery.deliver_due(0.0) == 0
    assert delivery.next_due(0.0) == due
    assert delivery.deliver_due(due - 0.01) == 0
    assert delivery.deliver_due(due) == 1
    assert delivery.next_due(due) is None


def test_a_buffer_is_not_quiet_while_something_comes() -> None:
    """A little of it often enough; what comes for another table does not count."""
    delivery = Delivery(lambda _batch: None, Hints(5, 160, quiet_seconds=0.5), {})
    accept(delivery, 0, line(PIPELINE, b"x" * 20))
    delivered = []
    for position in range(1, 9):
        accept(delivery, position, line(AUTH0, b"x"))
        if position < 4:
            accept(delivery, position, line(PIPELINE, b"x"))
        delivered.append(delivery.deliver_due(position * 0.25))

    assert delivered == [0, 0, 0, 0, 1, 0, 0, 0]
    assert delivery.next_due(2.0) == 3.0


def test_burst_upon_burst_makes_one_object_more_in_the_time_that_a_buffer_may_wait() -> None:
    """The ends of the first four wait for nobody; the next such end comes five seconds later, or the buffer is old by then."""
    done: list[float] = []
    delivery = Delivery(lambda _batch: done.append(now), Hints(5, 160, quiet_seconds=0.25), {})
    for tenth in range(600):  # a burst each half second, for a minute
        now = tenth / 10
        if tenth % 5 == 0:
            accept(delivery, tenth, line(text=b"x" * 10), now=now)
        accept(delivery, tenth, Routed(), now=now)
        delivery.deliver_due(now)

    assert done[:4] == [0.3, 0.8, 1.3, 1.8]
    assert 12 <= len(done) <= 24 + 3
    assert all(later - earlier > 2 for earlier, later in itertools.pairwise(done[4:]))


def test_a_stream_that_could_not_be_delivered_is_tried_again_when_its_rest_is_over() -> None:
    """Though its buffer is neither old nor large: it was to be delivered because an hour began."""
    troubles = [StorageError("a file in the way")]
    done: list[Batch] = []

    def deliver(batch: Batch) -> None:
        if troubles:
            raise troubles.pop()
        done.append(batch)

    delivery = Delivery(deliver, Hints(900, 1000), {}, can_go_back=True)
    accept(delivery, 0, line(), NOON - timedelta(seconds=1))
    accept(delivery, 1, line(), NOON, now=1.0)

    assert not done
    assert delivery.next_due(1.5) == 0.5
    assert delivery.deliver_due(1.9) == 0
    assert delivery.deliver_due(2.0) == 1
    assert delivery.must_go_back


@given(st.lists(st.tuples(st.integers(0, 24).map(lambda n: n / 8), st.integers(0, 40), st.booleans(), st.booleans()), max_size=40))
def test_there_is_always_something_to_do_when_it_is_said_to_be_due(steps: list[tuple[float, int, bool, bool]]) -> None:
    """Whatever comes, and however often a delivery fails: who waits as long as he is told to, and looks then, does not look in vain."""
    tries: list[None] = []
    fails = False

    def deliver(_batch: Batch) -> None:
        tries.append(None)
        if fails:
            raise StorageError("a file in the way")

    delivery = Delivery(deliver, Hints(5, 100, quiet_seconds=0.25), {}, can_go_back=True)
    now = 0.0
    for position, (pause, size, fails, begins_hour) in enumerate(steps):  # noqa: B007  the delivery looks whether it is to fail
        now += pause
        accept(delivery, position, line(text=b"x" * size), NOON + timedelta(hours=position * begins_hour), now)
        with contextlib.suppress(StorageError):
            delivery.deliver_due(now)
        wait = delivery.next_due(now)
        if wait is not None:
            before = len(tries)
            with contextlib.suppress(StorageError):
                delivery.deliver_due(now + wait)
            assert len(tries) > before
            now += wait


def test_each_stream_has_its_own_buffer() -> None:
    """A full buffer of one table does not deliver another's."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(5, 100), {})
    accept(delivery, 0, line(PIPELINE))
    accept(delivery, 1, line(AUTH0, b"x" * 100))
    delivery.deliver_due(1.0)

    assert [(batch.stream, batch.position_from, batch.position_to) for batch in done] == [("auth0_logs", 1, 2)]
    assert delivery.delivered == 0
    assert delivery.next_due(1.0) == 4.0


@given(st.lists(st.tuples(st.integers(0, 9 * 60), st.sampled_from([AUTH0, PIPELINE, None])), max_size=60))
def test_an_object_never_spans_hours_and_counts_add_up(arrivals: list[tuple[int, Table | None]]) -> None:
    """Whatever the order of arrivals, over the turn of the year: each object's hour is that of its records, and all are there once."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(1e9, 1 << 30), {})
    start = datetime(2026, 12, 31, 19, 30, tzinfo=UTC)
    for position, (minutes, table) in enumerate(arrivals):
        arrival = start + timedelta(minutes=minutes)
        routed = line(table, arrival.isoformat().encode()) if table else Routed(failures=[(None, EventError("NoRuleMatched", "none"))])
        accept(delivery, position, routed, arrival)
    delivery.deliver_all()

    for part in [part for batch in done for part in batch.parts() if batch.table]:
        assert all(datetime.fromisoformat(text.decode()).replace(minute=0) == part.hour.start for text in part.lines)
        assert split_key(part.key(".gz"))[1] == part.hour
    assert sum(len(batch.lines) + len(batch.failures) for batch in done) == len(arrivals)
    assert delivery.delivered == len(arrivals)


@pytest.mark.parametrize("name", ["alternating", "round", "scattered", "back", "forth"])
def test_scattered_arrivals_make_few_objects(name: str) -> None:
    """A clock that jumps costs a few objects for each time that a buffer is delivered, and for each hour that begins, whatever else it showed."""
    hours = {
        "alternating": [number % 2 for number in range(2000)],
        "round": [23 - number % 24 for number in range(2000)],
        "scattered": [number * 7919 % 10_007 for number in range(2000)],
        "back": list(range(2000, 0, -1)),
        "forth": [0, 5000, *range(1998)],
    }[name]
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(5, 1 << 20), {})
    for position, ahead in enumerate(hours):
        accept(delivery, position, line(), NOON + timedelta(hours=ahead))
    delivery.deliver_all()

    parts = [part for batch in done for part in batch.parts()]
    begun = sum(later > max(hours[:at], default=-1) for at, later in enumerate(hours))
    assert len(parts) <= 24 * (1 + begun) < 200
    assert all(part.arrival >= NOON + timedelta(hours=hours[position]) for part in parts for position in part.positions)
    assert sorted(position for part in parts for position in part.positions) == list(range(2000))


def test_what_was_left_for_days_goes_to_its_hours() -> None:
    """Delivery that was down begins with each hour in turn: none of them is mixed with another, however many there are."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(5, 1 << 20), {})
    for position in range(200):
        accept(delivery, position, line(), NOON + timedelta(minutes=30 * position))
    delivery.deliver_all()

    assert [list(batch.positions) for batch in done] == [[first, first + 1] for first in range(0, 200, 2)]
    assert all(len(batch.parts()) == 1 for batch in done)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40), st.integers(0, 40))
def test_the_parts_of_a_batch_hold_its_stretches_once(records: list[tuple[int, bool]], cut: int) -> None:
    """Also of a half of it, and of what lies behind a position: nothing of the spool is in two of them, and nothing is left out."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(5, 1 << 20), {})
    accept(delivery, 0, line(), NOON + timedelta(hours=100))
    for position, (hours, is_twice) in enumerate(records, 1):
        both = Routed(lines=[(AUTH0, b"%d\n" % number) for number in range(1 + is_twice)])
        accept(delivery, position, both, NOON + timedelta(hours=hours))
    delivery.deliver_all()
    (batch,) = done

    halves = batch.halves() or (batch,)
    assert sum(len(half.lines) for half in halves) == len(batch.lines)
    for whole in (batch, *halves, batch.behind(min(cut, len(records)))):
        parts = whole.parts()
        held = sorted(stretch for part in parts for stretch in part.stretches or ((part.position_from, part.position_to),))
        assert [start for start, _ in held] == [whole.position_from, *(end for _, end in held[:-1])]
        assert held[-1][1] == whole.position_to
        assert all(
            any(start <= position < end for start, end in part.stretches) for part in parts if part.stretches for position in part.positions
        )
        assert sum(len(part.lines) for part in parts) == len(whole.lines) == sum(len(part.positions) for part in parts)


def test_a_buffer_whose_hour_changes_all_the_time_is_full() -> None:
    """What an object says of itself stays small."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(5, 1 << 30), {})
    for position in range(10_000):
        accept(delivery, position, line(), NOON - timedelta(hours=position % 2))
    delivery.deliver_all()

    assert len(done) == 3
    assert all(len(part.stretches) <= 2049 for batch in done for part in batch.parts())


@given(st.lists(st.integers(1, 8), min_size=1, max_size=30), st.integers(0, 30), st.data())
def test_after_a_crash_everything_is_delivered_once(sizes: list[int], crash_after: int, data: st.DataObject) -> None:
    """Whichever batches were registered before the crash, replaying from the last low water completes them."""
    delivered: list[bytes] = []
    checkpoints: dict[str, int] = {}

    def together(batches: Sequence[Batch]) -> None:
        if len(delivered) > crash_after:
            raise StorageError("crash")
        for batch in batches:
            delivered.extend(batch.lines)
            checkpoints[batch.stream] = batch.position_to

    def deliver(batch: Batch) -> None:
        together([batch])

    def begin(batches: Sequence[Batch]) -> Beside:
        return Beside(lambda: together(batches), done=data.draw(st.booleans()))

    hints = Hints(1e9, data.draw(st.integers(10, 200)))
    records = [
        (position, Routed(lines=[(table, b"%d %s" % (position, b"x" * size)) for table in (AUTH0, PIPELINE)]))
        for position, size in enumerate(sizes)
    ]
    first = Delivery(deliver, hints, {}, begin=begin if data.draw(st.booleans()) else None)
    try:
        for position, routed in records:
            accept(first, position, routed)
            first.begin_due(0.0)
    except StorageError:
        pass
    crash_after = 1 << 30
    second = Delivery(deliver, Hints(1e9, data.draw(st.integers(10, 200))), checkpoints)
    for position, routed in records:
        accept(second, position, routed)
    second.deliver_all()

    assert sorted(delivered) == sorted(text for _, routed in records for _, text in routed.lines)


def test_the_same_range_has_the_same_name() -> None:
    """The unique part of an object's name follows from what it holds."""
    batch = Batch("auth0_logs", AUTH0, NOON, 5, 9)

    assert batch.key(".gz") == batch.key(".gz")
    assert batch.key(".gz").startswith("logs/2026/11/20/12/auth0-logs-1-2026-11-20-12-00-00-")
    assert batch.key(".gz") != Batch("auth0_logs", AUTH0, NOON, 5, 10).key(".gz")


def test_failed_records_go_to_the_error_prefix() -> None:
    """By kind and hour, with the year of the calendar."""
    batch = Batch("unmatched", None, datetime(2026, 12, 31, 23, tzinfo=UTC), 0, 1)

    assert batch.key(".gz").startswith(
        "error/unmatched/processing-failed/year=2026/month=12/day=31/hour=23/unmatched-1-2026-12-31-23-00-00-"
    )


def test_a_failed_record_is_firehoses() -> None:
    """Its numbers are milliseconds, its raw data the original bytes in base64."""
    record = json.loads(failed_record("rejected", EventError("NotJson", "It is not JSON."), NOON, b"\xffraw").line())

    assert base64.b64decode(record["rawData"]) == b"\xffraw"
    assert record["arrivalTimestamp"] == 1_795_176_000_000
    assert record["id"] == record_id("rejected", b"\xffraw", NOON)
    assert (record["attemptsMade"], record["errorCode"], record["errorMessage"]) == (1, "NotJson", "It is not JSON.")


def test_the_id_of_a_failed_record_follows_from_what_it_holds() -> None:
    """128 bits of stream, arrival in milliseconds and bytes; where it lies is not in it."""
    names = {record_id(stream, raw, NOON + timedelta(milliseconds=ms)) for stream in "ab" for raw in (b"x", b"y") for ms in (0, 1)}

    assert len(names) == 8
    assert {len(name) for name in names} == {32}
    assert record_id("a", b"x", NOON) == record_id("a", b"x", NOON + timedelta(microseconds=999))


def test_failed_records_that_hold_the_same_are_told_apart() -> None:
    """The first keeps its id; the others' follow from it, however many another object has already, and one that is told apart stays as it is."""
    alone, other = record_id("a", b"x", NOON), record_id("a", b"y", NOON)
    first, second, third, fourth = told_apart([alone] * 4)

    assert first == alone
    assert len({first[:10], second[:10], third[:10], fourth[:10]}) == 4
    assert list(told_apart([alone, other, alone])) == [alone, other, second]
    assert list(told_apart([alone, alone], {first, second}.__contains__)) == [third, fourth]
    assert list(told_apart([first, third, second])) == [first, third, second]


@pytest.mark.parametrize(
    ("table", "code", "stream"),
    [
        (AUTH0, "TooLarge", "error/auth0_logs"),
        (None, "NoRuleMatched", "error/unmatched"),
        (None, "Refused", "error/unmatched"),
        (None, "NotJson", "error/rejected"),
    ],
)
def test_failures_are_kept_by_where_they_failed(table: Table | None, code: str, stream: str) -> None:
    """At a table, at the rules, or at the door."""
    done: list[Batch] = []
    delivery = Delivery(done.append, Hints(), {stream: 0})
    accept(delivery, 0, Routed(failures=[(table, EventError(code, "why"))]))
    delivery.deliver_all()

    assert [f"error/{batch.stream}" for batch in done] == [stream]


@pytest.mark.parametrize("seed", range(30))
def test_a_line_that_is_added_lands_where_an_accepted_one_does(seed: int) -> None:
    """Over hours that come and go back, full buffers, what is delivered already, and failures of the disk."""
    chosen = random.Random(seed)
    steps = [
        (table, NOON + timedelta(minutes=40 * (number // 5) - 60 * chosen.randrange(2)))
        for number, table in enumerate([AUTH0, PIPELINE] * 20)
    ]
    fails = {chosen.randrange(12) for _ in range(seed % 3)}

    def delivered(hand_in: Callable[[Delivery, int, Placed, datetime], None]) -> list[object]:
        done: list[object] = []

        def deliver(batch: Batch) -> None:
            if len(done) in fails:
                done.append("failed")
                raise StorageError("full")
            done.append((batch.stream, batch.position_from, batch.position_to, list(batch.positions), batch.lines, batch.hour, batch.runs))

        delivery = Delivery(deliver, Hints(100, 40), {"auth0_logs": 3}, {PIPELINE.name: [(8, 14)]}, can_go_back=True)
        for position, (table, arrival) in enumerate(steps):
            hand_in(delivery, position, (table, b"{%d}\n" % position), arrival)
            assert delivery.position == position + 1
        with contextlib.suppress(StorageError):
            delivery.deliver_all()
        return done

    added = delivered(lambda delivery, position, placed, arrival: delivery.add(position, position + 1, arrival, placed, 0.0))
    assert added == delivered(lambda delivery, position, placed, arrival: accept(delivery, position, Routed([placed]), arrival))
    assert added


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 9)), max_size=60),
    st.lists(st.integers(1, 9), min_size=60, max_size=60),
)
def test_lines_that_are_added_at_once_land_where_each_alone_does(records: list[tuple[bool, int, int]], together: list[int]) -> None:
    """Over full buffers, hours that come and go back, and what is delivered already."""

    def delivered(sizes: Sequence[int]) -> list[object]:
        done: list[object] = []

        def deliver(batch: Batch) -> None:
            done.append(
                (batch.stream, batch.position_from, batch.position_to, list(batch.positions), batch.lines, batch.size_bytes, batch.runs)
            )

        delivery = Delivery(deliver, Hints(100, 40), {"auth0_logs": 3}, {PIPELINE.name: [(8, 14)]}, can_go_back=True)
        numbered = [
            (position, (PIPELINE if is_pipeline else AUTH0, b"x" * size), NOON + timedelta(minutes=40 * hours))
            for position, (is_pipeline, hours, size) in enumerate(records)
        ]
        for size in sizes:
            group, numbered = numbered[:size], numbered[size:]
            lines: dict[str, tuple[list[int], list[bytes]]] = {}
            for position, (table, text), _ in group:
                of_table = lines.setdefault(table.name, ([], []))
                of_table[0].append(position)
                of_table[1].append(text)
            if size > 1 and group and delivery.add_all(lines, [arrival for _, _, arrival in group], group[-1][0] + 1):
                continue
            for position, placed, arrival in group:
                accept(delivery, position, Routed([placed]), arrival)
        delivery.deliver_all()
        assert delivery.delivered == len(records)
        return done

    assert delivered(together) == delivered([1] * len(records))
