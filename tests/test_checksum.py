"""The checksum of a file."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from eventlake.checksum import crc32


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (1 << 20) + 1, 5 << 19])
def test_the_checksum_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    """Also of a file that is read in several pieces."""
    body = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "a"
    path.write_bytes(body[:size])

    assert crc32(path) == zlib.crc32(body[:size])
    assert crc32(str(path)) == zlib.crc32(body[:size])
