"""What the parts of the translation ask of each other, so that none needs to know who answers.

`Parts` reads the expressions of one clause: aggregates, windows, subqueries and functions are given it. `Statement` reads queries: the
clauses of a SELECT are given it. `Context` is what a clause allows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from eventlake.dialect.binding import Scope, Value
from eventlake.dialect.queries.outside import Outside
from eventlake.dialect.queries.relation import Column, Relation
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import Sql
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import Type
from eventlake.model import Table

Subquery = Callable[[exp.Query, Scope], Relation]
"""Reads a query that stands inside an expression."""


@dataclass
class Context:
    """What the clause being read allows: its columns, whether aggregates or windows may stand there, and the grouping."""

    scope: Scope
    clause: str
    subquery: Subquery
    moment: str
    aggregates: bool = False
    windows: bool = False
    grouped: frozenset[Sql] | None = None
    """The grouping keys; None outside a grouped SELECT."""
    asked: Mapping[Hashable, Value] = field(default_factory=dict)
    """The grouping keys with a subquery in them, by how they are written: read once more, a subquery is other SQL."""
    lambdas: dict[str, Value] = field(default_factory=dict)
    depth: int = 0
    """How many parameters of lambdas there are around, those that another of the same name hides included."""
    named_windows: dict[str, exp.Window] = field(default_factory=dict)
    aliases: dict[str, Value] = field(default_factory=dict)
    """Names of the SELECT's own columns, which only ORDER BY may use."""
    sealed: bool = False
    """Whether this is inside an aggregate of ORDER BY, where those names are a mistake."""
    inside_aggregate: bool = False
    kept_by: frozenset[int] = frozenset()
    """The conditions that rows are kept by, by their identity: those that say of a value that it is in a subquery, and chains of AND and OR."""
    outside: Outside | None = None
    """What is computed outside the TRY that is being read."""

    def but(self, **changes: Any) -> Context:  # the fields of this class
        """Return the same, but for these changes."""
        made = object.__new__(Context)  # many times faster than `dataclasses.replace`, which looks at each field
        made.__dict__ = {**self.__dict__, **changes}
        return made


class Parts(Protocol):
    """Reads the expressions of one clause."""

    @property
    def context(self) -> Context:
        """Return what the clause allows."""
        ...

    def value(self, node: exp.Expr) -> Value:
        """Return the value of a node. Raises QueryError."""
        ...

    def boolean(self, node: exp.Expr, what: str) -> Value:
        """Return a value that must be true or false."""
        ...

    def united(self, nodes: Sequence[exp.Expr], what: str) -> tuple[list[Value], Type]:
        """Return values brought to the one type they have in common."""
        ...

    def within(self, **changes: object) -> AbstractContextManager[None]:
        """Read a part of the clause in which other things are allowed."""
        ...

    def at_zone(self, value: Value, zone: Value, node: exp.Expr) -> Value:
        """Return the instant of a value as a clock in another zone shows it."""
        ...

    def tried(self, node: exp.Expr) -> Value:
        """Return the value of a node, or NULL where computing it fails."""
        ...

    def row_of(self, values: Sequence[Value]) -> Value:
        """Return a row of these values."""
        ...


class Statement(Protocol):
    """Reads the queries of one statement. tables: the catalog's. moment: what current_timestamp answers. scans: the tables read so far.

    repeats: whether a LATERAL is a statement that is run for each row in front of it, which it may read wherever it likes.
    """

    tables: Sequence[Table]
    moment: str
    repeats: bool
    scans: list[Scan]

    def query(self, node: exp.Query, outer: Scope | None = None) -> Relation:
        """Read a whole query. Raises QueryError."""
        ...

    def values(self, node: exp.Values, outer: Scope | None) -> Relation:
        """Read the rows of VALUES."""
        ...

    def table(self, node: exp.Table) -> tuple[Sql, list[Column], int | None]:
        """Read a table of the catalog or of WITH: its SQL, its columns, and the number of its scan."""
        ...

    def listing(self, name: str, table: Table = ...) -> tuple[Sql, list[Column]]:
        """Read what the catalog says of itself, or of a table: SQL and columns."""
        ...

    def catalog_table(self, parts: list[str], node: exp.Expr) -> Table:
        """Return the table of the catalog that a name in parts means. Raises NameNotFoundError."""
        ...

    def sources(self, node: exp.Select, outer: Scope | None) -> tuple[Sql, Scope, list[int]]:
        """Read a FROM clause: its SQL, its columns, and the scans whose rows no outer join makes up."""
        ...

    def alias(self, name: str) -> Sql:
        """Make a name that no other relation of the statement has."""
        ...
