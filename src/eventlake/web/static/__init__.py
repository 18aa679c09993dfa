"""What pages are painted and moved with: files beside this module, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from eventlake.local.bus.answer import Answer
from eventlake.web.answers import CSS, JS, SVG, answer

_KINDS = {"page.css": CSS, "page.js": JS, "icon.svg": SVG}


@cache
def static(path: str) -> Answer | None:
    """Return the file at an address, None if there is none."""
    name = path.removeprefix("/static/")
    if f"/static/{name}" != path or name not in _KINDS:
        return None
    return answer(200, _KINDS[name], (Path(__file__).parent / name).read_bytes())
