"""Copies of S3's objects: whole, current, bounded, and fetched once."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aws.client import Aws
from aws_lake import new_bucket
from eventlake.backends.s3 import S3Store
from eventlake.cloud.cache import ObjectCache, cache_folder, cache_limit
from eventlake.errors import (
    ConfigurationError,
    CorruptObjectError,
    LayoutError,
    QueryLimitError,
    StorageError,
    StorageFullError,
    StorageServiceError,
)
from eventlake.interfaces import LogObject
from eventlake.layout import Hour

HOUR = Hour("2026-11-20", "10")
PACKED = gzip.compress(os.urandom(500) * 20)


class Bucket:
    """A bucket, and the cache of it."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self.client = aws.service("s3")
        self.name = new_bucket(aws)
        self.store = S3Store(self.client, self.name)
        self.folder = folder
        self.asked: list[str] = []
        self.client.meta.events.register(
            "before-call.s3.GetObject", lambda params, **_: self.asked.append(params["url_path"].rpartition("/")[2])
        )

    def cache(self, limit_bytes: int = 1_000_000, told: Callable[[int, int], None] | None = None) -> ObjectCache:
        """A cache, as another process would open it."""
        return ObjectCache(self.client, self.name, self.folder, limit_bytes=limit_bytes, told=told)

    def put(self, name: str, body: bytes = PACKED, log_format: str = "json") -> LogObject:
        """An object, as the catalog lists it."""
        key = f"logs/{HOUR.path}/{name}"
        self.store.put(key, body)
        (listed,) = self.store.list(key)
        return LogObject("auth0_logs", HOUR, key, log_format, listed.size_bytes, etag=listed.etag)

    def kept(self) -> list[str]:
        """The names of the copies."""
        return sorted(path.name for path in (self.folder / "objects").rglob("*") if path.is_file())


@pytest.fixture
def bucket(aws: Aws, tmp_path: Path) -> Bucket:
    """An empty bucket without copies."""
    return Bucket(aws, tmp_path / "cache")


def parquet(folder: Path) -> bytes:
    """A Parquet file."""
    path = folder / "some.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select range n from range(1000)) to '{path}' (format parquet)")
    return path.read_bytes()


BROKEN: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("a.gz", "json", lambda _: PACKED[:-9]),
    ("a.gz", "json", lambda _: PACKED[:-8] + b"\0" * 8),
    ("a.gz", "json", lambda _: b"plain\n"),
    ("a.gz", "json", lambda _: b""),
    ("a.parquet", "parquet", lambda whole: whole[:-1]),
    ("a.parquet", "parquet", lambda whole: whole[4:]),
    ("a.parquet", "parquet", lambda whole: whole[:-8] + b"\xff\xff\xff\x7f" + b"PAR1"),
    ("a.parquet", "parquet", lambda whole: whole[:-8] + bytes(4) + b"PAR1"),
    ("a.parquet", "parquet", lambda _: b"PAR1"),
    ("a.parquet", "parquet", lambda _: b""),
]


@pytest.mark.aws
@pytest.mark.parametrize(("name", "log_format", "spoil"), BROKEN)
def test_an_object_that_is_not_whole_never_gets_in(
    bucket: Bucket, tmp_path: Path, name: str, log_format: str, spoil: Callable[[bytes], bytes]
) -> None:
    """It is named, and no file of it stays."""
    broken = bucket.put(name, spoil(parquet(tmp_path)), log_format)

    for _ in range(2):
        with pytest.raises(CorruptObjectError, match=rf'"logs/2026/11/20/10/{name}" in S3 is not whole'):
            bucket.cache().fetch([broken])
    assert bucket.kept() == []
    assert list((bucket.folder / "staging").iterdir()) == []


@pytest.mark.aws
def test_an_object_of_another_size_than_listed_never_gets_in(bucket: Bucket) -> None:
    """What S3 lists and what it gives must be one."""
    with pytest.raises(CorruptObjectError, match="S3 lists 5"):
        bucket.cache().fetch([replace(bucket.put("a.gz"), size_bytes=5)])
    assert bucket.kept() == []


@pytest.mark.aws
def test_an_object_that_has_changed_since_it_was_listed_is_not_mixed_in(bucket: Bucket) -> None:
    """The query fails and can be asked again."""
    listed = bucket.put("a.gz")
    bucket.put("a.gz", gzip.compress(b"new"))
    with pytest.raises(StorageServiceError) as raised:
        bucket.cache().fetch([listed])
    assert raised.value.code == "PreconditionFailed"


@pytest.mark.aws
def test_an_object_that_is_gone_is_named(bucket: Bucket) -> None:
    """Deleted since it was listed."""
    listed = bucket.put("a.gz")
    bucket.store.delete(listed.key)
    with pytest.raises(StorageServiceError, match=r'The object "logs/2026/11/20/10/a\.gz" cannot be read') as raised:
        bucket.cache().fetch([listed])
    assert raised.value.code == "NoSuchKey"


@pytest.mark.aws
def test_a_key_that_climbs_is_refused(bucket: Bucket) -> None:
    """S3 takes any key; no copy lies outside the cache."""
    with pytest.raises(LayoutError):
        bucket.cache().fetch([replace(bucket.put("a.gz"), key="logs/../../a.gz", etag="")])


@pytest.mark.aws
def test_more_than_the_cache_keeps_is_refused_before_anything_is_fetched(bucket: Bucket) -> None:
    """With three ways out."""
    objects = [bucket.put(f"{number}.gz") for number in range(3)]
    with pytest.raises(QueryLimitError, match=r"name fewer days.*--engine athena.*EVENTLAKE_CACHE_MB"):
        bucket.cache(limit_bytes=2 * len(PACKED)).fetch(objects)
    assert bucket.asked == []


