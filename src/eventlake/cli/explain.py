"""`explain`: what becomes of an event, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show_records
from eventlake.errors import EventError, UsageError

if TYPE_CHECKING:
    from eventlake.model import Source, Table
    from eventlake.pipeline.envelope import Accepted
    from eventlake.pipeline.router import Routed
    from eventlake.pipeline.rule import Rule

COLUMNS = ("item", "outcome", "table", "partition", "line", "reason", "notes")


@click.command(short_help="What becomes of an event, and why.")
@click.argument("event")
@global_options
def explain(event: str) -> int:
    """Show what becomes of EVENT: a file, `-` for stdin, or the JSON itself.

    For each event: the rule that matches, why the others do not, its log line, table and partition, and what a reader should know.
    Nothing is stored. Pseudonyms are those of a key that is made for this and forgotten.
    """
    current = settings()
    explainer = _Explainer(current.load_sources())
    count = failed = 0
    for records in _shown_together(explainer.records(_items(event)), current.form):
        _print(records, current, is_first=count == 0)
        count += len(records)
        failed += sum(record["outcome"] != "stored" for record in records)
    if not count:
        raise UsageError(f'"{event}" holds no event.')
    return 1 if failed else 0


def _shown_together(records: Iterator[dict[str, Any]], form: str) -> Iterator[list[dict[str, Any]]]:
    """Yield one record at a time where each stands for itself, so that the first is seen at once; all of them where they are one text."""
    if form in {"table", "jsonl"}:
        yield from ([record] for record in records)
    elif found := list(records):
        yield found


def _items(event: str) -> Iterator[tuple[int, bytes]]:
    from eventlake.local.documents import split
    from eventlake.local.items import read_items

    items = split(event.encode()) if event.lstrip()[:1] in {"{", "["} else read_items(event)
    return ((item.line, item.data) for item in items)


class _Explainer:
    """Says what becomes of events with these sources, if they arrived now."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        from eventlake.pipeline.envelope import Intake
        from eventlake.pipeline.pseudonyms import KeyRing
        from eventlake.pipeline.router import Router

        self._sources = sources
        self._take = Intake(sources).take
        self._route = Router(sources, pseudonyms=KeyRing.of_this_moment()).route

    def records(self, items: Iterator[tuple[int, bytes]]) -> Iterator[dict[str, Any]]:
        """Yield for each item a record for each table that takes it, or one with the reason why none does."""
        for place, data in items:
            taken = self._take(data)
            notes = [f"It lies in what was opened: {', '.join(taken.opened)}."] if taken.opened else []
            for accepted in taken.accepted:
                yield from self._explained(place, accepted, notes)
            if taken.error is not None:
                yield _failure(place, taken.error, [])

    def _explained(self, place: int, accepted: Accepted, notes: list[str]) -> Iterator[dict[str, Any]]:
        routed = self._route(accepted.body)
        for table, line in routed.lines:
            record = _stored(place, table, line, accepted, datetime.now(UTC))
            yield {**record, "notes": [*notes, *record["notes"]]}
        for failed, error in routed.failures:
            yield _failure(place, error, notes if failed else [*notes, *self._switches(accepted), *self._differences(accepted)])

    def _differences(self, accepted: Accepted) -> list[str]:
        """Name, for every table, the first key of its rule that the event does not meet."""
        from eventlake.pipeline.as_written import loads

        event = loads(accepted.body)
        return [f"{name}: {rule.first_difference(event)}" for name, rule in self._rules]

    def _switches(self, accepted: Accepted) -> list[str]:
        """Name the optional sources that would take the event and are off."""
        taking = [name for name, route in self._optional if route(accepted.body).lines]
        return [f"{name}, which is off, takes it: switch it on with --sources {name}." for name in taking]

    @cached_property
    def _rules(self) -> list[tuple[str, Rule]]:
        from eventlake.pipeline.pattern import compile_pattern

        return [(table.name, compile_pattern(table.pattern)) for source in self._sources for table in source.tables]

    @cached_property
    def _optional(self) -> list[tuple[str, Callable[[bytes], Routed]]]:
        """Return the optional sources that are off, each with what routes an event to its tables."""
        from eventlake.pipeline.router import Router
        from eventlake.sources import load_optional

        on = {source.name for source in self._sources}
        return [(source.name, Router((source,)).route) for source in load_optional() if source.name not in on]


def _stored(place: int, table: Table, line: bytes, accepted: Accepted, arrival: datetime) -> dict[str, Any]:
    from eventlake.layout import Hour, partition_location

    log_line = json.loads(line)
    return {
        "item": place,
        "outcome": "stored",
        "table": f"{table.database}.{table.name}",
        "partition": partition_location(table.prefix, Hour.of(arrival)),
        "line": log_line,
        "reason": None,
        "notes": list(_notes(table, log_line, accepted)),
    }


def _notes(table: Table, line: dict[str, Any], accepted: Accepted) -> Iterator[str]:
    if extra := line.get("extra"):
        yield f"No column keeps {_named(json.loads(extra))}: in extra."
    if not line.get(table.key):
        yield f"{table.key} is NULL: without this key a duplicate of the event cannot be told from a second one."
    if "event_time" not in line:
        yield "event_time is NULL: questions about a time will not find it."
    if line.get("event_id") == accepted.id and not _has_own_id(accepted):
        yield f"The event has no id; it gets {accepted.id}, which follows from its content."


def _has_own_id(accepted: Accepted) -> bool:
    import uuid

    try:
        return uuid.UUID(accepted.id).version != 5
    except ValueError:
        return True


def _named(extra: dict[str, Any]) -> str:
    names = [f'"{name}"' for name in extra]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _failure(place: int, error: EventError, notes: list[str]) -> dict[str, Any]:
    empty = dict.fromkeys(COLUMNS)
    return {**empty, "item": place, "outcome": error.code, "reason": str(error), "notes": notes}


def _print(records: list[dict[str, Any]], current: Settings, *, is_first: bool) -> None:
    if current.form != "table":
        show_records(records, current.form, COLUMNS)
        return
    for record in records:
        click.echo(("" if is_first else "\n") + "\n".join(_paragraph(record)))


def _paragraph(record: dict[str, Any]) -> Iterator[str]:
    from eventlake.answers.values import visible

    if record["outcome"] == "stored":
        yield f"Event {record['item']}: stored in {record['table']}, partition {record['partition']}"
        width = max(map(len, record["line"]))
        for name, value in record["line"].items():
            yield f"  {name.ljust(width)}  {visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))}"
    else:
        yield f"Event {record['item']}: not stored in a table ({record['outcome']}). {visible(record['reason'])}"
    yield from (f"  - {visible(note)}" for note in record["notes"])
