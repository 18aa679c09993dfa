"""Pasted events -> the draft of a declaration: valid at once, to be read, named and explained by a person.

One table for each detail-type, one column for each field of `detail`, types that hold every value seen. Called by `sources new`.
The form of a declaration is described in docs/adding-a-source.md.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventlake.errors import EventError, UsageError
from eventlake.model import PARTITION_KEYS
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.path import parse_path
from eventlake.sources import samples
from eventlake.sources.declaration import DECLARATION, NUMBERS_OF_ROWS, OURS, STANDARD_COLUMNS, parse_source
from eventlake.sources.inference import JSON, infer_type
from eventlake.sources.personal import personal_data

Event = dict[str, Any]
"""An EventBridge envelope: JSON."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}", re.ASCII)
_CAMEL = re.compile(r"[a-z0-9][A-Z]")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{1,39}", re.ASCII)
_CONSTANTS_SHOWN = 6
_PARTNER = re.compile(r"aws\.partner/[^/]+")
_UNCLEAR = frozenset({"arn", "date", "id", "key", "name", "source", "state", "status", "time", "timestamp", "type", "value", "version"})
"""Names that say nothing without the object they stand in."""
_COMMON_KEYS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")

_HEADER = """\
# {title}: drafted from {count}.
# Fill in what "..." leaves open, rename and delete columns as you like: what has no column is kept in the column extra.
# personal = "keep" marks what may be personal data: "mask", "hmac", "network" or "drop" keep less of it.
# Every table ends in event_id, event_time, account, event_region, event_origin and extra; they need no line here.
# Check it with: ./run sources check FOLDER"""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    path: str
    doc: str
    personal: tuple[str, ...]

    def line(self) -> str:
        kind = 'type = "string", as = "json"' if self.type == JSON else f"type = {_toml(self.type)}"
        mark = f"  # personal data: {', '.join(self.personal)}" if self.personal else ""
        kept = ', personal = "keep"' if self.personal else ""
        return f"  {{ name = {_toml(self.name)}, {kind}, from = {_toml(self.path)}{kept}, doc = {_toml(self.doc)} }},{mark}"


def draft(name: str, events: Sequence[Event | bytes]) -> str:
    """Write the `source.toml` of a source of that name, from events as EventBridge delivers them.

    The same events give the same text. Raises UsageError for a name that no source can have and for no events, EventError for what is no
    event.
    """
    if not _NAME.fullmatch(name):
        hint = _snake(name)
        raise UsageError(f'"{name}" is no name of a source: lower-case letters, digits and _, not a digit first. Did you mean "{hint}"?')
    by_kind: dict[str, list[Event]] = {}
    for number, event in enumerate(events, 1):
        accepted = _event(number, event)
        by_kind.setdefault(accepted["detail-type"], []).append(accepted)
    if not by_kind:
        raise UsageError("There is no event to draft from; give files with events, or - for stdin.")
    text = "\n".join([*_head(name, by_kind), *_tables(by_kind)]) + "\n"
    parse_source(text, f"the draft of {name}")
    return text


def write_draft(into: Path, name: str, events: Sequence[Event | bytes]) -> Path:
    """Write `into/name/source.toml` and the events as samples beside it; the path of the declaration.

    Raises UsageError if it exists already, and as `draft` does.
    """
    folder, text = into / name, draft(name, events)
    file = folder / DECLARATION
    if file.exists():
        raise UsageError(f'"{file}" exists already; choose another name or folder, or remove it.')
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    flow = samples.Flow([parse_source(text)])
    for number, event in enumerate(events, 1):
        _write_sample(folder, number, event, flow)
    return file


def _write_sample(folder: Path, number: int, event: Event | bytes, flow: samples.Flow) -> None:
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    lines, _ = flow.lines(data)
    stem = f"{next(iter(lines), 'event').replace('_', '-')}-{number}"
    samples.write_sample(folder, stem, json.loads(data), lines)


