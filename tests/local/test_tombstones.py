"""The tombstones of a lake in a folder: durable, secret, and refused where they cannot be told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.errors import ConfigurationError, StorageError, UsageError
from eventlake.local.keys import add_key
from eventlake.local.tombstones import KEY, TOMBSTONES, add_tombstones, end_tombstones, read_tombstones

AT = datetime(2026, 11, 29, 10, tzinfo=UTC)


def test_a_lake_where_nobody_was_erased_has_none(tmp_path: Path) -> None:
    """And no file of them."""
    assert read_tombstones(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_who_was_erased_is_known_from_then_on(tmp_path: Path) -> None:
    """The key and the tombstones are for the lake's owner alone to read."""
    add_tombstones(tmp_path, ["auth0|5f7c8e", "Anna@example.org"], AT, "certificate.json")

    found = read_tombstones(tmp_path)

    assert found is not None
    assert found.forgets("anna@example.org")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in (KEY, TOMBSTONES)] == [0o600, 0o600]
    assert b"anna" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_later_erasures_add_to_the_earlier(tmp_path: Path) -> None:
    """Under the same key."""
    add_tombstones(tmp_path, ["anna@example.org"], AT)
    key = (tmp_path / KEY).read_bytes()

    found = add_tombstones(tmp_path, ["eva@example.org"], AT)

    assert found.forgets("anna@example.org")
    assert found.forgets("eva@example.org")
    assert (tmp_path / KEY).read_bytes() == key


def test_the_pseudonyms_of_who_was_erased_are_erased_too(tmp_path: Path) -> None:
    """Of every key that the lake has."""
    add_key(tmp_path, "2026-01-01")
    ring = add_key(tmp_path, "2027-01-01")

    found = add_tombstones(tmp_path, ["Anna@example.org"], AT)

    assert [found.forgets(ring.of("anna@example.org", day)) for day in ("2026-11-29", "2027-11-29")] == [True, True]


def test_without_the_key_nothing_is_taken_in(tmp_path: Path) -> None:
    """Rather than letting everybody back."""
    add_tombstones(tmp_path, ["anna@example.org"], AT)
    (tmp_path / KEY).unlink()

    with pytest.raises(ConfigurationError, match="is missing, without which nobody can tell who was erased: restore it"):
        read_tombstones(tmp_path)
    with pytest.raises(ConfigurationError, match="is missing"):
        add_tombstones(tmp_path, ["eva@example.org"], AT)
    assert not (tmp_path / KEY).exists()


@pytest.mark.parametrize(("name", "content"), [(KEY, b"0a0a"), (KEY, b"\xff"), (TOMBSTONES, b"{}"), (TOMBSTONES, b"\xff")])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """By a sentence that says where."""
    add_tombstones(tmp_path, ["anna@example.org"], AT)
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ConfigurationError, match=f"{name}.*restore it from a copy"):
        read_tombstones(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder stands in its place."""
    (tmp_path / TOMBSTONES).mkdir()

    with pytest.raises(StorageError, match="cannot be read"):
        read_tombstones(tmp_path)


def test_a_crash_between_key_and_tombstones_leaves_nobody_erased(tmp_path: Path) -> None:
    """Nothing was rewritten yet, and the key serves the next erasure."""
    add_tombstones(tmp_path, ["anna@example.org"], AT)
    (tmp_path / TOMBSTONES).unlink()

    assert read_tombstones(tmp_path) is None
    assert add_tombstones(tmp_path, ["anna@example.org"], AT).forgets("anna@example.org")


@pytest.mark.parametrize("identifier", ["", "anna", "   a   "])
def test_what_is_too_short_is_no_identifier(tmp_path: Path, identifier: str) -> None:
    """It would stand in the texts of others."""
    with pytest.raises(UsageError, match="too short to stay erased"):
        add_tombstones(tmp_path, [identifier], AT)


def test_tombstones_without_any_need_no_key(tmp_path: Path) -> None:
    """Who was to stay erased may all have come back."""
    (tmp_path / TOMBSTONES).write_text('{"key": "0", "tombstones": []}')

    assert read_tombstones(tmp_path) is None


def test_who_comes_back_is_kept_from_a_moment_on(tmp_path: Path) -> None:
    """With every pseudonym; what happened before stays erased."""
    ring = add_key(tmp_path, "2026-01-01")
    add_tombstones(tmp_path, ["anna@example.org", "eva@example.org"], AT)

    found = end_tombstones(tmp_path, ["Anna@example.org"], "2027-01-01T00:00:00Z")

    assert [stone.until != "" for stone in found.stones] == [True, False, True, False]
    assert not any(stone.is_about("2027-02-01T00:00:00Z") for stone in found.stones if stone.mac == found.key.mac("anna@example.org"))
    assert found.forgets(ring.of("anna@example.org", "2026-11-29"))
    assert read_tombstones(tmp_path).stones == found.stones  # type: ignore[union-attr]  # there are some


def test_who_was_not_erased_has_no_tombstone_that_could_end(tmp_path: Path) -> None:
    """And nothing is written."""
    with pytest.raises(UsageError, match="has no tombstone"):
        end_tombstones(tmp_path, ["anna@example.org"], "2027-01-01T00:00:00Z")
    assert not (tmp_path / TOMBSTONES).exists()
