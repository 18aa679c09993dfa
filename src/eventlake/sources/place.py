"""A part of a source.toml, with the words that lead to it: reads its values, and says what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from eventlake.errors import DeclarationError, PatternError
from eventlake.naming import nearest
from eventlake.pipeline.leftovers import ENVELOPE_KEYS
from eventlake.pipeline.path import parse_path
from eventlake.pipeline.pattern import compile_pattern

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}", re.ASCII)
_SHOWN_LIMIT = 80
"""Characters of a wrong value that an error shows."""


class Place:
    """A part of a declaration, with the words that lead to it; reads its values and says what is wrong with them."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:  # TOML values
        self.where = where
        self.values = values

    def wrong(self, what: str) -> DeclarationError:
        """Return an error that says where the part is, and what is wrong there."""
        return DeclarationError(f"{self.where}: {what}")

    def only_keys(self, known: Iterable[str]) -> Place:
        """Return the part itself, which has none but the known keys. Raises DeclarationError, as all that follow do."""
        for key in self.values:
            if key not in known:
                raise self.wrong(f"unknown key {quoted(key)}.{nearest(key, known)} Keys: {', '.join(known)}.")
        return self

    def text(self, key: str, default: str | None = None) -> str:
        """Read a text that is not blank."""
        value = self.values.get(key, default)
        if value is None:
            raise self.wrong(f'"{key}" is missing.')
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f'"{key}" is {quoted(value)}, expected a text.')
        return value

    def line(self, key: str, limit: int) -> str:
        """Read one printable line of at most `limit` characters."""
        value = self.text(key)
        if len(value) > limit or not value.isprintable():
            what = f"has {len(value)} characters" if len(value) > limit else "is more than one line"
            raise self.wrong(f'"{key}" {what}; write one line of at most {limit}.')
        return value

    def name(
        self, key: str, form: re.Pattern[str] = _NAME, allowed: str = "lower-case letters, digits and _, not a digit first, at most 128"
    ) -> str:
        """Read a name of a form. allowed: the form in words."""
        value = self.text(key)
        if not form.fullmatch(value):
            raise self.wrong(f'"{key}" is {quoted(value)}; allowed are {allowed}.')
        return value

    def parts(self, key: str, noun: str) -> list[Place]:
        """Read a list of TOML tables, as parts that are called by the noun and their name."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.wrong(f'"{key}" is {quoted(values)}, expected a list of TOML tables.')
        return [Place(f"{self.where}, {noun} {_label(value, index)}", value) for index, value in enumerate(values, 1)]

    def section(self, key: str) -> Place:
        """Read a TOML table, as a part of its own; an empty one where there is none."""
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.wrong(f'"{key}" is {quoted(values)}, expected a TOML table.')
        return Place(f"{self.where}, {key}", values)

    def pattern(self) -> dict[str, Any]:
        """Read the event pattern, which EventBridge would take: a TOML table, or JSON text."""
        value = self.values.get("pattern")
        if value is None:
            raise self.wrong('"pattern" is missing: give an event pattern as a TOML table, or as JSON text.')
        try:
            pattern = json.loads(value if isinstance(value, str) else json.dumps(value, allow_nan=False))
            if not isinstance(pattern, dict):
                raise self.wrong(f'"pattern" is {quoted(value)}, expected an event pattern such as {{ source = ["aws.codebuild"] }}.')
            json.dumps(pattern, allow_nan=False, ensure_ascii=False).encode()
            compile_pattern(value if isinstance(value, str) else pattern)
        except json.JSONDecodeError as error:
            raise self.wrong(f'"pattern" is not JSON: {error}.') from None
        except PatternError as error:
            raise self.wrong(f'"pattern": {error}') from None
        except TypeError:
            raise self.wrong('"pattern" holds a date or a time, which JSON does not have; write it as a text.') from None
        except ValueError:
            raise self.wrong('"pattern" holds a number or a character that JSON does not have.') from None
        except RecursionError:
            raise self.wrong('"pattern" is nested too deep.') from None
        return pattern

    def path(self, key: str, value: object) -> str:
        """Read a path into an event."""
        if not isinstance(value, str):
            raise self.wrong(f'"{key}" is {quoted(value)}, expected a path such as "$.detail.state".')
        try:
            parse_path(value)
        except ValueError as error:
            raise self.wrong(f'"{key}" is {quoted(value)}: {error}; write a path such as "$.detail.state" or "$.resources[0]".') from None
        return value

    def event_path(self, key: str, value: object) -> str:
        """Read a path to a part of an event; a first key that only looks like one of the envelope's is a slip."""
        path = self.path(key, value)
        segments = parse_path(path)
        if not segments or not isinstance(segments[0], str):
            raise self.wrong(f'"{key}" is "{path}", no part of an event; write a path such as "$.detail.state".')
        if segments[0] not in ENVELOPE_KEYS and (hint := nearest(segments[0], ENVELOPE_KEYS)):
            raise self.wrong(f'"{key}" is "{path}", but events have no "{segments[0]}".{hint}')
        return path

    def keys_path(self, key: str, value: object) -> str:
        """Read a path of keys alone, to a place in the envelope."""
        if value is None:
            raise self.wrong(f'"{key}" is missing: a path of keys, such as "$.detail".')
        path = self.path(key, value)
        if not all(isinstance(segment, str) for segment in parse_path(path)):
            raise self.wrong(f'"{key}" is "{path}", expected keys alone, such as "$.detail".')
        return path

    def paths(self, key: str) -> tuple[str, ...]:
        """Read a path, or a list of them, to parts of an event."""
        value = self.values.get(key)
        if value is None or value == []:
            raise self.wrong(f'"{key}" is missing: a path such as "$.detail.state", or a list of them of which the first present counts.')
        return tuple(self.event_path(key, path) for path in (value if isinstance(value, list) else [value]))


def _label(value: Mapping[str, Any], index: int) -> str:
    return quoted(value["name"]) if isinstance(value.get("name"), str) else f"number {index}"


def quoted(value: object) -> str:
    """Write a wrong value as JSON has it, cut where it is long."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes, an array in an array in an array ...
        return f"a very long {type(value).__name__}"
    return text if len(text) <= _SHOWN_LIMIT else text[: _SHOWN_LIMIT - 3] + "..."
