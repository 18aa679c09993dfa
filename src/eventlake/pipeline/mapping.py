"""One table's mapping, from an event to the columns of its log line, as one straight function.

The declaration of a table is turned into the source of a Python function, compiled once: a list of closures, one per column, takes a
third longer for each event, and this function is what a Lambda invocation does 500 times (`benchmarks/transform.py` compares).
The straight function knows the expected event. Whatever is odd about one (an undeclared key, a value that does not fit, a second
spelling with another value) sets a flag, and `Leftovers` then finds what no column kept, for `extra`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from eventlake.model import Column, Table
from eventlake.pipeline import convert
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.leftovers import ENVELOPE_KEYS, EXTRA, Known, Leftovers, first_fitting, remainder, settled_keys
from eventlake.pipeline.path import Holding, Path, all_read, parse_path

Mapping = Callable[[dict[str, Any]], dict[str, Any]]
"""An event -> the columns that are not NULL, by name, in the table's order."""


def compile_mapping(table: Table, codec: Codec) -> Mapping:
    """The function that maps this table's events."""
    columns = [column for column in table.columns if column.name != EXTRA]
    writer = _Writer(table, columns, codec)
    source = "\n".join(["def mapping(event):", *("    " + line for line in writer.lines())])
    scope = writer.names
    exec(compile(source, f"<mapping of {table.name}>", "exec"), scope)  # the source is ours, values go in as repr()
    mapping: Mapping = scope["mapping"]
    return mapping


