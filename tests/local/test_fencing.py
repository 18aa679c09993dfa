"""A lake whose lock was removed: whoever comes next takes it, and who had it acknowledges nothing more, and ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest

from eventlake.errors import LakeTakenError
from eventlake.local.lock import LakeLock
from kill_many import Lake, event, start
from oracle import catalogued, identities


def put(port: int, identity: str) -> int:
    """The status of a request with one event; 0 if nobody answers."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("POST", "/events", json.dumps(event(identity, len(identity))).encode())
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


@pytest.mark.parametrize("replaced", [False, True])
def test_a_lock_that_was_removed_is_no_longer_held(tmp_path: Path, replaced: bool) -> None:
    """Also where another file has taken its name."""
    lock = LakeLock(tmp_path)
    lock.require_held()
    (tmp_path / "lock").unlink()
    if replaced:
        (tmp_path / "lock").touch()

    with pytest.raises(LakeTakenError, match="was removed or replaced"):
        lock.require_held()
    lock.release()


@pytest.mark.slow
def test_two_buses_over_a_lake_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The lock is removed while senders put events to one, another starts: the first one ends and says why, and each event is there once."""
    lake = Lake(tmp_path / "lake", "json", random.Random(1))
    acknowledged: list[str] = []
    first, port = start(lake)

    def send() -> None:
        for number in range(100_000):
            status = put(port, f"first-{number}")
            if status == 0:
                return
            if status == 200:
                acknowledged.append(f"first-{number}")

    sender = threading.Thread(target=send)
    sender.start()
    while len(acknowledged) < 20:
        sender.join(0.01)
    (lake.folder / "lock").unlink()
    second, port_of_second = start(lake)
    for number in range(20):
        assert put(port_of_second, f"second-{number}") == 200
        acknowledged.append(f"second-{number}")
    told = first.communicate(timeout=120)[1]
    sender.join(60)
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=120)

    assert first.returncode == LakeTakenError.exit_code
    assert "was removed or replaced" in told or "Another process has taken the lake" in told  # its bus saw it first, or its delivery
    assert second.returncode == 0
    stored = Counter(identity for key in catalogued(lake.folder) for identity in identities(lake.folder, key))
    assert set(acknowledged) - set(stored) == set()
    assert [identity for identity, count in stored.items() if count > 1] == []
