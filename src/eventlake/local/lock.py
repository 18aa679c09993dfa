"""The lock of a lake: one process writes it, and who that is can be read.

The lock is an flock on `lock` in the lake's folder; the system releases it when the last process that inherited it has ended. Its text names
the holder, and the process that delivers for it: where the holder was killed, that one keeps the lock until it has ended by itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.errors import LakeLeftError, LakeLockedError, LakeTakenError

LOCK = "lock"


class LakeLock:
    """The lock of the lake in a folder, held until `release`. Raises LakeLockedError, StorageError.

    tells: whether its text is to name this process. Raises LakeLeftError where whoever took the lock is gone, and its child is not.
    """

    def __init__(self, folder: Path, *, tells: bool = True) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # logs of logins are nobody else's
            self.descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise storage_error(error, f'The lake in "{folder}" cannot be opened for writing') from None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.descriptor)
            raise _locked(folder) from None
        self._folder = folder
        if not self._is_held():  # removed between opening and locking: whoever comes next would lock another file
            os.close(self.descriptor)
            raise LakeLockedError(f'The lock of the lake in "{folder}" was removed while it was taken; try again.')
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        try:
            if tells:
                self.tell()
        except OSError as error:
            os.close(self.descriptor)
            raise storage_error(error, f'The lake in "{folder}" cannot be opened for writing') from None

    def tell(self, url: str | None = None, delivering: int | None = None) -> None:
        """Write who holds the lock, where its bus listens, and which process delivers for it and holds the lock too. Raises OSError."""
        holder = {
            "pid": os.getpid(),
            "command": " ".join(sys.argv[1:2]) or "a program",
            "since": self._since,
            "url": url,
            "delivering": delivering,
        }
        text = json.dumps(holder).encode()
        os.pwrite(self.descriptor, text, 0)  # before the rest of an older text is cut off: there is something to read at any time
        os.ftruncate(self.descriptor, len(text))

    def require_held(self) -> None:
        """Raise LakeTakenError if the lock's file was removed or replaced: then another process may write the lake, and this one must not."""
        if not self._is_held():
            raise LakeTakenError(
                f'"{self._folder / LOCK}" was removed or replaced while this process held it, so another may write the lake; '
                "this one takes nothing more. Leave the file alone, and start again."
            )

    def _is_held(self) -> bool:
        try:
            there = (self._folder / LOCK).stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(error, f'The lock of the lake in "{self._folder}" cannot be looked at') from None
        held = os.fstat(self.descriptor)
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        """Let others write."""
        os.close(self.descriptor)


def read_holder(folder: Path) -> dict[str, object]:
    """Read what the lock's text says of who holds or held it; {} if nothing."""
    try:
        holder = json.loads((folder / LOCK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _locked(folder: Path) -> LakeLockedError:
    """Return the error that says who holds the lock, and what to do."""
    holder = read_holder(folder)
    if not holder:
        return LakeLockedError(f'The lake in "{folder}" is being written by another process. End it first{_way_out(holder)}.')
    who = f"{holder.get('command')} (process {holder.get('pid')}, since {holder.get('since')})"
    if _is_gone(holder.get("pid")):
        return LakeLeftError(
            f'The lake in "{folder}" is being written by {_child(holder)} of {who}, which was killed. It ends by itself; try again in a moment.'
        )
    return LakeLockedError(f'The lake in "{folder}" is being written by {who}. End it first{_way_out(holder)}.')


def _child(holder: dict[str, object]) -> str:
    delivering = holder.get("delivering")
    return "the delivering process" if delivering is None else f"the delivering process ({delivering})"


def _way_out(holder: dict[str, object]) -> str:
    url = holder.get("url")
    return f", or send to its bus: `send FILE --bus {url}`" if url else ", or name another folder with --lake"


def _is_gone(pid: object) -> bool:
    """Return True if a process has ended, also if nobody has asked for its exit code yet."""
    if not isinstance(pid, int):
        return False
    with contextlib.suppress(PermissionError):  # it is another user's, and there
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
    with contextlib.suppress(OSError, IndexError):  # macOS has no /proc
        return Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()[0] in {"Z", "X"}
    return False
