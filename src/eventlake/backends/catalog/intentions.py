"""Keys of objects that are about to be written: those that are never registered are removed after a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventlake.backends.catalog.lake import LakeFile
from eventlake.errors import GenerationConflictError

_ADDED = "added"


class Intentions(LakeFile):
    """What is about to be written."""

    def intend(self, keys: Sequence[str], *, added: bool = False) -> None:
        """Note the keys of objects that are about to be written; those that are never registered are removed after a crash.

        added: whether they are added beside what is delivered.
        """
        with self._transaction() as run:
            for key in keys:
                run("insert or ignore into pending values (?)", (key,))
            if added:
                run("insert or replace into setting values (?, ?)", (_ADDED, json.dumps(keys)))

    def intended(self) -> list[str]:
        """Return the keys that were intended and not registered."""
        query = "select key from pending except select key from object except select key from failed_object order by key"
        return [row[0] for row in self._rows(query)]

    def forget(self, keys: Sequence[str]) -> None:
        """Take intentions back, once their files are removed."""
        with self._transaction() as run:
            for key in keys:
                run("delete from pending where key = ?", (key,))

    @contextmanager
    def withdrawing(self, keys: Sequence[str]) -> Iterator[set[str]]:
        """Take intentions back, and give those that are still open: within, nobody registers them, so their files can be removed."""
        with self._transaction() as run:
            wanted = "key in (select value from json_each(?))"
            yield {row[0] for row in run(f"select key from pending where {wanted}", (json.dumps(keys),))}
            run(f"delete from pending where {wanted}", (json.dumps(keys),))

    def added(self) -> list[str]:
        """Return the keys that who adds to the lake intended last, and did not register."""
        found = self._rows("select value from setting where name = ?", (_ADDED,))
        known = set(json.loads(found[0][0])) if found else set()
        return [key for key in self.intended() if key in known]


def require_intended(run: Any, keys: Sequence[str]) -> None:  # run: sqlite3's execute
    """Raise GenerationConflictError if one of these keys was taken back."""
    for key in keys:
        if run("select 1 from pending where key = ?", (key,)).fetchone() is None:
            raise GenerationConflictError(
                f'The object "{key}" was put aside meanwhile, because delivery was started again; nothing of it is stored. Run the command again.'
            )
