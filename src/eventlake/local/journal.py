"""The journal of an audit: a file a month in `audit/` of the lake's folder, a line for each deed, on the disk before the deed is answered."""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.auditing.entry import Entry
from eventlake.auditing.notes import Notes
from eventlake.backends.disk import make_durable, storage_error, write_whole
from eventlake.errors import ConfigurationError, StorageError

SETTINGS, FOLDER = "audit.toml", "audit"
OFF, ON, DEMANDED = "off", "on", "demanded"
MODES = (ON, DEMANDED, OFF)
_DEMANDED = "The lake demands that each deed is noted (audit.toml),"


class Journal(Notes):
    """The journal of the lake in a folder. now: the moment, aware. told: hears why a deed is not noted, where it need not be."""

    def __init__(
        self, folder: Path, told: Callable[[str], None] = lambda _sentence: None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = folder
        self._told = told
        self._now = now
        self._has_told = False

    @property
    def mode(self) -> str:
        """Return whether deeds are noted: `on`, `demanded` or `off`, which it is without a word. Raises ConfigurationError."""
        file = self._folder / SETTINGS
        try:
            said = tomllib.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            return OFF
        except OSError as error:
            raise ConfigurationError(f'"{file}" cannot be read: {error.strerror}.') from None
        except (ValueError, RecursionError):  # TOMLDecodeError, UnicodeDecodeError
            said = {}
        if said.get("audit") not in MODES or len(said) != 1:
            raise ConfigurationError(f'"{file}" holds one line, audit = "on", "demanded" or "off": write it with `eventlake audit on`.')
        return str(said["audit"])

    def choose(self, mode: str, entry: Entry) -> None:
        """Note that the mode is changed, whatever it was, and change it. Raises StorageError."""
        self._append(entry)
        write_whole(self._folder / SETTINGS, f'audit = "{mode}"\n')

    def note(self, entry: Entry) -> None:
        """Note a deed, durably. Raises StorageError where that is demanded and cannot be done; else it is told once, and the deed goes on."""
        mode = self.mode
        if mode == OFF:
            return
        try:
            self._append(entry)
        except StorageError as error:
            if mode == DEMANDED:
                raise StorageError(f"{error} {_DEMANDED} so nothing is answered.") from None
            if not self._has_told:
                self._has_told = True
                self._told(f"{error} What is done here is not noted.")

    def require(self) -> None:
        """Make sure that a deed can be noted, before it is done. Raises StorageError where that is demanded and cannot be done."""
        if self.mode != DEMANDED:
            return
        try:
            with self._opened(self._now()):
                pass
        except StorageError as error:
            raise StorageError(f"{error} {_DEMANDED} so nothing is done.") from None

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest lines, the newest first; what a crash cut is left out. Raises StorageError."""
        found: deque[dict[str, Any]] = deque(maxlen=limit)
        for file in sorted((self._folder / FOLDER).glob("*.jsonl")):
            try:
                with file.open("rb") as lines:
                    found.extend(event for line in lines if (event := event_of(line)) is not None)
            except OSError as error:
                raise StorageError(f'"{file}" cannot be read: {error.strerror}.') from None
        return list(reversed(found))

    def _append(self, entry: Entry) -> None:
        """Write a line, and bring it to the disk. Raises StorageError."""
        now = self._now()
        with self._opened(now) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # nobody writes between a line and its end
            _write(descriptor, entry.line(now))
            os.fsync(descriptor)

    @contextmanager
    def _opened(self, now: datetime) -> Iterator[int]:
        """Open the file of a month, which is there for good when that is done. Raises StorageError, also for what is done with it."""
        file = self._folder / FOLDER / f"{now.astimezone(UTC):%Y-%m}.jsonl"
        try:
            is_new = not file.exists()
            file.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
            if is_new:
                make_durable(file.parent)
                make_durable(self._folder)
        except OSError as error:
            raise storage_error(error, f'"{file}", the journal of the audit, cannot be written') from None


def _write(descriptor: int, line: bytes) -> None:
    """Write a line, behind an end of what a crash cut before it."""
    size = os.fstat(descriptor).st_size
    left = memoryview(b"\n" + line if size and os.pread(descriptor, 1, size - 1) != b"\n" else line)
    while left:
        left = left[os.write(descriptor, left) :]


def event_of(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line of the journal, None for what a crash cut."""
    try:
        event = json.loads(line)
        return event if isinstance(event, dict) and isinstance(event.get("detail"), dict) else None
    except ValueError:
        return None
