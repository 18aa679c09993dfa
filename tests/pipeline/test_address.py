"""IP addresses in texts and ranges of them; that they are as AWS's matcher has them, `test_rule.py` holds against its verdicts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline.address import AddressRange, address_range, ip_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.7", "0a000007"),
        ("0010.00.0.007", "0a000007"),
        ("00000000010.0.0.7", None),
        ("10.0.0.256", None),
        ("10.0.7", None),
        ("2001:DB8:0:0:0:0:0:1", "20010db8000000000000000000000001"),
        ("::00001", "00000000000000000000000000000001"),
        ("::10000", None),
        ("::ffff:a00:7", "0a000007"),
        ("::ffff:10.0.0.7", None),
        ("fe80::1%1", None),
        ("12:30", None),
        ("", None),
    ],
)
def test_a_text_is_an_address_if_awss_matcher_takes_it_for_one(text: str, address: str | None) -> None:
    """Zeros in front count for nothing; dots behind colons are not read."""
    assert ip_address(text) == (None if address is None else bytes.fromhex(address))


@given(st.ip_addresses())
def test_every_address_is_read_as_it_is_written(address: IPv4Address | IPv6Address) -> None:
    """Of both kinds, in short and in long; a mapped one is IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    spellings = {address.exploded, address.exploded.upper()} | (
        {str(address)} if "." not in str(address) or address.version == 4 else set()
    )

    assert {ip_address(spelling) for spelling in spellings} == {(mapped or address).packed}


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 31))
def test_a_range_holds_what_its_network_holds(one: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address, mask: int) -> None:
    """Wherever in the network the address of the range lies, and of one kind."""
    first, second = ip_address(one.exploded), ip_address(other.exploded)
    addresses, network = address_range(f"{one.exploded}/{mask}"), ip_network(f"{one}/{mask}", strict=False)
    assert first is not None
    assert second is not None
    assert addresses is not None

    assert first in addresses
    if len(first) == len(second) == network.max_prefixlen // 8:
        assert (second in addresses) == (other in network)


def test_a_range_of_one_kind_takes_addresses_of_the_other_by_their_first_digits() -> None:
    """As AWS's matcher does, which reads the digits of both from the left."""
    loopbacks = AddressRange(bytes([127, 0, 0, 0]), bytes([127, 255, 255, 255]))
    low_half = address_range("::/1")
    assert low_half is not None

    assert IPv6Address("7f00:1::").packed in loopbacks
    assert IPv6Address("8000::").packed not in loopbacks
    assert bytes([10, 0, 0, 7]) in low_half
    assert bytes(4) not in low_half
    assert bytes([255] * 4) not in low_half


def test_what_is_no_range_is_none_and_too_many_bits_are_named() -> None:
    """The sentence about a pattern says what was expected."""
    assert [address_range(text) for text in ("10.0.0.0", "10.0.0.0/", "10.0.0.0/x", "10.0.0/8", "::ffff:10.0.0.0/104", "")] == [None] * 6
    for text, bits in (("10.0.0.0/32", 32), ("::/128", 128), ("::ffff:a00:0/96", 32)):
        with pytest.raises(ValueError, match=f"mask bits must be less than {bits}"):
            address_range(text)
