"""Tombstones: who was erased is known again, and is not told."""

from __future__ import annotations

import json

import pytest

from eventlake.errors import ConfigurationError
from eventlake.pipeline.tombstones import Tombstone, TombstoneKey, Tombstones, holds_any, read, written

KEY = TombstoneKey("0a" * 32)
SINCE = "2026-11-29T10:00:00Z"


def erased(*identifiers: str) -> Tombstones:
    """The tombstones of identifiers."""
    return Tombstones(KEY).with_erased(identifiers, SINCE, "certificate.json")


@pytest.mark.parametrize(
    "value", ["anna@example.org", "ANNA@EXAMPLE.ORG", " Anna@example.org ", "Anna@Example.ORG", "auth0|5f7c8e", "AUTH0|5F7C8E"]
)
def test_who_was_erased_is_known_in_any_case(value: str) -> None:
    """Also with blanks around it."""
    assert erased("Anna@example.org", "auth0|5f7c8e").forgets(value)


@pytest.mark.parametrize("value", ["anna@example.com", "hanna@example.org", "", None, ["anna@example.org"], 17])
def test_others_are_not_forgotten(value: object) -> None:
    """Nor what is no text."""
    assert not erased("anna@example.org").forgets(value)


def test_letters_that_are_composed_otherwise_are_the_same() -> None:
    """An e with an accent is one character or two."""
    assert erased("zoe\u0301@example.org").forgets("ZO\u00c9@example.org")


def test_a_number_is_known_as_its_text() -> None:
    """Some providers number their users."""
    assert erased("20611734").forgets(20611734)


def test_no_identifier_stands_in_what_is_written() -> None:
    """Nor a part of one, nor the key."""
    text = written(erased("anna@example.org", "auth0|5f7c8e", f"k1:{'7b' * 32}"))

    assert not any(part in text for part in ("anna", "example", "5f7c8e", "7b7b", KEY.secret))


def test_what_is_written_is_read_again() -> None:
    """With the moment and the certificate of each."""
    stones = erased("anna@example.org")

    assert read(written(stones), KEY, "x").stones == stones.stones
    assert (stones.stones[0].since, stones.stones[0].certificate) == (SINCE, "certificate.json")


def test_one_identifier_has_one_tombstone() -> None:
    """The first stays, with its moment."""
    twice = erased("anna@example.org").with_erased(["ANNA@example.org", "eva@example.org"], "2027-01-01T00:00:00Z")

    assert [stone.since for stone in twice.stones] == [SINCE, "2027-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"key": "x"}', '{"key": "x", "tombstones": [{"mac": 1}]}', '{"key": "x", "tombstones": [1]}', "[" * 99_999]
)
def test_a_file_of_another_form_is_refused(text: str) -> None:
    """Rather than read as if nobody had been erased."""
    with pytest.raises(ConfigurationError, match="does not hold tombstones any more: restore it"):
        read(text, KEY, '"lake/tombstones.json"')
    assert holds_any(text)


def test_tombstones_of_other_types_are_refused() -> None:
    """A length that is a text, for example."""
    said = json.loads(written(erased("anna@example.org")))
    said["tombstones"][0]["length"] = "16"

    with pytest.raises(ConfigurationError, match="restore it"):
        read(json.dumps(said), KEY, "x")


def test_tombstones_of_another_key_are_refused() -> None:
    """They would know nobody."""
    with pytest.raises(ConfigurationError, match="is of another key"):
        read(written(erased("anna@example.org")), TombstoneKey.new(), "x")


def test_a_key_is_not_shown_by_what_refuses_it() -> None:
    """A cut secret is most of one."""
    with pytest.raises(ValueError, match=r"^no key$"):
        TombstoneKey("0a" * 31)


@pytest.mark.parametrize(
    ("happened", "is_about"), [("2026-12-31T23:59:59Z", True), ("2027-01-01T00:00:00Z", False), ("", True), ("2028-01-01T00:00:00Z", False)]
)
def test_a_tombstone_with_an_end_forgets_what_happened_before(happened: str, is_about: bool) -> None:
    """Of an event that says no time, nobody can tell that it is new."""
    stone = Tombstone("0" * 64, "@", 4, 16, SINCE, until="2027-01-01T00:00:00Z")

    assert stone.is_about(happened) is is_about
