"""What pages are painted and moved with: files beside this module, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from eventlake.local.bus.answer import Answer
from eventlake.web.answers import CSS, JS, SVG, answer

_KINDS = {"page.css": CSS, "page.js": JS, "icon.svg": SVG}
_PLACES = {f"/static/{name}": name for name in _KINDS} | {"/favicon.ico": "icon.svg"}
"""Where each file is asked for. A browser asks for the last by itself, beside what names no icon: the SQL of a tile, its JSON."""


@cache
def static(path: str) -> Answer | None:
    """Return the file at an address, None if there is none."""
    name = _PLACES.get(path)
    if name is None:
        return None
    return answer(200, _KINDS[name], (Path(__file__).parent / name).read_bytes())
