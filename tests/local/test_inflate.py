"""Gzip in pieces: members in any row are inflated, whatever stands between them."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.local.inflate import PIECE_BYTES, CutOffError, inflated

ONE, TWO = b'{"a": 1}\n', b'{"b": 2}'


def whole(data: bytes, size: int = 1 << 20) -> bytes:
    """What the pieces of some bytes inflate to."""
    return b"".join(inflated(data[at : at + size] for at in range(0, len(data), size)))


def test_plain_bytes_stay_as_they_are() -> None:
    """What is no gzip passes through."""
    assert whole(ONE + TWO) == ONE + TWO
    assert whole(b"\x1f\x8b") == b"\x1f\x8b"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"\0" * 100, b" \n\n"])
def test_members_follow_each_other_with_anything_blank_between(between: bytes, size: int) -> None:
    """Nothing, line breaks as `echo` adds them, zeros as tapes do."""
    assert whole(between.join([gzip.compress(ONE), gzip.compress(TWO), gzip.compress(ONE)]) + between, size) == ONE + TWO + ONE


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_plain_text_and_members_may_be_mixed(size: int) -> None:
    """A file and a compressed one put together by `cat`, in either order."""
    assert whole(TWO + gzip.compress(ONE) + TWO + gzip.compress(TWO) + ONE, size) == TWO + ONE + TWO + TWO + ONE


def test_a_member_that_is_cut_off_gives_what_it_holds_first() -> None:
    """Then the error says that there is more."""
    given_: list[bytes] = []
    data = gzip.compress(ONE) + gzip.compress(bytes(range(256)) * 500, 0)

    with pytest.raises(CutOffError, match="end-of-stream"):
        given_.extend(inflated([data[:-20]]))
    assert b"".join(given_).startswith(ONE + bytes(range(256)) * 400)


def test_a_damaged_member_is_an_error() -> None:
    """Its checksum differs."""
    data = bytearray(gzip.compress(ONE))
    data[-5] ^= 1

    with pytest.raises(CutOffError, match="incorrect data check"):
        whole(bytes(data))


def test_pieces_are_bounded_however_small_they_came() -> None:
    """A megabyte of the same byte is a thousand bytes of gzip."""
    sizes = [len(piece) for piece in inflated([gzip.compress(b" " * (3 << 20))])]

    assert max(sizes) <= PIECE_BYTES
    assert sum(sizes) == 3 << 20


@given(st.lists(st.binary(max_size=50), max_size=4), st.integers(1, 60))
def test_what_was_compressed_comes_back(parts: list[bytes], size: int) -> None:
    """Whatever the members hold, and however they are cut."""
    assert whole(b"".join(gzip.compress(part) for part in parts), size) == b"".join(parts)


def test_a_member_may_end_with_its_input() -> None:
    """The last bytes of a member are given before its end is known to be missing."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = stream.compress(b" " * PIECE_BYTES * 3) + stream.flush(zlib.Z_SYNC_FLUSH)
    pieces: list[bytes] = []

    with pytest.raises(CutOffError):
        pieces.extend(inflated([data]))
    assert len(b"".join(pieces)) == PIECE_BYTES * 3
