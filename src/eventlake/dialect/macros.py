"""DuckDB's macros for what Trino does in one function and DuckDB in several; they stand in `macros.sql`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from eventlake.dialect.failures import REFUSAL, failure, refusal

_MACRO = re.compile(r"^(?P<name>el_\w+)\((?P<parameters>[\w, ]+)\) :=\s(?P<body>.*?);$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\bel_[a-z0-9_]+(?=\()")
_SENTENCE = re.compile(r"\b(?P<kind>failure|refusal)\('(?P<text>[^']*)'(?:, (?P<shown>\w+|substring\(\w+, 1, 60\)))?\)")


@cache
def macros() -> dict[str, tuple[str, str]]:
    """Parameters and body of every macro by name."""
    written = files("eventlake.dialect").joinpath("macros.sql").read_text(encoding="utf-8")
    return {match["name"]: (match["parameters"], _SENTENCE.sub(_expanded, match["body"])) for match in _MACRO.finditer(written)}


def _expanded(match: re.Match[str]) -> str:
    make = failure if match["kind"] == "failure" else refusal
    return make(match["text"], match["shown"] or "")


def needed(sql: str) -> list[str]:
    """CREATE MACRO statements for the macros that the SQL uses, each after those it uses itself."""
    known = macros()
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in known and name not in ordered:
            for inner in _NAME.findall(known[name][1]):
                add(inner)
            ordered.append(name)

    for name in dict.fromkeys(_NAME.findall(sql)):
        add(name)
    return [f"CREATE OR REPLACE TEMP MACRO {name}({known[name][0]}) AS ({known[name][1]})" for name in ordered]


def may_refuse(sql: str) -> bool:
    """Whether evaluating the SQL may end in a refusal, which TRY would hide."""
    return REFUSAL in sql or not _refusing().isdisjoint(_NAME.findall(sql))


@cache
def _refusing() -> frozenset[str]:
    """The macros that may refuse a value, themselves or by those they use."""
    known = macros()
    found = {name for name, (_, body) in known.items() if REFUSAL in body}
    while True:
        more = {name for name, (_, body) in known.items() if found.intersection(_NAME.findall(body))} - found
        if not more:
            return frozenset(found)
        found |= more
