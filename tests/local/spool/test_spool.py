"""The spool: what was acknowledged is there after a crash, a power cut, a full disk; in order, once."""

from __future__ import annotations

import errno
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import ConfigurationError, LakeTakenError, StorageError, StorageFullError
from eventlake.local.spool import header
from eventlake.local.spool.files import FileSystem
from eventlake.local.spool.frames import DAMAGED, EVENT, GROUP, REJECTED, SEGMENT, Entry, Frame, encode, encode_alike
from eventlake.local.spool.header import Origin
from eventlake.local.spool.reader import SpoolReader
from eventlake.local.spool.segments import drop_before, drop_delivered, durable_end, first_position, origins, segment_path, segments_of
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


def killed(folder: Path, *groups: list[Entry]) -> tuple[Path, list[int]]:
    """Append each group, and leave the log as a kill would; the segment, and the end of the log after each."""
    writer = SpoolWriter(folder / "writer")
    ends = [writer.append(group) for group in groups]
    segment = folder / last_segment(folder / "writer").name
    segment.write_bytes(last_segment(folder / "writer").read_bytes())
    writer.close()
    return segment, ends


def frames_of(folder: Path) -> list[Frame]:
    """All frames, read in order; those that stand for damage too."""
    reader, end = SpoolReader(folder, 0), durable_end(folder)
    found: list[Frame] = []
    while frames := reader.read(end):
        found += frames
    return found


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


def test_a_disk_that_cannot_even_take_back_refuses_until_it_can(tmp_path: Path) -> None:
    """After a failed write that could not be cut off, nothing is accepted on top of it; as soon as it can be, writing goes on."""

    class Broken(FailingAt):
        mended = False

        def truncate(self, descriptor: int, size: int) -> None:
            if not self.mended:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().truncate(descriptor, size)

    files = Broken(1, errno.EIO, 0.5)
    writer = SpoolWriter(tmp_path, files=files)
    for _ in range(2):
        with pytest.raises(StorageError):
            writer.append(entries("lost to nobody"))
    files.mended = True
    writer.append(entries("after"))
    writer.close()

    assert bodies(tmp_path) == ["after"]


def test_a_torn_tail_is_cut_off_and_told(tmp_path: Path) -> None:
    """At every length that a power cut can leave of the last group."""
    segment, ends = killed(tmp_path, entries("first"), entries("second"))
    whole, kept = segment.read_bytes(), ends[0]
    for length in range(kept, len(whole)):
        for path in tmp_path.glob("*.log"):
            path.unlink()
        segment.write_bytes(whole[:length])
        writer = SpoolWriter(tmp_path)
        writer.append(entries("third"))
        writer.close()

        assert bodies(tmp_path) == ["first", "third"]
        assert 0 <= writer.cut_bytes <= length - kept


