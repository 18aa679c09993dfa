"""Store on a folder: an object is a file, its key the path below the folder.

An object becomes visible by a rename of a finished, synchronised file, so readers see it whole or not at all. Nothing outside the folder is
ever opened: keys that climb, and links on the way, are refused.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import make_durable, storage_error
from eventlake.errors import LayoutError, StorageError
from eventlake.interfaces import StoredObject
from eventlake.layout import check_key

STAGING = ".staging"
"""The folder of unfinished files, which lists of objects leave out."""
TRASH = ".trash"
"""The folder of objects that were put aside, each below the moment that happened; lists leave it out too."""


_AT_ONCE = 8
"""How many files are brought to the disk at the same time: it takes as long for some as for one."""
_KNOWN_FOLDERS = 10_000
_MOMENT = "%Y-%m-%dT%H%M%SZ"


class DirectoryStore:
    """Objects in the files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: set[Path] = set()
        """The folders whose names are known to be on the disk."""

    def path(self, key: str) -> Path:
        """Return where an object lies. Raises LayoutError for a key that leads out of the folder."""
        check_key(key)
        path = self._root
        for segment in key.split("/"):
            path = path / segment
            if path.is_symlink():
                raise LayoutError(f'"{key[:200]}" leads through the link "{segment}", which is not followed.')
        return path

    def paths(self, keys: Iterable[str]) -> dict[str, Path]:
        """Return where objects lie, for many at once; each folder is looked at once. Raises LayoutError as `path` does."""
        folders: dict[str, Path] = {}
        found = {}
        for key in keys:
            folder, _, name = key.rpartition("/")
            if folder not in folders:
                folders[folder] = self.path(key).parent
            found[key] = folders[folder] / name
        return found

    def staged(self, name: str) -> Path:
        """Return the path for an unfinished file, on the same file system."""
        folder = self._root / STAGING
        try:
            folder.mkdir(parents=True, exist_ok=True)  # what is in it need not outlast a power cut
        except OSError as error:
            raise storage_error(error, f'"{folder}" cannot be written') from None
        return folder / name

    def put(self, key: str, body: bytes | Path) -> None:
        """Make the object visible; a Path is a finished file, which is moved. Raises StorageFullError or StorageError."""
        target = self.path(key)
        try:
            finished = body if isinstance(body, Path) else self._write(target.name, body)
            make_durable(finished)
            self._make_folders(target.parent)
            finished.replace(target)
            make_durable(target.parent)
        except OSError as error:
            raise storage_error(error, f'"{key}" cannot be written') from None

    def put_all(self, files: Mapping[str, Path], on_placed: Callable[[], None]) -> None:
        """Make finished files visible under their keys as `put` does, in their order; the disk is asked for several at the same time.

        on_placed: is called after each. Raises StorageFullError or StorageError.
        """
        targets = self.paths(files)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as beside:
                deque(beside.map(make_durable, files.values()), 0)
                made = {folder for target in targets.values() for folder in self._made(target.parent)}
                for key, file in files.items():
                    file.replace(targets[key])
                    on_placed()
                folders = {folder.parent for folder in made} | {target.parent for target in targets.values()}
                deque(beside.map(make_durable, folders), 0)
        except OSError as error:
            raise storage_error(error, f'"{error.filename or self._root}" cannot be written') from None
        self._know(made)

    def get(self, key: str) -> bytes:
        """Read an object's bytes. Raises StorageError if there is none."""
        try:
            return self.path(key).read_bytes()
        except OSError as error:
            raise StorageError(f'The object "{key}" cannot be read: {error.strerror}.') from None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """List the objects whose key begins with the prefix, by key."""
        folder = prefix.rpartition("/")[0]
        found = [one for one in _files_below(self._root / folder, f"{folder}/" if folder else "") if one[0].startswith(prefix)]
        for key, status in sorted(found, key=lambda one: one[0]):
            if not key.startswith((f"{STAGING}/", f"{TRASH}/")):
                yield StoredObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def make_durable(self, key: str) -> None:
        """Bring a file that lies under a key already, and its name, to the disk."""
        path = self.path(key)
        make_durable(path)
        make_durable(path.parent)

    def put_aside(self, key: str, now: datetime) -> None:
        """Take an object out of the lake without removing it: its file moves into the trash. One that is not there is no error."""
        target = self._root / TRASH / f"{now.astimezone(UTC):{_MOMENT}}" / key
        try:
            self._make_folders(target.parent)
            self.path(key).replace(target)
            make_durable(target.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise storage_error(error, f'"{key}" cannot be put aside') from None

    def empty_trash(self, before: datetime) -> int:
        """Remove what was put aside before a moment; how many objects there were."""
        count = 0
        for folder in sorted((self._root / TRASH).glob("*")):
            if folder.name < f"{before.astimezone(UTC):{_MOMENT}}":
                count += sum(path.is_file() for path in folder.rglob("*"))
                shutil.rmtree(folder, ignore_errors=True)
        return count

    def clear_staging(self, beginning: str = "", keep: str | None = None) -> int:
        """Remove unfinished files of a process that ended, whose names begin like this; how many there were. keep: those that begin so stay."""
        left = [path for path in (self._root / STAGING).glob(f"{beginning}*") if keep is None or not path.name.startswith(keep)]
        try:
            for path in left:
                shutil.rmtree(path) if path.is_dir() else path.unlink()  # a folder is where the rewriting of an hour spilled to
        except OSError as error:
            raise storage_error(error, f'"{self._root / STAGING}" cannot be cleared') from None
        return len(left)

    def _write(self, name: str, body: bytes) -> Path:
        path = self.staged(name)
        path.write_bytes(body)
        return path

    def _make_folders(self, folder: Path) -> None:
        """Make the folder and those above it, each durable in the one that names it."""
        made = self._made(folder)
        for one in made:
            make_durable(one.parent)
        self._know(made)

    def _made(self, folder: Path) -> Sequence[Path]:
        """Make the folder and those above it; return those whose names are to be made durable, also ones of a process that ended before they were."""
        if folder in self._durable:
            return []
        above = [] if folder == self._root else self._made(folder.parent)
        folder.mkdir(parents=folder == self._root, exist_ok=True)
        return [*above, folder]

    def _know(self, folders: Collection[Path]) -> None:
        """Remember that the names of folders are on the disk."""
        if len(self._durable) + len(folders) > _KNOWN_FOLDERS:
            self._durable.clear()
        self._durable.update(folders)


def _files_below(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield key and status of each file in a folder and below it; links are left out, and so is what vanishes meanwhile."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            with contextlib.suppress(FileNotFoundError):
                yield f"{prefix}{entry.name}", entry.stat(follow_symlinks=False)
