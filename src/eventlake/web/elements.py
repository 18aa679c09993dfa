"""HTML and SVG as a tree that is written once, each text escaped: nothing is ever put together from pieces of text.

What an event says is a stranger's. Characters that hide text or turn its direction are written as escapes, and links lead only to this page
or over HTTPS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from eventlake.answers.values import STEERING

Child: TypeAlias = "Element | str | int | Iterable[Child] | None"

_VOID = frozenset({"br", "input", "link", "meta"})
"""What has no end in HTML: https://html.spec.whatwg.org/multipage/syntax.html#void-elements"""
_LINKS = frozenset({"href", "src", "action"})
_SAFE_LINK = re.compile(r"(?:/(?![/\\])|\?|#|https://)")
_HIDDEN = re.compile(rf"[{STEERING}]")


@dataclass(frozen=True, slots=True)
class Element:
    """A tag, its attributes and what stands in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Child, ...]

    def __str__(self) -> str:
        pieces: list[str] = []
        _write(self, pieces.append)
        return "".join(pieces)


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Element:
    """Make an element. `class_` is `class`, `data_x` is `data-x`; None and False leave an attribute out, True writes it bare.

    A link that is none of ours and not HTTPS is left out.
    """
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    kept = tuple((name, _attribute(value)) for name, value in named if value is not None and value is not False)
    return Element(tag, tuple(one for one in kept if one[0] not in _LINKS or _SAFE_LINK.match(one[1])), children)


def shown(text: str) -> str:
    """Return a text with what hides text or turns its direction written as escapes."""
    return text if text.isprintable() else _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _attribute(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return ""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _write(child: Child, put: Callable[[str], None]) -> None:
    """Put the text of a child, and of all that stands in it, piece by piece."""
    if child is None:
        return
    if isinstance(child, str | int):
        put(escape(shown(str(child)), quote=False))
    elif isinstance(child, Element):
        put(f"<{child.tag}")
        for name, value in child.attributes:
            put(f' {name}="{escape(shown(value))}"')
        put(">")
        if child.tag not in _VOID:
            _write(child.children, put)
            put(f"</{child.tag}>")
    else:
        for one in child:
            _write(one, put)