def _event(number: int, event: Event | bytes) -> Event:
    """Read one pasted event as an envelope, with the texts that a rule needs."""
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    try:
        envelope: Event = json.loads(Intake(()).accept(data).body)
    except EventError as error:
        raise EventError(error.code, f"Event {number}: {error}") from None
    for key in ("detail-type", "source"):
        if not isinstance(envelope.get(key), str) or not envelope[key].strip():
            raise EventError(
                "NotAnEvent", f'Event {number}: its "{key}" is {json.dumps(envelope.get(key))[:60]}, expected a text; a rule needs it.'
            )
    return envelope


def _head(name: str, by_kind: dict[str, list[Event]]) -> Iterator[str]:
    events = [event for found in by_kind.values() for event in found]
    words = [kind.split()[0] for kind in by_kind]
    title = next((word for word in words if word.lower() == name), name.replace("_", " ").strip().capitalize() or name)
    yield _HEADER.format(title=title, count="one event" if len(events) == 1 else f"{len(events)} events")
    yield f"name = {_toml(name)}"
    yield f"title = {_toml(title)}"
    yield 'doc = "..."  # what happens there, in a sentence'
    yield 'reference = "..."  # where the provider documents these events'
    yield f"database = {_toml(f'{name}_event_logs')}"
    if any(_PARTNER.match(event["source"]) for event in events):
        yield 'bus = "partner"'


def _tables(by_kind: dict[str, list[Event]]) -> Iterator[str]:
    names = _Names(())
    for kind, events in by_kind.items():
        yield ""
        yield "[[table]]"
        yield f"name = {_toml(names.take(_snake(kind)))}"
        yield f"doc = {_toml(f'One log line for each event {kind}: ...')}"
        yield f"pattern = {{ source = {_sources(events)}, detail-type = [{_toml(kind)}] }}"
        yield "columns = ["
        yield from (column.line() for column in _columns(events))
        yield "]"


def _sources(events: Sequence[Event]) -> str:
    """Write the condition on `source`: the texts that were seen; of a partner the part that is the same for every customer."""
    partners = sorted({match[0] for event in events if (match := _PARTNER.match(event["source"]))})
    exact = sorted({event["source"] for event in events if not _PARTNER.match(event["source"])})
    return f"[{', '.join([*map(_toml, exact), *(f'{{ prefix = {_toml(partner)} }}' for partner in partners)])}]"


def _columns(events: Sequence[Event]) -> list[_Column]:
    """Draft the columns of one table: the fields of `detail`, then what the envelope has beyond the usual."""
    names = _Names([*(column.name for column in STANDARD_COLUMNS), *(key for key, _ in PARTITION_KEYS), *NUMBERS_OF_ROWS])
    columns = [*_detail_columns(events, names), *_envelope_columns(events, names)]
    return columns or [_column("detail", ("detail",), "$.detail", [], JSON)]


def _detail_columns(events: Sequence[Event], names: _Names) -> Iterator[_Column]:
    details = [event["detail"] for event in events if event.get("detail") is not None]
    if not all(isinstance(detail, dict) and all(map(_is_in_paths, detail)) for detail in details):
        yield _column(names.take("detail"), ("detail",), "$.detail", details, JSON)
    if not all(isinstance(detail, dict) for detail in details):
        return
    fields = {key: [detail.get(key) for detail in details] for key in filter(_is_in_paths, _keys(details))}
    promoted = {key: _promoted(values) for key, values in fields.items()}
    own = {key: names.take(_joined(key)) for key in sorted(fields, key=_is_respelt)}
    inner_keys = [inner for found in promoted.values() for inner in found]
    inner_names = {}
    pairs = [(key, inner) for key in fields for inner in promoted[key]]
    for key, inner in sorted(pairs, key=lambda pair: _is_respelt(pair[1])):
        is_clear = inner_keys.count(inner) == 1 and _joined(inner).lower() not in _UNCLEAR
        inner_names[key, inner] = names.take(*([_joined(inner)] if is_clear else []), _joined(key, inner))
    for key, values in fields.items():
        yield _column(own[key], (key,), f"$.detail.{key}", values)
        for inner, inner_values in promoted[key].items():
            yield _column(inner_names[key, inner], (key, inner), f"$.detail.{key}.{inner}", inner_values)


