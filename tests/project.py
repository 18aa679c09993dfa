"""The files of the project, as tests that look at all of them share it."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def is_clone() -> bool:
    """Return True in a clone; an unpacked sdist has no git."""
    return (ROOT / ".git").exists()


def files_of_the_project() -> list[Path]:
    """Return the files that git knows or would take; in an unpacked sdist all but those that tools have made."""
    if not is_clone():
        return [path for path in ROOT.rglob("*") if path.is_file() and not _is_made_by_a_tool(path.relative_to(ROOT))]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).exists()]


def _is_made_by_a_tool(path: Path) -> bool:
    folders = path.parts[:-1]
    return "__pycache__" in folders or (bool(folders) and folders[0].startswith(".") and folders[0] != ".ci")
