"""A real disk that is really full: 507 to senders, queries go on, and everything goes on by itself when there is room."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from by_day import one_in
from disks import CHOSEN, Disk
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracle import examine

PATIENCE_S = 60.0


SIZE_BYTES = {"tmpfs": 24 << 20, "btrfs": 160 << 20}.get(CHOSEN, 32 << 20)
"""Of an image, a part is the file system's own; btrfs keeps names and bytes in chunks, and less has no room for both."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of about 24 MB."""
    disk = Disk(tmp_path, CHOSEN, size_bytes=SIZE_BYTES)
    try:
        disk.make()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system of its own needs the right to mount")
    yield disk.place
    subprocess.run(["umount", "--lazy", str(disk.place)], check=True)


def post(port: int, identities: list[str]) -> int:
    """Send events of a kilobyte; the status."""
    envelope = {"detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline"}
    lines = [
        json.dumps({**envelope, "id": identity, "detail": {"state": "STARTED", "new": os.urandom(512).hex()}}) for identity in identities
    ]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/events", "\n".join(lines).encode())
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def fill(file: Path) -> None:
    """Write a file until the disk takes no more."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as writing:
        for size in (100_000, 4096):
            with contextlib.suppress(OSError):
                while writing.write(bytes(size)):
                    pass


@pytest.mark.parametrize("left_kib", one_in(5, [0, 4, 8, 64, 200]))
def test_a_lake_that_a_full_disk_has_no_room_for_is_refused_in_a_sentence(small_disk: Path, left_kib: int) -> None:
    """However far the start came, but for a full btrfs, which may end it; where there is room again it starts."""
    filling, left = small_disk / "filling", small_disk / "left"
    left.write_bytes(bytes(left_kib << 10))
    fill(filling)
    left.unlink()
    (event := small_disk.parent / "event.json").write_text('{"id": "e-1", "source": "app", "detail-type": "Kept", "detail": {}}')
    command = [sys.executable, "-m", "eventlake", "send", str(event), "--lake", str(small_disk / "lake")]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)

    if CHOSEN != "btrfs" or refused.returncode != -signal.SIGBUS:
        assert refused.returncode == 253
        assert "No space left on device" in refused.stderr or "disk is full" in refused.stderr
        assert "Unexpected" not in refused.stderr
    filling.unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@pytest.mark.slow
def test_a_full_disk_is_answered_with_507_and_recovered_from(small_disk: Path) -> None:
    """Events until 507, then another process takes the rest of the disk, then gives it back."""
    lake = small_disk / "lake"
    options = ["--lake", str(lake), "--port", "0", "--buffer-seconds", "0.2", "--log-format", "json"]
    bus = subprocess.Popen([sys.executable, "-m", "eventlake", "serve", *options], stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    port = int(bus.stdout.readline().rsplit(":", 1)[1])
    acknowledged: list[str] = []
    statuses: list[int] = []
    while 507 not in statuses:
        identities = [f"e-{len(statuses)}-{number}" for number in range(300)]
        statuses.append(post(port, identities))
        acknowledged += identities if statuses[-1] == 200 else []
    ballast = small_disk / "ballast"
    fill(ballast)

    assert set(statuses) == {200, 507}
    assert open_lake(lake, load()).engine.query("select count(*) from pipeline_execution_state_change").rows[0][0] >= 0
    assert post(port, ["refused"]) == 507

    ballast.unlink()
    deadline = time.monotonic() + PATIENCE_S
    while post(port, ["after"]) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    bus.terminate()
    bus.communicate(timeout=60)
    assert bus.returncode == 0
    assert examine(lake, [*acknowledged, "after"]) is None


@pytest.mark.slow
def test_a_small_disk_makes_room_for_more_by_delivering(small_disk: Path) -> None:
    """A burst fills it up to its reserve while nothing is due; then it is delivered in parts that fit, and the bus takes events again."""
    lake = small_disk / "lake"
    options = ["--lake", str(lake), "--port", "0", "--buffer-seconds", "2"]
    with serving(options) as (bus, port):
        acknowledged: list[str] = []
        status = 200
        while status == 200:
            identities = [f"e-{len(acknowledged) + number}" for number in range(500)]
            status = post(port, identities)
            acknowledged += identities if status == 200 else []
        was_ended = False
        deadline = time.monotonic() + PATIENCE_S
        while (again := post_unless_ended(port, ["again"])) != 200 and not was_ended:
            assert status == 507
            assert again == 507 or CHOSEN == "btrfs"
            was_ended = again is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        bus.terminate()
        bus.communicate(timeout=60)
        assert bus.returncode == (-signal.SIGBUS if was_ended else 0)
    if was_ended:
        with serving(options) as (bus, port):
            while post(port, ["again"]) != 200:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            bus.terminate()

    assert examine(lake, [*acknowledged, "again"]) is None


@contextlib.contextmanager
def serving(options: list[str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a bus; the process, and its port."""
    with subprocess.Popen([sys.executable, "-m", "eventlake", "serve", *options], stdout=subprocess.PIPE, text=True) as bus:
        assert bus.stdout is not None
        yield bus, int(bus.stdout.readline().rsplit(":", 1)[1])


def post_unless_ended(port: int, identities: list[str]) -> int | None:
    """Send events; the status, or None where the kernel has ended the bus, as it does on a full btrfs."""
    try:
        return post(port, identities)
    except ConnectionError:
        return None


def test_a_lake_that_nobody_writes_is_asked_on_a_full_disk(small_disk: Path) -> None:
    """Its catalog is read without the file that SQLite puts beside it; who goes on reading sees what is written once there is room."""
    sources, folder, filling = load(), small_disk / "lake", small_disk / "filling"
    envelope = {"detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline", "detail": {"state": "STARTED"}}

    def send(*identities: str) -> None:
        with Importer(folder, sources) as importer:
            importer.accept([Item(number, json.dumps({**envelope, "id": one}).encode()) for number, one in enumerate(identities, 1)])
            importer.deliver()

    def ids() -> list[str]:
        return [one for (one,) in reader.engine.query("select event_id from pipeline_execution_state_change order by 1").rows]

    send("a", "b")
    fill(filling)
    reader = open_lake(folder, sources)
    assert ids() == ["a", "b"]

    filling.unlink()
    send("c")
    assert ids() == ["a", "b", "c"]
