"""The tree of a statement: what its nodes say of each other."""

from __future__ import annotations

from eventlake.dialect.text import tree
from eventlake.dialect.text.syntax import parse


def test_every_part_of_a_statement_has_one_parent_but_the_whole() -> None:
    """A join is a part of its SELECT, a condition of its join, and nothing holds the statement."""
    statement = parse("select a.x from a join b on a.x = b.y where b.y in (select 1)")

    parents = statement.parents()

    (join,) = statement.find_all(tree.Join)
    assert parents[join] is statement
    assert parents[join.args["on"]] is join
    assert set(parents) == set(statement.walk()) - {statement}
