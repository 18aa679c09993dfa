"""A catalog's file: read by copy where nothing can be written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.backends.sqlite_file import SqliteFile
from eventlake.errors import StorageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A catalog's file that nobody has open, so that its WAL is gone."""
    path = tmp_path / "catalog.db"
    SqliteCatalog(path).close()
    return path


def test_a_wal_that_its_writer_takes_away_is_not_missed(path: Path) -> None:
    """The reader saw a WAL and copies too late: the file alone is whole then."""
    with closing(SqliteFile(path, read_only=True)) as file:
        file._seen = ()
        assert file._copied_aside().execute("select epoch from lake").fetchall() == [(1,)]


def test_a_file_that_cannot_be_copied_is_named(path: Path) -> None:
    """With the reason, and no traceback."""
    with closing(SqliteFile(path, read_only=True)) as file:
        path.rename(path.with_suffix(".moved"))
        with pytest.raises(StorageError, match=r'"[^"]+catalog\.db" cannot be copied to "[^"]+" to be read there: No such file'):
            file._copied_aside()