@pytest.mark.aws
def test_a_full_disk_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half stays."""

    def full(_: Path, *__: Any) -> None:
        raise OSError(28, "No space left on device")

    listed, cache = bucket.put("a.gz"), bucket.cache()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageFullError, match="disk is full"):
        cache.fetch([listed])
    assert bucket.kept() == []


@pytest.mark.aws
def test_a_folder_that_cannot_be_used_is_named(bucket: Bucket) -> None:
    """With the variable that names another."""
    bucket.folder.write_bytes(b"a file")
    with pytest.raises(ConfigurationError, match="EVENTLAKE_CACHE"):
        bucket.cache()


@pytest.mark.aws
def test_an_index_that_is_damaged_is_told_with_the_remedy(bucket: Bucket) -> None:
    """A cache can always be made anew."""
    cache = bucket.cache()
    (bucket.folder / "index.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="Delete the folder"):
        cache.fetch([bucket.put("a.gz")])


@pytest.mark.aws
def test_an_interrupt_stops_the_fetch_and_keeps_what_has_come(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next query goes on from there; what had begun is not thrown away."""
    objects = [bucket.put(f"{number:02d}.gz") for number in range(40)]
    first, cancelled, shutdown = iter([True]), threading.Event(), ThreadPoolExecutor.shutdown

    def wait_unless_first(**_: Any) -> None:
        if not next(first, False):
            cancelled.wait()

    def interrupted(done: int, _: int) -> None:
        raise KeyboardInterrupt

    def cancel(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
        shutdown(pool, wait=False, cancel_futures=cancel_futures)
        cancelled.set()
        shutdown(pool, wait=wait)

    bucket.client.meta.events.register_last("before-call.s3.GetObject", wait_unless_first)
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", cancel)
    with pytest.raises(KeyboardInterrupt):
        bucket.cache(told=interrupted).fetch(objects)

    came = bucket.kept()
    assert came
    assert len(bucket.asked) < 40
    bucket.asked.clear()
    bucket.cache().fetch(objects)
    assert sorted(came + bucket.asked) == [f"{number:02d}.gz" for number in range(40)]
    assert len(bucket.kept()) == 40


@pytest.mark.aws
def test_an_object_is_fetched_once(bucket: Bucket, tmp_path: Path) -> None:
    """Also for another process; the copy is what lies in S3."""
    objects = [bucket.put("a.gz"), bucket.put("b.parquet", parquet(tmp_path), "parquet"), bucket.put("c", b"plain\n")]
    told: list[tuple[int, int]] = []

    bucket.cache(told=lambda done, total: told.append((done, total))).fetch(objects)
    bucket.cache().fetch(objects)

    assert sorted(bucket.asked) == ["a.gz", "b.parquet", "c"]
    assert all((bucket.cache().objects / one.key).read_bytes() == bucket.store.get(one.key) for one in objects)
    total = sum(one.size_bytes for one in objects)
    assert told[-1] == (total, total)
    assert bucket.folder.stat().st_mode & 0o077 == 0


@pytest.mark.aws
def test_an_object_with_another_etag_is_fetched_again(bucket: Bucket) -> None:
    """The same key, the same size, other content."""
    bucket.cache().fetch([bucket.put("a.gz", gzip.compress(b"one", mtime=0))])
    changed = bucket.put("a.gz", gzip.compress(b"two", mtime=0))
    bucket.cache().fetch([changed])
    assert gzip.decompress((bucket.cache().objects / changed.key).read_bytes()) == b"two"


@pytest.mark.aws
def test_a_copy_that_somebody_cut_is_fetched_again(bucket: Bucket) -> None:
    """Or deleted."""
    one = bucket.put("a.gz")
    bucket.cache().fetch([one])
    copy = bucket.cache().objects / one.key
    copy.write_bytes(b"cut")
    bucket.cache().fetch([one])
    copy.unlink()
    bucket.cache().fetch([one])
    assert copy.read_bytes() == PACKED


@pytest.mark.aws
def test_what_was_unused_for_longest_makes_room(bucket: Bucket) -> None:
    """Never what this query needs."""
    first, second, third, fourth = (bucket.put(f"{name}.gz") for name in "abcd")
    cache = bucket.cache(limit_bytes=3 * len(PACKED))
    cache.fetch([first, second])
    cache.fetch([third])
    cache.fetch([first])

    cache.fetch([fourth])

    assert bucket.kept() == ["a.gz", "c.gz", "d.gz"]


def test_the_environment_says_where_and_how_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else the user's folder of caches, and 10 GB."""
    for name in ("EVENTLAKE_CACHE", "EVENTLAKE_CACHE_MB", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (cache_folder("b"), cache_limit()) == (tmp_path / ".cache" / "eventlake" / "b", 10_000_000_000)

    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder("b") == Path("/caches/eventlake/b")
    monkeypatch.setenv("EVENTLAKE_CACHE", "/mine")
    monkeypatch.setenv("EVENTLAKE_CACHE_MB", "5")
    assert (cache_folder("b"), cache_limit()) == (Path("/mine/b"), 5_000_000)
    for wrong in ("x", "0", "-1", "1.5"):
        monkeypatch.setenv("EVENTLAKE_CACHE_MB", wrong)
        with pytest.raises(ConfigurationError, match="EVENTLAKE_CACHE_MB is a number"):
            cache_limit()
