"""How large SQL becomes once DuckDB has put the bodies of macros in their places, and how often each argument then stands there.

DuckDB's macros are text: an argument that a body names four times is computed from four copies, and four macros inside each other make 256 of
the innermost. `sql.emit` asks here, and binds an argument to a name before it grows too large.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LARGE = 6_000
"""Characters from which what stands in an expression several times is computed once: of less, DuckDB finds equal parts itself, and faster."""

_MACRO = re.compile(r"^(?P<name>el_\w+)\((?P<parameters>[\w, ]+)\) :=\s(?P<body>.*?);$", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|(?P<call>el_[a-z0-9_]+)\(|(?P<word>\w+)|(?P<sign>[(),\[\]{}])")


@dataclass(frozen=True, slots=True)
class Source:
    """A macro as it stands in `macros.sql`."""

    parameters: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """size: characters of the text with all bodies in place, its arguments aside. uses: how often each name of an argument stands in it."""

    size: int
    uses: Mapping[str, int]


@cache
def sources() -> dict[str, Source]:
    """Return every macro of `macros.sql` by name."""
    written = files("eventlake.dialect").joinpath("macros.sql").read_text(encoding="utf-8")
    return {
        match["name"]: Source(tuple(part.strip() for part in match["parameters"].split(",")), match["body"])
        for match in _MACRO.finditer(written)
    }


@cache
def expansion_of(macro: str) -> Expansion:
    """Return what a call of a macro becomes; of a name that is no macro, nothing."""
    source = sources().get(macro)
    return Expansion(0, {}) if source is None else expanded(source.body, frozenset(source.parameters))


def expanded(text: str, names: frozenset[str]) -> Expansion:
    """Return what a text of ours becomes. names: the words in it that stand for arguments."""
    return _Reader(text, names).expansion()


class _Reader:
    """Reads a text from left to right; `at` is the token it reads next."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.tokens = list(_TOKEN.finditer(text))
        self.names = names
        self.at = 0
        self.size = len(text)
        self.uses: dict[str, int] = {}

    def expansion(self) -> Expansion:
        """Return the expansion of the whole text."""
        while self.at < len(self.tokens):
            self._token(1)
        return Expansion(self.size, self.uses)

    def _token(self, times: int) -> None:
        """Read a token that stands so many times in the expanded text, and the call that it opens."""
        token = self.tokens[self.at]
        self.at += 1
        if token["call"]:
            self._call(token["call"], times)
        elif token["word"] in self.names:
            self.uses[token["word"]] = self.uses.get(token["word"], 0) + times
        elif token["word"]:
            self.size += (times - 1) * len(token["word"])

    def _call(self, macro: str, times: int) -> None:
        inner, source = expansion_of(macro), sources().get(macro)
        self.size += times * inner.size
        parameters = source.parameters if source is not None else ()
        depth = index = 0
        while self.at < len(self.tokens):
            sign = self.tokens[self.at]["sign"]
            if sign == ")" and not depth:
                self.at += 1
                return
            depth += (sign in {"(", "[", "{"}) - (sign in {")", "]", "}"}) if sign else 0
            index += sign == "," and not depth
            self._token(times * inner.uses.get(parameters[index], 1) if index < len(parameters) else times)
