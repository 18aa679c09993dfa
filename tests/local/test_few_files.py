"""A bus that may open few files: connections are bounded, it says so, and everything is well again by itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from eventlake.local.folder import open_lake
from eventlake.sources import load

EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "detail": {"state": "STARTED"},
}
FILES = 160


def asked(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of an answer."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def is_well(state: dict[str, Any]) -> bool:
    """Whether nothing is wrong, and nothing waits."""
    return (state["status"], state["pending_bytes"]) == ("ok", 0)


@pytest.mark.slow
def test_a_bus_that_may_open_few_files_is_bounded_tells_it_and_goes_on(tmp_path: Path) -> None:
    """More idle connections than it has files, and the delivering process killed meanwhile; an honest sender is answered, and delivered."""

    def with_few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))

    said = (tmp_path / "said").open("wb")
    program = [sys.executable, "-m", "eventlake", "serve", "--lake", str(tmp_path / "lake"), "--port", "0", "--buffer-seconds", "0.2"]
    bus = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=said, preexec_fn=with_few_files)
    try:
        assert bus.stdout is not None
        port = int(bus.stdout.readline().decode().rsplit(":", 1)[1])
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(2 * FILES)]
        os.kill(json.loads((tmp_path / "lake" / "lock").read_text())["delivering"], signal.SIGKILL)
        assert asked(port, "POST", "/events", json.dumps(EVENT).encode())[0] == 200
        for connection in idle:
            connection.close()
        deadline = time.monotonic() + 60
        while not is_well(json.loads(asked(port, "GET", "/healthz")[1])):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        bus.terminate()
        bus.communicate(timeout=60)
        assert bus.returncode == 0
        said.close()

    assert open_lake(tmp_path / "lake", load()).engine.query("select event_id from pipeline_execution_state_change").rows == [("e-1",)]
    assert (tmp_path / "said").read_text().count("connections are open, as many as the bus keeps") == 1
