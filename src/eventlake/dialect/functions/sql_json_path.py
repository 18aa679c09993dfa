"""The path language of SQL/JSON, `lax $.a[0 to last]?(@.b > 1).size()`: text -> tree.

https://trino.io/docs/current/functions/json.html#json-path-language
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from eventlake.dialect.binding import mistyped, refused
from eventlake.dialect.text import tree as exp


@dataclass(frozen=True, slots=True)
class Root:
    """`$`, the whole."""


@dataclass(frozen=True, slots=True)
class Current:
    """`@`, the item that a filter looks at."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A literal: text, number, boolean or null, as JSON."""

    json: str


@dataclass(frozen=True, slots=True)
class Last:
    """`last` less a number, the subscript of an array's last element."""

    less: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What is taken from each item of `base`: `.name`, `.*`, `[*]`, subscripts, a method or a filter.

    argument: the name of a member or of a method; the ranges of subscripts; a filter's predicate.
    """

    kind: str
    base: Path
    argument: str | tuple[tuple[int | Last, int | Last], ...] | Predicate = ""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right` and the like; of one side only where left is None."""

    sign: str
    left: Path | None
    right: Path


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition: sign is a comparison, `&&`, `||`, `!`, `is unknown`, `exists` or `starts with`."""

    sign: str
    parts: tuple[Path | Predicate, ...]


Path = Root | Current | Scalar | Step | Arithmetic


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path and its mode: lax ignores what is not there and unwraps arrays, strict fails."""

    lax: bool
    path: Path


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>\.\.|==|!=|<>|<=|>=|&&|\|\||[$@.\[\](),*?!<>+\-/%]))""",
    re.VERBOSE,
)
_DECIMAL = re.compile(r"\d+\.\d+")
METHODS = frozenset(("type", "size", "double", "ceiling", "floor", "abs"))
"""Methods that are answered; `keyvalue()` and `datetime()` are not."""


def read_path(written: str, node: exp.Expr) -> JsonPath:
    """Read a path into its tree. Raises QuerySyntaxError if Athena does not read it, QueryRefusedError for what is not answered here."""
    match = re.fullmatch(r"\s*(lax|strict)\b(.*)", written, re.DOTALL)
    if match is None:
        raise mistyped(f"'{written}' is no path: begin it with lax $ or strict $", node)
    reader = _Reader(written, match[2], node)
    path = reader.sum()
    if reader.token:
        raise reader.wrong()
    return JsonPath(match[1] == "lax", reader.exact(path))


class _Reader:
    """Reads from the front of a path."""

    def __init__(self, written: str, rest: str, node: exp.Expr) -> None:
        self.written, self.node = written, node
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while rest[at:].strip():
            match = _TOKEN.match(rest, at)
            if match is None:
                raise self.wrong()
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()

    @property
    def token(self) -> str:
        return self.tokens[0][1] if self.tokens else ""

    @property
    def kind(self) -> str:
        return self.tokens[0][0] if self.tokens else ""

    def wrong(self) -> Exception:
        """Return the error for a path that goes on as no path does."""
        return mistyped(f"'{self.written}' is no path of SQL/JSON", self.node)

    def take(self, *signs: str) -> str:
        """Take the next token if it is one of these."""
        return self.tokens.pop(0)[1] if self.token in signs and self.kind != "text" else ""

    def want(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong()

    # paths

    def sum(self) -> Path:
        left = self.product()
        while sign := self.take("+", "-"):
            left = Arithmetic(sign, self.exact(left), self.exact(self.product()))
        return left

    def exact(self, path: Path) -> Path:
        """Return what is computed with, or given. Raises QueryRefusedError for a decimal, which is one with all its digits in Athena."""
        number = path.right if isinstance(path, Arithmetic) and path.left is None else path
        if isinstance(number, Scalar) and _DECIMAL.fullmatch(number.json):
            raise refused(f"The decimal {number.json} outside of comparisons in a JSON path", self.node, f"write {number.json}e0, a double")
        return path

    def product(self) -> Path:
        left = self.signed()
        while sign := self.take("*", "/", "%"):
            left = Arithmetic(sign, self.exact(left), self.exact(self.signed()))
        return left

    def signed(self) -> Path:
        if sign := self.take("+", "-"):
            return Arithmetic(sign, None, self.signed())
        return self.steps()

    def steps(self) -> Path:
        path = self.first()
        while True:
            if self.take(".."):
                raise refused(f"A path with '..', '{self.written}'", self.node, "name the keys on the way")
            if self.take("."):
                path = self.member(path)
            elif self.take("["):
                path = self.subscripts(path)
            elif self.take("?"):
                self.want("(")
                path = Step("filter", path, self.either())
                self.want(")")
            else:
                return path

    def first(self) -> Path:
        if self.take("$"):
            if self.kind == "name":
                raise refused("A variable in a path", self.node, "write its value")
            return Root()
        if self.take("@"):
            return Current()
        if self.take("("):
            path = self.sum()
            self.want(")")
            return path
        if self.kind in {"number", "text"} or self.token in {"true", "false", "null"}:
            return Scalar(self.tokens.pop(0)[1])
        raise self.wrong()

    def member(self, base: Path) -> Path:
        if self.take("*"):
            return Step("members", base)
        if self.kind == "text":
            return Step("member", base, json.loads(self.tokens.pop(0)[1]))
        if self.kind != "name":
            raise self.wrong()
        name = self.tokens.pop(0)[1]
        if not self.take("("):
            return Step("member", base, name)
        if name not in METHODS:
            raise refused(f"The method {name}() of a path", self.node)
        self.want(")")
        return Step("method", base, name)

    def subscripts(self, base: Path) -> Path:
        if self.take("*"):
            self.want("]")
            return Step("elements", base)
        ranges = [self.range()]
        while self.take(","):
            ranges.append(self.range())
        self.want("]")
        return Step("subscripts", base, tuple(ranges))

    def range(self) -> tuple[int | Last, int | Last]:
        first = self.bound()
        return (first, self.bound()) if self.take("to") else (first, first)

    def bound(self) -> int | Last:
        if self.take("last"):
            if not self.take("-"):
                return Last()
            less = self.bound()
            if isinstance(less, int):
                return Last(less)
        elif self.kind == "number" and self.token.isdigit():
            return int(self.tokens.pop(0)[1])
        raise refused(f"A subscript that is neither a number nor last, in '{self.written}'", self.node)

    # predicates

    def either(self) -> Predicate:
        parts = [self.both()]
        while self.take("||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Predicate("||", tuple(parts))

    def both(self) -> Predicate:
        parts = [self.condition()]
        while self.take("&&"):
            parts.append(self.condition())
        return parts[0] if len(parts) == 1 else Predicate("&&", tuple(parts))

    def condition(self) -> Predicate:
        if self.take("!"):
            self.want("(")
            inner = self.either()
            self.want(")")
            return Predicate("!", (inner,))
        if self.take("exists"):
            self.want("(")
            path = self.sum()
            self.want(")")
            return Predicate("exists", (path,))
        if self.token == "(":
            before = list(self.tokens)
            self.take("(")
            try:
                inner = self.either()
                self.want(")")
            except Exception:
                self.tokens = before  # the bracket belongs to a path
            else:
                return self.unknown(inner)
        left = self.sum()
        if self.take("starts"):
            self.want("with")
            return Predicate("starts with", (left, self.first()))
        sign = self.take("==", "!=", "<>", "<", "<=", ">", ">=")
        if not sign:
            raise self.wrong()
        return Predicate(sign, (left, self.sum()))

    def unknown(self, inner: Predicate) -> Predicate:
        """Read `is unknown` behind a condition in brackets, if it is there."""
        if not self.take("is"):
            return inner
        self.want("unknown")
        return Predicate("is unknown", (inner,))
