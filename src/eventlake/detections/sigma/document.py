"""The text of a YAML file -> its documents, every value with its line. A small part of YAML is read: no aliases, no tags, no key twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eventlake.errors import DeclarationError

MOST_BYTES = 200_000
"""Of a file; published rules have a few thousand."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value: a text, a number, a truth value, None, a list of nodes, or nodes by name. line: where it begins, from 1."""

    value: Any  # of YAML
    line: int
    where: str

    def wrong(self, what: str) -> DeclarationError:
        """Return the error that says what is wrong with it."""
        return DeclarationError(f"{self.where}, line {self.line}: {what}.")

    def named(self, name: str) -> Node | None:
        """Return what stands under a name. Raises DeclarationError if this has no names."""
        return self.names().get(name)

    def names(self) -> dict[str, Node]:
        """Return what it holds by name. Raises DeclarationError if it holds none."""
        if not isinstance(self.value, dict):
            raise self.wrong("names with values are expected here")
        return self.value

    def items(self) -> list[Node]:
        """Return its parts, or itself as the only one."""
        return self.value if isinstance(self.value, list) else [self]

    def text(self) -> str:
        """Return it as text on one line. Raises DeclarationError if it is no single value."""
        if isinstance(self.value, (dict, list)) or self.value is None:
            raise self.wrong("a text is expected here")
        return " ".join(str(self.value).split())


def documents(text: str, where: str) -> list[Node]:
    """Read the documents of a file. where: the file as sentences name it. Raises DeclarationError."""
    import yaml

    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise DeclarationError(f"{where}: is larger than {MOST_BYTES:,} bytes, which no rule is.")
    try:
        _refuse_aliases(text, where)
        loader = yaml.SafeLoader(text)
        found = [_node(loader, one, where) for one in yaml.compose_all(text, Loader=yaml.SafeLoader) if one is not None]
        loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise DeclarationError(
            f"{where}{line}: is no YAML: {getattr(error, 'problem', None) or 'characters that it does not allow'}."
        ) from None
    except RecursionError:
        raise DeclarationError(f"{where}: is nested too deeply.") from None
    if not found:
        raise DeclarationError(f"{where}: is empty.")
    return found


def _refuse_aliases(text: str, where: str) -> None:
    """Raise DeclarationError for an alias: a few lines of them may stand for more than any memory holds."""
    import yaml

    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise DeclarationError(
                f"{where}, line {event.start_mark.line + 1}: the alias *{event.anchor} is not read; write out what it stands for."
            )


def _node(loader: Any, node: Any, where: str) -> Node:  # yaml comes without types
    line = node.start_mark.line + 1
    if node.id == "mapping":
        return Node(dict(_pairs(loader, node, where)), line, where)
    if node.id == "sequence":
        return Node([_node(loader, one, where) for one in node.value], line, where)
    kind = node.tag.rpartition(":")[2]
    if kind not in {"str", "int", "float", "bool", "null"}:
        return Node(node.value, line, where)  # a date, which is a text here
    try:
        return Node(loader.construct_object(node), line, where)
    except ValueError:
        raise DeclarationError(f'{where}, line {line}: "{node.value[:60]}" is no number that can be read; put it in quotes.') from None


def _pairs(loader: Any, node: Any, where: str) -> Iterator[tuple[str, Node]]:  # yaml comes without types
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.id != "scalar" or key.tag.endswith(":merge"):
            raise DeclarationError(f"{where}, line {line}: a name is expected here.")
        if key.value in seen:
            raise DeclarationError(f'{where}, line {line}: "{key.value[:60]}" stands there twice; keep one.')
        seen.add(key.value)
        yield key.value, _node(loader, value, where)