def _promoted(values: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the scalars of an object, by key; none if it is sometimes something else."""
    objects = [value for value in values if value is not None]
    if not all(isinstance(value, dict) for value in objects):
        return {}
    fields = {key: [value.get(key) for value in objects] for key in filter(_is_in_paths, _keys(objects))}
    return {key: found for key, found in fields.items() if any(value is not None for value in found) and infer_type(key, found) != JSON}


def _envelope_columns(events: Sequence[Event], names: _Names) -> Iterator[_Column]:
    resources = [event["resources"] for event in events if event.get("resources")]
    if resources and all(isinstance(found, list) and len(found) == 1 for found in resources):
        yield _column(names.take("resource"), ("resource",), "$.resources[0]", [found[0] for found in resources])
    elif resources:
        yield _column(names.take("resources"), ("resources",), "$.resources", resources, JSON)
    if len({event["source"] for event in events}) > 1 or any(_PARTNER.match(event["source"]) for event in events):
        yield _column(names.take("event_source"), ("event_source",), "$.source", [event["source"] for event in events])
    others = [key for key in filter(_is_in_paths, _keys(events)) if key not in _COMMON_KEYS]
    named = {key: names.take(_joined(key)) for key in sorted(others, key=_is_respelt)}
    yield from (_column(named[key], (key,), f"$.{key}", [event.get(key) for event in events]) for key in others)


def _column(name: str, keys: tuple[str, ...], path: str, values: Sequence[Any], kind: str = "") -> _Column:
    found = kind or infer_type(keys[-1], values)
    marks = set().union(*(personal_data(keys[-1], value) for value in values))
    return _Column(name, found, path, _doc(keys, found, values), tuple(sorted(marks)))


def _doc(keys: tuple[str, ...], kind: str, values: Sequence[Any]) -> str:
    """Write a prompt in the provider's words, with the constants that were seen."""
    words = " of ".join(_words(key) for key in reversed(keys))[:120]
    seen = sorted({value for value in values if isinstance(value, str)})
    constants = f" Seen: {', '.join(seen)}." if seen and len(seen) <= _CONSTANTS_SHOWN and all(map(_CONSTANT.fullmatch, seen)) else ""
    return f"{words[0].upper()}{words[1:]}{', as JSON' if kind == JSON else ''}: ...{constants[:100]}"


def _words(key: str) -> str:
    """Write a key as words: `build-id` and `buildId` are "build id"."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key)
    return re.sub(r"[\W_]+", " ", parted).strip().lower() or "value"


class _Names:
    """Gives each column a name that no other has, where case does not count."""

    def __init__(self, taken: Sequence[str]) -> None:
        self._taken = {name.lower() for name in taken}

    def take(self, *wanted: str) -> str:
        """Take the first of the wanted names that is free, or one like the last."""
        others = (f"{wanted[-1]}_{number}" for number in itertools.count(2))
        candidates = itertools.chain(wanted, (f"detail_{wanted[-1]}",), others)
        name = next(one for one in candidates if one.lower() not in self._taken and not one.lower().startswith(OURS))
        self._taken.add(name.lower())
        return name


def _keys(objects: Sequence[dict[str, Any]]) -> list[str]:
    """Return the keys of some objects, in the order they were seen."""
    return list(dict.fromkeys(key for found in objects for key in found))


def _is_in_paths(key: str) -> bool:
    """Return True if a path can name this key; `a.b` or `a b` it cannot."""
    try:
        return parse_path(f"$.{key}") == (key,)
    except ValueError:
        return False


def _joined(*keys: str) -> str:
    """Make a column's name from a key and those around it, in the provider's style without hyphens: build_id, deploymentId."""
    parts = [re.sub(r"[^A-Za-z0-9_]+", "_", key).strip("_") or "value" for key in keys]
    camel = any(map(_CAMEL.search, parts)) and not any("_" in part for part in parts)
    name = parts[0] + "".join(part[0].upper() + part[1:] for part in parts[1:]) if camel else "_".join(parts)
    return (f"_{name}" if name[0].isdigit() else name)[:100]


def _is_respelt(key: str) -> bool:
    """Return True if a column cannot have a key's own name; the names that fields really have are given first."""
    return _joined(key) != key


def _snake(words: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "events"
    return (f"_{name}" if name[0].isdigit() else name)[:100]


def _toml(text: str) -> str:
    """Write a TOML basic string; JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