class _Writer:
    """Writes the lines of the function, and collects the names they use."""

    def __init__(self, table: Table, columns: list[Column], codec: Codec) -> None:
        self.table = table
        self.columns = columns
        self.paths = {column: [parse_path(path) for path in column.paths] for column in columns}
        self.names: dict[str, Any] = {
            "MISFIT": convert.MISFIT,
            "EMPTY": {},
            "NOTHING": [],
            "leftovers": Leftovers(table, codec).of,
            "remainder": remainder,
            "dumps": codec.dumps,
            "all_read": all_read,
            "is_whole": convert.is_whole,
            "first_fitting": first_fitting,
        }
        for index, column in enumerate(columns):
            self.names[f"convert{index}"] = convert.converter(column.converter, convert.parse_type(column.type), codec)
        self.containers: dict[tuple[Path, type], str] = {((), dict): "event"}
        self.kinds = self._container_kinds()
        self.root = parse_path(table.root)

    def lines(self) -> Iterator[str]:
        yield "line = {}"
        yield "more = False"
        yield "odd = not ENVELOPE.issuperset(event)"
        self.names["ENVELOPE"] = ENVELOPE_KEYS
        for path in sorted(self.kinds, key=len):
            for kind in self.kinds[path]:
                yield from self._container(path, kind)
        yield from self._envelope()
        for index, column in enumerate(self.columns):
            yield from self._column(index, column)
        self.names["KNOWN"] = self._known(self.root)
        yield "if odd or more:"
        yield f"    rest = leftovers(event) if odd else remainder({self.containers[self.root, dict]}, KNOWN)"
        yield f"    if rest: line[{EXTRA!r}] = dumps(rest)"
        yield "return line"

    def _envelope(self) -> Iterator[str]:
        """What of the envelope is neither standard nor read by a column makes every such event odd."""
        read = {path[0] for paths in self.paths.values() for path in paths if path}
        for key in sorted(ENVELOPE_KEYS - settled_keys(self.table) - read - {"detail"}):
            yield f"odd = odd or event.get({key!r}) not in (None, [], '')"

    def _container_kinds(self) -> dict[Path, list[type]]:
        """Every path that a column's path goes through: as an object, as an array, or as either if both are declared."""
        found: dict[Path, list[type]] = {}
        through = [(path[:depth], _kind(path[depth])) for paths in self.paths.values() for path in paths for depth in range(1, len(path))]
        for path, kind in [*through, (parse_path(self.table.root), dict)]:
            if path and kind not in found.setdefault(path, []):
                found[path].append(kind)
        return found

    def _container(self, path: Path, kind: type) -> Iterator[str]:
        name = f"in{len(self.containers)}"
        below = [child for paths in self.paths.values() for child in paths if len(child) > len(path) and child[: len(path)] == path]
        children = {child[len(path)] for child in below if _kind(child[len(path)]) is kind}
        yield f"{name} = {self._read(path)}"
        self.containers[path, kind] = name
        yield f"if {name}.__class__ is not {kind.__name__}:"
        yield f"    if {name} is not None{self._or_other_kind(path, kind, name)}: odd = True"
        yield f"    {name} = {'NOTHING' if kind is list else 'EMPTY'}"
        if kind is list:
            if children == {0}:
                yield f"elif len({name}) > 1: odd = True"
            else:
                self.names[f"places_{name}"] = list(children)
                yield f"elif not all_read({name}, places_{name}): odd = True"
        elif not self._is_kept_whole(path):
            self.names[f"keys_{name}"] = frozenset(children)
            flag = "more" if path[: len(self.root)] == self.root else "odd"
            yield f"elif not keys_{name}.issuperset({name}): {flag} = True"

    def _known(self, path: Path) -> Known:
        """What columns read of the object at a path."""
        below = {
            read[len(path)]: read for paths in self.paths.values() for read in paths if read[: len(path)] == path and len(read) > len(path)
        }
        known: Known = {}
        for key in below:
            inner = (*path, key)
            is_read = any(inner in paths for paths in self.paths.values())
            known[str(key)] = None if is_read or not isinstance(key, str) else self._known(inner)
        return known

    def _or_other_kind(self, path: Path, kind: type, name: str) -> str:
        return "".join(f" and {name}.__class__ is not {other.__name__}" for other in self.kinds[path] if other is not kind)

    def _is_kept_whole(self, path: Path) -> bool:
        """Whether a column holds the JSON of the value at this path or of one around it."""
        kept = {read for column, paths in self.paths.items() if column.converter == "json" for read in paths}
        return any(path[:depth] in kept for depth in range(1, len(path) + 1))

    def _column(self, index: int, column: Column) -> Iterator[str]:
        first, *others = self.paths[column]
        yield f"value = {self._read(first)}"
        for other in others:
            yield f"other = {self._read(other)}"
            yield "if other is not None and other != value:"
            yield '    if value is None or value == "": value = other'
            if other[:-1] or other[-1] not in settled_keys(self.table):
                yield '    elif other != "": odd = True'
        if column.name == self.table.key:  # an empty key would make one event of all that have it; NULL is never a duplicate
            yield 'if value == "": value = None'
        yield from self._store(index, column)

    def _store(self, index: int, column: Column) -> Iterator[str]:
        slot = f"line[{column.name!r}]"
        if column.converter == "json":  # any value has its JSON text
            yield f"if value is not None: {slot} = dumps(value)"
            return
        if column.converter in {"text", "joined"}:
            yield f"if value.__class__ is str: {slot} = value"
            yield "elif value is not None:"
        else:
            yield "if value is not None:"
        yield f"    fitting = convert{index}(value)"
        yield "    if fitting is MISFIT:"
        yield "        odd = True"
        if len(self.paths[column]) > 1:
            self.names[f"paths{index}"] = self.paths[column]
            yield f"        fitting = first_fitting(event, paths{index}, convert{index})"
            yield f"        if fitting is not MISFIT: {slot} = fitting"
        yield "    else:"
        yield f"        {slot} = fitting"
        if column.type.count("struct") == 1 and column.type.startswith("struct"):
            yield "        if len(fitting) != len(value): odd = True"
        elif "struct" in column.type:
            yield "        if not is_whole(fitting, value): odd = True"

    def _read(self, path: Path) -> str:
        container, last = self.containers[path[:-1], _kind(path[-1])], path[-1]
        if isinstance(last, int):
            return f"{container}[{last}] if len({container}) > {last} else None"
        if isinstance(last, Holding):
            pick = f"pick{len(self.names)}"
            self.names[pick] = last.pick
            return f"{pick}({container})"
        return f"{container}.get({last!r})"


def _kind(segment: str | int | Holding) -> type:
    """What a segment reads from: a key from an object, a place from an array."""
    return dict if isinstance(segment, str) else list
