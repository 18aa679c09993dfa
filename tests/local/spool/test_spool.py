"""The spool: what was acknowledged is there after a crash, a power cut, a full disk; in order, once."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlake.errors import CorruptObjectError, StorageError, StorageFullError
from eventlake.local.spool.files import FileSystem
from eventlake.local.spool.frames import EVENT, REJECTED, Entry, encode
from eventlake.local.spool.reader import SpoolReader
from eventlake.local.spool.segments import drop_before, durable_end, first_position
from eventlake.local.spool.writer import SpoolWriter

ARRIVAL = 1_795_000_000_000_000


def entries(*bodies: str) -> list[Entry]:
    """Events with these bodies."""
    return [(EVENT, ARRIVAL, body.encode()) for body in bodies]


def bodies(folder: Path, until: int | None = None, start: int = 0) -> list[str]:
    """The bodies of all frames, read in order."""
    reader = SpoolReader(folder, start)
    end = durable_end(folder) if until is None else until
    found: list[str] = []
    while frames := reader.read(end, limit_bytes=50):
        found += [frame.body.decode() for frame in frames]
    return found


def write(folder: Path, *groups: list[Entry], files: FileSystem | None = None, segment_bytes: int = 1 << 20) -> list[int]:
    """Append each group; the end of the log after each."""
    writer = SpoolWriter(folder, segment_bytes=segment_bytes, files=files)
    try:
        return [writer.append(group) for group in groups]
    finally:
        writer.close()


def last_segment(folder: Path) -> Path:
    """The segment that is written to."""
    return max(folder.glob("*.log"))


class FailingAt(FileSystem):
    """A file system whose n-th call fails with an error."""

    def __init__(self, number: int, code: int, part: float = 0.0) -> None:
        self.left = number
        self.code = code
        self.part = part

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.code, os.strerror(self.code))

    def write(self, descriptor: int, data: bytes) -> None:
        """Write a part, then fail."""
        if self.left == 1:
            super().write(descriptor, data[: int(len(data) * self.part)])
        self._count()
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Fail before it is durable."""
        self._count()
        super().sync(descriptor)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_full_disk_takes_nothing_and_loses_nothing(tmp_path: Path, number: int, part: float) -> None:
    """Whichever call fails, however much it wrote: that group is refused, the others are there, and writing goes on."""
    files = FailingAt(number, errno.ENOSPC, part)
    writer = SpoolWriter(tmp_path, files=files)
    acknowledged: list[str] = []
    for group in range(4):
        try:
            writer.append(entries(f"{group}a", f"{group}b"))
            acknowledged += [f"{group}a", f"{group}b"]
        except StorageFullError:
            pass
    writer.close()

    assert bodies(tmp_path) == acknowledged
    assert len(acknowledged) >= 6


