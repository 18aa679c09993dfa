"""Copies of a bucket's objects on this machine: checked when they come, known by key and ETag, bounded in size.

A query of DuckDB's reads files; of a lake on AWS it reads these. An object that S3 lists with another ETag is fetched again, the ones unused
for longest make room. Several processes may share a cache: an object appears by a rename, and the index is SQLite's.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from eventlake.backends.aws import failing
from eventlake.backends.disk import storage_error
from eventlake.errors import ConfigurationError, CorruptObjectError, QueryLimitError, StorageError
from eventlake.interfaces import LogObject
from eventlake.layout import check_key

LIMIT_BYTES = 10_000_000_000
"""How much a cache keeps when nothing else is said."""
OBJECTS, STAGING, INDEX = "objects", "staging", "index.db"

Told = Callable[[int, int], None]
"""Hears of bytes fetched, and of how many in all, each time an object has come."""

_FETCHERS = 16
_BUSY_S = 30.0
_CHUNK_BYTES = 1 << 20
_PARQUET = b"PAR1"
_FOOTER_BYTES = 8
"""The length of the metadata and the mark, at the end of a Parquet file: https://parquet.apache.org/docs/file-format/"""
_SCHEMA = """
create table if not exists object (key text primary key, etag text not null, size_bytes integer not null, used_s real not null);
create index if not exists object_by_use on object (used_s);
"""


