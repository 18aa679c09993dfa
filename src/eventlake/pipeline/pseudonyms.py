"""Texts -> pseudonyms: HMAC-SHA256 under a key of the lake's, so that the same person still joins and nobody finds them by trying.

A lake has one key or several, each from a day on; the day on which an event happened decides, so that history that comes later gets what the
day's events got. The keys are JSON: `{"keys": [{"name": "k1", "since": "2026-11-29", "secret": "64 hexadecimal digits"}]}`.
"""

from __future__ import annotations

import hmac
import json
import re
from secrets import token_hex

from eventlake.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Sequence
    from typing import Any

_NAME = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECRET = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Key:
    """One key. name: begins its pseudonyms. since: the first day of the events that it is for, YYYY-MM-DD. secret: 64 hexadecimal digits."""

    __slots__ = ("name", "secret", "since")

    def __init__(self, name: str, since: str, secret: str) -> None:
        self.name = name
        self.since = since
        self.secret = secret

    @property
    def fingerprint(self) -> str:
        """Return eight digits that tell keys apart and give nothing away."""
        return hmac.digest(bytes.fromhex(self.secret), b"fingerprint", "sha256").hex()[:8]


def new_key(name: str, since: str) -> Key:
    """Make a key of 256 random bits."""
    return Key(name, since, token_hex(32))


class KeyRing:
    """The keys of a lake, at least one; makes the pseudonyms."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = sorted(keys, key=lambda key: key.since)
        self.differ_by_day = len(self.keys) > 1
        self._secrets = {key.name: bytes.fromhex(key.secret) for key in self.keys}

    @classmethod
    def of_this_moment(cls) -> KeyRing:
        """Make a key that is forgotten with the process, for who shows what becomes of an event and stores nothing."""
        return cls([new_key("shown", "2000-01-01")])

    def of(self, text: str, day: str) -> str:
        """Return the pseudonym of a text: `NAME:` and 64 hexadecimal digits. day: of the event, YYYY-MM-DD; empty for the newest key.

        An e-mail address is the same in capital and small letters, and with blanks around it.
        """
        return self._under(self._name_on(day), text)

    def all_of(self, text: str) -> list[str]:
        """Return the pseudonyms of a text under every key."""
        return [self._under(key.name, text) for key in self.keys]

    def _under(self, name: str, text: str) -> str:
        said = text.strip().lower() if "@" in text else text
        return f"{name}:{hmac.digest(self._secrets[name], said.encode('utf-8', 'surrogatepass'), 'sha256').hex()}"

    def _name_on(self, day: str) -> str:
        """Return the name of the key of a day; of days before the first, the first."""
        if not day:
            return self.keys[-1].name
        return next((key.name for key in reversed(self.keys) if key.since <= day), self.keys[0].name)


def written(ring: KeyRing) -> str:
    """Write keys as JSON."""
    return json.dumps({"keys": [{"name": key.name, "since": key.since, "secret": key.secret} for key in ring.keys]}, indent=1) + "\n"


def read(text: str, where: str) -> KeyRing:
    """Read keys from JSON. where: how errors name it; no error shows a secret. Raises ConfigurationError."""
    try:
        found = [_key(one) for one in json.loads(text)["keys"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ConfigurationError(
            f'{where} holds no keys of pseudonyms: expected {{"keys": [{{"name": "k1", "since": "2026-11-29", "secret": "64 hexadecimal digits"}}]}}.'
        ) from None
    if not found or len({key.name for key in found}) < len(found) or len({key.since for key in found}) < len(found):
        raise ConfigurationError(f"{where} holds no key, or two of one name or day: each has its own.")
    return KeyRing(found)


def _key(one: Any) -> Key:  # any JSON value
    """Read one key. Raises ValueError, TypeError or KeyError for anything else."""
    key = Key(one["name"], one["since"], one["secret"])
    if not (_NAME.fullmatch(key.name) and _DAY.fullmatch(key.since) and _SECRET.fullmatch(key.secret)):
        raise ValueError(one)
    return key
