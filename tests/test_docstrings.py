"""A docstring of a function says what the function does: it begins with a verb in the imperative.

`imperatives.txt` holds the verbs, one a line. A sentence that begins with a new one adds it there; articles, question words and nouns are none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from project import ROOT, statements

PACKAGE = ROOT / "src" / "eventlake"
IMPERATIVES = frozenset((Path(__file__).parent / "imperatives.txt").read_text("utf-8").split())


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    """In the imperative, as PEP 257 has it: https://peps.python.org/pep-0257/#one-line-docstrings"""
    files = sorted(PACKAGE.rglob("*.py"))

    assert len(files) > 100
    assert [f"{file.relative_to(PACKAGE)}:{line} {words}" for file in files for line, words in _others(file)] == []


def _others(file: Path) -> Iterator[tuple[int, str]]:
    """Line and beginning of the docstrings of a file's functions that begin with anything but a verb."""
    for node in statements(ast.parse(file.read_text("utf-8")).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = (ast.get_docstring(node) or "").split()
            if words and not _is_told_to(words):
                yield node.lineno, " ".join(words[:6])


def _is_told_to(words: list[str]) -> bool:
    """`Name a resource` tells the function to; `Name of a resource` does not."""
    return words[0].strip(",").lower() in IMPERATIVES and words[1:2] != ["of"]


def test_no_article_and_no_question_word_is_a_verb() -> None:
    """The list of verbs stays one; it is sorted, so that two who add a verb do not meet."""
    written = (Path(__file__).parent / "imperatives.txt").read_text("utf-8").split()

    assert written == sorted(set(written))
    assert IMPERATIVES.isdisjoint(
        {"a", "an", "the", "its", "what", "whether", "how", "where", "when", "why", "who", "every", "each", "one"}
    )
