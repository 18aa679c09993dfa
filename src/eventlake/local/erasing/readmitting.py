"""Objects that come from a copy -> the same without who was erased since, by the tombstones alone, before a catalog knows them.

Tombstones tell no names, so each object is searched for identifiers that were erased; whoever is found is erased from it as `erase` would, under
the key that it has. Who is killed on the way leaves it as it was or without the person. Called by `rebuilding`, which has taken the lake.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.json_lines import GzipWriter, read_gzip
from eventlake.backends.spotting import rows_of
from eventlake.description import LINES, Description
from eventlake.dialect.sql import quoted_name
from eventlake.errors import CorruptObjectError
from eventlake.local.crash import crash_point
from eventlake.local.delivery.strays import DAMAGED, Stray
from eventlake.local.erasing.finding import named_in
from eventlake.local.erasing.rewriting import STAGED
from eventlake.local.erasing.writing import write_without
from eventlake.local.folder import OBJECTS
from eventlake.local.mentions import unpacked
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.tombstones import read_tombstones
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.holds import held
from eventlake.pipeline.tombstones import Tombstones

NAMED = "names somebody who was erased"
_ROWS_AT_ONCE = 5_000


class Readmitting:
    """Objects that come back to the lake in a folder. Raises ConfigurationError if nobody can tell any more who was erased, StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = DirectoryStore(folder / OBJECTS)
        self._stones = read_tombstones(folder)
        self._forgetting: dict[tuple[str, ...], Forgetting] = {}
        self._rewriter = DuckDBRewriter(folder / OBJECTS)
        self.rewritten = 0
        """How many objects were written anew."""

    def __enter__(self) -> Readmitting:
        """Use it in a `with` statement, at whose end its process ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that rewrites."""
        self._rewriter.close()

    def admitted(self, stray: Stray) -> Stray | str:
        """Return an object as it may come back, its file written anew where it named somebody; or why it may not. Raises OSError, StorageError."""
        said = stray.description
        try:
            found = self._named(stray.path, said)
            if said is None or not found:
                return stray
            with HoldsFile(self._folder).settled() as holds:
                hold = held(holds, said.stream, said.hour)
                if hold is not None:
                    return f'{NAMED}, and the hold "{hold}" keeps its hour as it is: release the hold first'
                return self._without(stray, said, Person(sorted(found)))
        except (duckdb.Error, CorruptObjectError):
            return DAMAGED

    def is_naming(self, stray: Stray) -> bool:
        """Return True if an object that stays outside names somebody who was erased; one that cannot be read may. Raises OSError."""
        try:
            return bool(self._named(stray.path, stray.description))
        except (duckdb.Error, CorruptObjectError):
            return False

    def _without(self, stray: Stray, said: Description, person: Person) -> Stray | str:
        staged = self._store.staged(f"{STAGED}{uuid.uuid4().hex}{stray.path.suffix}")
        write = self._write_lines if said.kind == LINES else _write_failures
        try:
            new = write(stray.path, staged, replace(said, written_us=time.time_ns() // 1000), person)
            if self._named(staged, new):
                return f"{NAMED}, in a spelling that cannot be taken out: erase that person again, or remove the object"
            self._store.put(stray.key, staged)
        finally:
            staged.unlink(missing_ok=True)
        crash_point("object came back without the person")
        self.rewritten += 1
        return replace(stray, description=new)

    def _write_lines(self, source: Path, target: Path, said: Description, person: Person) -> Description:
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
            named = named_in(source, person, connection)
        new = replace(said, rows=named.rows - named.own)
        write_without(person, self._rewriter, source, target, new, edits=bool(named.mentions))
        return new

    def _named(self, path: Path, said: Description | None) -> set[str]:
        """Return the identifiers in an object that are to be forgotten of its hour, folded."""
        forgetting = None if said is None else self._forgetting_of(said.hour.start)
        if said is None or forgetting is None:
            return set()
        return {one for text in _texts(path, said) for one in forgetting.identifiers(text)}

    def _forgetting_of(self, hour: datetime) -> Forgetting | None:
        """Return what is forgotten of an hour, None for nothing: of who may come back, what lies before."""
        if self._stones is None:
            return None
        stones = [stone for stone in self._stones.stones if stone.is_about(f"{hour:%Y-%m-%dT%H:%M:%SZ}")]
        known = tuple(stone.mac for stone in stones)
        if stones and known not in self._forgetting:
            self._forgetting[known] = Forgetting(Tombstones(self._stones.key, [replace(stone, until="") for stone in stones]))
        return self._forgetting.get(known)


def _write_failures(source: Path, target: Path, said: Description, person: Person) -> Description:
    staying = [line for line in read_gzip(source).splitlines(keepends=True) if not any(map(person.is_named, unpacked(line)))]
    new = replace(said, rows=len(staying))
    with GzipWriter(target, new) as writer:
        writer.write(b"".join(staying))
    return new


def _texts(path: Path, said: Description) -> Iterator[bytes]:
    """Yield what is to be searched of an object: log lines, rows with a quote between their values, failed records with what they pack."""
    if path.suffix != ".parquet":
        for line in read_gzip(path).splitlines():
            yield from [line] if said.kind == LINES else unpacked(line)
        return
    with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
        source = rows_of(path)
        names = [quoted_name(str(name)) for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        values = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
        rows = connection.execute(f"SELECT concat_ws('\"', {values}) FROM {source}")
        while some := rows.fetchmany(_ROWS_AT_ONCE):
            yield from (str(text).encode("utf-8", "surrogateescape") for (text,) in some)
