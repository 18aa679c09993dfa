"""Every literal and every name of the golden statements, with text that would be a mark, a quote or a macro if anybody read it again."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.conformance.fixture import load_fixture
from eventlake.conformance.golden import load_cases
from eventlake.dialect.translate import translate
from eventlake.errors import EventlakeError

GOLDEN = Path(__file__).parent.parent / "conformance" / "golden"
TABLES = [table.table for table in load_fixture(GOLDEN / "fixture.json.gz").values()]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LITERAL = re.compile(r"'((?:[^']|'')*)'")
ALIAS = re.compile(r"\bas ([a-z_]\w*)\b(?!\s*\()", re.IGNORECASE)
MARK = "qq{0}{1}{2}{type}{text}{all}<0>\1el_upper(zz"
STRINGS_AND_NAMES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def _statements(name: str) -> list[str]:
    if name.endswith(".tsv.gz"):
        return [case.sql for case in load_cases(GOLDEN / name)][::5]
    with gzip.open(GOLDEN / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["sql"] for line in lines]


def _translated(sql: str) -> str | None:
    try:
        made = translate(sql, TABLES, NOW)
    except EventlakeError:
        return None
    return made.sql(["scan"] * len(made.scans))


def _marked(sql: str) -> Iterator[str]:
    """The statement with a mark in one of its literals, then with a mark and a quote."""
    for match in list(LITERAL.finditer(sql))[:4]:
        for mark in (MARK, f"{MARK}''"):
            yield f"{sql[: match.start()]}'{mark}{match[1]}'{sql[match.end() :]}"


def _named(sql: str) -> Iterator[str]:
    """The statement with a marked name for one of its aliases, and with a quote in it."""
    for name in sorted({match[1] for match in ALIAS.finditer(sql)})[:2]:
        if name.lower() not in {
            "varchar",
            "bigint",
            "integer",
            "double",
            "date",
            "timestamp",
            "json",
            "boolean",
            "decimal",
            "array",
            "map",
            "row",
        }:
            yield re.sub(rf"\b{name}\b", f'"{MARK}""\'{name}"', sql)


@pytest.mark.parametrize("name", ["queries.jsonl.gz", "questions.jsonl.gz", "functions.jsonl.gz", "expressions.tsv.gz"])
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_no_users_text_is_read_again(name: str, every: int) -> None:
    """Outside of strings and quoted names nothing of it stands, and inside it stands whole."""
    translated = broken = 0
    for sql in _statements(name)[::every]:
        for marked in (*_marked(sql), *_named(sql)):
            made = _translated(marked)
            if made is None:
                continue
            translated += 1
            pieces = [piece for piece in STRINGS_AND_NAMES.findall(made) if "qq" in piece]
            outside = STRINGS_AND_NAMES.sub("", made)
            whole = all(MARK in piece.replace(r"\u0001", "\1") or r"\(zz" in piece for piece in pieces)  # JSON and RE2 escape some of it
            broken += "qq" in outside or "'" in outside or '"' in outside or not whole
    assert translated > 50 / every
    assert broken == 0
