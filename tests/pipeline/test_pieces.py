"""Pieces of a stretch: the first is small, those after it as large as memory holds, and one that is too much comes again in halves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eventlake.pipeline.pieces import PIECE_BYTES, Piece, Pieces

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spans(*rows: int) -> list[Piece]:
    """Hours that follow each other with so many rows of one table."""
    return [Piece(BEGIN + number * HOUR, BEGIN + (number + 1) * HOUR, {"a": count}) for number, count in enumerate(rows)]


def sizes(pieces: Pieces, weight: int = 0) -> list[int]:
    """The rows of the pieces that are left, where each row weighs so many bytes."""
    found = []
    while (piece := pieces.next()) is not None:
        pieces.weighed(piece.rows, piece.rows * weight)
        found.append(piece.rows)
    return found


def test_pieces_grow_until_they_are_full() -> None:
    """Three times as large each; all rows are in one, and none is longer than a span where that is too long."""
    assert sizes(Pieces(spans(*[1_000] * 200), 60_000)) == [10_000, 30_000, 60_000, 60_000, 40_000]
    assert sizes(Pieces(spans(70_000, 5, 70_000), 60_000)) == [70_000, 5, 70_000]
    assert sizes(Pieces(spans(5, 5, 5), 10)) == [10, 5]
    assert sizes(Pieces([], 10)) == []


def test_events_that_weigh_much_come_in_smaller_pieces() -> None:
    """So that memory holds them."""
    heavy = PIECE_BYTES // 15_000
    assert sizes(Pieces(spans(*[1_000] * 50), 60_000), heavy) == [10_000, 15_000, 15_000, 10_000]


def test_spans_are_joined_with_the_rows_of_each_table() -> None:
    """From the begin of the first to the end of the last."""
    first, second = Piece(BEGIN, BEGIN + HOUR, {"a": 1, "b": 2}), Piece(BEGIN + 2 * HOUR, BEGIN + 3 * HOUR, {"b": 3, "c": 4})

    assert Pieces([first, second], 100).next() == Piece(BEGIN, BEGIN + 3 * HOUR, {"a": 1, "b": 5, "c": 4})


def test_a_piece_that_is_too_much_comes_again_in_halves() -> None:
    """In order, before what is left; its middle is a moment as statements write it."""
    pieces = Pieces(spans(2_001, 7), 2_004)
    whole = pieces.next()
    assert whole == spans(2_001)[0]

    assert pieces.parted(whole)

    found = [pieces.next() for _ in range(3)]
    assert [(one.start - BEGIN, one.end - BEGIN, one.rows) for one in found if one] == [
        (0 * HOUR, HOUR / 2, 1_001),
        (HOUR / 2, HOUR, 1_001),
        (HOUR, 2 * HOUR, 7),
    ]


@pytest.mark.parametrize("piece", [Piece(BEGIN, BEGIN + HOUR, {"a": 99}), Piece(BEGIN, BEGIN + timedelta(milliseconds=1), {"a": 5_000})])
def test_few_rows_or_a_moment_cannot_be_parted(piece: Piece) -> None:
    """What they need, they need."""
    assert not Pieces([], 10).parted(piece)
