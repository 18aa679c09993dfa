"""What names mean: values with types, the columns a clause can see, and the sentences for names nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple, overload

from eventlake.dialect.beside import Beside
from eventlake.dialect.sql import NOTHING, Sql
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.type import VARCHAR, Type
from eventlake.errors import NameNotFoundError, QueryRefusedError, QuerySyntaxError
from eventlake.naming import nearest


@dataclass(frozen=True, slots=True)
class Clock:
    """A timestamp of which each row has a zone of its own, taken apart.

    instant: SQL of a DuckDB TIMESTAMP in UTC. label: SQL of the zone's name. minutes: SQL of the minutes east of UTC, where every zone is an
    offset. wall: SQL of what a clock there shows, where that is read faster than computed from the two.
    """

    instant: Sql
    label: Sql
    minutes: Sql | None = None
    wall: Sql | None = None


JsonForm = Literal["any", "normal", "part", "parsed", "text"]
"""Where the text of a json comes from: normal as Trino writes it; a part of a text, as it stood there; parsed by json_parse, which sorts keys; or a
text that need not be JSON, which json_array_get gives."""

_JSON_FORMS: tuple[JsonForm, ...] = ("any", "normal", "part", "parsed", "text")


class Value(NamedTuple):
    """An expression understood: its SQL for DuckDB (atomic: never needs brackets around it) and its Trino type.

    A timestamp with time zone is the instant as a DuckDB TIMESTAMP in UTC, or a struct if its type says that each has its own zone.
    clock: such a struct taken apart, where that is known. literal: the text or number of a literal. columns: what it reads of its own SELECT
    outside aggregates. is_null: whether it is a bare NULL, under whatever type. json: where a json comes from. origins: the columns of scans, each
    with the scan's number, whose texts it is, if it can be no other.
    Two values are the same expression if their `sql` is equal.
    """

    sql: Sql
    type: Type
    clock: Clock | None = None
    literal: str | int | None = None
    columns: frozenset[str] = frozenset()
    aggregate: bool = False
    window: bool = False
    is_null: bool = False
    json: JsonForm = "any"
    origins: frozenset[tuple[int, str]] = frozenset()

    def become(self, sql: Sql, kind: Type) -> Value:
        """Return another value computed from this one alone."""
        return Value(sql, kind, None, None, self.columns, self.aggregate, self.window, False, self.json)

    def reading(self, columns: frozenset[str]) -> Value:
        """Return the same value, which reads these columns of its own SELECT."""
        return Value(
            self.sql, self.type, self.clock, self.literal, columns, self.aggregate, self.window, self.is_null, self.json, self.origins
        )


def derived(sql: Sql, kind: Type, parts: Iterable[Value]) -> Value:
    """Return a value computed from others: it reads what they read."""
    columns, forms = frozenset[str](), set[JsonForm]()
    aggregate = window = False
    for part in parts:
        if part.columns:
            columns |= part.columns
        aggregate = aggregate or part.aggregate
        window = window or part.window
        if part.type.holds("json"):
            forms.add(part.json)
    return Value(sql, kind, columns=columns, aggregate=aggregate, window=window, json=json_form(forms) if forms else "any")


def json_form(forms: set[JsonForm]) -> JsonForm:
    """Return where a json comes from that may be any of several."""
    if "any" in forms or {"part", "parsed"} <= forms or ("text" in forms and len(forms) > 1):
        return "any"
    return max(forms, key=_JSON_FORMS.index, default="any")


class Field:
    """A column that a clause can see, of which most are never named: its value is made when it is first asked for.

    name: as written, or nothing if it has none. relation: by which it can be qualified, or nothing. value: what it is, or what makes that of the
    name under which its relation is stored.
    key_of: number of the scan whose column it is, None if it is computed. key: which one, as it is stored. implicit: whether
    it is left out of `*`, as what an object says of itself, such as "$path". beside: the relation that it is a column of, where parts of it can
    be computed.
    of_table: whether it is a column of the catalog's, not one that a query computes.
    """

    __slots__ = ("_read", "_stored", "_value", "beside", "implicit", "key", "key_of", "lower", "name", "of_table", "relation")

    def __init__(
        self,
        name: str,
        relation: str,
        value: Value | Callable[[Sql], Value],
        key_of: int | None = None,
        key: str = "",
        implicit: bool = False,
        beside: Beside | None = None,
        stored: Sql = NOTHING,
        of_table: bool = False,
    ) -> None:
        self.name = name
        self.lower = name.lower()
        self.relation = relation
        self._value = value
        self._read: Value | None = None
        self.key_of = key_of
        self.key = key
        self.implicit = implicit
        self.beside = beside
        self._stored = stored
        self.of_table = of_table

    @property
    def value(self) -> Value:
        """Return what it is."""
        if not isinstance(self._value, Value):
            self._value = self._value(self._stored)
            if self.of_table and self.key_of is not None and self._value.type == VARCHAR:
                self._value = Value(self._value.sql, VARCHAR, origins=frozenset(((self.key_of, self.key),)))
        return self._value

    @property
    def read(self) -> Value:
        """Return what it is to a clause that reads it."""
        if self._read is None:
            self._read = self.value.reading(frozenset((f"{self.relation}.{self.name}" if self.relation else self.name,)))
        return self._read

    def called(self, name: str, relation: str) -> Field:
        """Return the same column under other names."""
        return Field(name, relation, self._value, self.key_of, self.key, self.implicit, self.beside, self._stored, self.of_table)

    def is_of(self, relation: str) -> bool:
        """Tell whether it can be written behind that name of a relation, given in lower case."""
        return self.relation == relation or self.relation.endswith("." + relation)


class Fields(Sequence[Field]):
    """The columns of one relation, each made when it is first asked for: most are never named.

    names: of all of them, as they are written. make: makes the one in that place.
    """

    __slots__ = ("_made", "_make", "_names")

    def __init__(self, names: tuple[str, ...], make: Callable[[int], Field]) -> None:
        self._names = names
        self._make = make
        self._made: dict[int, Field] = {}

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> Field: ...
    @overload
    def __getitem__(self, place: slice) -> list[Field]: ...
    def __getitem__(self, place: int | slice) -> Field | list[Field]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        return self._at(range(len(self))[place])  # which raises IndexError as a list does

    def _at(self, place: int) -> Field:
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = self._make(place)
        return made

    def named(self, name: str) -> list[Field]:
        """Return those of that name, which is given in lower case."""
        place = _places(self._names).get(name)
        if place is None:
            return []
        return [self._at(place)] if place >= 0 else [self._at(one) for one, written in enumerate(self._names) if written.lower() == name]


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    """Return the place of each name, in lower case; -1 for one that is there again."""
    places: dict[str, int] = {}
    for place, name in enumerate(map(str.lower, names)):
        places[name] = -1 if name in places else place
    return places


class Reading(NamedTuple):
    """What a name was found to mean: a column of that scope, given by its SQL, its type, and whether it is the whole and no field of a row."""

    owner: Scope
    sql: Sql
    type: Type
    whole: bool


@dataclass(slots=True)
class Scope:
    """The columns that a SELECT sees, and the scope around it. read: what the names of the statement mean, by the identity of their nodes.

    given: whether its columns are values that the statement is run with, row by row, so that a subquery may read them where it likes.
    folds: whether its SELECT has a reduce_agg().
    """

    fields: Sequence[Field] = field(default_factory=list)
    outer: Scope | None = None
    read: dict[int, Reading] = field(default_factory=dict)
    given: bool = False
    folds: bool = False

    def __post_init__(self) -> None:
        """Keep what is read together with the scope around."""
        if self.outer is not None:
            self.read = self.outer.read

    def chain(self) -> Iterator[Scope]:
        """Yield the scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, parts: Sequence[str]) -> tuple[Field, list[str], Scope] | None:
        """Find the column that the first parts name, the parts left over (fields of a row), and the scope that it is of.

        Raises NameNotFoundError if two columns answer.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope._find_here(parts)
            if found is not None:
                return found[0], found[1], scope
            scope = scope.outer
        return None

    def _find_here(self, parts: Sequence[str]) -> tuple[Field, list[str]] | None:
        fields = self.fields
        for size in range(min(len(parts), 4), 0, -1):
            name = parts[size - 1]
            matches = fields.named(name) if isinstance(fields, Fields) else [f for f in fields if f.lower == name]
            if size > 1 and matches:
                relation = ".".join(parts[: size - 1])
                matches = [f for f in matches if f.is_of(relation)]
            if len(matches) > 1:
                raise NameNotFoundError(
                    f'"{".".join(parts)}" could be any of {len(matches)} columns: write it with its table, as in {matches[0].relation or "t"}.{name}.'
                )
            if matches:
                return matches[0], list(parts[size:])
        return None

    def meant(self, node: exp.Column) -> Hashable:
        """Return what two names have in common that mean the same column, or the same field of it."""
        found = None if isinstance(node.this, exp.Star) else self.find(node.names)
        return tuple(node.names) if found is None else (found[0].value.sql, *found[1])

    def is_stored(self, parts: Sequence[str]) -> bool:
        """Tell whether a name is that of a column, or a field of one, that the catalog has, so that its type is as it was declared."""
        found = self.find(parts)
        return found is not None and found[0].of_table

    def beside(self, column: Sql) -> Beside | None:
        """Return the relation that a column of this SELECT belongs to, where parts of it can be computed beside it."""
        return next((field.beside for field in self.fields if field.value.sql == column), None)

    def names(self) -> list[str]:
        """Return every name that can be written here, the outer ones too."""
        here = [f.name for f in self.fields if f.name and not f.implicit]
        return here + (self.outer.names() if self.outer else [])


def unknown(what: str, name: str, known: Iterable[str], node: exp.Expr | None = None) -> NameNotFoundError:
    """Return the error for a name that is not there."""
    return NameNotFoundError(f'There is no {what} "{name}"{position(node)}.{nearest(name, known)}')


def refused(what: str, node: exp.Expr | None = None, instead: str = "") -> QueryRefusedError:
    """Return the error for a construct that cannot be answered as Athena would."""
    return QueryRefusedError(f"{what}{position(node)} cannot be answered here as Athena does{': ' + instead if instead else ''}.")


class InvalidArgumentError(QuerySyntaxError):
    """A literal that Trino finds invalid when it calls the function, such as a pattern, so that TRY makes NULL of it."""


def mistyped(what: str, node: exp.Expr | None = None) -> QuerySyntaxError:
    """Return the error for types or shapes that Athena does not take either."""
    return QuerySyntaxError(f"{what}{position(node)}.")