@given(st.data())
def test_unsynchronised_bytes_may_be_anything(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """After a power cut the part that was never synchronised may be zeros, noise or missing; what was acknowledged is there."""
    folder = tmp_path_factory.mktemp("spool")
    segment, _ = killed(folder, entries("a", "b"), entries("c"))
    noise = data.draw(st.binary(max_size=60) | st.integers(1, 60).map(bytes))
    with segment.open("ab") as file:
        file.write(noise)
    write(folder, entries("d"))

    assert bodies(folder) == ["a", "b", "c", "d"]


def flipped(segment: Path, at: int) -> bytes:
    """Flip a bit of a segment; its bytes as they are now."""
    damaged = bytearray(segment.read_bytes())
    damaged[at] ^= 1
    segment.write_bytes(damaged)
    return bytes(damaged)


EVENTS = [f"event {number}" for number in range(6)]


@pytest.mark.parametrize("segment_bytes", [1, 300, 1 << 20])
def test_a_flipped_bit_costs_the_frame_it_is_in_at_most_its_group(tmp_path: Path, segment_bytes: int) -> None:
    """Wherever it is, in any segment: what lies before and behind is read, what is damaged is given once with its bytes, a writer starts."""
    write(tmp_path / "spool", *[entries(event) for event in EVENTS], segment_bytes=segment_bytes)
    segments = sorted((tmp_path / "spool").glob("*.log"))
    choice = random.Random(segment_bytes)
    for number in range(60):
        folder = shutil.copytree(tmp_path / "spool", tmp_path / str(number))
        segment = folder / choice.choice(segments).name
        at = choice.randrange(segment.stat().st_size)
        now = flipped(segment, at)

        write(folder, entries("after"))
        found = frames_of(folder)

        good = [frame.body.decode() for frame in found if frame.kind != DAMAGED]
        damaged = [frame for frame in found if frame.kind == DAMAGED]
        assert good[-1] == "after"
        assert len(good) >= len(EVENTS)
        assert good[:-1] == [event for event in EVENTS if event in good]
        if len(good) == len(EVENTS):
            assert len(damaged) == 1
        for frame in damaged:
            assert frame.body in now
            assert frame.position <= int(segment.stem) + at < frame.end


def test_a_group_cannot_be_forged_in_an_event(tmp_path: Path) -> None:
    """A body that holds the beginnings of groups of every position, as an earlier version wrote them, hides nothing behind damage."""
    forged = b"".join(encode([(GROUP, position, b"")]) for position in range(300))
    writer = SpoolWriter(tmp_path)
    start, _ = [writer.append([(EVENT, ARRIVAL, body)]) for body in (b"first", forged)]
    writer.append(entries("last"))
    writer.close()
    flipped(last_segment(tmp_path), start + 40)

    first, damaged, last = frames_of(tmp_path)

    assert (first.body, damaged.kind, last.body) == (b"first", DAMAGED, b"last")
    assert len(damaged.body) > len(forged)


def test_segments_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """Without a header, and groups without a salt; damage in them costs as little."""
    old = b"".join(
        group for number in range(3) for group in [encode([(GROUP, number * 39, b"")]), encode([(EVENT, ARRIVAL, b"old %d" % number)])]
    )
    assert len(old) == 3 * 39
    segment_path(tmp_path, 0).write_bytes(old)
    write(tmp_path, entries("new"))

    assert bodies(tmp_path) == ["old 0", "old 1", "old 2", "new"]
    flipped(segment_path(tmp_path, 0), 38)
    assert [frame.body for frame in frames_of(tmp_path)][1:] == [b"old 1", b"old 2", b"new"]


def test_a_spool_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """Its frames may mean something else."""
    write(tmp_path, entries("a"))
    segment = last_segment(tmp_path)
    whole = segment.read_bytes()
    segment.write_bytes(encode([(SEGMENT, 0, whole[17 : 17 + 16] + b"\x02" + whole[17 + 17 : header.SIZE])]) + whole[header.SIZE :])

    with pytest.raises(ConfigurationError, match="newer eventlake"):
        SpoolReader(tmp_path, 5).read(10_000)


@pytest.mark.parametrize("name", ["9999.log", "0000000000000000999x.log", "99999999999999999999.log", "+0000000000000000001.log"])
def test_a_file_of_another_name_is_no_segment(tmp_path: Path, name: str) -> None:
    """It is not read, not cut, not dropped."""
    (tmp_path / name).write_bytes(b"somebody's notes")
    (end,) = write(tmp_path, entries("a"))

    assert bodies(tmp_path) == ["a"]
    drop_before(tmp_path, end)
    assert (tmp_path / name).read_bytes() == b"somebody's notes"


def test_a_segment_says_whose_it_is(tmp_path: Path) -> None:
    """Each writer begins one of its own, with its lake and its epoch, and no salt is given twice."""
    for epoch in (1, 2):
        writer = SpoolWriter(tmp_path, origin=Origin("ab" * 16, epoch))
        writer.append(entries(f"{epoch}"))
        writer.close()

    assert list(origins(tmp_path)) == [Origin("ab" * 16, 1), Origin("ab" * 16, 2)]
    assert len({header.header_of(path, start).salt for start, path in segments_of(tmp_path)}) == 2


def test_nothing_is_acknowledged_once_the_lake_is_lost(tmp_path: Path) -> None:
    """Also if that happens while a group is written; what another writer finds is whole."""
    calls = iter([True, True, True, False])

    def require_held() -> None:
        if not next(calls, False):
            raise LakeTakenError("Taken.")

    writer = SpoolWriter(tmp_path, require_held=require_held)
    writer.append(entries("acknowledged"))
    for _ in range(2):
        with pytest.raises(LakeTakenError):
            writer.append(entries("not acknowledged"))
    writer.close()
    write(tmp_path, entries("another's"))

    assert bodies(tmp_path) in (["acknowledged", "another's"], ["acknowledged", "not acknowledged", "another's"])


def test_a_segment_that_is_full_is_followed_by_another(tmp_path: Path) -> None:
    """Names are positions; reading goes on from one to the next; delivered ones are dropped, the last never."""
    ends = write(tmp_path, *[entries(f"event {number}") for number in range(10)], segment_bytes=60)

    assert len(list(tmp_path.glob("*.log"))) > 3
    assert bodies(tmp_path) == [f"event {number}" for number in range(10)]
    assert drop_before(tmp_path, ends[4], kept_bytes=0) > 0
    assert bodies(tmp_path, start=first_position(tmp_path))[-5:] == [f"event {number}" for number in range(5, 10)]
    drop_before(tmp_path, ends[-1], kept_bytes=0)
    assert len(list(tmp_path.glob("*.log"))) == 1


def test_what_comes_from_a_moment_on_stands_in_a_segment_of_its_own(tmp_path: Path) -> None:
    """All before it can be removed then; the new one stays, also while nothing is in it, and beginning twice begins one."""
    writer = SpoolWriter(tmp_path)
    before = writer.append(entries("a"))
    boundary = writer.begin_anew().result()
    assert (boundary, writer.begin_anew().result()) == (before, before)

    assert drop_delivered(tmp_path, boundary) == 1
    assert [position for position, _ in segments_of(tmp_path)] == [boundary]
    writer.append(entries("b"))
    writer.close()
    assert bodies(tmp_path) == ["b"]
    assert SpoolWriter(tmp_path).begin_anew().result() == durable_end(tmp_path)


def test_what_is_delivered_is_kept_for_a_while(tmp_path: Path) -> None:
    """An hour from when it is seen to be delivered, and no more of it than so many bytes, the newest."""
    ends = write(tmp_path, *[entries(f"event {number}") for number in range(6)], segment_bytes=60)
    sizes = [path.stat().st_size for _, path in segments_of(tmp_path)]

    assert drop_before(tmp_path, ends[-1]) == 0
    assert drop_before(tmp_path, ends[-1]) == 0
    assert drop_before(tmp_path, ends[-1], kept_bytes=sum(sizes[2:-1])) == 2
    assert bodies(tmp_path, start=first_position(tmp_path)) == [f"event {number}" for number in range(2, 6)]
    assert drop_before(tmp_path, ends[-1], kept_s=0) == len(sizes) - 3


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


@given(st.integers(0, 255), st.integers(0, (1 << 64) - 1), st.lists(st.binary(max_size=50)))
def test_entries_of_one_kind_are_the_same_frames(kind: int, arrival: int, found: list[bytes]) -> None:
    """As those that are encoded one by one."""
    assert encode_alike(kind, arrival, found) == encode((kind, arrival, body) for body in found)
