"""What stands in the gap of a scan: the objects of the hours that are left, with explicit columns and types.

Names and types come from the catalog, never from the files: a column that an older object lacks is NULL, a type is what Glue says.
`date` and `hour` come from the catalog too; where an object lies under its own hour (`prefix/YYYY/MM/DD/HH/`, `closed/prefix/YYYY/MM/DD/HH/`)
they are cut out of its path, which DuckDB evaluates once for each object, otherwise they are joined by path, which costs each row as much as
reading it. So is what an object says of itself, such as "$path".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from pathlib import Path

from eventlake.dialect.queries.listings import OBJECT_COLUMNS
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.sql import written
from eventlake.dialect.types.type import Type
from eventlake.interfaces import LogObject
from eventlake.model import PARTITION_KEYS
from eventlake.query.stored_types import FILE, NAMED, Asked, TypeCheck, schema_of

_OF_FILES = (*(name for name, _ in PARTITION_KEYS), *OBJECT_COLUMNS)
"""The columns that are not in an object: they are the catalog's, or its own."""

ROW = "el_row"
"""The column of a Parquet row's number in its object; who rewrites objects adds it to a table, nobody else can ask for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A scan with its objects: those to read, and how many objects and bytes the table has.

    folder: where they lie. location: where they lie to whoever asks for "$path".
    """

    scan: Scan
    objects: tuple[LogObject, ...]
    total: int
    total_bytes: int
    folder: Path
    location: str

    @property
    def paths(self) -> list[str]:
        """Return the files to read, absolute."""
        root = str(self.folder)
        return [f"{root}/{item.key}" for item in self.objects]

    @property
    def size_bytes(self) -> int:
        """Return the size of the files to read."""
        return sum(item.size_bytes for item in self.objects)

    @property
    def strict(self) -> Set[str]:
        """Return the columns whose texts are JSON as we write it in each of the objects: all, where there is none."""
        return frozenset.intersection(*{item.strict for item in self.objects}) if self.objects else frozenset(self.scan.columns)

    def sql(self, *, brief: bool = False) -> str:
        """Return the subquery that gives the scan's columns; brief is for people: keys, and all but two of them left out."""
        known = {**self.scan.columns, **OBJECT_COLUMNS}
        columns = {name: kind for name, kind in known.items() if name in self.scan.used}
        if not self.objects:
            nothing = ", ".join(f"CAST(NULL AS {written(kind.duckdb)}) AS {quoted(name)}" for name, kind in columns.items()) or "NULL"
            return f"(SELECT {nothing} WHERE false)"
        parts = [replace(self, objects=group)._of_one_kind(columns, brief=brief) for group in self._groups(columns)]
        return parts[0] if len(parts) == 1 else f"({' UNION ALL '.join(f'SELECT * FROM {part}' for part in parts)})"

    def type_checks(self) -> list[TypeCheck]:
        """Return what is to be asked of the objects, where columns that are read were declared otherwise before."""
        columns = Asked.of(column for column in self.scan.table.columns if column.stored_name in self.scan.used)
        if not columns:
            return []
        compressions = {_parquet: "", _gzip_json: "gzip", _plain_json: "none"}
        groups = {
            compression: tuple(path for path, item in zip(self.paths, self.objects, strict=True) if _reader(item) is reader)
            for reader, compression in compressions.items()
        }
        return [TypeCheck(paths, columns, compression) for compression, paths in groups.items() if paths]

    def _groups(self, columns: dict[str, Type]) -> list[tuple[LogObject, ...]]:
        """Return the objects of one format each, and where something of their paths is asked for, with their hours at one place in them."""
        kinds: defaultdict[tuple[int, int], list[LogObject]] = defaultdict(list)
        asks = any(name in columns for name in _OF_FILES)
        for item in self.objects:
            kinds[_READERS.index(_reader(item)), _place(item) if asks else 0].append(item)
        if len(kinds) > _MOST_KINDS:
            return [group for reader in _READERS if (group := tuple(item for item in self.objects if _reader(item) is reader))]
        return [tuple(kinds[kind]) for kind in sorted(kinds)]

    def _of_one_kind(self, columns: dict[str, Type], *, brief: bool) -> str:
        stored = {name: kind for name, kind in columns.items() if name not in _OF_FILES}
        keys = [name for name in _OF_FILES if name in columns]
        read = _reader(self.objects[0])
        paths = self.paths if not brief else [item.key for item in self.objects]
        shown = paths if not brief or len(paths) <= 3 else [paths[0], f"... {len(paths) - 2:,} more ...", paths[-1]]
        listed = f"[{', '.join(text(path) for path in shown)}]"
        source, selected = read(listed, stored, self.scan, filename=bool(keys))
        if not keys:
            return f"(SELECT {', '.join(selected) or 'NULL'} FROM {source})"
        offset = self._offset()
        if offset is not None and "$file_size" not in keys:
            made = self._of_path(f"replace(substring({_FILE}, {offset}, 10), '/', '-')", f"substring({_FILE}, {offset + 11}, 2)")
            return f"(SELECT {', '.join([*selected, *(f'{made[key]} AS {quoted(key)}' for key in keys)])} FROM {source})"
        rows = ", ".join(
            f"({text(path)}, {text(item.hour.date)}, {text(item.hour.hour)}, {item.size_bytes})"
            for path, item in zip(paths, self.objects, strict=True)
        )
        hours = f"(VALUES {rows if not brief else '...'}) AS el_h(el_path, date, hour, el_size)"
        made = self._of_path("el_h.date", "el_h.hour")
        named = [*selected, *(f"{made[key]} AS {quoted(key)}" for key in keys)]
        return f"(SELECT {', '.join(named)} FROM {source} AS el_f JOIN {hours} ON el_f.{_FILE} = el_h.el_path)"

    def _of_path(self, date: str, hour: str) -> dict[str, str]:
        """Return the SQL of the columns that are not in an object, given those of its date and hour as texts."""
        folder = str(self.folder)
        return {
            "date": f"CAST({date} AS DATE)",
            "hour": hour,
            "$path": f"({text(self.location)} || substring({_FILE}, {len(folder) + 1}))",
            "$partition": f"('date=' || {date} || '/hour=' || {hour})",
            "$file_size": "CAST(el_h.el_size AS BIGINT)",
        }

    def _offset(self) -> int | None:
        """Return where in every path its own hour stands, counted from 1; None if it does not stand at one place in all of them."""
        (place, *others) = {_place(item) for item in self.objects}
        return None if others or place < 0 else len(str(self.folder)) + 1 + place + 1


