"""The tombstones of a lake in a folder: `tombstones.json`, and beside it their key, which its owner alone may read.

The first erasure makes both. Where the key is lost, nobody could tell any more who was erased: then the lake takes nothing in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import write_whole
from eventlake.errors import ConfigurationError, EventlakeError, StorageError
from eventlake.lake import Finding
from eventlake.local.keys import read_keys
from eventlake.local.lock import waiting_for
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.tombstones import TombstoneKey, Tombstones, holds_any, long_enough, read, written

TOMBSTONES = "tombstones.json"
KEY = "tombstones.key"
_LOCK = "entombing"
"""The lock of whoever changes the tombstones."""


def read_tombstones(folder: Path) -> Tombstones | None:
    """Read the tombstones of the lake in a folder, None if nobody was erased. Raises ConfigurationError if they cannot be told, StorageError."""
    text = _text(folder / TOMBSTONES)
    if text is None:
        return None
    key = _key(folder)
    if key is None:
        if not holds_any(text):
            return None
        raise ConfigurationError(
            f'"{folder / KEY}" is missing, without which nobody can tell who was erased: restore it from a copy. Until then the lake takes '
            f"nothing in; if there is no copy, remove {TOMBSTONES} too, and erase again whoever is to stay erased."
        )
    found = read(text, key, f'"{folder / TOMBSTONES}"')
    return found if len(found) else None


def read_forgetting(folder: Path) -> Forgetting | None:
    """Return what becomes of events in a lake, None if nobody was erased. Raises as `read_tombstones` does."""
    found = read_tombstones(folder)
    return None if found is None else Forgetting(found)


def check_tombstones(folder: Path) -> Iterator[Finding]:
    """Yield why nobody can tell who was erased."""
    try:
        read_tombstones(folder)
    except EventlakeError as error:
        yield Finding("error", str(error), "Restore tombstones.json and tombstones.key from one copy.")


def version_of(folder: Path) -> tuple[int, int]:
    """Return what differs when the tombstones of a lake do; the same for all that have none."""
    try:
        found = (folder / TOMBSTONES).stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def add_tombstones(folder: Path, identifiers: Iterable[str], at: datetime, certificate: str = "") -> Tombstones:
    """Make sure that identifiers stay erased; when it returns, their tombstones are on the disk.

    Call it before the first byte is rewritten. Where the lake has keys of pseudonyms, the pseudonyms of the identifiers are erased with them. at:
    aware. certificate: the name of the file that attests the erasure. Raises UsageError for an identifier that is too short,
    ConfigurationError, StorageError.
    """
    wanted = [long_enough(one) for one in identifiers]
    with waiting_for(folder, _LOCK, f'The tombstones of the lake in "{folder}"'):
        ring = read_keys(folder)
        known = [] if ring is None else [pseudonym for one in wanted for pseudonym in ring.all_of(one)]
        found = read_tombstones(folder) or Tombstones(_key(folder) or _new_key(folder))
        found = found.with_erased([*wanted, *known], f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", certificate)
        write_whole(folder / TOMBSTONES, written(found), 0o600)
        return found


def end_tombstones(folder: Path, identifiers: Iterable[str], until: str) -> Tombstones:
    """Let what happens to identifiers, and to their pseudonyms, from a moment on be kept. until: ISO 8601, UTC.

    Raises UsageError for one that was not erased, ConfigurationError, StorageError.
    """
    wanted = list(identifiers)
    with waiting_for(folder, _LOCK, f'The tombstones of the lake in "{folder}"'):
        ring = read_keys(folder)
        found = read_tombstones(folder) or Tombstones(_key(folder) or TombstoneKey.new())
        found = found.ended(wanted, until)
        found = found.with_end(until, [pseudonym for one in wanted for pseudonym in (() if ring is None else ring.all_of(one))])
        write_whole(folder / TOMBSTONES, written(found), 0o600)
        return found


def _key(folder: Path) -> TombstoneKey | None:
    """Read the key, None if there is none. Raises ConfigurationError for a file that holds none, StorageError."""
    text = _text(folder / KEY)
    try:
        return None if text is None else TombstoneKey(text.strip())
    except ValueError:
        raise ConfigurationError(f'"{folder / KEY}" does not hold the key of the tombstones any more: restore it from a copy.') from None


def _new_key(folder: Path) -> TombstoneKey:
    made = TombstoneKey.new()
    write_whole(folder / KEY, f"{made.secret}\n", 0o600)
    return made


def _text(file: Path) -> str | None:
    """Read a file, None if there is none. Raises ConfigurationError, StorageError."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ConfigurationError(f'"{file}" is not UTF-8: restore it from a copy.') from None
    except OSError as error:
        raise StorageError(f'"{file}" cannot be read: {error.strerror}.') from None
