"""IP addresses in events and patterns, and ranges of them, as AWS's matcher takes them.

It reads a text with Java's parser of addresses, which allows more zeros in front than others do, and compares the digits of two addresses
from the left, whichever of the two kinds each is of.
https://github.com/aws/event-ruler (2.1.0)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

_IPV4 = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)", re.ASCII)
_IPV4_LENGTH = 15
_IPV6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*")
_ZEROS_IN_FRONT = re.compile(r"(?<![0-9A-Fa-f])0+(?=[0-9A-Fa-f])")


def ip_address(text: str) -> bytes | None:
    """Return the 4 or 16 bytes of an IP address, None for other text; an IPv4 address written in hexadecimal as IPv6 is IPv4."""
    if (match := _IPV4.fullmatch(text)) is not None:
        parts = [int(part) for part in match.groups()] if len(text) <= _IPV4_LENGTH else [256]
        return bytes(parts) if max(parts) <= 255 else None
    if text.count(":") < 2 or not _IPV6.fullmatch(text):
        return None
    try:
        address = IPv6Address(_ZEROS_IN_FRONT.sub("", text))
    except ValueError:
        return None
    return address.ipv4_mapped.packed if address.ipv4_mapped else address.packed


@dataclass(frozen=True, slots=True)
class AddressRange:
    """The addresses from one to another, both of the same kind."""

    first: bytes
    last: bytes

    def __contains__(self, address: bytes) -> bool:
        """Return True if an address lies in the range.

        One of the other kind does where AWS's matcher says so: an IPv6 address if its first 32 bits do, and an IPv4 address if it lies truly
        between the first 32 bits of both ends.
        """
        width = len(self.first)
        if len(address) < width:
            return self.first[: len(address)] < address < self.last[: len(address)]
        return self.first <= address[:width] <= self.last


def address_range(text: str) -> AddressRange | None:
    """Return the range of an address and mask bits, such as `10.0.0.0/24`; None for other text. Raises ValueError for too many bits."""
    written, slash, mask = text.partition("/")
    address = ip_address(written)
    if address is None or not slash or not re.fullmatch(r"\d{1,3}", mask, re.ASCII):
        return None
    bits = len(address) * 8
    if int(mask) >= bits:
        raise ValueError(f"mask bits must be less than {bits}")
    others = (1 << bits - int(mask)) - 1
    number = int.from_bytes(address)
    return AddressRange((number & ~others).to_bytes(len(address)), (number | others).to_bytes(len(address)))
