"""Functions of other databases: who writes one is led to Athena's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eventlake.dialect.functions.calls import known_names
from eventlake.dialect.functions.elsewhere import ELSEWHERE
from eventlake.dialect.translate import translate
from eventlake.errors import NameNotFoundError


def test_each_leads_from_a_name_that_is_not_there_to_one_that_is() -> None:
    """Whatever is added to the dialect."""
    known = {*known_names(), "listagg"}  # a form of the grammar

    assert known & ELSEWHERE.keys() == set()
    assert set(ELSEWHERE.values()) - known == set()


@pytest.mark.parametrize(
    ("call", "hint"),
    [("string_agg('a', ',')", "It has listagg()."), ("NVL(1, 2)", "It has coalesce()."), ("coalesc(1)", 'Did you mean "coalesce"?')],
)
def test_the_sentence_names_it(call: str, hint: str) -> None:
    """Not what is only spelt alike."""
    with pytest.raises(NameNotFoundError, match=r"There is no function .*\(\) \(line 1, column 8\) in Athena\. ") as raised:
        translate(f"select {call}", [], datetime(2026, 11, 29, tzinfo=UTC))

    assert str(raised.value).endswith(hint)
