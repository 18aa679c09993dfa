"""Where a table's events hold personal data, and what becomes of it: from a declaration, and from the user's `privacy.toml`.

A place is named as a person knows it: a column (`user_name`), a part of a column's JSON (`details.request.auth.user.email`, `[]` for each
element of an array), a field that has no column (`extra.profile.phone`), or a path into the event (`$.detail.data.ip`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventlake.errors import DeclarationError
from eventlake.model import HOW_KEPT, Column, Personal, Source, Table
from eventlake.naming import nearest
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.masking import steps
from eventlake.pipeline.path import Holding

PRIVACY = "privacy.toml"

_NEEDED = {"id", "source", "detail-type", "time"}
"""Keys of the envelope without which an event finds no table, no hour and no duplicate."""

Wrong = Callable[[str], DeclarationError]
"""Makes the error of a sentence, with the words in front that say where it is."""


def personal_places(columns: Sequence[Column], root: str, key: str, declared: Mapping[str, Any], wrong: Wrong) -> tuple[Personal, ...]:
    """Return the places that names stand for, with what becomes of each.

    columns, root, key: of the table. declared: name -> how it is kept, any TOML value. Raises what `wrong` makes.
    """
    found: dict[str, str] = {}
    for name, how in declared.items():
        if how not in HOW_KEPT:
            hint = nearest(how, HOW_KEPT) if isinstance(how, str) else ""
            raise wrong(f'"{name}" is to be kept as {json.dumps(how, default=str)}.{hint} Allowed: {", ".join(HOW_KEPT)}.')
        for path in _paths(columns, root, key, name, how, wrong):
            found[path] = how
    _refuse_inside(found, wrong)
    return tuple(Personal(path, how) for path, how in found.items())


def _paths(columns: Sequence[Column], root: str, key: str, name: str, how: str, wrong: Wrong) -> list[str]:
    """Return the paths into the event of one name."""
    if name.startswith("$"):
        return [_checked(name, name, how, wrong)]
    first, separator, rest = name.partition(".")
    first, every = first.removesuffix("[]"), "[]" if first.endswith("[]") else ""
    column = next((column for column in columns if column.stored_name == first.lower()), None)
    if column is None:
        raise wrong(f'"{name}" names no column.{nearest(first, [column.name for column in columns])}')
    if column.name == EXTRA:
        if not rest:
            raise wrong(f'"{EXTRA}" holds whatever has no column: name a field of it, such as "{EXTRA}.email".')
        return [_checked(f"{root}.{rest}", name, how, wrong)]
    if not rest and not every:
        _check_column(column, key, how, wrong)
    return [_checked(f"{path}{every}{separator}{rest}", name, how, wrong) for path in column.paths]


def _check_column(column: Column, key: str, how: str, wrong: Wrong) -> None:
    if how == "keep":
        return
    if column.name in {"event_id", "event_time"}:
        raise wrong(f'"{column.name}" tells events apart and when they happened, and is kept.')
    if column.name == key and how != "hmac":
        raise wrong(f'"{column.name}" tells duplicates apart: keep it, or let it become a pseudonym with "hmac".')
    if column.type != "string" and how != "drop":
        raise wrong(f'"{column.name}" is of type {column.type}: keep it, or leave it out with "drop".')


def _checked(path: str, name: str, how: str, wrong: Wrong) -> str:
    try:
        found = steps(path)
    except ValueError as error:
        raise wrong(f'"{name}" leads nowhere: {error}; write "details.user.email", or "details.people[].email" for each element.') from None
    if how != "keep" and (len(found) == 0 or found[0] in _NEEDED):
        raise wrong(f'"{name}" reads {path}, without which an event finds no table: keep it.')
    if how != "keep" and any(isinstance(step, Holding) for step in found):
        raise wrong(
            f'"{name}" reads {path}, which is found by what it holds, and cannot be masked: name the array, with [] for each element.'
        )
    return path


def _refuse_inside(found: Mapping[str, str], wrong: Wrong) -> None:
    """Refuse a place that lies in another: what is masked as a whole has no parts."""
    masked = {tuple(steps(path)): path for path, how in found.items() if how != "keep"}
    for place, path in masked.items():
        for depth in range(1, len(place)):
            if place[:depth] in masked:
                raise wrong(f"{path} lies in {masked[place[:depth]]}, which is masked as a whole: leave one of them out.")


def with_privacy(sources: Sequence[Source], folders: Sequence[Path]) -> tuple[Source, ...]:
    """Return the sources with what the files `privacy.toml` of the user's folders say of their tables. Raises DeclarationError."""
    found = list(sources)
    for file in [folder / PRIVACY for folder in folders if (folder / PRIVACY).is_file()]:
        said = dict(_read(file))
        tables = {table.name: table for source in found for table in source.tables}
        for name in said:
            if name not in tables:
                raise DeclarationError(f'{file}: there is no table "{name}".{nearest(name, tables)}')
        changed = {name: _with(tables[name], of_table, file) for name, of_table in said.items()}
        found = [replace(source, tables=tuple(changed.get(table.name, table) for table in source.tables)) for source in found]
    return tuple(found)


def all_kept(sources: Sequence[Source]) -> list[Source]:
    """Return the sources with all personal data kept, for samples and tests, which show it."""
    return [replace(source, tables=tuple(replace(table, personal=()) for table in source.tables)) for source in sources]


def _with(table: Table, said: Mapping[str, Any], file: Path) -> Table:
    def wrong(sentence: str) -> DeclarationError:
        return DeclarationError(f'{file}, table "{table.name}": {sentence}')

    new = {place.path: place for place in personal_places(table.columns, table.root, table.key, said, wrong)}
    together = {place.path: place for place in table.personal} | new
    _refuse_inside({path: place.how for path, place in together.items()}, wrong)
    return replace(table, personal=tuple(together.values()))


def _read(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each table's name and what is said of it."""
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise DeclarationError(f"{file}: cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise DeclarationError(f"{file}: is not TOML: {str(error).rstrip('.')}.") from None
    for name, of_table in said.items():
        if not isinstance(of_table, dict):
            raise DeclarationError(
                f'{file}: "{name}" is {of_table!r}, expected a TOML table such as [{name}] with lines as user_name = "hmac".'
            )
        yield name, of_table
