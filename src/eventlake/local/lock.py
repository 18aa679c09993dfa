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
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.errors import LakeLeftError, LakeLockedError, LakeTakenError

LOCK = "lock"
ADDING = "adding"
"""The lock of who adds a history or failed events beside the bus that writes the lake, or erases there. While it is held nobody but a bus takes the
lake."""


class FileLock:
    """An flock on a file in a lake's folder, held until `release`. Raises BlockingIOError if another process holds it, LakeLockedError, StorageError."""

    def __init__(self, folder: Path, name: str) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # logs of logins are nobody else's
            self.descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise storage_error(error, f'The lake in "{folder}" cannot be opened for writing') from None
        self._path = folder / name
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise
        if not self._is_held():  # removed between opening and locking: whoever comes next would lock another file
            self.release()
            raise LakeLockedError(f'The lock of the lake in "{folder}" was removed while it was taken; try again.')
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"

    def require_held(self) -> None:
        """Raise LakeTakenError if the lock's file was removed or replaced: then another process may write the lake, and this one must not."""
        if not self._is_held():
            raise LakeTakenError(
                f'"{self._path}" was removed or replaced while this process held it, so another may write the lake; '
                "this one takes nothing more. Leave the file alone, and start again."
            )

    def release(self) -> None:
        """Let others write."""
        os.close(self.descriptor)

    def _write(self, **said: object) -> None:
        """Write who holds the lock, and what else is to be known of it. Raises OSError."""
        holder = {"pid": os.getpid(), "command": _command(sys.argv[1:]) or "a program", "since": self._since, **said}
        text = json.dumps(holder).encode()
        os.pwrite(self.descriptor, text, 0)  # before the rest of an older text is cut off: there is something to read at any time
        os.ftruncate(self.descriptor, len(text))

    def _write_first(self, **said: object) -> None:
        """Write it where the lock was just taken. Raises StorageError; then it is released."""
        try:
            self._write(**said)
        except OSError as error:
            self.release()
            raise storage_error(error, f'The lake in "{self._path.parent}" cannot be opened for writing') from None

    def _is_held(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(error, f'The lock of the lake in "{self._path.parent}" cannot be looked at') from None
        held = os.fstat(self.descriptor)
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def _command(words: Sequence[str]) -> str:
    """Return the command among the words of a command line; the options in front of it have values, but for these."""
    left = list(words)
    while left and left[0].startswith("-"):
        del left[: 1 if "=" in left[0] or left[0] in {"--quiet", "--debug"} else 2]
    return left[0] if left else ""


class LakeLock(FileLock):
    """The lock of the lake in a folder, held until `release`. Raises LakeLockedError, StorageError.

    tells: whether its text is to name this process. shares: whether others may add histories beside this process, as beside a bus; all others
    wait until those have ended. Raises LakeLeftError where whoever took the lock is gone, and its child is not.
    """

    def __init__(self, folder: Path, *, tells: bool = True, shares: bool = False) -> None:
        try:
            super().__init__(folder, LOCK)
        except BlockingIOError:
            raise _locked(folder) from None
        self._shares = shares
        self.name = uuid.uuid4().hex
        """What a wish for room begins with, so that it is meant for the holder of this lock and no other."""
        if tells:
            self._write_first(name=self.name, url=None, delivering=None, shares=shares)
        if not shares and is_added_to(folder):
            self.release()
            raise _added_to(folder)

    def tell(self, url: str | None = None, delivering: int | None = None, room_for: str | None = None) -> None:
        """Write who holds the lock, where its bus listens, which process delivers for it and holds the lock too, and for which wish nothing does.

        Raises OSError.
        """
        self._write(name=self.name, url=url, delivering=delivering, shares=self._shares, room_for=room_for)


class AddingLock(FileLock):
    """The lock of who adds to the lake in a folder beside the bus that writes it. Raises LakeLockedError where no bus does, StorageError.

    wish: a name for that the bus is to make room, so that this process alone writes what lies in the lake.
    """

    def __init__(self, folder: Path, *, wish: str | None = None) -> None:
        try:
            super().__init__(folder, ADDING)
        except BlockingIOError:
            raise _added_to(folder) from None
        self._write_first(wish=wish)
        if not read_holder(folder).get("shares"):  # looked at with the lock in hand: who takes the lake from here on sees it
            self.release()
            raise _locked(folder)


@contextlib.contextmanager
def waiting_for(folder: Path, name: str, what: str) -> Iterator[None]:
    """Hold the lock of a small file in a lake's folder, waiting for whoever has it. what: it guards, for errors. Raises StorageError."""
    try:
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise storage_error(error, f"{what} cannot be locked") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_added_to(folder: Path) -> bool:
    """Return True if a process adds to the lake in a folder now."""
    return _is_locked(folder / ADDING)


def is_left(folder: Path) -> bool:
    """Return True if the lock of a lake names a process that is gone, and nobody holds it."""
    return _is_gone(read_holder(folder).get("pid")) and not _is_locked(folder / LOCK)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wish_of(folder: Path, but: str | None = None) -> str | None:
    """Return the wish of the process that adds to a lake and wants its bus to make room; None if there is none.

    but: one that is known to be over; its text stays, and trying the lock would keep somebody out who takes it just then.
    """
    wish = read_holder(folder, ADDING).get("wish")
    return wish if isinstance(wish, str) and wish != but and is_added_to(folder) else None


def read_holder(folder: Path, name: str = LOCK) -> dict[str, object]:
    """Read what a lock's text says of who holds or held it; {} if nothing."""
    try:
        holder = json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _locked(folder: Path) -> LakeLockedError:
    """Return the error that says who holds the lock, and what to do."""
    holder = read_holder(folder)
    if not holder:
        return LakeLockedError(f'The lake in "{folder}" is being written by another process. End it first{_way_out(holder)}.')
    who = _who(holder)
    if _is_gone(holder.get("pid")):
        return LakeLeftError(
            f'The lake in "{folder}" is being written by {_child(holder)} of {who}, which was killed. It ends by itself; try again in a moment.'
        )
    return LakeLockedError(f'The lake in "{folder}" is being written by {who}. End it first{_way_out(holder)}.')


def _added_to(folder: Path) -> LakeLockedError:
    """Return the error that says who adds to the lake."""
    return LakeLockedError(
        f'The lake in "{folder}" is being added to by {_who(read_holder(folder, ADDING))}. Wait for its end, or end it first.'
    )


def _who(holder: dict[str, object]) -> str:
    return f"{holder.get('command')} (process {holder.get('pid')}, since {holder.get('since')})"


def _child(holder: dict[str, object]) -> str:
    delivering = holder.get("delivering")
    return "the delivering process" if delivering is None else f"the delivering process ({delivering})"


def _way_out(holder: dict[str, object]) -> str:
    url = holder.get("url")
    return f"; events can be sent to its bus: `send FILE --bus {url}`" if url else ", or name another folder with --lake"


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
