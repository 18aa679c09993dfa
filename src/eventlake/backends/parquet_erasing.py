"""What an erasure asks of an object in Parquet: how many rows are the person's own, how many name them, and the rows that stay, edited.

DuckDB's SQL over one object. Texts are edited wherever they stand, in lists, maps and rows too; every other value stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlake.backends.spotting import rows_of
from eventlake.dialect.sql import quoted_name, quoted_text
from eventlake.errors import CorruptObjectError
from eventlake.pipeline.erased import MARK
from eventlake.pipeline.erasing import Person

if TYPE_CHECKING:
    import duckdb

_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}


@dataclass(frozen=True, slots=True)
class Named:
    """What an object holds of a person. own: rows of the person's own. mentions: others that name the person."""

    rows: int
    own: int
    mentions: int

    @property
    def is_any(self) -> bool:
        """Return True if there is anything to erase."""
        return bool(self.own or self.mentions)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was compared after rewriting. untouched: rows that are as they were. checksum: of them, whatever their order."""

    untouched: int
    checksum: str


class ParquetErasing:
    """Statements over one object for one person. Raises duckdb.Error for a file that is none."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, person: Person) -> None:
        self._connection = connection
        self._person = person
        self._source = rows_of(path)
        described = connection.execute(f"DESCRIBE SELECT * FROM {self._source}").fetchall()
        self._columns = {str(name): connection.sqltype(kind) for name, kind, *_ in described}

    def named(self) -> Named:
        """Count the rows that name the person."""
        found = self._one(
            f"SELECT count(*), count(*) FILTER (el_own), count(*) FILTER (el_named AND NOT el_own) "
            f"FROM (SELECT {self._own()} AS el_own, {self._named()} AS el_named FROM {self._source})"
        )
        return Named(*map(int, found))

    def kept(self, *, edits: bool) -> str:
        """Write the SELECT of the rows that stay, in their order, without the person. edits: whether one of them names the person."""
        naming = self._naming() if edits else ()
        edited = [f"{self._edited(quoted_name(name), self._columns[name])} AS {quoted_name(name)}" for name in naming]
        replaced = f" REPLACE ({', '.join(edited)})" if edited else ""
        return f"SELECT *{replaced} FROM {self._source} WHERE NOT {self._own()}"

    def compare(self, new: Path) -> Kept:
        """Compare what stayed with a new object, row by row. Raises CorruptObjectError if a row changed that did not name the person."""
        row = f"hash({', '.join(map(quoted_name, self._columns))})"
        before = f"SELECT {row} AS el_before, {self._named()} AS el_named FROM {self._source} WHERE NOT {self._own()}"
        after = f"SELECT {row} AS el_after, {self._named()} AS el_still, true AS el_is FROM {rows_of(new)}"
        untouched, changed, still, checksum = self._one(
            "SELECT count(*) FILTER (NOT el_named), count(*) FILTER (NOT el_named AND el_before IS DISTINCT FROM el_after), "
            "count(*) FILTER (el_still OR el_is IS NULL OR el_before IS NULL), coalesce(bit_xor(el_after) FILTER (NOT el_named), 0) "
            f"FROM ({before}) POSITIONAL JOIN ({after})"
        )
        if changed or still:
            raise CorruptObjectError(f"{new.name}: {changed:,} rows changed that name nobody, and {still:,} still name the person")
        return Kept(int(untouched), f"{int(checksum):016x}")

    def _own(self) -> str:
        texts = [name for name, kind in self._columns.items() if str(kind) in {"VARCHAR", *_NUMBERS}]
        wanted = ", ".join(map(quoted_text, self._person.folded))
        tests = [f"coalesce(lower(trim(CAST({quoted_name(name)} AS VARCHAR))) IN ({wanted}), false)" for name in texts]
        return f"({' OR '.join(tests) or 'false'})"

    def _named(self) -> str:
        texts = [f"CAST({quoted_name(name)} AS VARCHAR)" for name, kind in self._columns.items() if _holds_text(kind)]
        return f"regexp_matches(concat_ws(chr(10), {', '.join(texts)}), {quoted_text(self._person.pattern)})" if texts else "false"

    def _naming(self) -> list[str]:
        """Return the columns in which a row that stays names the person: to look for a pattern costs little, to compile it for a column much."""
        texts = [name for name, kind in self._columns.items() if _holds_text(kind)]
        pattern = quoted_text(self._person.pattern)
        tests = [f"coalesce(bool_or(regexp_matches(CAST({quoted_name(name)} AS VARCHAR), {pattern})), false)" for name in texts]
        found = self._one(f"SELECT {', '.join(tests)} FROM {self._source} WHERE NOT {self._own()}")
        return [name for name, is_named in zip(texts, found, strict=True) if is_named]

    def _edited(self, value: str, kind: Any, depth: int = 0) -> str:  # a type of DuckDB's, which has no stubs of ours
        """Write a value of a type with every text in it edited."""
        if not _holds_text(kind):
            return value
        if kind.id == "varchar":
            return self._text(value)
        item = f"el_{depth}"
        if kind.id == "list":
            return f"list_transform({value}, lambda {item}: {self._edited(item, dict(kind.children)['child'], depth + 1)})"
        if kind.id == "map":
            fields = dict(kind.children)
            pair = ", ".join(f"{to} := {self._edited(f'{item}.{to}', fields[to], depth + 1)}" for to in ("key", "value"))
            return f"map_from_entries(list_transform(map_entries({value}), lambda {item}: struct_pack({pair})))"
        parts = ((name, f"struct_extract({value}, {quoted_text(name)})", part) for name, part in kind.children)
        made = ", ".join(f"{quoted_name(name)} := {self._edited(part, of, depth + 1)}" for name, part, of in parts)
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({made}) END"

    def _text(self, value: str) -> str:
        encoded, kept = quoted_text(self._person.encoded), quoted_text(rf"\1{MARK}\2")
        edited = value
        for words in self._person.words * 2:  # what stands between two words belongs to the first
            edited = f"regexp_replace({edited}, {quoted_text(words)}, {kept}, 'g')"
        named = f"regexp_matches({value}, {quoted_text(self._person.pattern)})"
        return f"CASE WHEN {named} THEN regexp_replace({edited}, {encoded}, {quoted_text(MARK)}, 'g') ELSE {value} END"

    def _one(self, query: str) -> tuple[Any, ...]:
        return self._connection.execute(query).fetchone() or ()


def _holds_text(kind: Any) -> bool:  # a type of DuckDB's
    if kind.id == "varchar":
        return True
    return kind.id in {"list", "map", "struct"} and any(_holds_text(part) for _, part in kind.children)