class ObjectCache:
    """Copies of the objects of one bucket in a folder.

    client: boto3's for S3. limit_bytes: how much it keeps. told: hears how far a fetch is. Raises StorageError, ConfigurationError.
    """

    def __init__(self, client: Any, bucket: str, folder: Path, *, limit_bytes: int = LIMIT_BYTES, told: Told | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._told = told or (lambda done, total: None)
        try:
            for part in (OBJECTS, STAGING):
                (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # logs of logins are nobody else's
        except OSError as error:
            raise ConfigurationError(
                f'The cache "{folder}" cannot be used: {error.strerror}. Name another folder with EVENTLAKE_CACHE.'
            ) from None

    @property
    def objects(self) -> Path:
        """Return the folder below which the copies lie, each under its key."""
        return self._folder / OBJECTS

    def fetch(self, objects: Sequence[LogObject]) -> None:
        """Have a checked copy of each of these objects.

        Raises QueryLimitError if they are more than the cache keeps, CorruptObjectError for one that is no whole Parquet or gzip file,
        StorageError if S3 or the disk fails.
        """
        wanted = {one.key: one for one in objects}
        with self._index() as index:
            missing = [one for one in wanted.values() if not self._has(index, one)]
            self._note_use(index, wanted)
            self._make_room(index, wanted, missing)
        if missing:
            self._fetch_all(missing)

    # what is there

    def _has(self, index: sqlite3.Connection, one: LogObject) -> bool:
        """Return True if there is a copy of this very content."""
        known = index.execute("select etag from object where key = ?", (one.key,)).fetchone()
        if known is None or known[0] != one.etag:
            return False
        try:
            return self._path(one.key).stat().st_size == one.size_bytes
        except OSError:
            return False

    def _note_use(self, index: sqlite3.Connection, wanted: dict[str, LogObject]) -> None:
        index.executemany("update object set used_s = ? where key = ?", [(time.time(), key) for key in wanted])

    def _make_room(self, index: sqlite3.Connection, wanted: dict[str, LogObject], missing: Sequence[LogObject]) -> None:
        """Remove the copies unused for longest until the wanted ones fit."""
        needed = sum(one.size_bytes for one in wanted.values())
        if needed > self._limit_bytes:
            raise QueryLimitError(
                f"The query reads {needed:,} bytes of S3, and the cache keeps {self._limit_bytes:,}: name fewer days in its WHERE, "
                "ask Athena with --engine athena, or let EVENTLAKE_CACHE_MB be more."
            )
        kept = index.execute("select coalesce(sum(size_bytes), 0) from object").fetchone()[0]
        excess = kept + sum(one.size_bytes for one in missing) - self._limit_bytes
        for key, size_bytes in index.execute("select key, size_bytes from object order by used_s, key").fetchall():
            if excess <= 0:
                return
            if key not in wanted:
                self._path(key).unlink(missing_ok=True)
                index.execute("delete from object where key = ?", (key,))
                excess -= size_bytes

    # what comes

    def _fetch_all(self, missing: Sequence[LogObject]) -> None:
        """Fetch objects side by side; the first that fails ends it, and what has come stays."""
        total, done = sum(one.size_bytes for one in missing), 0
        stopped = threading.Event()
        fetches: list[Future[LogObject]] = []
        try:
            with ThreadPoolExecutor(_FETCHERS) as pool:
                fetches += [pool.submit(self._fetch, one, stopped) for one in missing]
                try:
                    for coming in as_completed(fetches):
                        done += coming.result().size_bytes
                        self._told(done, total)
                except BaseException:  # an interrupt too: what is not begun is not begun any more
                    stopped.set()
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:  # once those that had begun have ended as well
            self._note_arrival([one.result() for one in fetches if _succeeded(one)])

    def _note_arrival(self, arrived: Sequence[LogObject]) -> None:
        """Note copies in one go; one that is not noted is fetched again."""
        rows = [(one.key, one.etag, one.size_bytes, time.time()) for one in arrived]
        with self._index() as index:
            index.executemany("insert or replace into object values (?, ?, ?, ?)", rows)

    def _fetch(self, one: LogObject, stopped: threading.Event) -> LogObject:
        """Fetch one object, check it, let it appear."""
        target, staged = self._path(one.key), self._folder / STAGING / uuid4().hex
        try:
            self._download(one, staged, stopped)
            _check(staged, one)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            staged.replace(target)
        except OSError as error:
            raise storage_error(error, f'The object "{one.key}" cannot be kept in the cache "{self._folder}"') from None
        finally:
            staged.unlink(missing_ok=True)
        return one

    def _download(self, one: LogObject, staged: Path, stopped: threading.Event) -> None:
        """Bring the very object that was listed; boto3 compares its checksum."""
        same = {"IfMatch": one.etag} if one.etag else {}
        with failing(f'The object "{one.key}" cannot be read from the bucket "{self._bucket}"', storage=True):
            body = self._client.get_object(Bucket=self._bucket, Key=one.key, **same)["Body"]
            with closing(body), staged.open("xb") as file:
                for chunk in body.iter_chunks(_CHUNK_BYTES):
                    if stopped.is_set():
                        raise StorageError(f'The object "{one.key}" was not fetched to its end.')
                    file.write(chunk)

    # the folder

    def _path(self, key: str) -> Path:
        check_key(key)
        return self.objects / key

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection]:
        """Open the index of the copies; changes stay if nothing fails."""
        try:
            with closing(sqlite3.connect(self._folder / INDEX, timeout=_BUSY_S)) as connection, connection:
                connection.executescript(_SCHEMA)
                connection.execute("begin immediate")
                yield connection
        except sqlite3.DatabaseError as error:
            raise StorageError(f'The cache "{self._folder}" cannot be used: {error}. Delete the folder; it is made anew.') from None


def cache_folder(bucket: str) -> Path:
    """Return where the copies of a bucket lie: below EVENTLAKE_CACHE, else in the user's folder of caches."""
    root = os.environ.get("EVENTLAKE_CACHE")
    if root:
        return Path(root) / bucket
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eventlake" / bucket


def cache_limit() -> int:
    """Return how many bytes a cache keeps: EVENTLAKE_CACHE_MB, else 10 GB. Raises ConfigurationError."""
    written = os.environ.get("EVENTLAKE_CACHE_MB")
    if not written:
        return LIMIT_BYTES
    if not written.isdecimal() or int(written) == 0:
        raise ConfigurationError(f'EVENTLAKE_CACHE_MB is a number of megabytes, not "{written}"; for example 10000.')
    return int(written) * 1_000_000


def _succeeded(fetch: Future[LogObject]) -> bool:
    return fetch.done() and not fetch.cancelled() and fetch.exception() is None


def _check(path: Path, one: LogObject) -> None:
    """Raise CorruptObjectError unless the file is what S3 listed, and whole by its own format."""
    size = path.stat().st_size
    if size != one.size_bytes:
        raise CorruptObjectError(f'The object "{one.key}" has {size:,} bytes, and S3 lists {one.size_bytes:,}; try again.')
    problem = _parquet_problem(path) if one.format == "parquet" else _gzip_problem(path) if one.key.endswith(".gz") else ""
    if problem:
        raise CorruptObjectError(
            f'The object "{one.key}" in S3 is not whole: {problem}. No answer without it would be; restore it from an earlier version, or delete it.'
        )


def _gzip_problem(path: Path) -> str:
    """Say what is wrong with a gzip file, read to its checksum; return nothing if it is whole."""
    if not path.stat().st_size:
        return "it is empty"
    try:
        with gzip.open(path) as file:
            while file.read(_CHUNK_BYTES):
                pass
    except (EOFError, OSError, zlib.error) as error:
        return str(error).rstrip(".")
    return ""


def _parquet_problem(path: Path) -> str:
    """Say what is wrong with a Parquet file's two ends; return nothing if they fit."""
    size = path.stat().st_size
    if size < len(_PARQUET) + _FOOTER_BYTES:
        return f"it has {size} bytes"
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
        file.seek(-_FOOTER_BYTES, os.SEEK_END)
        footer = file.read()
    if head != _PARQUET or footer[-len(_PARQUET) :] != _PARQUET:
        return "it does not begin and end as Parquet does"
    metadata = int.from_bytes(footer[:4], "little")
    return "" if 0 < metadata <= size - len(_PARQUET) - _FOOTER_BYTES else "its footer names more bytes than there are"
