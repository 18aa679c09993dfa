from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlake.dialect
from eventlake.dialect.sql import NOTHING, emit, gap, joined, ours, quoted, text, written, written_out
from eventlake.errors import QueryRefusedError

DIALECT = Path(eventlake.dialect.__file__).parent
USERS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
HOSTILE = st.sampled_from(["{}", "{0}", "{1}", "{type}", "{{", "'", '"', "\1", "el_x(", "<0>", "') --"])


@given(st.lists(USERS | HOSTILE, min_size=2, max_size=2))
def test_a_users_text_is_never_a_place(users: list[str]) -> None:
    """What looks like a place of a template stays what it is, in a literal and in a name."""
    first, second = users

    made = written(emit("f({0}, {1}, {0})", text(first), quoted(second)))

    literal, name = "'" + first.replace("'", "''") + "'", '"' + second.replace('"', '""') + '"'
    assert made == f"f({literal}, {name}, {literal})"


def test_a_bare_text_fits_into_no_place() -> None:
    """Whoever forgets to say what a text is hears of it at once."""
    with pytest.raises(TypeError, match="is no piece of SQL"):
        emit("upper({})", "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="never into a text"):
        f"upper({text('x')})"


def test_the_null_character_is_refused() -> None:
    """DuckDB would end the statement there."""
    with pytest.raises(QueryRefusedError, match=r"U\+0000"):
        text("a\0b")


def test_a_piece_knows_its_macros_and_names() -> None:
    """They come from templates and names, never from what a user wrote."""
    made = emit("el_a({}, {})", emit("el_b({})", quoted("column")), text("el_c('\"other\"')"))

    assert made.macros == {"el_a", "el_b"}
    assert written_out(made).names == {'"column"'}


def test_pieces_are_equal_if_they_are_made_alike() -> None:
    """So that a grouping key is found again."""
    assert emit("({} + {})", quoted("a"), 1) == emit("({} + {})", quoted("a"), 1)
    assert emit("({} + {})", quoted("a"), 1) != emit("({} + {})", text("a"), 1)


def test_gaps_come_between_the_texts() -> None:
    """Each scan's objects are known only later."""
    assert written_out(emit("SELECT * FROM {} JOIN {}", gap(1), gap(0))).parts == ("SELECT * FROM ", 1, " JOIN ", 0, "")


def test_nothing_is_written_of_nothing() -> None:
    """An absent clause is an empty piece."""
    assert not NOTHING
    assert not joined(", ", [])
    assert written(joined(", ", [ours("a"), NOTHING, 3])) == "a, , 3"


def test_long_chains_are_written_without_recursion() -> None:
    """A sum of ten thousand terms is no deep tree to a reader."""
    chain = ours("1")
    for _ in range(10_000):
        chain = emit("({} + 1)", chain)

    assert written(chain).count("+") == 10_000


def _templates(path: Path) -> list[tuple[int, ast.expr]]:
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return [(call.lineno, call.args[0]) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "emit"]


def _is_ours(template: ast.expr) -> bool:
    """Whether it is written out, a name, or put together of both: constants have names in capitals."""
    if isinstance(template, ast.BinOp):
        parts = (template.left, template.right)
        return all(_is_ours(part) and (not isinstance(part, ast.Name) or part.id.isupper()) for part in parts)
    return not isinstance(template, ast.JoinedStr | ast.Call)


def test_templates_are_ours() -> None:
    """A template is written where it is used, or stands in a table of ours; none is put together from texts."""
    templates = [(f"{path.relative_to(DIALECT)}:{line}", one) for path in sorted(DIALECT.rglob("*.py")) for line, one in _templates(path)]

    assert len(templates) > 100
    assert [where for where, template in templates if not _is_ours(template)] == []


def test_equal_pieces_are_equal_however_long_their_chains_are() -> None:
    """A chain is compared without recursion where it differs, and found in a set as what it is."""
    long, longer = ours("a"), ours("b")
    for _ in range(5_000):
        long, longer = emit("({} || x)", long), emit("({} || x)", longer)

    assert hash(long) != hash(longer)
    assert long != longer
    assert long in {long, longer}
