"""Statements that read the same tables are asked of one process, and no process is idle beside a long group."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eventlake.web.grouping import grouped


@pytest.mark.parametrize(
    ("tables", "places", "groups"),
    [
        (["a", "b", "a", "b", "c"], 2, [[0, 2, 4], [1, 3]]),
        (["a", "a", "a"], 2, [[0, 1], [2]]),
        (["a", "a"], 2, [[0, 1]]),
        (["a", "a", "a"], 1, [[0, 1, 2]]),
        (["ab", "b", "a"], 3, [[0, 2], [1]]),
        (["", "a"], 2, [[0], [1]]),
        ([], 2, []),
    ],
)
def test_each_table_has_one_process(tables: Sequence[str], places: int, groups: list[list[int]]) -> None:
    """The largest group first; of one alone the last statement goes to the process that would be idle."""
    assert grouped(list(enumerate(tables)), places) == groups
