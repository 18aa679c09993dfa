"""One table's mapping, from an event to its log line, as the source of one straight Python function.

The declaration of a table is turned into code: a list of closures, one per column, takes a third longer for each event. The code has two
forms. `line_source` writes the JSON text of the line itself, with the standard library; on AWS it is a module beside the Lambda function
(`eventlake.functions.declared`), so that a cold start reads no declaration. `compile_mapping` fills a dict, for codecs that write one fast.
The straight function knows the expected event. Whatever is odd about one (an undeclared key, a value that does not fit, a second
spelling with another value) sets a flag, and `Leftovers` then finds what no column kept, for `extra`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator
from typing import Any

from eventlake.model import Column, Table
from eventlake.pipeline import convert, nested, values
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.leftovers import ENVELOPE_KEYS, EXTRA, ORIGIN
from eventlake.pipeline.line_form import Fields, LineForm, Pieces, indented
from eventlake.pipeline.literal import LINE_LENGTH, Brackets, broken_lines, string, strings
from eventlake.pipeline.path import Holding, Path, parse_path

Mapping = Callable[[dict[str, Any]], dict[str, Any]]
"""An event -> the columns that are not NULL, by name, in the table's order."""

LogLine = Callable[[dict[str, Any]], bytes]
"""An event -> its log line, ending in a newline; raises ValueError or RecursionError for what JSON cannot write."""

_STANDARD_KEYS = ENVELOPE_KEYS - {"resources", "detail", "source", "detail-type"}
"""Keys whose values are the envelope's own business or columns of every table."""

_OWN_NAMES = {
    *("event", "line", "add", "odd", "unread", "value", "other", "fitting", "rest"),
    *("dumps", "quote", "write", "keep", "remainder", "joined_line", "first_fitting", "all_read"),
    *vars(values),
    *vars(nested),
    *("len", "str", "list", "dict"),
}
"""Names that the code has uses for, which the parts of an event may not take."""


def compile_mapping(table: Table, codec: Codec) -> Mapping:
    """Make the function that maps this table's events to dicts."""
    scope = _run(table, Fields(), {"dumps": codec.dumps})
    mapping: Mapping = scope["mapping"]
    return mapping


def compile_line(table: Table) -> LogLine:
    """Make the function that writes this table's log lines with the standard library."""
    log_line: LogLine = _run(table, Pieces(), {})["log_line"]
    return log_line


def line_source(table: Table) -> str:
    """Return the code of a module that holds what `compile_line` gives, as `log_line`; ends in a newline."""
    return MappingWriter(table, Pieces()).module()


def _run(table: Table, form: LineForm, scope: dict[str, Any]) -> dict[str, Any]:
    source = MappingWriter(table, form).module()
    exec(compile(source, f"<mapping of {table.name}>", "exec"), scope)  # the source is ours, a declaration's texts go in as literals
    return scope


