"""The page of the dialect."""

from eventlake.dialect.functions.calls import SYNTACTIC, functions, known_names
from eventlake.dialect.functions.refusals import REFUSED
from eventlake.dialect.reference import FORMS, sql_page


def test_every_function_and_every_refusal_stands_on_the_page() -> None:
    """Whoever asks for a name finds it."""
    page = sql_page()

    assert [name for name in [*known_names(), *REFUSED] if f"`{name}`" not in page] == []


def test_every_function_with_a_grammar_of_its_own_shows_it() -> None:
    """And no other has such a line."""
    functions()

    assert set(SYNTACTIC) == set(FORMS)


def test_no_function_is_both_answered_and_refused() -> None:
    """A name stands in one table only."""
    assert set(known_names()) & set(REFUSED) == set()


def test_every_cell_is_one_cell() -> None:
    """No line of a table has a stroke too many."""
    rows = [line for line in sql_page().splitlines() if line.startswith("| ")]

    assert {line.replace("\\|", "").count("|") for line in rows} == {3}
