"""How long a statement may be, and of what."""

import pytest

from eventlake.dialect.text.length import MAX_CHARACTERS, require_length
from eventlake.dialect.text.names import require_question
from eventlake.errors import QueryRefusedError, QuerySyntaxError


def test_a_statement_may_be_so_long() -> None:
    """One character more is refused."""
    require_length("x" * MAX_CHARACTERS)
    with pytest.raises(QueryRefusedError, match="65,537 characters; at most 65,536"):
        require_length("x" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("require", [require_length, require_question])
def test_half_a_character_is_named_with_its_place(require: object) -> None:
    """No engine could be sent it; a byte that is no UTF-8 comes so from a command line."""
    assert callable(require)
    require("SELECT '\U0001f600'")
    with pytest.raises(QuerySyntaxError, match=r"U\+DCFF, which is half of a character \(line 2, column 3\)"):
        require("SELECT\n '\udcff'")
