"""Glue's CreatePartition, served to real clients: partitions in memory, every call noted, and faults on request.

Format: https://docs.aws.amazon.com/glue/latest/webapi/API_CreatePartition.html
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Place = tuple[str, str, str, str]
"""Database, table, date and hour."""


@dataclass
class Glue:
    """A catalog and its faults.

    throttled: the share of calls that is refused. error: an exception of Glue's that every call gets, if there is one.
    """

    throttled: float = 0.0
    error: str | None = None
    endpoint: str = ""
    partitions: dict[Place, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, Place, str]] = field(default_factory=list)
    """Who called (the access key), for which partition, and what became of it: `Created` or an exception."""
    chance: random.Random = field(default_factory=lambda: random.Random(20261120))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def create_partition(self, caller: str, asked: dict[str, Any]) -> str:
        """What becomes of a call."""
        partition = asked["PartitionInput"]
        date, hour = partition["Values"]
        place = (asked["DatabaseName"], asked["TableName"], date, hour)
        with self.lock:
            if self.error:
                outcome = self.error
            elif self.chance.random() < self.throttled:
                outcome = "ThrottlingException"
            elif place in self.partitions:
                outcome = "AlreadyExistsException"
            else:
                self.partitions[place] = partition["StorageDescriptor"]
                outcome = "Created"
            self.calls.append((caller, place, outcome))
        return outcome


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    glue: Glue

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """A call in JSON 1.1."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "AWSGlue.CreatePartition"
        caller = re.search(r"Credential=([^/]+)/", self.headers["Authorization"])
        assert caller is not None
        outcome = self.glue.create_partition(caller[1], asked)
        answer = {} if outcome == "Created" else {"__type": outcome, "Message": f"{outcome} of the test."}
        body = json.dumps(answer).encode()
        self.send_response(200 if outcome == "Created" else 400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_glue(throttled: float = 0.0) -> Iterator[Glue]:
    """Serve Glue on a free port."""
    glue = Glue(throttled)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Service", (_Service,), {"glue": glue}))
    server.daemon_threads = True
    glue.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield glue
    finally:
        server.shutdown()
        server.server_close()
