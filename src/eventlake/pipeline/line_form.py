"""The two forms in which a generated function holds the line that it fills, as statements of its code.

Called by `eventlake.pipeline.mapping`, which writes all else of the function once for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from eventlake.model import Column
from eventlake.pipeline import convert
from eventlake.pipeline.literal import Brackets, broken_lines


class LineForm(ABC):
    """How the function holds the line while it fills it.

    begin, end: its first and last statements. imports: what it needs, by module.
    helper: what puts a value into the line as its converter gave it, or says that it does not fit. target: what the helper puts it into.
    """

    signature: str
    doc: str
    begin: tuple[str, ...]
    end: str
    imports: tuple[tuple[str, str], ...]
    helper: str
    target: str

    @abstractmethod
    def put(self, column: Column, value: str) -> list[str]:
        """Return the statements that put a value of the column's type, given as an expression, into the line."""

    def put_expected(self, column: Column, otherwise: list[str]) -> list[str]:
        """Return the statements that put a value in its usual form, and otherwise do what the given ones do."""
        return otherwise


class Pieces(LineForm):
    """The line as pieces of JSON text, which the standard library joins."""

    signature = "def log_line(event: dict[str, Any]) -> bytes:"
    doc = '"""Return the log line of an event, ending in a newline. Raises ValueError or RecursionError for what JSON cannot write."""'
    begin = ("line: list[str] = []", "add = line.append")
    end = "return joined_line(line)"
    imports = (("codec", "dumps"), ("codec", "quote"), ("line", "joined_line"))
    helper = "write"
    target = "add"

    def put(self, column: Column, value: str) -> list[str]:
        """Add the column's name, and its value as JSON."""
        name = f',"{column.name}":'
        match column.type:  # what our converters write themselves needs no quoting
            case "string":
                return [f"add('{name}')", f"add(quote({value}))"]
            case "timestamp" | "date":
                return [f"""add(f'{name}"{{{value}}}"')"""]
            case "int" | "bigint":
                return [f"add(f'{name}{{{value}}}')"]
            case "double":
                return [f"add(f'{name}{{{value}!r}}')"]
            case "boolean":
                return [f"add('{name}true' if {value} else '{name}false')"]
        return [f"add('{name}')", f"add(dumps({value}))"]

    def put_expected(self, column: Column, otherwise: list[str]) -> list[str]:
        """Expect a struct of texts that has them all, and nothing else."""
        kind = convert.parse_glue_type(column.type)
        if kind.name != "struct" or len(column.paths) > 1 or any(item.name != "string" for item in kind.items):
            return otherwise
        pieces = [piece for field in kind.fields for piece in (f"""',"{field}":'""", f'quote(value["{field}"])')]
        pieces[0] = f"""',"{column.name}":{{"{kind.fields[0]}":'"""
        indent = 8 + 4  # inside the try, inside the function
        return [
            "    try:",
            *(line[4:] for line in broken_lines(Brackets("[", [*pieces, '"}"'], "]"), before="line += ", indent=indent)),
            f"        odd = odd or len(value) != {len(kind.fields)}",
            "    except (KeyError, TypeError):",
            *indented(4, otherwise),
        ]


class Fields(LineForm):
    """The line as a dict, which a codec writes."""

    signature = "def mapping(event: dict[str, Any]) -> dict[str, Any]:"
    doc = '"""Return the columns of an event that are not NULL, by name."""'
    begin = ("line: dict[str, Any] = {}",)
    end = "return line"
    imports = ()  # `dumps` is the codec's, given by who runs the code
    helper = "keep"
    target = "line"

    def put(self, column: Column, value: str) -> list[str]:
        """Set an item of the dict."""
        return [f'line["{column.name}"] = {value}']


def indented(columns: int, lines: Iterable[str]) -> list[str]:
    """Move lines of code to the right."""
    return [" " * columns + line for line in lines]
