"""DuckDB's macros for what Trino does in one function and DuckDB in several; they stand in `macros.sql`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from eventlake.dialect.expansion import Source, sources
from eventlake.dialect.failures import failure, lasting_failure, refusal
from eventlake.dialect.sql import ours, written

_NAME = re.compile(r"\bel_[a-z0-9_]+(?=\()")
_SENTENCE = re.compile(r"\b(?P<kind>failure|refusal|lasting)\('(?P<text>[^']*)'(?:, (?P<shown>\w+|substring\(\w+, 1, 60\)))?\)")


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of `macros.sql`: its parameters, its body, and the macros it calls."""

    parameters: str
    body: str
    calls: tuple[str, ...]


@cache
def macros() -> dict[str, Macro]:
    """Return every macro by name."""
    return {name: _macro(source) for name, source in sources().items()}


def _macro(source: Source) -> Macro:
    calls = tuple(dict.fromkeys(_NAME.findall(source.body)))
    return Macro(", ".join(source.parameters), _SENTENCE.sub(_with_sentence, source.body), calls)


def _with_sentence(match: re.Match[str]) -> str:
    if match["kind"] == "lasting":
        return written(lasting_failure(match["text"]))
    make = failure if match["kind"] == "failure" else refusal
    return written(make(match["text"], ours(match["shown"]) if match["shown"] else None))


def needed(names: Iterable[str]) -> list[str]:
    """Return the CREATE MACRO statements for these macros, each after those it calls itself."""
    known = macros()
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in known and name not in ordered:
            for inner in known[name].calls:
                add(inner)
            ordered.append(name)

    for name in sorted(names):
        add(name)
    return [f"CREATE OR REPLACE TEMP MACRO {name}({known[name].parameters}) AS ({known[name].body})" for name in ordered]