def test_a_disk_that_cannot_even_take_back_refuses_until_a_restart(tmp_path: Path) -> None:
    """After a failed write that could not be cut off, nothing is accepted on top of it; a restart recovers."""

    class Broken(FailingAt):
        def truncate(self, descriptor: int, size: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    writer = SpoolWriter(tmp_path, files=Broken(1, errno.EIO, 0.5))
    for _ in range(2):
        with pytest.raises(StorageError):
            writer.append(entries("lost to nobody"))
    writer.close()
    write(tmp_path, entries("after"))

    assert bodies(tmp_path) == ["after"]


def test_a_torn_tail_is_cut_off_and_told(tmp_path: Path) -> None:
    """At every length that a power cut can leave of the last group."""
    ends = write(tmp_path, entries("first"), entries("second"))
    whole = last_segment(tmp_path).read_bytes()
    kept = ends[0]
    for length in range(kept, len(whole)):
        last_segment(tmp_path).write_bytes(whole[:length])
        writer = SpoolWriter(tmp_path)
        writer.append(entries("third"))
        writer.close()

        assert bodies(tmp_path) == ["first", "third"]
        assert 0 <= writer.cut_bytes <= length - kept


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_unsynchronised_bytes_may_be_anything(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """After a power cut the part that was never synchronised may be zeros, noise or missing; what was acknowledged is there."""
    folder = tmp_path_factory.mktemp("spool")
    write(folder, entries("a", "b"), entries("c"))
    noise = data.draw(st.binary(max_size=60) | st.integers(1, 60).map(bytes))
    with last_segment(folder).open("ab") as file:
        file.write(noise)
    write(folder, entries("d"))

    assert bodies(folder) == ["a", "b", "c", "d"]


def test_damage_in_the_middle_is_told_and_nothing_is_dropped(tmp_path: Path) -> None:
    """A flipped bit in a frame with whole frames behind it is no torn tail: file and place are named."""
    ends = write(tmp_path, entries("first"), entries("second"), entries("third"))
    segment = last_segment(tmp_path)
    damaged = bytearray(segment.read_bytes())
    damaged[ends[0] + 17 + 18] ^= 1  # behind the frame that begins the group
    segment.write_bytes(damaged)

    with pytest.raises(CorruptObjectError, match=rf"{segment.name}.*byte {ends[0] + 17}"):
        SpoolWriter(tmp_path)
    assert segment.read_bytes() == damaged


def test_a_segment_that_is_full_is_followed_by_another(tmp_path: Path) -> None:
    """Names are positions; reading goes on from one to the next; delivered ones are dropped, the last never."""
    ends = write(tmp_path, *[entries(f"event {number}") for number in range(10)], segment_bytes=60)

    assert len(list(tmp_path.glob("*.log"))) > 3
    assert bodies(tmp_path) == [f"event {number}" for number in range(10)]
    assert drop_before(tmp_path, ends[4]) > 0
    assert bodies(tmp_path, start=first_position(tmp_path))[-5:] == [f"event {number}" for number in range(5, 10)]
    drop_before(tmp_path, ends[-1])
    assert len(list(tmp_path.glob("*.log"))) == 1


def test_positions_never_go_back(tmp_path: Path) -> None:
    """A spool that was removed begins where the catalog says everything is delivered; a reader skips the gap."""
    writer = SpoolWriter(tmp_path, at_least=5000)
    end = writer.append(entries("new"))
    writer.close()

    assert end > 5000
    assert bodies(tmp_path, until=end, start=0) == ["new"]


def test_a_reader_sees_only_what_is_durable(tmp_path: Path) -> None:
    """Frames behind the position it was told are left for later."""
    ends = write(tmp_path, entries("one"), entries("two"))

    assert bodies(tmp_path, until=ends[0]) == ["one"]


def test_a_frame_larger_than_a_read_is_whole(tmp_path: Path) -> None:
    """Reading in small pieces does not cut a large event."""
    write(tmp_path, entries("x" * 5000, "y"))

    assert bodies(tmp_path) == ["x" * 5000, "y"]


def test_callers_share_a_write(tmp_path: Path) -> None:
    """What is handed in at the same time becomes durable with few synchronisations."""

    class Counting(FileSystem):
        syncs = 0

        def sync(self, descriptor: int) -> None:
            """Count it."""
            Counting.syncs += 1
            super().sync(descriptor)

    writer = SpoolWriter(tmp_path, files=Counting())
    futures = [writer.submit([encode(entries(f"{number}"))]) for number in range(500)]
    assert [future.result() for future in futures] == sorted(future.result() for future in futures)
    writer.close()

    assert sorted(bodies(tmp_path), key=int) == [f"{number}" for number in range(500)]
    assert Counting.syncs < 500


@given(
    st.lists(st.tuples(st.sampled_from([EVENT, REJECTED]), st.integers(0, 1 << 60), st.binary(max_size=40)), max_size=20),
    st.integers(0, 1 << 30),
)
@settings(max_examples=50, deadline=None)
def test_frames_come_back_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, written: list[Entry], seed: int) -> None:
    """Kind, arrival and body, whatever they are and however they are grouped."""
    folder = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter(folder, segment_bytes=100)
    rest, choice = list(written), random.Random(seed)
    while rest:
        count = choice.randint(1, len(rest))
        writer.append(rest[:count])
        rest = rest[count:]
    end = writer.end
    writer.close()
    reader = SpoolReader(folder, 0)
    frames = [frame for _ in range(len(written) + 1) for frame in reader.read(end)]

    assert [(frame.kind, frame.arrival, frame.body) for frame in frames] == written
