"""Regular expressions of Java's, read and written anew for RE2."""

import pytest

from eventlake.dialect.binding import InvalidArgumentError
from eventlake.dialect.functions.regex_plans import Asked, plan
from eventlake.dialect.functions.regex_reader import read
from eventlake.dialect.functions.regex_writing import Writer, several_for_one
from eventlake.dialect.text import tree as exp
from eventlake.errors import QueryRefusedError

NODE = exp.Null()


def rewritten(pattern: str, asked: Asked = "first") -> str:
    """The pattern as RE2 gets it."""
    return Writer().write(plan(read(pattern, NODE), asked, pattern, NODE).root)


@pytest.mark.parametrize(
    "pattern", ["(", "a)", "[a", "*a", "a{3,2}", "[z-a]", r"\p{Foo}", "[[:foo:]]", "(?P<n>a)", r"(a)\2", "\\", "(?<a>x)(?<a>y)"]
)
def test_what_the_engine_of_trino_finds_invalid_is_invalid(pattern: str) -> None:
    """The sentence shows the pattern."""
    with pytest.raises(InvalidArgumentError, match="is invalid"):
        read(pattern, NODE)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"\u0041\x41\101\cA", r"AAA\x{1}"),
        (r"\Qa+b\E", r"a\+b"),
        (r"\R\h\y", "Rhy"),
        ("(?x) a # first", "a"),
        ("(?#c)a", "a"),
        ("a{2}{3}", "(?:a{2}){3}"),
        ("[a-z&&[^aeiou]]", "[b-df-hj-np-tv-z]"),
        ("(?<n>a)b", "(a)b"),
        ("a(?i)b|c", "a(?i:b|c)"),
        ("^a$", r"\Aa\z"),
    ],
)
def test_what_re2_reads_otherwise_is_spelt_out(pattern: str, written: str) -> None:
    """Escapes, comments, repetitions of repetitions, intersections and flags."""
    assert rewritten(pattern) == written


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"(?<=id=)\d+", r"(id\=)([0-9]+)"),
        (r"\d+(?= USD)", r"([0-9]+)(\x{20}USD)"),
        ("foo(?!bar)", r"(foo)((?:\z|[^b]|b(?:\z|[^a]|a(?:\z|[^r]))))"),
        (r"(ab)\1", "(ab)ab"),
        (r"""(["'])x\1""", r"""(\")x\"|(\')x\'"""),
        ("a++b", "a+b"),
        ("(?>a+)b", "a+b"),
    ],
)
def test_what_re2_has_no_words_for_is_matched_and_left_out(pattern: str, written: str) -> None:
    """Looks, references and what keeps its first match."""
    assert rewritten(pattern) == written


@pytest.mark.parametrize("pattern", ["(?<=a)a", "a(?=a)", r"(?<!\d)\d{4}(?!\d)"])
def test_a_look_in_which_another_match_may_begin_is_refused(pattern: str) -> None:
    """All matches of such a pattern overlap in what is looked at."""
    with pytest.raises(QueryRefusedError, match="look-ahead or look-behind"):
        rewritten(pattern, "all")


def test_what_keeps_its_first_match_and_might_have_another_is_refused() -> None:
    """RE2 would find the other."""
    with pytest.raises(QueryRefusedError, match="atomic"):
        rewritten("(?>a|ab)c")


def test_a_sharp_s_counts_where_two_s_stand_behind_one_another() -> None:
    """Elsewhere no text is refused for it."""
    sharp = (0xDF, 0xDF)

    assert sharp in several_for_one([read("(?i)strasse", NODE).root])
    assert sharp not in several_for_one([read("(?i)sos", NODE).root])
