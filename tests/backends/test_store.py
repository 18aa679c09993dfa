"""A store: objects are visible whole or not at all, and nothing outside it is touched."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from eventlake.backends.directory import STAGING, DirectoryStore
from eventlake.errors import LayoutError, StorageError, StorageFullError


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """A store in a folder that does not exist yet."""
    return DirectoryStore(tmp_path / "objects")


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../../b", "./a", "a/.", "a\0b", "n" * 1025])
def test_a_key_that_leads_elsewhere_is_refused(store: DirectoryStore, key: str) -> None:
    """Climbing, empty and overlong keys, for every call."""
    for call in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.delete(key)):
        with pytest.raises(LayoutError):
            call()


def test_a_link_on_the_way_is_not_followed(store: DirectoryStore, tmp_path: Path) -> None:
    """Neither a folder nor a file outside the store can be reached through one."""
    store.put("logs/a", b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "objects" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "secret").write_bytes(b"secret")

    with pytest.raises(LayoutError, match="link"):
        store.get("link/secret")
    with pytest.raises(LayoutError, match="link"):
        store.put("link/new", b"x")
    assert [one.key for one in store.list("")] == ["logs/a"]


def test_an_object_is_there_after_put(store: DirectoryStore) -> None:
    """From bytes and from a finished file; a second put replaces it."""
    path = store.staged("unfinished")
    path.write_bytes(b"from a file")
    store.put("logs/2026/11/20/10/a.gz", b"first")
    store.put("logs/2026/11/20/10/a.gz", b"second")
    store.put("logs/2026/11/20/11/b.gz", path)

    assert store.get("logs/2026/11/20/10/a.gz") == b"second"
    assert [(one.key, one.size_bytes) for one in store.list("logs/2026/11/20/1")] == [
        ("logs/2026/11/20/10/a.gz", 6),
        ("logs/2026/11/20/11/b.gz", 11),
    ]
    assert not path.exists()


def test_what_is_not_there_is_named(store: DirectoryStore) -> None:
    """Reading fails with the key; deleting is no error."""
    store.delete("logs/none")
    with pytest.raises(StorageError, match="logs/none"):
        store.get("logs/none")
    assert list(store.list("logs/")) == []


def test_a_full_disk_leaves_nothing_visible(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
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
        store.put("logs/a", b"x")

    assert list(store.list("")) == []


def test_unfinished_files_are_cleared(store: DirectoryStore, tmp_path: Path) -> None:
    """What a process left that ended while it wrote."""
    store.staged("left").write_bytes(b"half")

    assert store.clear_staging() == 1
    assert list((tmp_path / "objects" / STAGING).iterdir()) == []


def test_a_rename_is_preceded_and_followed_by_synchronisation(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
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
    store.put("logs/a", b"x")

    assert steps.index("file") < steps.index("rename")
    assert steps[-1] == "folder"
