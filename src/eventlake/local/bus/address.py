"""Where the bus listens: whether others reach it there, how its URL shows it, and by which names it is called."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from eventlake.local.bus.guard import LOCAL_NAMES, Names


@dataclass(frozen=True, slots=True)
class Address:
    """What `--host` says: a name or an IP address, one of IPv6 with or without brackets."""

    host: str

    @property
    def is_own(self) -> bool:
        """Return True if it reaches this machine from itself only."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    def url(self, port: int) -> str:
        """Return the URL of a bus that listens there."""
        return f"http://{self._in_url}:{port}"

    def names(self, further: Iterable[str]) -> Names:
        """Return what a bus there answers to; where others reach it, also the machine's name and every address."""
        names = LOCAL_NAMES | {self.host.lower(), self._in_url.lower()} | {name.lower() for name in further}
        return Names(names) if self.is_own else Names(names | {socket.gethostname().lower()}, addresses=True)

    @property
    def _in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
