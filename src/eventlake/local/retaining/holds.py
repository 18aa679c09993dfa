"""The legal holds of a lake on one machine: `holds.json` in its folder, so that a catalog that is made anew forgets none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from eventlake.backends.disk import write_whole
from eventlake.errors import ConfigurationError, LayoutError, NameNotFoundError, UsageError
from eventlake.local.lock import waiting_for
from eventlake.naming import nearest
from eventlake.pipeline.holds import Hold, as_json, hold_of

HOLDS = "holds.json"
_LOCK = "holding"
"""The lock of whoever changes the holds, or removes what no hold keeps."""


class HoldsFile:
    """The holds of the lake in a folder. Whoever cannot read them removes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / HOLDS

    def read(self) -> list[Hold]:
        """Return the holds, in the order in which they were placed. Raises ConfigurationError."""
        try:
            return [hold_of(one) for one in json.loads(self._file.read_text("utf-8"))]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigurationError(f'"{self._file}" cannot be read: {error.strerror}. Nothing is removed until it can.') from None
        except (ValueError, TypeError, LayoutError, RecursionError):
            raise ConfigurationError(
                f'"{self._file}" does not hold legal holds any more: restore it from a copy. Nothing is removed until then.'
            ) from None

    @contextlib.contextmanager
    def settled(self) -> Iterator[list[Hold]]:
        """Give the holds; within, none is placed and none released. Raises ConfigurationError, StorageError."""
        with waiting_for(self._folder, _LOCK, f'The holds of the lake in "{self._folder}"'):
            yield self.read()

    def place(self, hold: Hold) -> None:
        """Add a hold; when it returns, nothing that it keeps is removed any more. Raises UsageError for a name that is taken, StorageError."""
        with self.settled() as holds:
            if any(one.name == hold.name for one in holds):
                raise UsageError(f'There is a hold "{hold.name}" already: choose another name, or release that one first.')
            self._write([*holds, hold])

    def release(self, name: str) -> Hold:
        """Take a hold away; it is given. Raises NameNotFoundError, StorageError."""
        with self.settled() as holds:
            found = next((one for one in holds if one.name == name), None)
            if found is None:
                raise NameNotFoundError(
                    f'There is no hold "{name}".{nearest(name, [one.name for one in holds])} `eventlake holds` lists them.'
                )
            self._write([one for one in holds if one is not found])
            return found

    def _write(self, holds: Sequence[Hold]) -> None:
        """Write the file, whole or not at all."""
        write_whole(self._file, json.dumps([as_json(one) for one in holds], ensure_ascii=False, indent=2))
