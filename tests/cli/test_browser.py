"""A page is opened where somebody can see it, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OPENS = "from eventlake.cli.browser import opened; print(opened('http://127.0.0.1:1/'))"
SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def said(**environment: str) -> str:
    """What an attempt to open a page says, with these of the variables that tell of a screen."""
    kept = {name: value for name, value in os.environ.items() if name not in SCREENS} | environment
    return subprocess.run([sys.executable, "-c", OPENS], env=kept, capture_output=True, text=True, check=True).stdout


def test_the_browser_of_the_person_opens_the_page(tmp_path: Path) -> None:
    """The one that they chose."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/seen\n')
    browser.chmod(0o755)

    assert said(BROWSER=f"{browser} %s") == "True\n"
    assert (tmp_path / "seen").read_text() == "http://127.0.0.1:1/\n"


def test_nothing_is_opened_where_nobody_sees_it() -> None:
    """Without a screen; a browser within the terminal would take it from the bus."""
    if sys.platform != "darwin":
        assert said() == "False\n"
