"""A store: objects are visible whole or not at all, and nothing outside it is touched."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws.client import Aws
from aws_lake import new_bucket, nobody
from eventlake.backends.directory import STAGING, DirectoryStore
from eventlake.backends.s3 import S3Store
from eventlake.errors import LayoutError, StorageError, StorageFullError, StorageServiceError
from eventlake.interfaces import Store


@pytest.fixture
def folder(tmp_path: Path) -> DirectoryStore:
    """A store in a folder that does not exist yet."""
    return DirectoryStore(tmp_path / "objects")


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of either kind."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "objects")
    aws: Aws = request.getfixturevalue("aws")
    return S3Store(aws.service("s3"), new_bucket(aws))


# what both hold


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../../b", "./a", "a/.", "a\0b", "n" * 1025])
def test_a_key_that_leads_elsewhere_is_refused(store: Store, key: str) -> None:
    """Climbing, empty and overlong keys, for every call."""
    for call in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.delete(key)):
        with pytest.raises(LayoutError):
            call()


def test_an_object_is_there_after_put(store: Store, tmp_path: Path) -> None:
    """From bytes and from a finished file; a second put replaces it."""
    path = tmp_path / "finished"
    path.write_bytes(b"from a file")
    store.put("logs/2026/11/20/10/a.gz", b"first")
    store.put("logs/2026/11/20/10/a.gz", b"second")
    store.put("logs/2026/11/20/11/b.gz", path)

    assert store.get("logs/2026/11/20/10/a.gz") == b"second"
    assert [(one.key, one.size_bytes) for one in store.list("logs/2026/11/20/1")] == [
        ("logs/2026/11/20/10/a.gz", 6),
        ("logs/2026/11/20/11/b.gz", 11),
    ]


def test_an_object_tells_when_it_was_written(store: Store) -> None:
    """In UTC, by a clock that may be a minute before or behind."""
    begun = datetime.now(UTC)
    store.put("logs/a", b"x")

    (one,) = store.list("logs/")
    assert begun - timedelta(minutes=1) < one.modified < datetime.now(UTC) + timedelta(minutes=1)
    assert one.modified.tzinfo is UTC


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cc", "Cs")), min_size=1, max_size=9),
        min_size=1,
        max_size=4,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_name_is_kept_as_it_is(store: Store, segments: list[str]) -> None:
    """Blanks, signs and other alphabets, in reading, listing and removing."""
    folder = uuid4().hex  # of its own, because in a folder a name is an object or a folder, not both
    key = "/".join([folder, *(f"{segment}_" for segment in segments)])
    store.put(key, key.encode())

    assert store.get(key) == key.encode()
    assert [one.key for one in store.list(f"{folder}/")] == [key]
    store.delete(key)
    assert list(store.list(f"{folder}/")) == []


def test_what_is_not_there_is_named(store: Store) -> None:
    """Reading fails with the key; deleting is no error."""
    store.delete("logs/none")
    with pytest.raises(StorageError, match="logs/none"):
        store.get("logs/none")
    assert list(store.list("logs/")) == []


# what a folder holds


def test_a_link_on_the_way_is_not_followed(folder: DirectoryStore, tmp_path: Path) -> None:
    """Neither a folder nor a file outside the store can be reached through one."""
    folder.put("logs/a", b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "objects" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "secret").write_bytes(b"secret")

    with pytest.raises(LayoutError, match="link"):
        folder.get("link/secret")
    with pytest.raises(LayoutError, match="link"):
        folder.put("link/new", b"x")
    assert [one.key for one in folder.list("")] == ["logs/a"]


def test_a_finished_file_is_moved(folder: DirectoryStore) -> None:
    """It is not copied, and does not stay behind."""
    path = folder.staged("unfinished")
    path.write_bytes(b"from a file")
    folder.put("logs/a", path)

    assert folder.get("logs/a") == b"from a file"
    assert not path.exists()


def test_a_full_disk_leaves_nothing_visible(folder: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever synchronisation the disk is full."""
    sync = os.fsync
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError, match="logs/a"):
        folder.put("logs/a", b"x")

    assert list(folder.list("")) == []


