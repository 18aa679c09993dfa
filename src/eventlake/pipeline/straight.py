"""One table's mapping for events of the shape that it declares, as the source of one function: objects with places in place of dicts.

Called by who reads JSON into such objects (`eventlake.backends.msgspec_events`). Whatever is odd about an event makes the function give None;
the mapping of `eventlake.pipeline.mapping`, from which this one is derived, takes it then and finds out what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from eventlake.model import Column, Table
from eventlake.pipeline.leftovers import ENVELOPE_KEYS, EXTRA, ORIGIN
from eventlake.pipeline.line_form import LineForm, indented
from eventlake.pipeline.mapping import MappingWriter
from eventlake.pipeline.masking import change_of
from eventlake.pipeline.path import Path

NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shape:
    """An object whose keys are all known. name: of the variable that holds it, and of nothing else in the function.

    places: for each key the attribute that holds its value. texts: the keys whose values are texts or null. inner: those of the values that are
    such objects, by key.
    """

    name: str
    path: Path
    places: dict[str, str]
    texts: frozenset[str]
    inner: dict[str, Shape] = field(default_factory=dict)

    @property
    def empty(self) -> str:
        """Return the name by which the code finds an empty one."""
        return f"NO_{self.name.upper()}"


def straight_source(
    table: Table, loose: Collection[Path], opened: Collection[Path], tree: Mapping[Any, Any]
) -> tuple[str, Shape, dict[str, Any]]:
    """Return the code of a module with the function `straight_line`, the shape of the events that it takes, and what it masks with, by name.

    loose: what may be other than a text though a column of text reads it. opened: the objects that are read as dicts, with whatever keys, at the
    table's root or below it; what no column reads of them goes to `extra`. tree: what becomes of personal data, as `Masking` has it. The module
    needs `dumps` and `encode`, which write JSON, an empty object for each shape but the whole event, `LINE`, which takes the values of all
    columns, `masked`, and which events it takes: `KIND`, their detail-type, and `WANTED`, which says it for each source.
    """
    writer = _StraightWriter(table, loose, opened, tree)
    return writer.module(), writer.shape, writer.masks


class _Values(LineForm):
    """The line as an expression for each column: a variable, or the place that holds its value."""

    signature = "def straight_line(event: Any) -> bytes | None:"
    doc = '"""Return the log line of an event, None if anything about it is odd."""'
    imports = ()
    helper = target = end = ""  # what does not fit ends the function

    def __init__(self, table: Table, direct: Collection[str]) -> None:
        self.values = {column.name: f"C{number}" for number, column in enumerate(table.columns)}  # no other name is of capitals and digits
        self.begin = (" = ".join([*(value for name, value in self.values.items() if name not in direct), "None"]),)

    def put(self, column: Column, value: str) -> list[str]:
        """Set the column's variable."""
        return [f"{self.values[column.name]} = {value}"]


