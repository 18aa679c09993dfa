"""Failed events tried again for the page, by the command itself: in a process of its own, so that what an event does to it never reaches the bus."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from eventlake.errors import ServiceError, UsageError

PREVIEW_S, REDRIVE_S = 30.0, 600.0
"""How long it may take to show what an event would become, and to bring events in."""
_LOOK_S = 0.2
_COUNTED = (0, 1)
"""How the command ends when it has counted what became of the records: 1 says that some still fail."""


class Redriving:
    """Tries the failed events of the lake in a folder. source_folders: the user's declarations. is_stopping: whether nobody waits any more."""

    def __init__(self, folder: Path, source_folders: Sequence[Path], is_stopping: Callable[[], bool]) -> None:
        self._lake = ["--lake", str(folder), *(part for one in source_folders for part in ("--sources", str(one)))]
        self._is_stopping = is_stopping

    def preview(self, id: str) -> dict[str, Any]:
        """Return what an event would become now, as `failed redrive --dry-run` says it. Raises UsageError, ServiceError."""
        found = self._run([id, "--dry-run"], PREVIEW_S)
        return found[0] if found else {}

    def redrive(self, *, id: str = "", table: str = "", code: str = "") -> list[dict[str, Any]]:
        """Bring one event in, or those of a table and code; return what became of them by table and code. Raises UsageError, ServiceError."""
        return self._run([id] if id else ["--table", table, "--code", code], REDRIVE_S)

    def _run(self, options: Sequence[str], seconds: float) -> list[dict[str, Any]]:
        command = [sys.executable, "-P", "-m", "eventlake", "failed", "redrive", *options, *self._lake, "--output", "json", "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, process_group=0) as run:
            out, said = self._heard(run, time.monotonic() + seconds)
        if run.returncode not in _COUNTED or not out:
            raise UsageError(
                said.decode("utf-8", "replace").strip() or "The process that tried this was ended; the events are as they were."
            )
        return list(json.loads(out))

    def _heard(self, run: subprocess.Popen[bytes], until: float) -> tuple[bytes, bytes]:
        """Return what the command prints; it is ended where it takes too long, or nobody waits. Raises ServiceError."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                return run.communicate(timeout=_LOOK_S)
            if self._is_stopping() or time.monotonic() > until:
                os.killpg(run.pid, signal.SIGKILL)
                raise ServiceError("This took too long, and was ended; what was brought in is there once. Run `eventlake failed redrive`.")