def test_unfinished_files_are_cleared(folder: DirectoryStore, tmp_path: Path) -> None:
    """What a process left that ended while it wrote."""
    folder.staged("left").write_bytes(b"half")

    assert folder.clear_staging() == 1
    assert list((tmp_path / "objects" / STAGING).iterdir()) == []


def test_a_rename_is_preceded_and_followed_by_synchronisation(folder: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before it gets its name, the folder after."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    folder.put("logs/a", b"x")

    assert steps.index("file") < steps.index("rename")
    assert steps[-1] == "folder"


def test_the_name_of_every_folder_is_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the store's own too, and those that a process made that was killed before it could; once for each process."""
    synchronised: list[Path] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synchronised.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        fsync(descriptor)

    (tmp_path / "objects" / "logs" / "2026").mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", noted)
    store = DirectoryStore(tmp_path / "objects")
    store.put("logs/2026/11/a", b"x")

    assert {tmp_path, *[tmp_path / "objects" / part for part in ("", "logs", "logs/2026", "logs/2026/11")]} <= set(synchronised)
    synchronised.clear()
    store.put("logs/2026/11/b", b"x")
    assert synchronised.count(tmp_path / "objects" / "logs" / "2026" / "11") == 1
    assert tmp_path not in synchronised


def test_several_files_get_their_names_in_order_each_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files before the first name, every folder after the last."""
    steps: list[str] = []
    synchronised: set[Path] = set()
    fsync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        steps.append("folder" if path.is_dir() else "file")
        synchronised.add(path)
        fsync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        steps.append(target.name)
        return replace(path, target)

    store = DirectoryStore(tmp_path / "objects")
    files = {f"logs/{hour}/{name}": store.staged(f"{hour}{name}") for hour in ("07", "08") for name in "ab"}
    for key, path in files.items():
        path.write_text(key)
    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    store.put_all(files, lambda: steps.append("placed"))

    assert steps[:4] == ["file"] * 4
    assert steps[4:12] == ["a", "placed", "b", "placed"] * 2
    assert set(steps[12:]) == {"folder"}
    assert {tmp_path, *[tmp_path / "objects" / part for part in ("", "logs", "logs/07", "logs/08")]} <= synchronised
    assert {one.key: store.get(one.key).decode() for one in store.list("")} == {key: key for key in files}


def test_a_disk_that_is_full_for_one_of_several_gives_none_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever put them there still has them."""
    store = DirectoryStore(tmp_path / "objects")
    files = {f"logs/{name}": store.staged(name) for name in "abc"}
    for path in files.values():
        path.write_text("x")

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve() == files["logs/b"]:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError):
        store.put_all(files, lambda: None)

    assert list(store.list("")) == []
    assert all(path.exists() for path in files.values())


# what a bucket holds


def test_a_list_goes_on_over_the_pages(aws: Aws) -> None:
    """S3 gives a thousand at once; here it is asked for three."""
    client, bucket = aws.service("s3"), new_bucket(aws)
    pages: list[int] = []

    def three(params: dict[str, object], **_: object) -> None:
        pages.append(len(pages))
        params["MaxKeys"] = 3

    client.meta.events.register("provide-client-params.s3.ListObjectsV2", three)
    for number in range(7):
        client.put_object(Bucket=bucket, Key=f"logs/{number}", Body=b"")

    assert [one.key for one in S3Store(client, bucket).list("logs/")] == [f"logs/{number}" for number in range(7)]
    assert len(pages) == 3


def test_a_bucket_that_is_not_there_is_named(aws: Aws) -> None:
    """With AWS's own name of the error."""
    store = S3Store(aws.service("s3"), "no-such-bucket")
    for call in (lambda: store.put("a", b"x"), lambda: store.get("a"), lambda: list(store.list(""))):
        with pytest.raises(StorageServiceError, match='"no-such-bucket"') as error:
            call()
        assert error.value.code == "NoSuchBucket"


def test_a_missing_permission_is_named(aws: Aws) -> None:
    """The sentence says which, so that it can be asked for."""
    store = S3Store(nobody(aws).service("s3"), new_bucket(aws))
    with pytest.raises(StorageServiceError, match=r"the permission (s3:)?\w*PutObject.* is missing") as error:
        store.put("logs/a", b"x")
    assert error.value.code == "AccessDenied"
