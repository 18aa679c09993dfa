"""The keys of a lake's pseudonyms: one file in its folder, which its owner alone may read. Who removes it, forgets everybody at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eventlake.backends.disk import write_whole
from eventlake.errors import ConfigurationError, EventlakeError, StorageError, UsageError
from eventlake.lake import Finding
from eventlake.model import Source
from eventlake.pipeline.masking import asks_for_pseudonyms
from eventlake.pipeline.pseudonyms import KeyRing, new_key, read, written

KEYS = "pseudonyms.json"


def read_keys(folder: Path) -> KeyRing | None:
    """Read the keys of the lake in a folder, None if it has none. Raises ConfigurationError for a file that holds no keys, StorageError."""
    file = folder / KEYS
    try:
        return read(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8, and so holds no keys of pseudonyms.") from None
    except OSError as error:
        raise StorageError(f"{file}, the keys of pseudonyms, cannot be read: {error.strerror}.") from None


def add_key(folder: Path, since: str) -> KeyRing:
    """Make a key that holds from a day on, YYYY-MM-DD; all keys. Raises UsageError if a key has that day, ConfigurationError, StorageError."""
    found = read_keys(folder)
    keys = [] if found is None else found.keys
    if any(key.since == since for key in keys):
        raise UsageError(f"There is a key since {since} already: name another day with --since.")
    names = {key.name for key in keys}
    name = next(name for name in (f"k{number}" for number in range(1, len(keys) + 2)) if name not in names)
    ring = KeyRing([*keys, new_key(name, since)])
    write_whole(folder / KEYS, written(ring), 0o600)
    return ring


def require_keys(folder: Path, sources: Sequence[Source]) -> None:
    """Raise ConfigurationError if a table asks for pseudonyms, and the lake has no key."""
    asking = _asking(sources)
    if asking and read_keys(folder) is None:
        raise ConfigurationError(
            f'Personal data of {asking} is to become pseudonyms, and "{folder}" holds no key: make one with `eventlake keys new --lake {folder}`.'
        )


def check_keys(folder: Path, sources: Sequence[Source]) -> Iterator[Finding]:
    """Yield what is wrong with the keys of a lake: a bus that runs goes on with those that it has read, and the next one takes nothing."""
    try:
        require_keys(folder, sources)
    except EventlakeError as error:
        remedy = "Restore the file from a copy, so that a person keeps one pseudonym; a new key begins new ones. What was accepted waits in the spool."
        yield Finding("error", str(error), remedy)


def provide_keys(folder: Path, sources: Sequence[Source]) -> None:
    """Make a key for a lake that is made to be thrown away, if a table asks for one. Raises StorageError."""
    if _asking(sources) and read_keys(folder) is None:
        add_key(folder, "2000-01-01")


def _asking(sources: Sequence[Source]) -> str:
    """Return the name of a table that asks for pseudonyms, nothing if none does."""
    tables = (table for source in sources for table in source.tables)
    return next((table.name for table in tables if asks_for_pseudonyms(table)), "")
