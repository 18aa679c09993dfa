"""The lexer of Athena's SQL: how a text is cut, that nothing is left out, and that it costs no more for a hostile text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.dialect.text import lexicon
from eventlake.dialect.text.lexicon import BLANK, COMMENT, WORD, Token, named_places, spoken, tokens, words

SYSTEMS_PYTHON = Path("/usr/bin/python3")
PIECES = ["'", '"', "`", "/*", "*/", "--", "\r", "\n", " ", "a", "0x", "1", "_", ".", "e", "-", "U&'", "x'", ":", "?", "ä", "\0", "1e5"]


def cut(sql: str) -> list[tuple[str, str]]:
    """Return kind and text of every token that means something."""
    return [(token.kind, token.text) for token in spoken(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1e0-5", [("double", "1e0"), ("symbol", "-"), ("integer", "5")]),
        ("1_000 0x1F 0o17 0b_1", [("integer", "1_000"), ("integer", "0x1F"), ("integer", "0o17"), ("integer", "0b_1")]),
        ("0b12 1_000e3 1e5x 1_", [("digits", "0b12"), ("digits", "1_000e3"), ("digits", "1e5x"), ("digits", "1_")]),
        ("1. .5 1.5e 1.e2 1_0.2_5", [("decimal", "1."), ("decimal", ".5"), ("decimal", "1.5"), ("word", "e"), ("double", "1.e2"), ("decimal", "1_0.2_5")]),
        ("x'ab''cd'", [("binary", "x'ab'"), ("text", "'cd'")]),
        ("U&'a''b' u & 'c'", [("unicode", "U&'a''b'"), ("word", "u"), ("strange", "&"), ("text", "'c'")]),
        ("a/**/b/* ** * / */c", [("word", "a"), ("word", "b"), ("word", "c")]),
        ("/**/*/b/***/ /*a**/c", [("symbol", "*"), ("symbol", "/"), ("word", "b"), ("word", "c")]),
        ("/* /* */ a */", [("word", "a"), ("symbol", "*"), ("symbol", "/")]),
        ("--a\rb--c\r\nd", [("word", "b"), ("word", "d")]),
        ("a<>b!=c->d", [("word", "a"), ("symbol", "<>"), ("word", "b"), ("symbol", "!="), ("word", "c"), ("symbol", "->"), ("word", "d")]),
        ("=> || <=", [("symbol", "=>"), ("symbol", "||"), ("symbol", "<=")]),
        ("é", [("strange", "é")]),
    ],
)  # fmt: skip
def test_a_text_is_cut_as_trino_cuts_it(sql: str, expected: list[tuple[str, str]]) -> None:
    """The longest rule takes it."""
    assert cut(sql) == expected


@pytest.mark.parametrize("sql", ["'", "'a''", '"', '"a""', "`a", "/*", "/*/", "/* a *", "x'a", "U&'a''"])
def test_what_is_not_closed_reaches_to_the_end(sql: str) -> None:
    """And says so."""
    (token,) = tokens(sql)

    assert not token.is_closed


@pytest.mark.parametrize("sql", ["''", "''''", '""', '"""a"', "/**/", "--", "-- '", "x''", "U&''", "``", "1", "a"])
def test_what_is_closed_is_whole(sql: str) -> None:
    """Quotes that are written twice close nothing."""
    (token,) = tokens(sql)

    assert token.is_closed


def test_a_token_knows_its_place() -> None:
    """Line and column, from 1."""
    assert [token.place for token in spoken("a\n  b\r c")] == [(1, 1), (2, 3), (2, 6)]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_tokens_cover_the_text(sql: str) -> None:
    """Whatever it is."""
    found: list[Token] = list(tokens(sql))

    assert "".join(token.text for token in found) == sql
    assert all(token.text for token in found)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_what_means_something_is_the_rest_without_blanks_and_comments(sql: str) -> None:
    """At the same places, blanks at the end too."""
    meant = [token for token in tokens(sql) if token.kind != BLANK and not (token.kind == COMMENT and token.is_closed)]

    assert [(token.kind, token.text, token.start) for token in spoken(sql)] == [(token.kind, token.text, token.start) for token in meant]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (":a, :b_1 -- :c\n:d", [":a", ":b_1", ":d"]),
        ("x::a, :::b, ::c:d", [":b", ":d"]),
        (": a, :1, :1b, :?:e", [":e"]),
        (":x'61' :u&'a' :U :x&'a'", [":U", ":x"]),
        ("':a' \":b\" `:c` /* :d */ {--}:e", [":e"]),
    ],
)
def test_named_places_are_colons_right_before_a_word(sql: str, expected: list[str]) -> None:
    """Outside texts, quoted names and comments, and not behind another colon."""
    assert [sql[place] for place in named_places(sql)] == expected


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_names_in_places_are_words(sql: str) -> None:
    """A place is a colon and a word as the lexer cuts them, the last of an odd number of colons; words are those of all tokens."""
    found = {token.start: token for token in tokens(sql)}
    colons = [match.span() for match in re.finditer(":+", sql) if match.start() in found and found[match.start()].word == ":"]
    expected = [end - 1 for start, end in colons if (end - start) % 2 and end in found and found[end].kind == WORD]

    assert [place.start for place in named_places(sql)] == expected
    assert words(sql) == {token.text for token in found.values() if token.kind == WORD}


@pytest.mark.parametrize("piece", ["/*", "'", '"', "*", "/* *", "1_", "1e", "0x_", "''", "--", "a.", ".1", "`", "\r", "a  ", ":a", "::"])
def test_the_time_is_linear(piece: str) -> None:
    """A lexer that looks to the end from each piece anew would need many seconds for this."""
    assert spoken(piece * 20_000) or piece in {"--", "\r"}
    assert len(list(named_places(piece * 20_000))) == (20_000 if piece == ":a" else 0)


@pytest.mark.skipif(not SYSTEMS_PYTHON.exists(), reason="no Python of the system's own")
def test_every_python_cuts_alike() -> None:
    """Debian 12 has 3.11.2, whose possessive repetitions take too much where they look ahead; whichever it is, it says what this one says."""
    texts = ["".join(PIECES[number * step % len(PIECES)] for number in range(9)) for step in range(1, 400)] + [
        "/**/*/",
        "/*a*b*/*/",
        "':a' /*:b**/:c",
    ]
    asked = (
        "import sys; sys.version_info < (3, 11) and sys.exit(77)\n"
        "from eventlake.dialect.text.lexicon import named_places, tokens; texts = eval(sys.stdin.read()); "
        "print([([(t.kind, t.start) for t in tokens(text)], [p.start for p in named_places(text)]) for text in texts])"
    )
    command = [str(SYSTEMS_PYTHON), "-c", asked]
    environment = {"PYTHONPATH": str(Path(lexicon.__file__).parents[3])}

    said = subprocess.run(command, input=repr(texts), env=environment, capture_output=True, text=True, check=False)
    if said.returncode == 77:
        pytest.skip("the system's own Python is too old")

    assert said.stdout == f"{[([(t.kind, t.start) for t in tokens(text)], [p.start for p in named_places(text)]) for text in texts]}\n"
