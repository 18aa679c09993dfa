"""Every file of a clone that derives from the declarations: its text, whether it is up to date, writing it.

A file that derives from a declaration which is gone is stale, and goes too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventlake.deploy.accounts import accounts_files
from eventlake.deploy.cloudformation import Template, read_template
from eventlake.deploy.declared import declared_module
from eventlake.deploy.docs import source_page
from eventlake.deploy.root_stack import root_stack_text
from eventlake.deploy.source_stack import source_stack_text
from eventlake.deploy.sources_stack import sources_stack_text
from eventlake.deploy.stack_page import stack_page
from eventlake.detections.detection import as_queries, load_detections
from eventlake.errors import ConfigurationError
from eventlake.model import Source
from eventlake.query.saved import SavedQuery, load_saved
from eventlake.sources import BUILT_IN, DECLARATION, load_optional

TEMPLATES = Path("templates")
ACCOUNTS = TEMPLATES / "accounts"
"""Those that are no part of a lake, but let other accounts send to it."""

DECLARED = Path("src/eventlake/functions/declared")

BY_HAND = ("lake.yaml", "functions.yaml", "closing.yaml", "retention.yaml", "detections.yaml", "webhook.yaml", "upkeep.yaml")
"""The templates that do not derive from declarations."""

COPIES = Path("src/eventlake/deploy/by_hand")
"""Where the package has copies of those, so that what is installed deploys without a clone."""

_KEPT = {DECLARED / "__init__.py"}
_FOLDERS = (
    (COPIES, "*.yaml"),
    (TEMPLATES / "sources", "*.yaml"),
    (ACCOUNTS, "*.yaml"),
    (DECLARED, "*.py"),
    (DECLARED, f"*/{DECLARATION}"),
    (Path("docs/sources"), "*.md"),
)
"""Where derived files alone lie, and which."""


@dataclass(frozen=True, slots=True)
class Differences:
    """How a clone differs from its declarations: files to write, files that should not be there; paths below the clone."""

    outdated: tuple[Path, ...]
    stale: tuple[Path, ...]

    def __bool__(self) -> bool:
        return bool(self.outdated or self.stale)


def find_clone() -> Path | None:
    """Return the folder of the clone this code runs from; None if it is installed without one."""
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / TEMPLATES / "lake.yaml").is_file() else None


def clone_folder() -> Path:
    """Return the folder of the clone this code runs from. Raises ConfigurationError if it is installed without one."""
    folder = find_clone()
    if folder is None:
        raise ConfigurationError(
            "This eventlake is installed without a clone, which templates are written into: give a new folder with --into DIR."
        )
    return folder


def deployed_files(sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> dict[Path, str]:
    """Write the text of every template and mapping of a deployment, by its path below the folder it is deployed from.

    Needs no clone. Raises DeclarationError for what cannot be a stack.
    """
    copies = Path(__file__).parent / COPIES.name
    by_hand = {TEMPLATES / name: (copies / name).read_text("utf-8") for name in BY_HAND}
    return {**by_hand, **_stacks(sources), **_source_files(sources, saved)}


def derived_files(sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> dict[Path, str]:
    """Write the text of every derived file of all sources, by its path below the clone. Raises DeclarationError for what cannot be a stack."""
    files = {**_stacks(sources), **_source_files(sources, saved), **_pages(sources, saved)}
    files |= {COPIES / name: (clone_folder() / TEMPLATES / name).read_text("utf-8") for name in BY_HAND}
    files[Path("docs/stack.md")] = stack_page(_templates(files))
    return files


def _stacks(sources: Sequence[Source]) -> dict[Path, str]:
    accounts = {ACCOUNTS / name: text for name, text in accounts_files(sources).items()}
    return {TEMPLATES / "root.yaml": root_stack_text(sources), TEMPLATES / "sources.yaml": sources_stack_text(sources), **accounts}


def _templates(files: Mapping[Path, str]) -> dict[str, Template]:
    """Read every template by its path below templates/: root.yaml, those written by hand, those of the sources."""
    by_hand = [(clone_folder() / TEMPLATES / name).read_text("utf-8") for name in BY_HAND]
    sources = sorted(path for path in files if path.parent == TEMPLATES / "sources")
    texts = {"root.yaml": files[TEMPLATES / "root.yaml"], **dict(zip(BY_HAND, by_hand, strict=True))}
    texts["sources.yaml"] = files[TEMPLATES / "sources.yaml"]
    texts |= {path.relative_to(TEMPLATES).as_posix(): files[path] for path in sources}
    return {path: read_template(text) for path, text in texts.items()}


def _source_files(sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> dict[Path, str]:
    files: dict[Path, str] = {}
    asked = [*saved.values(), *as_queries(load_detections(sources))]
    for source in sources:
        own = [query for query in asked if query.source == source.name]
        files[TEMPLATES / "sources" / f"{source.name}.yaml"] = source_stack_text(source, own)
        files |= {DECLARED / f"{table.name}.py": declared_module(table) for table in source.tables}
        if Path(source.folder).parent != BUILT_IN:
            files[DECLARED / source.name / DECLARATION] = (Path(source.folder) / DECLARATION).read_text("utf-8")
    return files


def _pages(sources: Sequence[Source], saved: Mapping[str, SavedQuery]) -> dict[Path, str]:
    """Write the page of every source, and of the optional ones that are off: who reads them decides whether to switch one on."""
    named = {source.name for source in sources}
    off = [source for source in load_optional() if source.name not in named]
    asked = {**saved, **load_saved(off)}
    return {Path("docs/sources") / f"{source.name}.md": source_page(source, asked) for source in (*sources, *off)}


def differences(clone: Path, files: Mapping[Path, str]) -> Differences:
    """Find out what `write` would change."""
    outdated = [path for path, text in files.items() if _read(clone / path) != text]
    return Differences(tuple(sorted(outdated)), tuple(sorted(_stale(clone, files))))


def write(clone: Path, files: Mapping[Path, str], found: Differences) -> None:
    """Bring the clone up to date."""
    for path in found.outdated:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text(files[path], "utf-8")
    for path in found.stale:
        (clone / path).unlink()


def _stale(clone: Path, files: Mapping[Path, str]) -> Iterator[Path]:
    for folder, pattern in _FOLDERS:
        for path in (clone / folder).glob(pattern):
            below = path.relative_to(clone)
            if below not in files and below not in _KEPT:
                yield below


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
