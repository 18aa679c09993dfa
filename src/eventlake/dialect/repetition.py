"""Computing once what stands in an expression several times, where DuckDB would expand it from as many copies.

A macro that names its argument four times, four deep, is 256 copies of the innermost: such an argument is bound to a name of a lambda, so that
a statement stays as long as it was written. What is small is left alone, because DuckDB finds equal parts itself, and faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventlake.dialect.expansion import LARGE
from eventlake.dialect.pieces import Bound, Sql, bound_name


def bound_once(whole: Sql, uses: Sequence[int]) -> Sql:
    """Return an expression in which what stands several times, and is large, is computed once.

    uses: how often each of its parts stands in the expanded text.
    """
    if not whole.asks and whole.size < 3 * max(part.size for part in whole.parts) // 2:
        return whole  # hardly larger than its largest part, so nothing of that stands here twice
    repeated, queries = _repeated(whole, uses)
    names: dict[int, Sql] = {}
    values: list[Sql] = []
    alone = _apart([piece for piece, _ in repeated], queries)
    if (queries and (repeated or whole.macros)) or len(alone) > 1:
        first = [*queries, *alone]
        values.append(_row_of(first))
        names |= {id(piece): Sql((f"{bound_name(whole.bound + 1)}.q{index}",)) for index, piece in enumerate(first)}
    for piece, count in repeated:
        if id(piece) in names:
            continue
        value = _replaced(piece, names)
        if _is_heavy(value, count):  # it may have become small by what was bound before
            values.append(value)
            names[id(piece)] = Sql((bound_name(whole.bound + len(values)),))
    made = _replaced(whole, names)
    for index in range(len(values), 0, -1):
        made = Bound(values[index - 1], made, whole.bound + index)
    return made


def _row_of(pieces: Sequence[Sql]) -> Sql:
    """Return one value out of several: each would otherwise stand in the lambda of the one before, where DuckDB takes no query and not every aggregate."""
    words = [f"{', ' if index else '{'}'q{index}': " for index in range(len(pieces))]
    return Sql((*words, "}"), tuple(pieces), simple=False)


def _apart(pieces: Sequence[Sql], queries: Sequence[Sql]) -> list[Sql]:
    """List the pieces in which no other of them stands, and no subquery."""
    known = {id(piece) for piece in (*pieces, *queries)}
    return [piece for piece in pieces if not any(id(part) in known for part in _outer_first(piece))]


def _is_heavy(piece: Sql, count: int) -> bool:
    return not piece.simple and not piece.is_list and (count - 1) * piece.size > LARGE // 8


def _repeated(whole: Sql, uses: Sequence[int]) -> tuple[list[tuple[Sql, int]], list[Sql]]:
    """Return the pieces that may be worth computing once, the innermost first and how often each stands there; and the subqueries.

    DuckDB takes no subquery in a lambda, and there may be one in the body of a macro too.
    """
    counts = {id(part): 0 for part in whole.parts}
    for part, use in zip(whole.parts, uses, strict=True):
        counts[id(part)] += use
    chosen: list[tuple[Sql, int]] = []
    queries: list[Sql] = []
    for piece in _outer_first(whole):
        count = counts[id(piece)]
        if _is_heavy(piece, count):
            chosen.append((piece, count))
            count = 1  # what it holds is then computed once for it
        elif piece.is_query:
            queries.append(piece)
        for part in piece.open_parts:
            counts[id(part)] = counts.get(id(part), 0) + count
    return chosen[::-1], queries


def _outer_first(whole: Sql) -> list[Sql]:
    """List the pieces of an expression, each once, behind all that it stands in; what stands in a lambda or a SELECT is not looked for."""
    done: list[Sql] = []
    seen: set[int] = set()
    todo: list[tuple[Sql, bool]] = [(part, False) for part in whole.parts]
    while todo:
        piece, is_left = todo.pop()
        if is_left:
            done.append(piece)
        elif id(piece) not in seen:
            seen.add(id(piece))
            todo.append((piece, True))
            todo += [(part, False) for part in piece.open_parts]
    return done[::-1]


def _replaced(whole: Sql, names: Mapping[int, Sql]) -> Sql:
    """Return an expression in which names stand for the pieces that are bound to them; what holds none of them stays the same piece."""
    made: dict[int, Sql] = dict(names)
    for piece in [*reversed(_outer_first(whole)), whole]:
        if id(piece) not in made and any(id(part) in made for part in piece.open_parts):
            made[id(piece)] = piece.with_parts(tuple([made.get(id(part), part) for part in piece.open_parts]))
    return made.get(id(whole), whole)
