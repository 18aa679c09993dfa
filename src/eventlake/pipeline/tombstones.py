"""Who was erased, as tombstones: enough to know a person again who comes back, and no way to tell from one who it was but by trying.

A tombstone is the HMAC-SHA256 of an identifier under a key of the lake's own, with where in it a rare character stands and how long it is, so
that a text is searched at a few places only. The key is kept apart: without it nobody can even try names. As JSON:
`{"key": "fingerprint", "tombstones": [{"mac": "64 digits", "anchor": "@", "offset": 4, "length": 16, "since": "2026-11-29T10:00:00Z", ...}]}`.

An identifier is folded before it is hashed, whatever it is: a person who was erased as `Anna@example.org` comes back as `ANNA@EXAMPLE.ORG`, and
ids that differ in nothing but capitals are one person's far more often than two persons'.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from secrets import token_hex
from typing import Any

from eventlake.errors import ConfigurationError, UsageError
from eventlake.pipeline.folding import folded
from eventlake.pipeline.spellings import SHORTEST

_SECRET = re.compile(r"[0-9a-f]{64}", re.ASCII)
_RARE = "\"@|~#$&*!?=<>;^`()[]{}'%\\,/:. _-"
"""What may anchor a search, the rarest in texts of events first; `"` before all, because texts of JSON end there."""
_PSEUDONYM = re.compile(r"([a-z0-9-]{1,32}:)[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One identifier that was erased. mac: HMAC-SHA256 of it, in hexadecimal digits.

    anchor: characters of it that are rare in texts, none where all are letters and digits. offset: where they stand in it. length: of it folded,
    in characters. since: when it was erased. until: events that happened then or later are kept, empty for none. Both ISO 8601, UTC.
    certificate: the name of the file that attests the erasure.
    """

    mac: str
    anchor: str
    offset: int
    length: int
    since: str
    certificate: str = ""
    until: str = ""

    def is_about(self, happened: str) -> bool:
        """Return True if it forgets what happened at a moment, ISO 8601 in UTC; empty for one that nobody knows."""
        return not self.until or not happened or happened < self.until


class TombstoneKey:
    """The key of a lake's tombstones. secret: 64 hexadecimal digits. Raises ValueError for anything else."""

    def __init__(self, secret: str) -> None:
        if not _SECRET.fullmatch(secret):
            raise ValueError("no key")  # which never shows it
        self.secret = secret
        self._bytes = bytes.fromhex(secret)

    @classmethod
    def new(cls) -> TombstoneKey:
        """Make a key of 256 random bits."""
        return cls(token_hex(32))

    @property
    def fingerprint(self) -> str:
        """Return sixteen digits that tell keys apart and give nothing away."""
        return hmac.digest(self._bytes, b"fingerprint", "sha256").hex()[:16]

    def mac(self, folded_text: str) -> str:
        """Return the HMAC of an identifier that is folded."""
        return hmac.digest(self._bytes, b"tombstone:" + folded_text.encode("utf-8", "surrogatepass"), "sha256").hex()


class Tombstones:
    """The tombstones of a lake, and the key under which they are."""

    def __init__(self, key: TombstoneKey, stones: Iterable[Tombstone] = ()) -> None:
        self.key = key
        self.stones = tuple(stones)
        self._macs = frozenset(stone.mac for stone in self.stones)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.stones)

    def forgets(self, value: object) -> bool:
        """Return True if a value is an identifier that was erased, in whatever case."""
        return self.knows(folded(str(value))) if isinstance(value, str | int) and self._macs else False

    def knows(self, folded_text: str) -> bool:
        """Return True if a text that is folded is an identifier that was erased."""
        return self.key.mac(folded_text) in self._macs

    def with_erased(self, identifiers: Iterable[str], since: str, certificate: str = "") -> Tombstones:
        """Return them with those of identifiers; one that is there stays, but has no end any more."""
        new = {stone.mac: stone for stone in (self._stone(one, since, certificate) for one in identifiers)}
        kept = [stone for stone in self.stones if stone.mac not in new or not stone.until]
        known = {stone.mac for stone in kept}
        return Tombstones(self.key, [*kept, *(stone for mac, stone in new.items() if mac not in known)])

    def with_end(self, until: str, identifiers: Iterable[str] | None = None) -> Tombstones:
        """Return them so that what happens to identifiers from a moment on is kept; to all of them for None. until: ISO 8601, UTC."""
        ended = self._macs if identifiers is None else {self.key.mac(folded(one)) for one in identifiers}
        return Tombstones(self.key, [replace(stone, until=until) if stone.mac in ended else stone for stone in self.stones])

    def ended(self, identifiers: Iterable[str], until: str) -> Tombstones:
        """Return them as `with_end` does. Raises UsageError for an identifier that has none."""
        wanted = list(identifiers)
        for one in wanted:
            if not self.forgets(one):
                raise UsageError(f'"{one}" has no tombstone: it was not erased from this lake, or not under that name.')
        return self.with_end(until, wanted)

    def _stone(self, identifier: str, since: str, certificate: str) -> Tombstone:
        said = folded(identifier)
        anchor = _anchor(said)
        return Tombstone(self.key.mac(said), anchor, said.index(anchor), len(said), since, certificate)


def long_enough(identifier: str) -> str:
    """Return an identifier that is to stay erased, without the blanks around it. Raises UsageError for one that is too short."""
    if len(folded(identifier)) < SHORTEST:
        raise UsageError(f'"{identifier}" is too short to stay erased: an identifier has {SHORTEST} characters or more.')
    return identifier.strip()


def _anchor(said: str) -> str:
    """Return the characters of an identifier that are searched for; of a pseudonym the name of its key, which is no secret."""
    pseudonym = _PSEUDONYM.fullmatch(said)
    if pseudonym:
        return pseudonym[1]
    rare = next((character for character in _RARE if character in said), "")
    return rare or next((character for character in said if not character.isascii()), "")


def written(stones: Tombstones) -> str:
    """Write tombstones as JSON, without their key."""
    said = {"key": stones.key.fingerprint, "tombstones": [asdict(stone) for stone in stones.stones]}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def read(text: str, key: TombstoneKey, where: str) -> Tombstones:
    """Read tombstones from JSON. where: how errors name it. Raises ConfigurationError, also for tombstones of another key."""
    try:
        said = json.loads(text)
        fingerprint, stones = str(said["key"]), [_stone(one) for one in said["tombstones"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ConfigurationError(f"{where} does not hold tombstones any more: restore it from a copy.") from None
    if fingerprint != key.fingerprint:
        raise ConfigurationError(f"{where} is of another key than the one beside it: restore both from one copy.")
    return Tombstones(key, stones)


def holds_any(text: str) -> bool:
    """Return True unless a text surely says that there are no tombstones."""
    try:
        return bool(json.loads(text)["tombstones"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return True


def _stone(one: dict[str, Any]) -> Tombstone:  # any JSON value
    """Read one. Raises ValueError, TypeError or KeyError for anything else."""
    stone = Tombstone(**one)
    texts: Sequence[object] = (stone.mac, stone.anchor, stone.since, stone.certificate, stone.until)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, int) for number in (stone.offset, stone.length)):
        raise ValueError(one)
    return stone
