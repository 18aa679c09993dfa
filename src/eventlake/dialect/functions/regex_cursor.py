"""Where the reader of a regular expression stands: the pattern, how far it is read, and the flags that hold there."""

from __future__ import annotations

import re
from typing import NoReturn

from eventlake.dialect.binding import InvalidArgumentError, refused
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position


class Cursor:
    """A pattern and a place in it, `at`. flags: those of `(?i)` that hold there."""

    def __init__(self, written: str, node: exp.Expr) -> None:
        self.written, self.node = written, node
        self.at = 0
        self.flags: frozenset[str] = frozenset()

    # errors

    def invalid(self) -> NoReturn:
        """Raise InvalidArgumentError for the whole pattern."""
        raise InvalidArgumentError(f"The pattern '{self.written}' is invalid{position(self.node)}.")

    def refuse(self, what: str) -> NoReturn:
        """Raise QueryRefusedError for something in the pattern."""
        raise refused(f"{what} in the pattern '{self.written}'", self.node)

    # what comes next

    def take(self, *starts: str) -> str:
        """Take the first of these that comes next."""
        for start in starts:
            if self.written.startswith(start, self.at):
                self.at += len(start)
                return start
        return ""

    def match(self, pattern: str) -> re.Match[str] | None:
        """Take what matches here."""
        found = re.compile(pattern, re.ASCII).match(self.written, self.at)
        if found is not None:
            self.at = found.end()
        return found

    @property
    def folded(self) -> bool:
        """Tell whether the case of letters does not matter here."""
        return "i" in self.flags
