"""Who is erased, and what of a row names them: a row of the person's own goes, every other mention becomes `[erased]`.

A row is the person's own if a column of it is one of the identifiers, and nothing else: who logged in, whose token it was. A row that only
speaks of the person, as where an administrator changed their account, is somebody else's too: it stays, without the name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from eventlake.pipeline.erased import MARK
from eventlake.pipeline.spellings import pattern_of, patterns_to_replace


class Person:
    """Whom an erasure is about. identifiers: ids, addresses, and pseudonyms of them. Raises UsageError for one that is too short."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self.identifiers = tuple(dict.fromkeys(one.strip() for one in identifiers))
        self.folded = tuple(dict.fromkeys(one.lower() for one in self.identifiers))
        self.pattern = pattern_of(self.identifiers)
        self.words, self.encoded = patterns_to_replace(self.identifiers)
        self._pattern, self._encoded = re.compile(self.pattern.encode()), re.compile(self.encoded.encode())
        self._words = [re.compile(one.encode()) for one in self.words]

    def is_named(self, data: bytes) -> bool:
        """Return True if bytes name the person, however spelled."""
        return self._pattern.search(data) is not None

    def has(self, line: bytes) -> bool:
        """Return True if a log line is the person's own: a value of it, not deeper, is one of the identifiers."""
        try:
            values = json.loads(line).values()
        except (ValueError, AttributeError, RecursionError):
            return False
        return any(isinstance(value, str | int) and str(value).strip().lower() in self.folded for value in values)

    def edited(self, data: bytes) -> bytes:
        """Return bytes with every mention replaced."""
        for words in self._words * 2:  # what stands between two words belongs to the first
            data = words.sub(rb"\g<1>%b\g<2>" % MARK.encode(), data)
        return self._encoded.sub(MARK.encode(), data)
