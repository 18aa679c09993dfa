"""A text -> the same without its spelling: small letters, composed, with nothing percent-encoded or escaped as JSON, and where each piece stands.

What two spellings of one identifier have in common is hashed and searched for. `+` is the blank that a form makes of it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_PIECES = re.compile(
    r"(?:%(?:25)*[0-9a-f]{2})+|\\+ud[89ab][0-9a-f]{2}\\+ud[c-f][0-9a-f]{2}|\\+u[0-9a-f]{4}|\\+(?=[\"'/])|\\+|[^%\\]+|%",
    re.IGNORECASE | re.ASCII,
)
_ENCODED = re.compile(r"%(?:25)*([0-9a-f]{2})", re.IGNORECASE | re.ASCII)
_WORD = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_CONTROLS = frozenset("bfnrt")
_IN_ADDRESSES = frozenset("._-")


@dataclass(slots=True)
class Folded:
    """A text and the same folded. starts, ends: where in `whole` each character of `text` stands, None where all are in their places.

    escaped: characters of `text` that were spelled otherwise.
    """

    whole: str
    text: str
    starts: list[int] | None = None
    ends: list[int] = field(default_factory=list)
    escaped: set[int] = field(default_factory=set)

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the whole a stretch of the folded text stands."""
        return (start, end) if self.starts is None else (self.starts[start], self.ends[end - 1])

    def is_word(self, start: int, end: int) -> bool:
        """Return True if no letter or digit stands beside a stretch, but one that is escaped, or that an escape such as `\\n` ends in.

        An address that ends another one, as `anna@example.org` does `maria.anna@example.org`, is none.
        """
        text = self.text
        begins = start == 0 or text[start - 1] not in _WORD or start - 1 in self.escaped or _ends_control(text, start)
        if begins and start > 1 and text[start - 1] in _IN_ADDRESSES and "@" in text[start:end]:
            before = text[start - 2]
            begins = start - 1 in self.escaped or (before.isascii() and (before not in _WORD or _ends_control(text, start - 1)))
        return begins and (end == len(text) or text[end] not in _WORD or end in self.escaped)


def _ends_control(text: str, start: int) -> bool:
    return start > 1 and text[start - 2] == "\\" and text[start - 1] in _CONTROLS


def fold(text: str) -> Folded:
    """Return a text folded."""
    if text.isascii():
        if "%" not in text and "\\" not in text:
            return Folded(text, text.lower().replace("+", " "))
        return _pieces(text)
    composed = unicodedata.normalize("NFC", text)
    if "%" not in composed and "\\" not in composed:
        folded = composed.casefold().replace("+", " ")
        if len(folded) == len(composed):
            return Folded(composed, folded)
    return _pieces(composed)


def folded(identifier: str) -> str:
    """Return an identifier as it is hashed: folded, without blanks around it."""
    return fold(identifier.strip()).text


def _pieces(whole: str) -> Folded:
    """Return a text folded in which something is spelled otherwise."""
    found = Folded(whole, "", [])
    texts: list[str] = []
    for piece in _PIECES.finditer(whole):
        said, start = piece[0], piece.start()
        if said[0] == "%" and len(said) > 1:
            _add(found, texts, _decoded(said, start), escaped=True)
        elif said[0] != "\\":
            _add(found, texts, [(one, at, at + 1) for at, one in enumerate(said, start)])
        elif said[-1] != "\\":
            _add(found, texts, [(_unescaped(said), start, piece.end())], escaped=True)
        elif whole[piece.end() : piece.end() + 1] not in {'"', "'", "/"}:
            _add(found, texts, [("\\", start, piece.end())])
    found.text = "".join(texts)
    return found


def _add(found: Folded, texts: list[str], characters: list[tuple[str, int, int]], *, escaped: bool = False) -> None:
    """Add characters, each with where it stands; one may become several."""
    for character, start, end in characters:
        for one in " " if character == "+" else character.casefold():
            if escaped or not character.isascii():  # as the two letters of `ß`
                found.escaped.add(len(found.ends))
            texts.append(one)
            found.ends.append(end)
            found.starts.append(start)  # type: ignore[union-attr]  # made with one


def _unescaped(said: str) -> str:
    """Return the character of an escape of JSON's, or of the two that stand for one beyond the first 65,536."""
    units = said.replace("\\", "").lower().replace("u", "")
    return bytes.fromhex(units).decode("utf-16-be", "surrogatepass")


def _decoded(said: str, start: int) -> list[tuple[str, int, int]]:
    """Return the characters of percent-encoded UTF-8; a byte that is none stands for itself."""
    places = [(start + one.start(), start + one.end()) for one in _ENCODED.finditer(said)]
    text = bytes(int(one, 16) for one in _ENCODED.findall(said)).decode("utf-8", "surrogateescape")
    found: list[tuple[str, int, int]] = []
    at = 0
    for character in text:
        length = len(character.encode("utf-8", "surrogateescape"))
        found.append((character, places[at][0], places[at + length - 1][1]))
        at += length
    return found
