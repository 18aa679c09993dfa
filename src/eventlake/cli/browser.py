"""Opens a page in the browser of whoever sits at the terminal, where there is one with windows."""

from __future__ import annotations

import os
import sys


def has_windows() -> bool:
    """Return True if a browser could open a window here; one that runs in the terminal itself would take it over."""
    return (
        bool(os.environ.get("BROWSER")) or sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    )


def opened(url: str) -> bool:
    """Open an address in the browser; False where nobody could see it, over SSH and in containers."""
    import webbrowser

    if not has_windows():
        return False
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
