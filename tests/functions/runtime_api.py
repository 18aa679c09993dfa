"""Lambda on this machine: its Runtime API, served to AWS's own runtime client, which runs a handler in a process as on AWS.

The client (awslambdaric) is what the managed Python runtimes start: it loads the handler, asks here for the next call, and answers here.
Format: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CODE = Path(__file__).parent.parent.parent / "src"
"""The folder that is uploaded as the functions' code."""

PATIENCE_S = 120
"""How long a call may take; only a failing test waits that long."""

TIMEOUT_S = 30
"""The timeout that a function is told, unless a test has another."""

RESPONSE_LIMIT_BYTES = 6_291_556
"""The longest answer that AWS takes; a longer one is an error: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@dataclass(frozen=True)
class Answer:
    """What a call came to. value: what the handler gave, or AWS's error object. size_bytes: of the answer as it was sent."""

    value: Any  # JSON
    size_bytes: int
    is_error: bool


@dataclass
class _Calls:
    """The calls that wait for the runtime client, and the answers that wait for the tests."""

    waiting: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)
    answers: dict[str, queue.Queue[Answer]] = field(default_factory=dict)
    start: queue.Queue[Answer] = field(default_factory=queue.Queue)
    """The error with which the function did not start."""
    timeout_s: float = TIMEOUT_S


class _RuntimeApi(BaseHTTPRequestHandler):
    """`/2018-06-01/runtime/...`"""

    protocol_version = "HTTP/1.1"
    calls: _Calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """`invocation/next`: the next call, when there is one."""
        request_id, event = self.calls.waiting.get()
        self.send_response(200)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.calls.timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:function",
            "Content-Type": "application/json",
            "Content-Length": str(len(event)),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        """`invocation/<id>/response`, `invocation/<id>/error` and `init/error`."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        *_, request_id, kind = self.path.split("/")
        answers = self.calls.start if request_id == "init" else self.calls.answers[request_id]
        if kind == "response" and len(body) > RESPONSE_LIMIT_BYTES:
            error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": f"Response payload size ({len(body)} bytes) exceeded"}
            answers.put(Answer(error, len(body), True))
        else:
            answers.put(Answer(json.loads(body or b"null"), len(body), kind == "error"))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A container that is ended hangs up, which is no error; any other is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Container:
    """One container of a function: a process that answers one call after another."""

    def __init__(self, calls: _Calls, log: Path) -> None:
        self._calls = calls
        self._log = log

    def invoke(self, event: Any) -> Answer:  # any JSON value
        """Call the function, and wait for its answer."""
        return self.wait(self.send(event))

    def send(self, event: Any) -> str:  # any JSON value
        """Call the function; gives the id of the call."""
        request_id = str(uuid.uuid4())
        self._calls.answers[request_id] = queue.Queue()
        self._calls.waiting.put((request_id, event if isinstance(event, bytes) else json.dumps(event).encode()))
        return request_id

    def wait(self, request_id: str) -> Answer:
        """The answer to a call."""
        answer = self._calls.answers[request_id].get(timeout=PATIENCE_S)
        del self._calls.answers[request_id]
        return answer

    def start_error(self) -> Answer:
        """The error with which the function did not start."""
        return self._calls.start.get(timeout=PATIENCE_S)

    def lines(self) -> list[dict[str, Any]]:
        """What the function has logged in JSON, line by line."""
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines() if line.startswith("{")]

    def text(self) -> str:
        """All that stands in its log."""
        return self._log.read_text("utf-8")


@contextmanager
def running(handler: str, folder: Path, environment: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> Iterator[Container]:
    """A container that runs a handler of the code folder. folder: where its log goes. timeout_s: the function's timeout as it is told."""
    calls = _Calls(timeout_s=timeout_s)
    server = _Server(("127.0.0.1", 0), type("Api", (_RuntimeApi,), {"calls": calls}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    log = folder / f"{uuid.uuid4()}.log"
    settings = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.14",
        "LAMBDA_TASK_ROOT": str(CODE),
        "PYTHONPATH": str(CODE),
        "_HANDLER": handler,
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TZ": ":UTC",
        **(environment or {}),
    }
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "awslambdaric", handler], cwd=CODE, env=settings, stdout=output, stderr=output)
    try:
        yield Container(calls, log)
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()
