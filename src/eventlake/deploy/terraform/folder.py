"""All modules of a deployment and the functions' code, written into a folder that a Terraform configuration names as a module's source."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from eventlake.deploy.cloudformation import Template, read_template
from eventlake.deploy.derived import ACCOUNTS, DECLARED, TEMPLATES, deployed_files
from eventlake.deploy.standalone import PACKAGE
from eventlake.deploy.terraform.module import COMMENT, folder_of, module
from eventlake.errors import ConfigurationError
from eventlake.model import Source
from eventlake.query.saved import SavedQuery

MODULE = "main.tf.json"
CODE = "functions.zip"
_SAME_TIME = (2000, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644 << 16


def modules(files: Mapping[Path, str]) -> dict[PurePosixPath, Template]:
    """Write the module of every template of what is deployed, by its path. Raises ConfigurationError for what Terraform has no word for."""
    templates = {
        path.relative_to(TEMPLATES).as_posix(): read_template(text)
        for path, text in files.items()
        if path.suffix == ".yaml" and ACCOUNTS not in path.parents
    }
    return {PurePosixPath(folder_of(path)) / MODULE: module(path, templates) for path in templates}


def write_modules(folder: Path, sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> int:
    """Write the modules and the functions' code; return how many resources they name. A folder written before is written anew.

    Raises ConfigurationError if the folder holds something else.
    """
    _clear(folder)
    files = deployed_files(sources, saved)
    written = modules(files)
    for path, content in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _write_code(folder / CODE, files)
    return sum(len(named) for content in written.values() for named in content.get("resource", {}).values())


def _clear(folder: Path) -> None:
    """Remove what was written into the folder before; a person's own files beside it stay."""
    if not folder.exists():
        folder.mkdir(parents=True)
        return
    root = folder / MODULE
    if not folder.is_dir() or (any(folder.iterdir()) and not (root.is_file() and COMMENT in root.read_text("utf-8"))):
        raise ConfigurationError(f'"{folder}" holds something else: give a new folder, an empty one, or one that this command wrote.')
    shutil.rmtree(folder / "modules", ignore_errors=True)


def _write_code(path: Path, files: Mapping[Path, str]) -> None:
    """Write the archive of the functions: the same bytes for the same code, so that Terraform sees no change where there is none."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_code(files)):
            entry = zipfile.ZipInfo(name, _SAME_TIME)
            entry.external_attr, entry.compress_type = _FILE_MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _code(files: Mapping[Path, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the package's files, and the mappings of the sources that are deployed in the place of its own."""
    declared = PACKAGE / "functions" / DECLARED.name
    for path in PACKAGE.rglob("*"):
        own = declared in path.parents and path.name != "__init__.py"
        if path.is_file() and "__pycache__" not in path.parts and not own:
            yield path.relative_to(PACKAGE.parent).as_posix(), path.read_bytes()
    for derived, text in files.items():
        if DECLARED in derived.parents:
            yield derived.relative_to("src").as_posix(), text.encode()