class _StraightWriter(MappingWriter):
    """Writes the code."""

    def __init__(self, table: Table, loose: Collection[Path], opened: Collection[Path], tree: Mapping[Any, Any]) -> None:
        super().__init__(table, _Values(table, ()))
        self._opened = opened
        self._tree = tree
        self.masks: dict[str, Any] = {}
        self._done: set[Path] = set()
        """Where the masks stand already."""
        read = {column: paths for column, paths in self.paths.items() if column.converter == "text"}
        self._texts = {path for paths in read.values() for path in paths} - set(self.kinds) - set(loose)
        self._direct = {column.name for column, paths in read.items() if self._is_direct(column, paths)}
        self._values = self.form = _Values(table, self._direct)
        self._shapes: dict[Path, Shape] = {}
        self.shape = self._shaped((), "event", ENVELOPE_KEYS | {ORIGIN})

    def _is_direct(self, column: Column, paths: list[Path]) -> bool:
        """Return True if a column's value is that of one place as it is."""
        return len(paths) == 1 and self._is_text(paths[0]) and column.name != self.table.key

    def _is_text(self, path: Path) -> bool:
        return path in self._texts and self._is_shape(path[:-1])

    def _is_shape(self, path: Path) -> bool:
        """Return True if an object is read key by key alone, as all those are that it lies in."""
        whole = {path for paths in self.paths.values() for path in paths}
        outer = [path[:depth] for depth in range(1, len(path) + 1)]
        return all(self.kinds.get(one) == [dict] and one not in whole and one not in self._opened for one in outer)

    def _shaped(self, path: Path, name: str, more: Collection[str] = ()) -> Shape:
        keys = sorted({*more, *map(str, self._segments_below(path, dict))})
        texts = frozenset(key for key in keys if (*path, key) in self._texts)
        self._shapes[path] = Shape(name, path, {key: f"k{number}" for number, key in enumerate(keys)}, texts)
        return self._shapes[path]

    def _begin(self) -> Iterator[str]:
        yield f"SOURCE_OF = {self._read(('source',))}"  # no other name is of capitals alone
        yield f"if {self._read(('detail-type',))} != KIND or SOURCE_OF.__class__ is not str or not WANTED[SOURCE_OF]:"
        yield "    return None"
        yield f"IDENTITY = {self._read(('id',))}"
        yield "if not IDENTITY or IDENTITY.__class__ is not str:"
        yield "    return None"
        yield "odd = False"
        yield "unread: list[Unread] = []"
        for key in sorted(self.shape.places.keys() - ENVELOPE_KEYS - {ORIGIN}):
            yield f"odd = odd or {self._read((key,))} is not None"

    def _envelope(self) -> Iterator[str]:
        yield from self._masked(self._tree, self.shape)
        yield from super()._envelope()

    def _masked(self, tree: Mapping[Any, Any], shape: Shape) -> Iterator[str]:
        """Put in the place of each value what is kept of it. An event has no other keys than the shape, and an empty shape holds nothing."""
        for key, inner in tree.items():
            if (*shape.path, key) in self._done:
                continue
            if key in shape.inner and inner.__class__ is dict:
                yield from self._masked(inner, shape.inner[key])
            elif key in shape.places:
                place, name = f"{shape.name}.{shape.places[key]}", f"MASK_{len(self.masks)}"
                self.masks[name] = change_of(inner)
                yield f"if {place} is not None:"
                yield f"    {place} = {name}({place}, '')"

    def _node(self, path: Path) -> Any:
        """Return what becomes of the value at a path, or of those in it; None if all is kept."""
        node: Any = self._tree
        for key in path:
            node = node.get(key) if node.__class__ is dict or node is self._tree else None
        return node

    def _end(self) -> Iterator[str]:
        yield "if odd:"
        yield "    return None"
        if EXTRA in self._values.values:
            yield f"rest = {self._use('line', 'remainder')}(unread) if unread else None"
            yield "if rest:"
            yield f"    {self._values.values[EXTRA]} = dumps(rest)"
        else:
            yield "if unread:"
            yield "    return None"
        yield f'return encode(LINE({", ".join(self._values.values.values())})) + b"\\n"'

    def _container(self, path: Path, kind: type) -> Iterator[str]:
        if not self._is_shape(path):
            shape, key = self._shapes.get(path[:-1]), path[-1]
            if shape is not None and (inner := self._node(path)) is not None:  # before parts of it are read
                yield from self._masked({key: inner}, shape)
                self._done.add(path)
            yield from super()._container(path, kind)
            return
        name = self._name(path)
        yield f"{name} = {self._read(path)}"
        self.containers[path, kind] = name
        shape = self._shapes[path[:-1]].inner[str(path[-1])] = self._shaped(path, name)
        yield f"if {name} is None:"
        yield f"    {name} = {shape.empty}"

    def _read(self, path: Path) -> str:
        shape = self._shapes.get(path[:-1])
        return super()._read(path) if shape is None else f"{shape.name}.{shape.places[str(path[-1])]}"

    def _column(self, column: Column) -> Iterator[str]:
        if column.name in self._direct:
            self._values.values[column.name] = self._read(self.paths[column][0])
        else:
            yield from super()._column(column)

    def _put(self, column: Column) -> Iterator[str]:
        if column.converter == "json":
            yield from super()._put(column)
        elif column.converter == "text" and all(map(self._is_text, self.paths[column])):
            yield from self.form.put(column, "value")
        else:
            if column.converter in {"text", "joined"}:
                yield "if value.__class__ is str:"
                yield from indented(4, self.form.put(column, "value"))
                yield "elif value is not None:"
            else:
                yield "if value is not None:"
            yield from self._put_converted(column)

    def _put_converted(self, column: Column) -> Iterator[str]:
        yield f"    fitting = {self._converter(column)}(value)"
        yield f"    if fitting is {self._use('values', 'MISFIT')}:"
        yield "        return None"
        yield from indented(4, self._unless_whole(column))
        yield from indented(4, self.form.put(column, "fitting"))

    def _unless_whole(self, column: Column) -> list[str]:
        if "struct" not in column.type:
            return []
        is_flat = column.type.count("struct") == 1 and column.type.startswith("struct")
        condition = "len(fitting) != len(value)" if is_flat else f"not {self._use('nested', 'is_whole')}(fitting, value)"
        return [f"if {condition}:", "    return None"]
