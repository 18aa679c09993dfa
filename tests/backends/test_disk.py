"""What every adapter does on a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.backends.disk import write_whole
from eventlake.errors import StorageError


def test_a_file_is_written_whole_and_for_whom_it_is(tmp_path: Path) -> None:
    """An older one is replaced, and nothing is left beside it."""
    file = tmp_path / "secret.json"
    write_whole(file, "old and longer", 0o600)

    write_whole(file, "new", 0o600)

    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    """And nothing beside it."""
    folder = tmp_path / "taken"
    folder.mkdir()

    with pytest.raises(StorageError, match=r"taken. cannot be written"):
        write_whole(folder, "text")

    assert list(tmp_path.iterdir()) == [folder]
