"""`retention.toml`: how many days the hours of a table, and failed records, are kept.

In the folder of a lake it is about that lake. In a folder of declarations it says so of any table, of the built-in sources too, for every lake
that is made with them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventlake.errors import ConfigurationError, DeclarationError
from eventlake.model import Source
from eventlake.naming import nearest
from eventlake.pipeline.retention import MOST_DAYS, Retention, is_days

RETENTION = "retention.toml"
_KEYS = ("tables", "failed")


def read_days(folder: Path, tables: Iterable[str]) -> Retention:
    """Read what the file in a folder says of these tables; nothing where it, or a line in it, is not there. Raises ConfigurationError."""
    file = folder / RETENTION
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return Retention()
    except OSError as error:
        raise ConfigurationError(f'"{file}" cannot be read: {error.strerror}. Nothing is removed until it can.') from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise ConfigurationError(f'"{file}" is not TOML: {str(error).rstrip(".")}. Nothing is removed until it is.') from None
    return _checked(f'"{file}"', said, list(tables))


def with_retention(sources: Sequence[Source], folders: Sequence[Path]) -> tuple[Source, ...]:
    """Return the sources with what the files `retention.toml` of the user's folders say of their tables. Raises DeclarationError."""
    days: dict[str, int] = {}
    for folder in folders:
        try:
            found = read_days(folder, (table.name for source in sources for table in source.tables))
        except ConfigurationError as error:
            raise DeclarationError(str(error)) from None
        if found.failed is not None:
            raise DeclarationError(
                f'"{folder / RETENTION}": "failed" is for the retention.toml in the folder of a lake; here stand the days of tables.'
            )
        days |= found.tables
    return tuple(_with(source, days) for source in sources)


def _with(source: Source, days: dict[str, int]) -> Source:
    return replace(source, tables=tuple(replace(one, retention_days=days.get(one.name, one.retention_days)) for one in source.tables))


def _checked(where: str, said: dict[str, Any], known: list[str]) -> Retention:  # TOML values
    if unknown := next((key for key in said if key not in _KEYS), None):
        raise ConfigurationError(
            f'{where}: unknown key "{unknown}".{nearest(unknown, _KEYS)} It holds failed = DAYS, and lines TABLE = DAYS below [tables].'
        )
    tables = said.get("tables", {})
    if not isinstance(tables, dict):
        raise ConfigurationError(f"{where}: write [tables], and below it a line TABLE = DAYS for each table.")
    if stranger := next((name for name in tables if name not in known), None):
        raise ConfigurationError(f'{where}: there is no table "{stranger}".{nearest(stranger, known)} `eventlake tables` lists them.')
    found = {name: _days(f"{where}, {name}", days) for name, days in tables.items()}
    return Retention(found, _days(f"{where}, failed", said["failed"]) if "failed" in said else None)


def _days(where: str, value: Any) -> int:  # a TOML value
    if not is_days(value):
        raise ConfigurationError(
            f"{where}: {value!r} is no number of days from 1 to {MOST_DAYS:,}; leave the line out to keep it for ever."
        )
    days: int = value
    return days
