"""Work beside the event loop: each sender in turn, whatever the others queue."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

from eventlake.local.bus.turns import Turns


def order_of(*pieces: tuple[str, int]) -> list[tuple[str, int]]:
    """In which order pieces of senders are done that were queued in this one, while a first piece of a stranger is at work."""
    done: list[tuple[str, int]] = []
    begun = threading.Event()

    async def all_of_them() -> None:
        turns = Turns("test")
        first = asyncio.ensure_future(turns.take("stranger", partial(begun.wait, 60)))
        await asyncio.sleep(0)
        others = [asyncio.ensure_future(turns.take(piece[0], partial(done.append, piece))) for piece in pieces]
        await asyncio.sleep(0)
        begun.set()
        await asyncio.gather(first, *others)

    asyncio.run(all_of_them())
    return done


def test_a_long_queue_of_one_delays_another_by_one_piece() -> None:
    """However much came before."""
    many = [("greedy", number) for number in range(50)]

    assert order_of(*many, ("modest", 0), ("other", 0), ("modest", 1))[:5] == [
        ("greedy", 0),
        ("modest", 0),
        ("other", 0),
        ("greedy", 1),
        ("modest", 1),
    ]


def test_pieces_of_one_are_done_in_their_order() -> None:
    """All of them."""
    many = [("one", number) for number in range(20)]

    assert order_of(*many) == many


def test_a_failure_is_its_senders_alone() -> None:
    """The next piece is done all the same."""

    async def both() -> tuple[object, object]:
        turns = Turns("test")
        bad, good = await asyncio.gather(turns.take(1, partial(int, "x")), turns.take(2, partial(int, "7")), return_exceptions=True)
        return bad, good

    bad, good = asyncio.run(both())
    assert isinstance(bad, ValueError)
    assert good == 7


def test_work_that_nobody_waits_for_any_more_holds_up_nothing() -> None:
    """Its request was given up."""

    async def given_up() -> int:
        turns = Turns("test")
        first = asyncio.ensure_future(turns.take(1, partial(int, "1")))
        await asyncio.sleep(0)
        first.cancel()
        return await turns.take(1, partial(int, "2"))

    assert asyncio.run(given_up()) == 2
