"""What takes an alert's event: a file, a command, a webhook. Each returns once it has acknowledged, or raises why not.

No sentence here holds a URL, an argument or an answer: any of them may be secret.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from eventlake.local.detecting.messages import FORMS

_WEBHOOK_S = 10.0
_COMMAND_S = 60.0
_TAIL_BYTES = 1 << 20
"""How much of a file is searched for an event that may have been written before a crash."""
_LATER = frozenset((408, 425, 429))


class NotTakenError(Exception):
    """A receiver did not acknowledge; the text says why, without a secret.

    is_down: whether it takes nothing now, rather than not this. after_s: when it says to try again, in seconds.
    """

    def __init__(self, why: str, *, is_down: bool = True, after_s: float | None = None) -> None:
        super().__init__(why)
        self.is_down = is_down
        self.after_s = after_s


class Receiver(Protocol):
    """Takes events of alerts."""

    def take(self, event_id: str, body: bytes) -> None:
        """Return once the event is acknowledged; it may have been taken before. Raises NotTakenError."""


class FileReceiver:
    """Appends to a file of JSON lines; an event that is there already is not written twice."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, event_id: str, body: bytes) -> None:
        """Append the event, durably."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            try:
                tail = _tail(handle)
                if not _holds(tail, event_id):
                    _write(handle, (b"" if tail.endswith(b"\n") else b"\n") + body + b"\n")
                    os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise NotTakenError(f"its file cannot be written: {error.strerror or error}") from None


def _tail(handle: int) -> bytes:
    """Return the end of a file; of an empty one, that of a line."""
    end = os.lseek(handle, 0, os.SEEK_END)
    return os.pread(handle, _TAIL_BYTES, max(end - _TAIL_BYTES, 0)) or b"\n"


def _holds(tail: bytes, event_id: str) -> bool:
    """Return True if an event stands there whole: of a line that a full disk cut off, only the beginning does."""
    written = json.dumps(event_id).encode()
    return any(_is_json(line) for line in tail.split(b"\n") if written in line)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _write(handle: int, data: bytes) -> None:
    """Write all of it: a disk that becomes full takes a part, and says why only when it is given the rest."""
    while data:
        data = data[os.write(handle, data) :]


class CommandReceiver:
    """Runs a program with the event on stdin; no shell reads its arguments. The exit code 0 acknowledges."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)

    def take(self, event_id: str, body: bytes) -> None:
        """Run the program once, in a session of its own, and end it if it takes longer than a minute."""
        process = self._begun({**os.environ, "EVENTLAKE_ALERT_EVENT_ID": event_id})
        try:
            process.communicate(body + b"\n", timeout=_COMMAND_S)
        except subprocess.TimeoutExpired:
            _end(process)
            process.wait()
            raise NotTakenError(f"its command did not end within {_COMMAND_S:g} seconds", is_down=False) from None
        finally:
            _RUNNING.discard(process)
        if process.returncode != 0:
            raise NotTakenError(f"its command ended with {process.returncode}", is_down=False)

    def _begun(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Begin the program, and know that it runs. Raises NotTakenError."""
        try:
            with _BEGINNING:
                process = subprocess.Popen(
                    self._argv,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                _RUNNING.add(process)
                return process
        except (OSError, ValueError) as error:
            raise NotTakenError(f"its command cannot be started: {getattr(error, 'strerror', None) or 'it is none'}") from None


_RUNNING: set[subprocess.Popen[bytes]] = set()
"""The commands that run: each leads a session of its own, so whoever ends this process does not end them."""
_BEGINNING = threading.Lock()


def end_commands() -> None:
    """End the commands that run, and let none begin any more: this process is about to end, and nobody else would ever end them."""
    _BEGINNING.acquire()
    for process in list(_RUNNING):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it began."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where the user said, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none: the answer is an error, as it came."""


class _Deadline:
    """Ends a request that takes longer than it may in all: a timeout of the library is one of each read, and an answer may drip for ever."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._connection: http.client.HTTPConnection | None = None
        self.is_over = False

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        """Return the connection, which is ended at the deadline."""
        self._connection = connection
        return connection

    def _end(self) -> None:
        self.is_over = True
        if self._connection is not None and self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)


class _Watched(urllib.request.AbstractHTTPHandler):
    """Has a deadline watch the connection of a request."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def do_open(self, http_class: Any, req: urllib.request.Request, **http_conn_args: Any) -> Any:  # as the library's own
        """Open the connection, watched."""
        return super().do_open(lambda *host, **more: self._deadline.watch(http_class(*host, **more)), req, **http_conn_args)


class _Http(_Watched, urllib.request.HTTPHandler):
    """Over HTTP."""


class _Https(_Watched, urllib.request.HTTPSHandler):
    """Over HTTPS."""


class WebhookReceiver:
    """Posts the event as JSON in a form of `messages.FORMS`; an answer of 2xx acknowledges."""

    def __init__(self, url: str, form: str) -> None:
        self._url = url
        self._form = FORMS[form]
        own = urlsplit(url).scheme == "http"  # this machine is reached without a proxy, whatever the environment says
        self._proxies = [urllib.request.ProxyHandler({})] if own else []

    def take(self, event_id: str, body: bytes) -> None:
        """Post the event; its id is the `Idempotency-Key`, for receivers that look."""
        message = json.dumps(self._form(json.loads(body)), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "eventlake", "Idempotency-Key": event_id}
        request = urllib.request.Request(self._url, message, headers, method="POST")
        with _Deadline(_WEBHOOK_S) as deadline:
            opener = urllib.request.build_opener(_NoRedirect, _Http(deadline), _Https(deadline), *self._proxies)
            try:
                with opener.open(request, timeout=_WEBHOOK_S) as answer:
                    status, retry_after = answer.status, None
            except urllib.error.HTTPError as error:
                with error:
                    status, retry_after = error.code, error.headers.get("Retry-After")
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise NotTakenError(_why(TimeoutError() if deadline.is_over else error)) from None
        if deadline.is_over:  # what was read of the answer was cut off
            raise NotTakenError(_why(TimeoutError()))
        if not 200 <= status < 300:
            raise _refused(status, retry_after)


def _refused(status: int, retry_after: str | None) -> NotTakenError:
    after_s = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else None
    return NotTakenError(f"it answered {status}", is_down=status >= 500 or status in _LATER, after_s=after_s)


def _why(error: Exception) -> str:
    """Say why no answer came, in words of ours: those of the library may hold the URL."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"it did not answer within {_WEBHOOK_S:g} seconds"
    if isinstance(cause, ssl.SSLError):
        return "its certificate is not trusted, or the connection cannot be encrypted"
    if isinstance(cause, socket.gaierror):
        return "its host is not known"
    if isinstance(cause, OSError) and cause.strerror:
        return f"it cannot be reached: {cause.strerror}"
    return "it cannot be reached"
