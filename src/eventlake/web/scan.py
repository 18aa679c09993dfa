"""What a statement reads: its table, the conditions on it, and what its columns are made of, as far as its text says so plainly.

A tile's statement is one of ours, so its text is enough: `select ... from TABLE where CONDITIONS`, alone, or inside other selects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eventlake.dialect.text.lexicon import QUOTED, WORD, Token, spoken
from eventlake.model import Table

_ENDS = frozenset({"GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "WINDOW", "OFFSET"})
_AGGREGATES = frozenset(
    {"COUNT", "SUM", "MIN", "MAX", "AVG", "MAX_BY", "MIN_BY", "APPROX_PERCENTILE", "APPROX_DISTINCT", "ARRAY_AGG", "OVER"}
)
"""What makes one value of many rows."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a table. start, end: of the conditions in the text. items: what its select has, by name. whole: the text of that select.

    is_inner: whether another select stands round it. groups: whether it makes one row of many. is_plain: whether nothing is joined to it.
    """

    table: Table
    start: int
    end: int
    items: Mapping[str, str]
    whole: str
    is_inner: bool
    groups: bool
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement reads. items: what its outermost select has, by name. partitions: what its windows are cut by, None without windows.

    counts_rows: whether each row is counted by itself, whatever its text looks like. branches: of a union, what the select of each scan has.
    """

    sql: str
    scans: tuple[Scan, ...]
    items: Mapping[str, str]
    partitions: frozenset[str] | None
    counts_rows: bool = False
    branches: tuple[Mapping[str, str], ...] = ()


def reading_of(sql: str, tables: Sequence[Table]) -> Reading:
    """Find what a statement reads of these tables."""
    words = spoken(sql)
    depths = list(depths_of(words))
    by_name = {table.name: table for table in tables}
    places = [
        place
        for place, (word, following) in enumerate(pairwise(words))
        if word.word in {"FROM", "JOIN"} and following.name.lower() in by_name and following.kind in {WORD, QUOTED}
    ]
    scans = tuple(_scan(sql, words, depths, place, by_name[words[place + 1].name.lower()]) for place in places)
    branches = tuple(_branches(sql, words, depths)) if all(scan.is_plain and not scan.is_inner for scan in scans) else ()
    is_union = 1 < len(scans) == len(branches)
    return Reading(sql, scans, _outermost(sql, words, depths), _partitions(words), branches=branches if is_union else ())


def is_aggregate(expression: str) -> bool:
    """Return True if an expression makes one value of many rows."""
    return any(token.word in _AGGREGATES for token in spoken(expression))


def column_of(expression: str) -> str:
    """Return the column that an expression is, without what it is qualified by; nothing if it is more than a column."""
    found = spoken(expression)
    return found[-1].name.lower() if [one.kind in {WORD, QUOTED} for one in found] in ([True], [True, False, True]) else ""


def depths_of(words: Sequence[Token]) -> Iterator[int]:
    """Yield in how many brackets each token stands; a bracket stands where what is before it stands."""
    depth = 0
    for token in words:
        depth -= token.word == ")"
        yield depth
        depth += token.word == "("


def _scan(sql: str, words: Sequence[Token], depths: Sequence[int], place: int, table: Table) -> Scan:
    depth, behind = depths[place], place + 2
    is_plain = words[place].word == "FROM" and behind < len(words) and words[behind].word == "WHERE" and depths[behind] == depth
    last = next((at for at in range(behind, len(words)) if _ends(words[at], depths[at], depth)), len(words))
    begin = words[behind].end if is_plain else words[place + 1].end
    selects = max((at for at in range(place) if words[at].word == "SELECT" and depths[at] == depth), default=place)
    closing = next((at for at in range(last, len(words)) if depths[at] < depth), len(words))
    return Scan(
        table,
        begin,
        words[last - 1].end,
        _items(sql, words, depths, selects + 1, place),
        sql[words[selects].start : words[closing - 1].end],
        depth > 0,
        any(words[at].word == "GROUP" and depths[at] == depth for at in range(last, closing)),
        is_plain,
    )


def _ends(token: Token, depth: int, wanted: int) -> bool:
    return depth < wanted or (depth == wanted and token.word in _ENDS)


def _outermost(sql: str, words: Sequence[Token], depths: Sequence[int]) -> Mapping[str, str]:
    """Return what the first select outside all brackets has."""
    start = next((at for at, token in enumerate(words) if token.word == "SELECT" and depths[at] == 0), len(words))
    stop = next((at for at in range(start, len(words)) if words[at].word == "FROM" and depths[at] == 0), len(words))
    return _items(sql, words, depths, start + 1, stop)


def _branches(sql: str, words: Sequence[Token], depths: Sequence[int]) -> Iterator[Mapping[str, str]]:
    """Yield what each select outside all brackets has, by the names that the first gives."""
    names: list[str] = []
    for start in (at for at, token in enumerate(words) if token.word == "SELECT" and depths[at] == 0):
        stop = next((at for at in range(start, len(words)) if words[at].word == "FROM" and depths[at] == 0), len(words))
        listed = _listed(sql, words, depths, start + 1, stop)
        names = names or [name for name, _ in listed]
        yield dict(zip(names, [expression for _, expression in listed], strict=False))


def _items(sql: str, words: Sequence[Token], depths: Sequence[int], start: int, stop: int) -> Mapping[str, str]:
    """Return the expressions of a select's list by their names."""
    return dict(_listed(sql, words, depths, start, stop))


def _listed(sql: str, words: Sequence[Token], depths: Sequence[int], start: int, stop: int) -> list[tuple[str, str]]:
    """Return the names and the expressions of a select's list, in order."""
    if start < stop and words[start].word in {"DISTINCT", "ALL"}:
        start += 1
    if start >= stop:
        return []
    commas = [at for at in range(start, stop) if words[at].word == "," and depths[at] == depths[start - 1]]
    cuts = [(begin + 1, end) for begin, end in pairwise([start - 1, *commas, stop])]
    return [_named(sql, words[begin:end]) for begin, end in cuts if begin < end]


def _named(sql: str, item: Sequence[Token]) -> tuple[str, str]:
    """Return the name and the expression of an item."""
    if len(item) > 2 and item[-2].word == "AS":
        return item[-1].name.lower(), sql[item[0].start : item[-3].end]
    return item[-1].name.lower(), sql[item[0].start : item[-1].end]


def _partitions(words: Sequence[Token]) -> frozenset[str] | None:
    """Return the names by which every window of the statement is cut; None if it has no window."""
    windows = [at for at, token in enumerate(words) if token.word == "OVER"]
    if not windows:
        return None
    cuts = [{token.name.lower() for token in _until_order(words, at + 2)} for at in windows]
    return frozenset(set.intersection(*cuts))


def _until_order(words: Sequence[Token], start: int) -> Iterator[Token]:
    for token in words[start:]:
        if token.word in {"ORDER", ")"}:
            return
        if token.kind in {WORD, QUOTED} and token.word not in {"PARTITION", "BY"}:
            yield token
