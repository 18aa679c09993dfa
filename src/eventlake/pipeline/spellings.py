"""What names a person -> a pattern that finds it however it is spelled: in any case, URL-encoded, escaped as JSON, or in base64.

Reads the same to Python's `re` and to RE2, which DuckDB uses; so it has neither lookaround nor back references.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from eventlake.errors import UsageError

SHORTEST = 5
"""Less is found everywhere: in base64 five characters are five letters that are certain."""

_ESCAPED = r"%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[bfnrt]"
_BEFORE = rf"(?:^|[^0-9a-z]|{_ESCAPED})"
_BEFORE_ADDRESS = rf"(?:^|[^0-9a-z._-]|{_ESCAPED}|(?:^|[\x00-/:-@\[-`{{-\x7f]|\\[bfnrt])[._-])"
"""`anna@example.org` ends `maria.anna@example.org` too, which is somebody else's."""
_AFTER = r"(?:[^0-9a-z]|$)"


def pattern_of(identifiers: Iterable[str]) -> str:
    """Return a regular expression that finds each identifier as a whole word, and its base64 anywhere. Raises UsageError for one too short."""
    words, encoded = patterns_to_replace(identifiers)
    return f"(?:{'|'.join([*words, encoded])})"


def patterns_to_replace(identifiers: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Return regular expressions: of words, whose groups 1 and 2 are what stands before and behind; and of what is certain of base64.

    What stands between two words belongs to the first, so replace words twice. Raises UsageError for an identifier that is too short.
    """
    found = [_refuse_short(one.strip()) for one in identifiers]
    addresses, others = [one for one in found if "@" in one], [one for one in found if "@" not in one]
    words = [(before, _any_of(ones)) for before, ones in ((_BEFORE_ADDRESS, addresses), (_BEFORE, others)) if ones]
    encoded = "|".join(sorted({re.escape(part) for one in found for part in _in_base64(one)}))
    return tuple(f"(?i:({before})(?:{word})({_AFTER}))" for before, word in words), f"(?:{encoded})"


def _any_of(words: Iterable[str]) -> str:
    return "|".join("".join(map(_character, word)) for word in words)


def _refuse_short(identifier: str) -> str:
    if len(identifier) < SHORTEST:
        raise UsageError(f'"{identifier}" is too short to be looked for: an identifier has {SHORTEST} characters or more.')
    return identifier


def _character(character: str) -> str:
    """Return the spellings of one character, large and small."""
    cases = sorted({character, character.lower(), character.upper()})
    return f"(?:{'|'.join(spelling for one in cases for spelling in _spelled(one))})"


def _spelled(text: str) -> Iterator[str]:
    """Yield a character as it is or behind backslashes, percent-encoded once or twice, and as JSON's escape."""
    yield r"[ +]" if text.isspace() else _backslashes(text) + re.escape(text)
    yield "".join(f"%(?:25)?{byte:02x}" for byte in text.encode())
    units = text.encode("utf-16-be").hex()
    yield "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _backslashes(character: str) -> str:
    return r"\\*" if character in "\"'/\\" else ""


def _in_base64(identifier: str) -> Iterator[str]:
    """Yield what is certain of the base64 of a text that holds the identifier, at each of the three places where it may begin."""
    cases = {identifier, identifier.lower(), identifier.upper()}
    for spelled in cases | {quote(one, safe="") for one in cases}:
        for skipped in range(3):
            data = bytes(skipped) + spelled.encode()
            text = base64.b64encode(data).decode()
            certain = text[-(-skipped * 8 // 6) : len(data) * 8 // 6]
            yield certain
            yield certain.translate(str.maketrans("+/", "-_"))
