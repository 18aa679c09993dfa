"""Where a lake in a folder names a person: every file of it, whatever it is, read with what it packs undone."""

from __future__ import annotations

import base64
import contextlib
import gzip
import itertools
import os
import re
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from eventlake.backends.directory import STAGING
from eventlake.backends.disk import storage_error
from eventlake.backends.spotting import Spotter, rows_of
from eventlake.dialect.sql import quoted_name
from eventlake.errors import CorruptObjectError
from eventlake.local.folder import require_lake
from eventlake.pipeline.spellings import pattern_of

_PIECE, _OVERLAP, _WINDOW = 1 << 18, 1 << 14, 1 << 16
_ROWS, _AT_ONCE = 1000, 200
_DATABASE = b"SQLite format 3\0"
TABLES = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
"""Asks a database for its tables."""
_PACKED = re.compile(rb'"rawData"\s*:\s*"([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True, slots=True)
class Mention:
    """A file that names the person. count: its rows, lines or places that do; of what."""

    path: str
    of: str
    count: int
    size_bytes: int


def mentions(folder: Path, identifiers: Iterable[str]) -> Iterator[Mention]:
    """Yield each file of the lake that names one of the identifiers, sorted by path.

    Raises UsageError for an identifier that is too short, LakeNotFoundError, CorruptObjectError and StorageError for what cannot be read.
    """
    pattern = pattern_of(identifiers)
    require_lake(folder)
    with Spotter(pattern) as spotter:
        for path in looked_at(sorted(_files(folder)), spotter):
            try:
                size, (of, count) = path.stat().st_size, counted(path, pattern, spotter)
            except FileNotFoundError:  # the bus, or a closing, has removed it meanwhile
                continue
            except OSError as error:
                raise storage_error(error, f'"{path}" cannot be read') from None
            if count:
                yield Mention(str(path.relative_to(folder)), of, count, size)


def looked_at(paths: Iterable[Path], spotter: Spotter) -> Iterator[Path]:
    """Yield paths in their order, without the objects of Parquet that name nobody, which are asked many at once."""
    for is_parquet, run in itertools.groupby(paths, lambda path: path.suffix == ".parquet"):
        while batch := list(itertools.islice(run, _AT_ONCE)):
            yield from _naming(batch, spotter) if is_parquet else batch


def _naming(objects: list[Path], spotter: Spotter) -> list[Path]:
    """Return the objects that name the person; all of them where they cannot be asked together, because one is damaged or gone."""
    source = rows_of(*objects, options=", union_by_name = true, filename = '$file'")
    try:
        named = spotter.named(f'SELECT "$file", concat_ws(chr(10), *COLUMNS(* EXCLUDE "$file")) FROM {_as_texts(source)}')
    except duckdb.Error:
        return objects
    return [path for path in objects if str(path) in named] if named <= set(map(str, objects)) else objects


def _as_texts(source: str) -> str:
    """Write a source with every value as text: `concat_ws` itself takes no list of lists."""
    return f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {source})"


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder):
        if STAGING in folders:  # what is on its way stands in the spool, or in the objects that it is made of
            folders.remove(STAGING)
        yield from (Path(parent, name) for name in names if stat.S_ISREG(Path(parent, name).lstat().st_mode))


def _refuse_folder(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise storage_error(error, f'"{error.filename}" cannot be listed')


def counted(path: Path, pattern: str, spotter: Spotter) -> tuple[str, int]:
    """Return what a file consists of, and how many of that name the person. Raises OSError, CorruptObjectError."""
    if path.suffix == ".parquet":
        return "rows", _rows(path, spotter)
    compiled = re.compile(pattern.encode())
    if is_database(path):
        return "places", max(_places(path, compiled, spotter), _values(path, compiled, spotter))
    return ("lines", _lines(path, compiled, spotter)) if path.suffix == ".gz" else ("places", _places(path, compiled, spotter))


def _rows(path: Path, spotter: Spotter) -> int:
    """Count the rows of Parquet that name the person in any column, keys and elements of nested ones too."""
    try:
        return spotter.count(f"SELECT concat_ws(chr(10), *COLUMNS(*)) FROM {_as_texts(rows_of(path))}")
    except duckdb.Error as error:
        if not path.exists():
            raise FileNotFoundError(path) from None
        raise _unreadable(path, str(error).splitlines()[0]) from None


def _lines(path: Path, pattern: re.Pattern[bytes], spotter: Spotter) -> int:
    """Count the lines of gzip that name the person; of a failed record also what it keeps in base64."""
    count = 0
    try:
        with gzip.open(path) as file:
            while lines := file.readlines(_WINDOW):
                pieces = [list(unpacked(line)) for line in lines]
                if spotter.spots(b"\n".join(one for line in pieces for one in line)):
                    count += sum(any(map(pattern.search, line)) for line in pieces)
        return count
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(path, str(error)) from None


def unpacked(line: bytes) -> Iterator[bytes]:
    """Yield a line, and what it keeps in base64."""
    yield line
    for packed in _PACKED.findall(line):
        yield base64.b64decode(packed + b"==")


def _places(path: Path, pattern: re.Pattern[bytes], spotter: Spotter) -> int:
    """Count the places in the bytes of a file as they lie on the disk: pages that SQLite has freed, and its log, are among them."""
    found: set[int] = set()
    with path.open("rb") as file:
        start, data = 0, file.read(_PIECE)
        while data:
            more = file.read(_PIECE)
            for match in pattern.finditer(data) if spotter.spots(data) else ():
                if (match.start() or not start) and (
                    match.end() < len(data) or not more
                ):  # else a word is cut, and whole in the other piece
                    found.add(start + match.start())
            kept = data[-_OVERLAP:] if more else b""
            start, data = start + len(data) - len(kept), kept + more
    return len(found)


def is_database(path: Path) -> bool:
    """Tell whether a file is a database of SQLite's. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


def _values(path: Path, pattern: re.Pattern[bytes], spotter: Spotter) -> int:
    """Count the rows of a database that name the person: on the disk no sign stands between one value and the next."""
    count = 0
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database,
    ):
        for (name,) in database.execute(TABLES).fetchall():
            rows = database.execute(f"select * from {quoted_name(name)}")
            while found := rows.fetchmany(_ROWS):
                texts = [b"\n".join(texts_of(row)) for row in found]
                if spotter.spots(b"\n".join(texts)):
                    count += sum(pattern.search(text) is not None for text in texts)
    return count


def texts_of(row: Iterable[Any]) -> Iterator[bytes]:
    """Yield the texts and bytes of a row."""
    for value in row:
        if isinstance(value, str | bytes):
            yield value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _unreadable(path: Path, reason: str) -> CorruptObjectError:
    return CorruptObjectError(f'"{path}" cannot be looked into ({reason.rstrip(".")}): run "eventlake doctor", then look again.')
