"""Log sources: one folder each, with a declaration (`source.toml`), samples and saved queries.

`load()` gives the built-in ones and those of a user's folders, read by the same code. The folder `optional` holds sources that come with eventlake
and are off until somebody names them where a folder may stand: their tables, streams and pages would cost everybody, and are for some.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from eventlake.errors import DeclarationError
from eventlake.model import Source, Table
from eventlake.naming import nearest
from eventlake.sources.declaration import DECLARATION, read_source
from eventlake.sources.privacy import PRIVACY, with_privacy
from eventlake.sources.retention import RETENTION, with_retention

BUILT_IN = Path(__file__).parent
OPTIONAL = BUILT_IN / "optional"

__all__ = ["BUILT_IN", "DECLARATION", "OPTIONAL", "declarations", "folder_of", "is_optional", "load", "load_optional", "read_source"]


def load(folders: Sequence[Path] = ()) -> tuple[Source, ...]:
    """Load the built-in sources and those in the given folders, by name.

    A folder holds sources (`<name>/source.toml`) or is one itself; a source of a user's takes the place of the built-in one of its name. A file
    `privacy.toml` in it says what becomes of personal data, of built-in sources too, `retention.toml` how long their hours are kept.
    Raises DeclarationError, also if two declare the same name, table or prefix, or a folder holds none.
    """
    files = {
        file.resolve(): file for folder in folders for file in declarations(folder)
    }  # one may be named twice, as in the environment too
    own = [read_source(file) for file in files.values()]
    replaced = {source.name for source in own}
    found = [source for source in _built_in() if source.name not in replaced] + own
    _check_unique(found)
    _check_prefixes([table for source in found for table in source.tables])
    return with_retention(with_privacy(sorted(found, key=lambda source: source.name), folders), folders)


def load_optional() -> tuple[Source, ...]:
    """Load the sources that come with eventlake and are off until they are named, by name."""
    return tuple(sorted(map(read_source, declarations(OPTIONAL)), key=lambda source: source.name))


def is_optional(source: Source) -> bool:
    """Return True for a source that comes with eventlake and is off until it is named."""
    return Path(source.folder).parent == OPTIONAL


def folder_of(named: str) -> Path:
    """Return the folder that a person names: a folder, or an optional source by its name, where no folder of that name holds declarations.

    Raises DeclarationError for what is neither.
    """
    folder, optional = Path(named), {file.parent.name: file.parent for file in declarations(OPTIONAL)}
    if named in optional and not _holds_declarations(folder):
        return optional[named]
    if not folder.is_dir():
        raise DeclarationError(
            f'"{named}" is no folder of declarations, and no source that comes with eventlake.{nearest(named, optional)} '
            f"Those that come with it: {', '.join(optional)}."
        )
    return folder


def _holds_declarations(folder: Path) -> bool:
    return any(any(folder.glob(name)) for name in (DECLARATION, f"*/{DECLARATION}", PRIVACY))


@cache
def _built_in() -> tuple[Source, ...]:
    """Read the built-in sources, once for a process: the package does not change under it."""
    return tuple(map(read_source, declarations(BUILT_IN)))


def declarations(folder: Path) -> list[Path]:
    """List the declarations in a folder. Raises DeclarationError if there is none, and neither `privacy.toml` nor `retention.toml`."""
    own = folder / DECLARATION
    files = [own] if own.is_file() else sorted(folder.glob(f"*/{DECLARATION}"))
    if not files and not any((folder / name).is_file() for name in (PRIVACY, RETENTION)):
        raise DeclarationError(f'"{folder}" holds no source: expected {DECLARATION} in it, or in a folder below it.')
    return files


def _check_unique(sources: Sequence[Source]) -> None:
    for noun, names in (
        ("source", [(source.name, source) for source in sources]),
        ("table", [(table.name, source) for source in sources for table in source.tables]),
        ("prefix", [(table.prefix, source) for source in sources for table in source.tables]),
    ):
        seen: dict[str, Source] = {}
        for name, source in names:
            if name in seen:
                first = f"{seen[name].folder}/{DECLARATION}"
                raise DeclarationError(f'{source.folder}/{DECLARATION}: {noun} "{name}" is declared in {first} already; choose another.')
            seen[name] = source


def _check_prefixes(tables: Sequence[Table]) -> None:
    """Refuse a prefix that lies in another: a key belongs to one table."""
    for outer, inner in itertools.permutations(tables, 2):
        if inner.prefix.startswith(outer.prefix + "/"):
            raise DeclarationError(
                f'{inner.source}/{DECLARATION}, table "{inner.name}": "prefix" is "{inner.prefix}", '
                f'which lies in "{outer.prefix}", the prefix of the table "{outer.name}"; choose another.'
            )
