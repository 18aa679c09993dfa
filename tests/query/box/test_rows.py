"""Rows that stay as they came until somebody fetches them: a sequence like a list, that weighs little."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from eventlake.dialect.types.type import BIGINT, VARCHAR, Type, array
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Row
from eventlake.query.box.answering import Frames
from eventlake.query.box.load import FRAME_BYTES, Load
from eventlake.query.box.rows import PassedOn, Rows
from eventlake.query.box.values import rows_decoder
from eventlake.query.box.weight import at_most, weight

WRITTEN = [(number, f"text {number}") for number in range(10)]
MB = 1 << 20


def rows_in_frames(*sizes: int) -> Rows:
    """Return WRITTEN in frames of so many rows."""
    made, begin = Rows(rows_decoder((BIGINT, VARCHAR))), 0
    for size in sizes:
        made.append(msgspec.msgpack.encode(WRITTEN[begin : begin + size]))
        begin += size
    return made


@pytest.mark.parametrize("sizes", [(10,), (3, 7), (1,) * 10, (5, 0, 5)])
def test_rows_are_a_list_of_them(sizes: tuple[int, ...]) -> None:
    """Whatever the frames they came in."""
    made = rows_in_frames(*sizes)

    assert len(made) == 10
    assert list(made) == list(made) == WRITTEN
    assert made == WRITTEN
    assert made != WRITTEN[:-1]
    assert repr(made) == repr(WRITTEN)
    assert [made[index] for index in (9, 0, -1, -10, 4)] == [WRITTEN[index] for index in (9, 0, -1, -10, 4)]
    assert made[2:8:3] == WRITTEN[2:8:3]
    assert made[-3:] == WRITTEN[-3:]
    assert WRITTEN[4] in made
    with pytest.raises(IndexError):
        made[10]


def test_no_rows_are_false() -> None:
    """As an empty list is."""
    assert not Rows(rows_decoder((BIGINT,)))
    assert rows_in_frames(0) == []


def test_a_frame_that_holds_no_rows_is_not_taken() -> None:
    """It is found where it arrives, not where it is fetched."""
    made = rows_in_frames(2)

    with pytest.raises(msgspec.DecodeError):
        made.append(msgspec.msgpack.encode([("1", 2)]))

    assert made == WRITTEN[:2]


def test_rows_that_are_passed_on_are_counted_and_not_kept() -> None:
    """Each frame as it comes; one that holds no rows is not passed on."""
    taken = list[Sequence[Row]]()
    made = PassedOn(rows_decoder((BIGINT, VARCHAR)), taken.append)

    assert [made.append(msgspec.msgpack.encode(part)) for part in (WRITTEN[:3], WRITTEN[3:])] == [3, 7]
    with pytest.raises(msgspec.DecodeError):
        made.append(msgspec.msgpack.encode([("1", 2)]))

    assert taken == [WRITTEN[:3], WRITTEN[3:]]
    assert len(made) == 10
    assert list(made) == []


@pytest.mark.parametrize(
    "lengths", [(0,) * 5_000, (1_000,) * 5_000, (FRAME_BYTES * 2,), (0, FRAME_BYTES, 0, 300, FRAME_BYTES, 0), (0,) * 2_000 + (9_000,) * 100]
)
def test_frames_are_short_or_of_one_row(lengths: tuple[int, ...]) -> None:
    """Whatever the rows weigh; and few are encoded in vain."""
    rows = [(number, "x" * length) for number, length in enumerate(lengths)]
    made = Frames()
    frames = [frame for begin in range(0, len(rows), 1_024) for frame in made.of(rows[begin : begin + 1_024])]

    found = [msgspec.msgpack.decode(frame, type=list[tuple[int, str]]) for frame in frames]
    assert [row for part in found for row in part] == rows
    assert all(len(frame) <= FRAME_BYTES or len(part) == 1 for frame, part in zip(frames, found, strict=True))
    assert len(frames) <= 1.4 * sum(map(len, frames)) / FRAME_BYTES + len(rows) / 1_024 + 6


@pytest.mark.parametrize(
    ("value", "each"),
    [([], 64), ({}, 64), ([[]], 120), ({"a": 1}, 184), ("abcdefgh", 57), (1 << 40, 32), (1.5, 24), (b"ab", 35), (7, 8), (None, 8), ("", 8)],
)
def test_what_values_take_is_known_without_making_them(value: object, each: int) -> None:
    """About, and never much less than sys.getsizeof tells; the quick bound is above."""
    frame = msgspec.msgpack.encode([[value] * 10_000])

    assert 10_000 * each <= weight(frame, 1 << 40, lambda: None) <= 10_000 * (each * 2 + 200)
    assert at_most(frame) >= weight(frame, 1 << 40, lambda: None)


@pytest.mark.parametrize(
    "value", ["x" * 40, "x" * 300, "x" * 70_000, b"x" * 70_000, [1] * 20, [1] * 70_000, {str(i): i for i in range(20)}]
)
def test_every_form_of_a_length_is_stepped_over(value: object) -> None:
    """What is inside a text is no value."""
    frame = msgspec.msgpack.encode([[value, []]])

    assert len(frame) < weight(frame, 1 << 40, lambda: None) < 10 * len(frame) + 2_000


def load(*types: Type, most_mb: int = 64) -> Load:
    """Return a count of 8 MB as they come and so many of values."""
    return Load(types, 8 * MB, most_mb * MB, lambda: None)


def add_all(counted: Load, frames: list[bytes]) -> None:
    """Count frames one after the other."""
    for frame in frames:
        counted.add(frame)


def test_an_answer_of_small_containers_is_refused_by_what_it_would_take() -> None:
    """One byte each on the wire, 64 in Python."""
    frame = msgspec.msgpack.encode([[[[]] * 100_000] for _ in range(2)])
    counted = load(array(array(BIGINT)))

    with pytest.raises(QueryLimitError, match="values of the answer take more than 64 MB of memory"):
        add_all(counted, [frame] * 8)


def test_an_answer_is_refused_by_its_bytes() -> None:
    """Texts take about what they take on the wire."""
    counted = load(VARCHAR)

    with pytest.raises(QueryLimitError, match="more than 8 MB"):
        add_all(counted, [bytes(MB)] * 9)


def test_rows_of_plain_values_count_too() -> None:
    """A row of a thousand NULLs is a kilobyte on the wire."""
    counted = load(*[BIGINT] * 1_000)

    with pytest.raises(QueryLimitError, match="values of the answer"):
        counted.add_rows(1_000)


def test_the_time_is_looked_at_while_values_are_counted() -> None:
    """A frame of millions of them takes seconds."""

    def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        weight(msgspec.msgpack.encode([1.5] * 100_000), 1 << 40, late)
