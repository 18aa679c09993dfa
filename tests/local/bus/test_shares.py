"""Shares of a room, and who a sender is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.local.bus.sender import sender_at
from eventlake.local.bus.shares import Waiting, is_fair


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 50)), max_size=300))
def test_whoever_has_nothing_finds_room(wanted: list[tuple[int, int]]) -> None:
    """Whatever a few greedy senders ask for: at least a tenth stays free, for five; and one alone gets more than half."""
    held = dict.fromkeys(range(5), 0)
    for sender, size in wanted:
        if is_fair(held[sender] + size, sum(held.values()) + size, 1000):
            held[sender] += size

    assert sum(held.values()) <= 1000 * 10 // 11
    assert is_fair(0, sum(held.values()), 1000)
    assert is_fair(600, 600, 1000)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 1 << 26)), max_size=40), st.integers(0, 1 << 31))
def test_what_waits_is_known_to_a_stretch(written: list[tuple[int, int]], delivered: int) -> None:
    """What is delivered is forgotten, at most 16 MiB and what was written at once too late."""
    waiting = Waiting()
    end = 0
    ends: list[tuple[int, int, int]] = []
    for sender, size in written:
        end += size
        ends.append((sender, end, size))
        waiting.add(sender, end, size, lambda: 0)

    for sender in range(4):
        found = waiting.of(sender, delivered)
        sure = sum(size for one, last, size in ends if one == sender and last > delivered)
        most = sum(size for one, last, size in ends if one == sender and last > delivered - (1 << 24))
        assert sure <= found <= most


def test_a_great_many_small_senders_take_no_room_from_the_memory_of_the_large_ones() -> None:
    """Such as each event on a connection of its own: those that have the most are known, to the byte."""
    waiting, end = Waiting(), 0
    for number in range(20_000):
        for sender, size in ((f"small {number}", 100), ("large", 300)):
            end += size
            waiting.add(sender, end, size, lambda: 0)

    assert waiting.of("large", 0) == 20_000 * 300
    assert sum(map(len, waiting._stretches.values())) < 2_100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2%eth0"),
        ("testclient", "testclient"),
    ],
)
def test_connections_of_one_machine_are_one_sender(one: str, other: str) -> None:
    """Whatever their ports are; of IPv6, those of one network."""
    assert sender_at(one, 1) == sender_at(other, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:2::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    """On this machine, and behind a proxy on it, each connection is a sender."""
    assert sender_at(one, 1) != sender_at(other, 2)