def _place(item: LogObject) -> int:
    """Return where an object's own hour stands in its key, as folders; -1 if it does not."""
    return f"/{item.key}".find(f"/{item.hour.path}/")


_FILE = quoted(FILE)
_NO_FOLDERS = ", hive_partitioning=false"
"""A folder `column=value` above the lake is no partition of it; DuckDB would put its value into every row."""


def _parquet(listed: str, columns: dict[str, Type], scan: Scan, *, filename: bool) -> tuple[str, list[str]]:
    """Return read_parquet by column names: `schema` fixes names and types, so no object is asked for its own."""
    stored = {name: kind for name, kind in columns.items() if name != ROW}
    numbered = [f"file_row_number AS {quoted(ROW)}"] if ROW in columns else []
    schema = schema_of((name, written(kind.duckdb)) for name, kind in (stored or dict(list(scan.columns.items())[:1])).items())
    more = f"{NAMED if filename else ''}{', file_row_number=true' if numbered else ''}"
    source = f"read_parquet({listed}, schema={schema}{_NO_FOLDERS}{more})"
    return source, [*(_whole(name, kind) for name, kind in stored.items()), *numbered]


def _whole(name: str, kind: Type) -> str:
    """Return a column; a row whole, because one object may lack the row, or a field of it, that another has."""
    return f"coalesce({quoted(name)}, NULL) AS {quoted(name)}" if kind.name == "row" else quoted(name)


_JSON_OPTIONS = ", format='newline_delimited', records=true, timestampformat='%Y-%m-%d %H:%M:%S.%g', dateformat='%Y-%m-%d', maximum_object_size=16777216"
"""Of lines that are records DuckDB need not look at 32 objects first, with 32 MB for each, nor take a whole line for a value where one is none."""


def _gzip_json(listed: str, columns: dict[str, Type], scan: Scan, *, filename: bool) -> tuple[str, list[str]]:
    """Return read_json for compressed objects. DuckDB's own guess is wrong where the lake's folder has a "?" in its name."""
    return _json(listed, columns, scan, f", compression='gzip'{NAMED if filename else ''}")


def _plain_json(listed: str, columns: dict[str, Type], scan: Scan, *, filename: bool) -> tuple[str, list[str]]:
    """Return read_json for objects that are not compressed."""
    return _json(listed, columns, scan, f", compression='none'{NAMED if filename else ''}")


def _json(listed: str, columns: dict[str, Type], scan: Scan, options: str) -> tuple[str, list[str]]:
    """Return read_json with the keys as they are spelt in log lines; lines are one object each."""
    spelling = {column.stored_name: column.name for column in scan.table.columns}
    chosen = columns or dict(list(scan.columns.items())[:1])
    made = ", ".join(f"{text(spelling.get(name, name))}: {text(written(kind.duckdb))}" for name, kind in chosen.items())
    source = f"read_json({listed}, columns={{{made}}}{_JSON_OPTIONS}{options}{_NO_FOLDERS})"
    return source, [f"{quoted(spelling.get(name, name))} AS {quoted(name)}" for name in columns]


_READERS = (_parquet, _gzip_json, _plain_json)
_MOST_KINDS = 8
"""Into how many kinds objects are parted at most: each is a scan of its own."""


def _reader(item: LogObject) -> Callable[..., tuple[str, list[str]]]:
    """Return what reads an object, by its format and its ending."""
    if item.format == "parquet":
        return _parquet
    return _gzip_json if item.key.endswith(".gz") else _plain_json
