"""A disk that takes nothing any more, as a file system makes itself read-only: senders, health and the exit code say so, and nothing is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from pathlib import Path

import pytest

from disks import Disk

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracle import examine

TABLE = "pipeline_execution_state_change"


def event(identity: str) -> dict[str, object]:
    """An event of the table."""
    envelope = {"detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline"}
    return {"id": identity, **envelope, "detail": {"state": "STARTED"}}


def asked(port: int, method: str, path: str, identity: str = "") -> tuple[int, dict[str, object]]:
    """Status and words of an answer; of a request with an event, if it has an identity."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, json.dumps(event(identity)) if identity else None)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def eventlake(*words: str) -> str:
    """What a command prints."""
    return subprocess.run([sys.executable, "-m", "eventlake", *words], capture_output=True, text=True, check=True).stdout


def serving(lake: Path) -> tuple[subprocess.Popen[str], int]:
    """A bus that delivers when it is ended, and its port."""
    options = ["--lake", str(lake), "--port", "0", "--buffer-seconds", "900"]
    bus = subprocess.Popen(
        [sys.executable, "-m", "eventlake", "serve", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert bus.stdout is not None
    return bus, int(bus.stdout.readline().rsplit(":", 1)[1])


@pytest.mark.slow
def test_a_disk_that_makes_itself_read_only_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """ext4 gives up its journal under a bus that holds an event and has delivered another."""
    disk = Disk(tmp_path, "ext4", size_bytes=64 << 20)
    try:
        disk.make()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system of its own needs the right to mount")
    try:
        lake = disk.place / "lake"
        (tmp_path / "event.json").write_text(json.dumps(event("first")))
        eventlake("send", str(tmp_path / "event.json"), "--lake", str(lake))
        bus, port = serving(lake)
        assert asked(port, "POST", "/events", "second")[0] == 200

        subprocess.run(["mount", "-o", "remount,abort", str(disk.place)], check=True)
        refused, said = asked(port, "POST", "/events", "third")
        health, state = asked(port, "GET", "/healthz")
        rows = eventlake("query", f"select event_id from {TABLE}", "--output", "csv", "--quiet", "--lake", str(lake))
        bus.terminate()
        told = bus.communicate(timeout=60)[1]

        assert (refused, str(said["message"])[-1]) == (503, ".")
        assert (health, state["status"]) == (503, "failing")
        assert rows.split() == ["event_id", "first"]
        assert (bus.returncode, "Traceback" in told, "Unexpected" in told) == (4, False, False)

        disk.unmount()
        disk.mount()
        bus, port = serving(lake)
        assert asked(port, "POST", "/events", "fourth")[0] == 200
        bus.terminate()
        bus.communicate(timeout=60)
        assert bus.returncode == 0
        assert examine(lake, ["first", "second", "fourth"]) is None
    finally:
        subprocess.run(["umount", "--lazy", str(disk.place)], check=True)
