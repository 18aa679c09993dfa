"""`retention.toml` in a lake's folder: how many days the hours of a table, and failed records, are kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eventlake.errors import ConfigurationError
from eventlake.naming import nearest
from eventlake.pipeline.retention import MOST_DAYS, Retention

RETENTION = "retention.toml"
_KEYS = ("tables", "failed")


def read_retention(folder: Path, tables: Iterable[str]) -> Retention:
    """Read how long the lake in a folder keeps these tables; for ever where the file, or a line in it, is not there. Raises ConfigurationError."""
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


def _days(where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_DAYS:
        raise ConfigurationError(
            f"{where}: {value!r} is no number of days from 1 to {MOST_DAYS:,}; leave the line out to keep it for ever."
        )
    return value
