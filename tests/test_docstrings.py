"""A docstring of a function says what the function does: it begins with a verb in the imperative.

`imperatives.txt` holds the verbs, one a line. A sentence that begins with a new one adds it there; articles, question words and nouns are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from project import ROOT

PACKAGE = ROOT / "src" / "eventlake"
DOCSTRING = re.compile(r'(?:^ *(?:async )?def .*|^ *\).*):(?:  #.*)?\n +r?"""(.*)', re.MULTILINE)
"""That of a function, as `ruff format` leaves it, below the last line of the signature: a parser takes a dozen times as long for all files."""
IMPERATIVES = frozenset((Path(__file__).parent / "imperatives.txt").read_text("utf-8").split())


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    """In the imperative, as PEP 257 has it: https://peps.python.org/pep-0257/#one-line-docstrings"""
    files = sorted(PACKAGE.rglob("*.py"))

    assert len(files) > 100
    assert [f"{file.relative_to(PACKAGE)}:{line} {words}" for file in files for line, words in _others(file)] == []


def _others(file: Path) -> Iterator[tuple[int, str]]:
    """Line and beginning of the docstrings of a file's functions that begin with anything but a verb."""
    text = file.read_text("utf-8")
    for found in DOCSTRING.finditer(text):
        words = found[1].removesuffix('"""').split()
        if not _is_told_to(words):
            yield text.count("\n", 0, found.end()) + 1, " ".join(words[:6])


def test_docstrings_are_found_below_signatures_of_any_form() -> None:
    """Of functions alone: those of classes and names may begin with a noun."""
    text = (
        'def f(a: int) -> None:\n    """One."""\n\nasync def g(  # why\n    a: int,\n) -> None:  # noqa: X\n    r"""Two\n\n    more."""\n'
        'class C:\n    """No."""\n\n    def h(self) -> str:\n        """Three."""\n        return """No."""\n\nNAME = f(1)\n"""No."""\n'
    )

    assert [found[1] for found in DOCSTRING.finditer(text)] == ['One."""', "Two", 'Three."""']


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
