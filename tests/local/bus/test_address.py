"""Where the bus listens."""

from __future__ import annotations

import socket

import pytest

from eventlake.local.bus.address import Address


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("a.test", False)],
)
def test_only_loopback_is_this_machines_own(host: str, is_own: bool) -> None:
    """Everywhere else others could send events."""
    assert Address(host).is_own == is_own


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_address_of_ipv6_stands_in_brackets_in_a_url(host: str) -> None:
    """Its colons would be taken for the port's."""
    assert Address(host).url(8787) == "http://[::1]:8787"


def test_names_are_the_address_and_those_that_are_given() -> None:
    """In any case; no other address, where only this machine reaches it."""
    names = Address("127.0.0.1").names(["Bus.Test"])
    assert [names.hold(host) for host in ("127.0.0.1:8787", "bus.test", "BUS.test:80", "192.0.2.7", "other.test")] == [True] * 3 + [
        False
    ] * 2


def test_where_others_reach_it_every_address_names_the_bus() -> None:
    """And the machine's own name; no other name, which a page of a stranger could have lead here."""
    names = Address("0.0.0.0").names([])
    assert [names.hold(host) for host in ("192.0.2.7:8787", socket.gethostname(), "other.test")] == [True, True, False]
