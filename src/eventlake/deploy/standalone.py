"""What is deployed, written into a folder of its own by an installed eventlake: the templates, and the functions' code."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from eventlake.deploy.derived import DECLARED, deployed_files
from eventlake.errors import ConfigurationError, StorageError
from eventlake.model import Source
from eventlake.query.saved import SavedQuery

PACKAGE = Path(__file__).resolve().parents[1]


def write_deployment(folder: Path, sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> int:
    """Write templates/ and src/ of a deployment into a new folder; return how many templates there are.

    Raises ConfigurationError if the folder holds something, DeclarationError for what cannot be a stack, StorageError if the disk is full.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f'"{folder}" holds something already: give a new folder, or an empty one.')
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be one is told before all the work
    files = deployed_files(sources, saved)
    try:
        shutil.copytree(PACKAGE, folder / "src" / PACKAGE.name, ignore=_left_out)
    except shutil.Error as error:  # which lists every file that could not be copied, with the text of its OSError
        _, target, text = error.args[0][0]
        why = text.partition("] ")[2].partition(": ")[0] or text
        raise StorageError(f'"{target}" cannot be written: {why}. Make room, and give another new folder.') from None
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return sum(path.suffix == ".yaml" for path in files)


def _left_out(folder: str, names: list[str]) -> list[str]:
    """Leave out what Python made, and the mappings of the sources that another deployment has."""
    if Path(folder) == PACKAGE / "functions" / DECLARED.name:
        return [name for name in names if name != "__init__.py"]
    return [name for name in names if name == "__pycache__"]