class MappingWriter:
    """Writes the code, and notes the names it uses."""

    def __init__(self, table: Table, form: LineForm) -> None:
        self.table = table
        self.form = form
        self.columns = [column for column in table.columns if column.name != EXTRA]
        self.paths = {column: [parse_path(path) for path in column.paths] for column in self.columns}
        self.root = parse_path(table.root)
        self.used: dict[str, set[str]] = {name: set() for name in ("codec", "line", "nested", "path", "values")}
        for module, name in form.imports:
            self._use(module, name)
        self.constants: dict[str, str | Brackets] = {"SOURCE": string(table.source), "ENVELOPE": strings(ENVELOPE_KEYS | {ORIGIN})}
        self.containers: dict[tuple[Path, type], str] = {((), dict): "event"}
        self.kinds = self._container_kinds()

    def module(self) -> str:
        """Write the whole code, its imports last: they are known when the function is written."""
        function = [self.form.signature, *indented(4, [self.form.doc, *self._function()])]
        constants = [line for name, value in self.constants.items() for line in broken_lines(value, before=f"{name} = ")]
        return "\n".join([*self._imports(), "", *constants, "", "", *function]) + "\n"

    def _imports(self) -> Iterator[str]:
        yield "from __future__ import annotations"
        yield ""
        for module, names in self.used.items():
            if names:
                yield from _import(f"eventlake.pipeline.{module}", names)
        yield ""
        yield "TYPE_CHECKING = False"
        yield "if TYPE_CHECKING:"
        yield "    from typing import Any"
        yield ""
        yield "    from eventlake.pipeline.line import Unread"

    def _use(self, module: str, name: str) -> str:
        self.used[module].add(name)
        return name

    def _function(self) -> Iterator[str]:
        yield from self.form.begin
        yield from self._begin()
        for path in sorted(self.kinds, key=len):
            for kind in self.kinds[path]:
                yield from self._container(path, kind)
        yield from self._envelope()
        for column in self.columns:
            yield from self._column(column)
        yield from self._end()

    def _begin(self) -> Iterator[str]:
        yield "odd = not ENVELOPE.issuperset(event)"
        yield "unread: list[Unread] = []"

    def _end(self) -> Iterator[str]:
        """Put what no column kept into the line, and give it."""
        self.constants["REST"] = self._rest()
        yield "if odd or unread:"
        yield f"    rest = REST.of(event) if odd else {self._use('line', 'remainder')}(unread)"
        yield "    if rest:"
        yield from indented(8, self.form.put(Column(EXTRA, "string", (), "json", ""), "dumps(rest)"))
        yield self.form.end

    def _envelope(self) -> Iterator[str]:
        """Mark an event as odd if its envelope holds what is neither standard nor read by a column."""
        read = {path[0] for paths in self.paths.values() for path in paths if path}
        for key in sorted(ENVELOPE_KEYS - settled_keys(self.table) - read - {"detail"}):
            yield f'odd = odd or {self._read((key,))} not in (None, [], "")'

    def _container_kinds(self) -> dict[Path, list[type]]:
        """Return every path that a column's path goes through: as an object, as an array, or as either if both are declared."""
        found: dict[Path, list[type]] = {}
        through = [(path[:depth], _kind(path[depth])) for paths in self.paths.values() for path in paths for depth in range(1, len(path))]
        for path, kind in [*through, (self.root, dict)]:
            if path and kind not in found.setdefault(path, []):
                found[path].append(kind)
        return found

    def _container(self, path: Path, kind: type) -> Iterator[str]:
        """Bring a part of the event into a variable, as an empty one if it is not there, and see whether all of it is declared."""
        name = self._name(path)
        yield f"{name} = {self._read(path)}"
        self.containers[path, kind] = name
        yield f"if {name}.__class__ is not {kind.__name__}:"
        others = "".join(f" and {name}.__class__ is not {other.__name__}" for other in self.kinds[path] if other is not kind)
        yield f"    odd = odd or ({name} is not None{others})" if others else f"    odd = odd or {name} is not None"
        yield f"    {name} = {self._use('line', 'NOTHING' if kind is list else 'EMPTY')}"
        yield from self._undeclared_places(path, name) if kind is list else self._undeclared_keys(path, name)

    def _name(self, path: Path) -> str:
        """Return a new variable named after the end of a path."""
        plain = re.sub(r"\W+", "_", str(path[-1]), flags=re.ASCII).strip("_").lower()
        name = plain if plain.isidentifier() and not keyword.iskeyword(plain) else f"part_{plain}".rstrip("_")
        while name in _OWN_NAMES or name in self.containers.values():
            name += "_"
        return name

    def _undeclared_places(self, path: Path, name: str) -> Iterator[str]:
        places = sorted(self._segments_below(path, list), key=repr)
        if places == [0]:
            yield f"elif len({name}) > 1:"
        else:
            read = ", ".join(self._holding(place) if isinstance(place, Holding) else str(place) for place in places)
            yield f"elif not {self._use('path', 'all_read')}({name}, [{read}]):"
        yield "    odd = True"

    def _undeclared_keys(self, path: Path, name: str) -> Iterator[str]:
        read = {path for paths in self.paths.values() for path in paths}
        if any(path[:depth] in read for depth in range(1, len(path) + 1)):
            return  # the column that reads all of it says what it could not keep
        keys = f"KEYS_OF_{name.upper()}"
        self.constants[keys] = strings(str(key) for key in self._segments_below(path, dict))
        yield f"elif not {keys}.issuperset({name}):"
        below = path[len(self.root) :]
        if path[: len(self.root)] == self.root and all(isinstance(key, str) for key in below):
            yield f"    unread.append(({Brackets('(', [string(str(key)) for key in below], ')')}, {name}, {keys}))"
        else:
            yield "    odd = True"

    def _segments_below(self, path: Path, kind: type) -> set[str | int | Holding]:
        """Return the segments that columns' paths read next in the object or array at a path."""
        below = (read[len(path)] for paths in self.paths.values() for read in paths if len(read) > len(path) and read[: len(path)] == path)
        return {segment for segment in below if _kind(segment) is kind}

    def _column(self, column: Column) -> Iterator[str]:
        first, *others = self.paths[column]
        yield f"value = {self._read(first)}"
        for other in others:
            yield from self._other(other)
        if column.name == self.table.key:  # an empty key would make one event of all that have it; NULL is never a duplicate
            yield 'if value == "":'
            yield "    value = None"
        yield from self._put(column)

    def _other(self, path: Path) -> Iterator[str]:
        """Take the value of another path if there is none so far; if it says something else, the event is odd."""
        yield f"other = {self._read(path)}"
        if not path[:-1] and path[-1] in settled_keys(self.table):
            yield 'if other is not None and (value is None or value == ""):'
            yield "    value = other"
            return
        yield "if other is not None and other != value:"
        yield '    if value is None or value == "":'
        yield "        value = other"
        yield '    elif other != "":'
        yield "        odd = True"

    def _put(self, column: Column) -> Iterator[str]:
        if column.converter == "json":  # any value has its JSON text
            yield "if value is not None:"
            yield from indented(4, self.form.put(column, "dumps(value)"))
            return
        if column.converter not in {"text", "joined"}:
            yield "if value is not None:"
            yield from self.form.put_expected(column, list(self._put_converted(column)))
            return
        yield "if value.__class__ is str:"
        yield from indented(4, self.form.put(column, "value"))
        yield "elif value is not None:"
        if len(column.paths) > 1:
            yield from self._put_converted(column)
        else:
            helper, converter = self._use("line", self.form.helper), self._converter(column)
            yield f'    odd |= {helper}({self.form.target}, "{column.name}", {converter}(value))'

    def _put_converted(self, column: Column) -> Iterator[str]:
        """Put the value into the line as its converter gives it, or the first of the other paths' values that fits."""
        converter = self._converter(column)
        yield f"    fitting = {converter}(value)"
        if len(column.paths) > 1:
            yield f"    if fitting is {self._use('values', 'MISFIT')}:"
            yield "        odd = True"
            yield f"        fitting = {self._use('line', 'first_fitting')}(event, {_paths(column)}, {converter})"
            yield "    if fitting is not MISFIT:"
        else:
            yield f"    if fitting is {self._use('values', 'MISFIT')}:"
            yield "        odd = True"
            yield "    else:"
        yield from indented(8, self.form.put(column, "fitting"))
        if column.type.count("struct") == 1 and column.type.startswith("struct"):
            yield "        odd = odd or len(fitting) != len(value)"
        elif "struct" in column.type:
            yield f"        odd = odd or not {self._use('nested', 'is_whole')}(fitting, value)"

    def _converter(self, column: Column) -> str:
        """Return the name of a column's converter, which for nested types is a constant."""
        written = self._with_values(convert.converter(column.converter, convert.parse_glue_type(column.type)))
        if "(" not in written:
            return written
        self.constants[f"TO_{column.name.upper()}"] = written
        return f"TO_{column.name.upper()}"

    def _with_values(self, written: str) -> str:
        """Return an expression of converters, and note their names for the imports."""
        for name in re.findall(r"\w+", re.sub(r'"[^"]*"', "", written)):
            self._use("nested" if hasattr(nested, name) and not hasattr(values, name) else "values", name)
        return written

    def _read(self, path: Path) -> str:
        container, last = self.containers[path[:-1], _kind(path[-1])], path[-1]
        if isinstance(last, Holding):
            return f"{self._holding(last)}.pick({container})"
        if isinstance(last, int):
            return f"{container}[{last}] if len({container}) > {last} else None"
        return f"{container}.get({string(last)})"

    def _holding(self, segment: Holding) -> str:
        """Return the name of the constant for a segment `[*text*]`."""
        name = "HOLDING_" + re.sub(r"\W+", "_", segment.text, flags=re.ASCII).strip("_").upper()
        while self.constants.setdefault(name, code := f"{self._use('path', 'Holding')}({string(segment.text)})") != code:
            name += "_"
        return name

    def _rest(self) -> Brackets:
        """Write the arguments of `Rest`, which finds the fields that no column keeps: the table once more, in short."""
        readings = {column: _reading(column.converter, convert.parse_glue_type(column.type)) for column in self.columns}
        columns = [Brackets("(", [self._with_values(reading), _paths(column)], ")") for column, reading in readings.items()]
        settled = strings(settled_keys(self.table))
        return Brackets(f"{self._use('line', 'Rest')}(", [string(self.table.root), settled, Brackets("[", columns, "]")], ")")


