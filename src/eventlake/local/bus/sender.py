"""Who sends: requests of one sender share what the bus may hold, so that none of them keeps its neighbours out.

A sender is a machine, by its address; of IPv6 a network, because a machine there has as many addresses as it likes. On this machine, and behind a
proxy on it, all come from one address, so there each connection is a sender.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from eventlake.local.bus.answer import Message

Sender = object
"""Whatever is equal for requests of one sender, and can be a key."""

_NETWORK_BITS = 64
"""What a site has of an IPv6 address at least: https://www.rfc-editor.org/rfc/rfc6177"""


def sender_of(scope: Message) -> Sender:
    """Return the sender of a request; one of its own for each where the server does not say."""
    client = scope.get("client")
    return object() if client is None else sender_at(client[0], client[1])


def sender_at(host: str, port: int) -> Sender:
    """Return the sender at the other end of a connection."""
    machine = _machine(host)
    return (host, port) if machine is None else machine


@lru_cache(1 << 12)
def _machine(host: str) -> str | None:
    """Return what stands for another machine; None for this one."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return None if address.is_loopback else str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return None if address.is_loopback else str(address)
