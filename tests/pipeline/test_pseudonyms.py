"""Texts and their pseudonyms."""

from __future__ import annotations

import hashlib
import re
from random import Random

import pytest

from eventlake.errors import ConfigurationError
from eventlake.pipeline.pseudonyms import Key, KeyRing, new_key, read, written


def test_the_same_text_has_the_same_pseudonym() -> None:
    """HMAC-SHA256 of RFC 4231, case 2, with a key that is padded as HMAC pads it; the name of the key begins it."""
    ring = KeyRing([Key("k1", "2026-01-01", b"Jefe".ljust(32, b"\0").hex())])

    assert ring.of("what do ya want for nothing?", "") == "k1:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert ring.of("what do ya want for nothing?", "2026-11-20") == ring.of("what do ya want for nothing?", "")


def test_an_address_is_one_however_it_is_written() -> None:
    """Capital letters and blanks do not count in an e-mail address; elsewhere they do."""
    ring = KeyRing([new_key("k1", "2026-01-01")])

    assert ring.of(" Ada@Example.COM ", "") == ring.of("ada@example.com", "")
    assert ring.of("auth0|A", "") != ring.of("auth0|a", "")


def test_a_new_key_holds_from_its_day_on() -> None:
    """What happened before has the pseudonyms that it had, whenever it comes."""
    first, second = new_key("k1", "2026-01-01"), new_key("k2", "2026-06-01")
    before, after = KeyRing([first]), KeyRing([second, first])

    assert after.of("ada", "2026-05-31") == before.of("ada", "2026-05-31")
    assert after.of("ada", "2025-05-31") == before.of("ada", "")
    assert after.of("ada", "2026-06-01").startswith("k2:")
    assert after.differ_by_day
    assert not before.differ_by_day


def test_trying_addresses_finds_none() -> None:
    """10,000 addresses hashed without the key, and with a wrong one."""
    random, ring, wrong = Random(1), KeyRing([new_key("k1", "2026-01-01")]), KeyRing([new_key("k1", "2026-01-01")])
    addresses = [f"{random.randbytes(6).hex()}@example.com" for _ in range(10_000)]
    kept = {ring.of(address, "").partition(":")[2] for address in addresses}

    for name in ("md5", "sha1", "sha256"):
        assert not kept & {hashlib.new(name, address.encode(), usedforsecurity=False).hexdigest() for address in addresses}
    assert not kept & {wrong.of(address, "").partition(":")[2] for address in addresses}
    assert len(kept) == 10_000


def test_keys_are_written_and_read() -> None:
    """And told apart by what gives nothing away."""
    ring = KeyRing([new_key("k1", "2026-01-01"), new_key("k2", "2026-06-01")])

    again = read(written(ring), "keys.json")

    assert again.of("ada", "2026-02-01") == ring.of("ada", "2026-02-01")
    assert all(re.fullmatch("[0-9a-f]{8}", key.fingerprint) and key.fingerprint not in key.secret for key in again.keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"keys": []}',
        '{"keys": [{"name": "k1", "since": "2026-01-01", "secret": "12"}]}',
        '{"keys": [{"name": "K 1", "since": "2026-01-01", "secret": "' + "0" * 64 + '"}]}',
        '{"keys": [{"name": "k1", "since": "yesterday", "secret": "' + "0" * 64 + '"}]}',
        '{"keys": [' + ", ".join(['{"name": "k1", "since": "2026-01-01", "secret": "' + "0" * 64 + '"}'] * 2) + "]}",
    ],
)
def test_what_is_no_key_is_told(text: str) -> None:
    """By one sentence that names the file and shows no secret."""
    with pytest.raises(ConfigurationError, match=r"keys\.json holds no key") as told:
        read(text, "keys.json")
    assert "000000" not in str(told.value)