def _paths(column: Column) -> Brackets:
    return Brackets("[", [string(path) for path in column.paths], "]")


def _reading(name: str, kind: convert.GlueType) -> str:
    """Return the converter of a column; of a struct, the converter of each of its fields."""
    if kind.name != "struct":
        return convert.converter(name, kind)
    fields = zip(kind.fields, kind.items, strict=True)
    return "{" + ", ".join(f"{string(field)}: {_reading(convert.default_converter(item), item)}" for field, item in fields) + "}"


def json_columns(table: Table) -> tuple[str, ...]:
    """Return the columns, as they are stored, whose texts a mapping writes as JSON itself: strict JSON, whatever an event holds."""
    return tuple(column.stored_name for column in table.columns if column.converter == "json" or column.name == EXTRA)


def settled_keys(table: Table) -> frozenset[str]:
    """Return the envelope keys that never go to `extra`: standard ones, and those to which the table's pattern allows one value only."""
    return _STANDARD_KEYS | {key for key in ("source", "detail-type") if _is_one_value(table.pattern.get(key))}


def _is_one_value(condition: object) -> bool:
    return isinstance(condition, list) and len(condition) == 1 and isinstance(condition[0], str)


def _kind(segment: str | int | Holding) -> type:
    """Return what a segment reads from: an object if it is a key, an array if it is a place."""
    return dict if isinstance(segment, str) else list


def _import(module: str, names: set[str]) -> list[str]:
    """Write an import of names in the order that linters ask for: constants, classes, the rest."""
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    return [line] if len(line) <= LINE_LENGTH else broken_lines(Brackets("(", ordered, ")"), before=f"from {module} import ")
