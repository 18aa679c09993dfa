"""The spool against power cuts, kills and failing calls, at every call and in sequence: what was acknowledged is there, in order, once."""

from __future__ import annotations

import errno
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from by_day import one_in
from eventlake.errors import StorageError, StorageFullError
from eventlake.local.spool.frames import EVENT
from eventlake.local.spool.reader import SpoolReader
from eventlake.local.spool.segments import first_position
from eventlake.local.spool.writer import SpoolWriter

sys.path.insert(0, str(Path(__file__).parent.parent))
from power import Disk, Moment

GROUPS = 4
SEGMENT_BYTES = 2000
CALLS_OF_A_LIFE = 18
CUTS_PER_CALL = 4


def group(number: int) -> list[str]:
    """The bodies of a group; every other one fills several sectors."""
    size = 700 if number % 2 else 5
    return [f"{number}-{place}-{'x' * size}" for place in range(3)]


def append(writer: SpoolWriter, bodies: list[str]) -> bool:
    """Whether the writer acknowledged these bodies."""
    try:
        writer.append([(EVENT, 1, body.encode()) for body in bodies])
    except StorageError:
        return False
    return True


def live(folder: Path, disk: Disk, first_group: int) -> list[str]:
    """One life of a writer: it opens, appends groups, ends; what it acknowledged."""
    acknowledged: list[str] = []
    try:
        writer = SpoolWriter(folder, segment_bytes=SEGMENT_BYTES, files=disk)
    except StorageError:
        return acknowledged
    for number in range(first_group, first_group + GROUPS):
        if append(writer, group(number)):
            acknowledged += group(number)
            disk.acknowledged += len(group(number))
    writer.close()
    return acknowledged


def stored(folder: Path) -> list[str]:
    """What a reader reads after a new writer has opened the spool, and has shown that writing goes on."""
    writer = SpoolWriter(folder, segment_bytes=SEGMENT_BYTES)
    writer.append([(EVENT, 1, b"on")])
    end = writer.end
    writer.close()
    reader = SpoolReader(folder, first_position(folder))
    found: list[str] = []
    while frames := reader.read(end, limit_bytes=1000):
        found += [frame.body.decode() for frame in frames]
    assert found[-1] == "on"
    return [body for body in found if body != "on"]


def rebuild(folder: Path, moment: Moment, choice: random.Random) -> Path:
    """The folder as a power cut left it."""
    folder.mkdir()
    for name, content in moment.left(choice).items():
        (folder / name).write_bytes(content)
    return folder


def assert_holds(found: list[str], acknowledged: list[str], sent: list[str]) -> None:
    """All that was acknowledged and nothing that was not sent, each once, in the order of sending."""
    assert set(acknowledged) <= set(found)
    assert found == [body for body in sent if body in set(found)]


@pytest.mark.parametrize("dies", one_in(24, range(CALLS_OF_A_LIFE + 1)))
def test_no_power_cut_loses_what_was_acknowledged(tmp_path: Path, dies: int) -> None:
    """A writer is killed at its n-th call (0: not at all), another goes on, and the power fails during any call of either."""
    choice = random.Random(dies)
    disk = Disk(dies=dies)
    acknowledged = live(tmp_path / "spool", disk, 0)
    disk.dies = 0
    acknowledged += live(tmp_path / "spool", disk, GROUPS)
    sent = [body for number in range(2 * GROUPS) for body in group(number)]

    assert_holds(stored(tmp_path / "spool"), acknowledged, sent)
    for number, moment in enumerate(disk.moments * CUTS_PER_CALL):
        left = rebuild(tmp_path / str(number), moment, choice)
        assert_holds(stored(left), acknowledged[: moment.acknowledged], sent)


def test_a_life_has_as_many_calls_as_are_tested(tmp_path: Path) -> None:
    """The numbers above reach the last call, and a segment is begun on the way."""
    disk = Disk()
    live(tmp_path / "spool", disk, 0)

    assert len(disk.calls) == CALLS_OF_A_LIFE
    assert sum(call.startswith("open") for call in disk.calls) == 2


def test_the_names_of_spool_and_lake_are_durable_before_the_first_event(tmp_path: Path) -> None:
    """A folder that a power cut takes away would take the events with it."""
    disk = Disk()
    live(tmp_path / "lake" / "spool", disk, 0)

    synchronised = [Path(call.removeprefix("sync_folder ")) for call in disk.calls[: disk.calls.index("write")] if "folder" in call]
    assert {tmp_path, tmp_path / "lake", tmp_path / "lake" / "spool"} <= set(synchronised)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS])
def test_one_failing_call_refuses_one_group_at_most(tmp_path: Path, code: int) -> None:
    """Whichever call it is: opening or one group fails with the right error, the rest is there, writing goes on."""
    for fails in range(1, CALLS_OF_A_LIFE + 1):
        disk, spool = Disk(fails=fails, error=code), tmp_path / str(fails)
        acknowledged = live(spool, disk, 0) or live(spool, disk, 0)

        assert len(acknowledged) >= 3 * (GROUPS - 1)
        assert stored(spool) == acknowledged


def test_a_full_disk_is_told_from_a_broken_one(tmp_path: Path) -> None:
    """The sentence of the first says to make room."""
    disk = Disk()
    writer = SpoolWriter(tmp_path, files=disk)
    disk.fails, disk.error = len(disk.calls) + 1, errno.ENOSPC
    with pytest.raises(StorageFullError, match="Make room"):
        writer.append([(EVENT, 1, b"a")])
    disk.fails, disk.error = len(disk.calls) + 1, errno.EIO
    with pytest.raises(StorageError, match="Input/output error"):
        writer.append([(EVENT, 1, b"a")])
    writer.close()


KILLS = 20
WRITER = """
import sys
from pathlib import Path
from eventlake.local.spool.frames import EVENT, encode
from eventlake.local.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]), segment_bytes=20_000)
number = int(sys.argv[2])
while True:
    futures = [writer.submit([encode([(EVENT, 1, b"%d" % (number + place) + b" " * 300)])]) for place in range(7)]
    for future in futures:
        future.result()
        print(number, flush=True)
        number += 1
"""


@pytest.mark.parametrize("kills", [3, pytest.param(KILLS, marks=pytest.mark.slow)])
def test_no_kill_loses_what_was_acknowledged(tmp_path: Path, kills: int) -> None:
    """A writing process is killed after any number of acknowledgements, again and again."""
    choice = random.Random(kills)
    sent = 0
    for _ in range(kills):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(sent)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(choice.randint(1, 400))]
            process.send_signal(signal.SIGKILL)
            lines += [line for line in process.stdout.readlines() if line.endswith("\n")]
        acknowledged = int(lines[-1]) + 1
        found = [int(body) for body in stored(tmp_path)]
        assert found[:acknowledged] == list(range(acknowledged))
        sent = len(found)
