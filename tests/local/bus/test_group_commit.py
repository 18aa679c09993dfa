"""Groups: who waits at the same time is written together, and nobody is waited for who is not likely to come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

import pytest
import uvloop

from eventlake.errors import StorageError
from eventlake.local.bus import group_commit
from eventlake.local.bus.group_commit import Expected, GroupCommit


class Spool:
    """A spool that writes when a test says so."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.futures: list[Future[int]] = []

    def submit(self, frames: list[bytes]) -> Future[int]:
        """Take a group."""
        self.groups.append(frames)
        self.futures.append(Future())
        return self.futures[-1]

    async def write(self) -> None:
        """Write the last group, and have it told."""
        self.futures[-1].set_result(len(self.groups))
        await turns()


async def turns() -> None:
    """Let the loop do what it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def run(use: Callable[[GroupCommit, Spool], Awaitable[None]]) -> None:
    """Use a group commit over a spool within a loop."""

    async def used() -> None:
        spool = Spool()
        await use(GroupCommit(spool), spool)  # type: ignore[arg-type]  # it has what is asked of one

    asyncio.run(used())


@pytest.fixture(autouse=True)
def _for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a moment be as long as a test lets it."""
    monkeypatch.setattr(group_commit, "_MOMENT_S", 1e6)


def test_those_who_were_answered_together_are_written_together_again() -> None:
    """Though one after the other comes back; with those who came while they were written."""

    async def use(commit: GroupCommit, spool: Spool) -> None:
        told = [commit.store(frames) for frames in (b"a", b"b")]
        await turns()
        told.append(commit.store(b"c"))
        await spool.write()
        assert [one.done() for one in told] == [True, True, False]
        for frames in (b"d", b"e"):
            assert len(spool.groups) == 1
            told.append(commit.store(frames))
            await turns()

        assert spool.groups == [[b"a", b"b"], [b"c", b"d", b"e"]]
        await spool.write()
        assert [one.result() for one in told] == [1, 1, 2, 2, 2]

    run(use)


def test_who_is_alone_waits_for_nobody() -> None:
    """Each of its requests is written at once."""

    async def use(commit: GroupCommit, spool: Spool) -> None:
        for number in range(5):
            commit.store(b"a")
            await turns()
            assert len(spool.groups) == number + 1
            await spool.write()

    run(use)


def test_who_does_not_come_back_is_waited_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer: then those are written who are here."""
    monkeypatch.setattr(group_commit, "_MOMENT_S", 0.0)

    async def use(commit: GroupCommit, spool: Spool) -> None:
        commit.hand_in([b"a", b"b"], lambda _end: None)
        await turns()
        await spool.write()
        commit.store(b"c")
        while len(spool.groups) < 2:
            await asyncio.sleep(0)
        assert spool.groups[1] == [b"c"]

    run(use)


def test_no_group_is_empty_where_all_come_as_the_moment_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """One would wait in the spool to be delivered, though nothing is in it; in uvloop timers come before what is ready."""
    monkeypatch.setattr(group_commit, "_MOMENT_S", 0.0)

    async def use() -> None:
        spool = Spool()
        commit = GroupCommit(spool)  # type: ignore[arg-type]  # it has what is asked of one
        for _ in range(20):
            commit.hand_in([b"a", b"b"], lambda _end: None)
            await turns()
            await spool.write()
            commit.store(b"c")
            commit.store(b"d")
            while spool.futures[-1].done():
                await asyncio.sleep(0)
            await turns()
            await spool.write()
        assert all(spool.groups)

    uvloop.run(use())


def test_what_is_large_waits_for_nobody() -> None:
    """It gains nothing by it."""

    async def use(commit: GroupCommit, spool: Spool) -> None:
        commit.hand_in([b"a", b"b"], lambda _end: None)
        await turns()
        await spool.write()
        commit.store(bytes(1 << 18))
        await turns()
        assert len(spool.groups) == 2

    run(use)


def test_where_nobody_comes_others_wait_for_nobody_after_a_while() -> None:
    """The oftener it was in vain the longer; one who comes is a reason to wait again."""
    expected = Expected()
    waited: list[bool] = []
    for _ in range(20):
        expected.answered(1, 1)
        waited.append(not expected.are_here(1))
        if waited[-1]:
            expected.waited_for(0)

    assert waited == [True] * 4 + [False] + [True] + [False] * 2 + [True] + [False] * 3 + [True] + [False] * 4 + [True, False, False]
    while expected.are_here(1):
        expected.answered(1, 1)
    expected.waited_for(1)
    expected.answered(1, 1)
    assert not expected.are_here(1)


def test_all_of_a_group_hear_why_it_was_not_stored() -> None:
    """But who went away."""

    async def use(commit: GroupCommit, spool: Spool) -> None:
        gone, there = commit.store(b"a"), commit.store(b"b")
        await turns()
        gone.cancel()
        spool.futures[-1].set_exception(StorageError("full"))
        await turns()

        assert gone.cancelled()
        assert str(there.exception()) == "full"

    run(use)


def test_a_group_that_is_written_when_the_loop_has_ended_is_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is that an error."""
    spool = Spool()

    async def use() -> None:
        GroupCommit(spool).store(b"a")  # type: ignore[arg-type]  # it has what is asked of one
        await turns()

    asyncio.run(use())
    with caplog.at_level(logging.DEBUG):
        spool.futures[-1].set_result(1)

    assert caplog.text == ""
