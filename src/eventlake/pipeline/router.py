"""One envelope -> the log lines of every table whose rule matches it, or why there is none.

What EventBridge's rules and Firehose's streams do on AWS, for one machine: called by the service for each accepted event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from eventlake.errors import EventError
from eventlake.interfaces import Pseudonyms
from eventlake.model import Refusal, Source, Table
from eventlake.pipeline.as_written import loads
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.masking import Masking, masked_places
from eventlake.pipeline.pattern import compile_pattern
from eventlake.pipeline.reading import SIZE_LIMIT_BYTES, may_be_deep, read_event
from eventlake.pipeline.rule import Rule
from eventlake.pipeline.transform import Transform

Placed = tuple[Table, bytes]
"""A table and the log line of an event, ending in a newline."""


class Straight(Protocol):
    """Makes the function that reads the events of a table which have just the shape that it declares, and gives None for all others."""

    def __call__(self, table: Table, masking: Masking | None, kind: str, wanted: Mapping[str, bool]) -> Callable[[bytes], bytes | None]:
        """Make it, for the events of one detail-type. masking: what becomes of personal data, None if all of it is kept.

        wanted: whether the table wants the events of a source.
        """


_DETAIL_TYPE = b'"detail-type"'
_AFTER = len(_DETAIL_TYPE)
_SOURCES = 1000
"""So many sources are remembered at most."""


@dataclass(slots=True)
class Routed:
    """What became of one event.

    lines: a table and its log line, ending in a newline. failures: the table whose transform failed, or None where no rule matched.
    kept: what failed records hold of the event, None for its own bytes. is_erased: it is of somebody who was erased, and nothing becomes of it.
    """

    lines: list[Placed] = field(default_factory=list)
    failures: list[tuple[Table | None, EventError]] = field(default_factory=list)
    kept: bytes | None = None
    is_erased: bool = False


class Router:
    """The rules and transforms of all tables.

    codec: reads and writes the ordinary event; what it cannot, the standard library's reads again, so that both find the same reasons.
    straight: for events that need neither, because they are just as their table declares them. pseudonyms: makes them for tables that ask for
    some. forgetting: what becomes of events that name who was erased, None where nobody was. Raises ConfigurationError if there are no pseudonyms
    to be had.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        codec: Codec = STANDARD,
        straight: Straight | None = None,
        pseudonyms: Pseudonyms | None = None,
        forgetting: Forgetting | None = None,
    ) -> None:
        self._ordinary = _Routes(sources, codec, pseudonyms)
        self._exact = self._ordinary if codec is STANDARD else _Routes(sources, STANDARD, pseudonyms)
        self._codec = codec
        self._masks = any(masked_places(table) for source in sources for table in source.tables)
        self._straight = {} if straight is None else self._ordinary.straight(straight)
        self._forgetting = forgetting

    def route(self, data: bytes) -> Routed:
        """Return the log lines of one event, or its failures; raises nothing, whatever the bytes."""
        if self._forgetting is None or not self._forgetting.may_name(data):
            return self._routed(data)
        left = self._left(data, self._forgetting)
        if left is None:
            return Routed(is_erased=True)
        routed = self._routed(left)
        if routed.failures and routed.kept is None:
            routed.kept = left
        return routed

    def remainder(self, data: bytes) -> bytes | None:
        """Return an event as it may go on: the very bytes, or those without who was erased; None if it is of such a person."""
        if self._forgetting is None or not self._forgetting.may_name(data):
            return data
        return self._left(data, self._forgetting)

    def _left(self, data: bytes, forgetting: Forgetting) -> bytes | None:
        """Return what is left of an event, or of what is none, without who was erased; None if it is of such a person."""
        return forgetting.remainder(
            data, lambda event: any(forgetting.is_of_erased(event, table) for table in self._exact.wanting(event, data))
        )

    def straight(self, events: Sequence[bytes]) -> list[Placed | None]:
        """Return for each event that is just as declared its table and log line, and None for any other, which `route` takes."""
        if self._forgetting is not None:
            events = [b"" if self._forgetting.may_name(data) else data for data in events]
        return self._straight_lines(events)

    def _straight_lines(self, events: Sequence[bytes]) -> list[Placed | None]:
        """Read many in one loop: a call for each step of each event costs a twentieth of delivery."""
        placed: list[Placed | None] = []
        ways = self._straight
        for data in events:
            begin = (
                data.find(b'"', data.find(_DETAIL_TYPE) + _AFTER) + 1
            )  # the text behind the first `"detail-type"` is mostly the event's own
            way = ways.get(data[begin : data.find(b'"', begin)])
            if way is None or len(data) > SIZE_LIMIT_BYTES or may_be_deep(data):
                placed.append(None)
            else:
                line = way.read(data)
                placed.append(None if line is None or len(line) > SIZE_LIMIT_BYTES else (way.table, line))
        return placed

    def _routed(self, data: bytes) -> Routed:
        if self._straight and (placed := self._straight_lines((data,))[0]) is not None:
            return Routed([placed])
        if self._codec is not STANDARD:
            try:
                return self._ordinary.route(data, keep_errors=False)
            except EventError:
                pass
        routed = self._exact.route(data, keep_errors=True)
        if routed.failures and self._masks:
            routed.kept = self.kept(data)
        return routed

    def kept(self, data: bytes) -> bytes:
        """Return an event as failed records may hold it: written anew without who was erased, and what a table masks; else as it came."""
        if self._forgetting is not None and self._forgetting.may_name(data):
            data = self._left(data, self._forgetting) or b""
        return self._exact.kept(data) if self._masks else data

    def without_erased(self, error: EventError) -> EventError:
        """Return why an event failed without naming who was erased."""
        return error if self._forgetting is None else EventError(error.code, self._forgetting.without_words(str(error)))


class _Routes:
    """Rules and transforms with one codec, found by detail-type."""

    def __init__(self, sources: Sequence[Source], codec: Codec, pseudonyms: Pseudonyms | None) -> None:
        self._codec = codec
        self._refusals = [(compile_pattern(refusal.pattern), refusal) for source in sources for refusal in source.refusals]
        self._by_detail_type: dict[str, list[tuple[Rule, Transform]]] = {}
        self._others: list[tuple[Rule, Transform]] = []
        tables = [table for source in sources for table in source.tables]
        kinds = {kind for table in tables for kind in _detail_types(table) or ()}
        for table in tables:
            route = (compile_pattern(table.pattern), Transform(table, codec, pseudonyms))
            for kind in _detail_types(table) or kinds:
                self._by_detail_type.setdefault(kind, []).append(route)
            if _detail_types(table) is None:
                self._others.append(route)

    def straight(self, make: Straight) -> dict[bytes, _StraightWay]:
        """Return the ways of the detail-types that one table alone may want, and for which source and detail-type decide."""
        found = {}
        for kind, routes in self._by_detail_type.items():
            rule, transform = routes[0]
            if len(routes) == 1 and rule.paths <= {"source", "detail-type"} and not rule.needs_as_written(b""):
                masking = transform.masking
                if masking is None or not masking.by_day:  # the straight way does not look for the day
                    found[kind.encode()] = _StraightWay(kind, rule, transform.table, masking, make)
        return found

    def route(self, data: bytes, *, keep_errors: bool) -> Routed:
        routed = Routed()
        try:
            event = read_event(data, self._codec)
        except EventError as error:
            if not keep_errors:
                raise
            routed.failures.append((None, error))
            return routed
        for transform in self._wanting(event, data):
            try:
                routed.lines.append((transform.table, transform.line(event)))
            except EventError as error:
                if not keep_errors:
                    raise
                routed.failures.append((transform.table, error))
        if not routed.lines and not routed.failures:
            routed.failures.append((None, self._unmatched(event)))
        return routed

    def kept(self, data: bytes) -> bytes:
        """Return an event without what the tables mask that want it; as it came where none does, or where it cannot be read."""
        try:
            event = read_event(data, self._codec)
        except EventError:
            return data
        kept = event
        for transform in list(self._wanting(event, data)):
            kept = transform.kept(kept)
        return data if kept is event else json.dumps(kept).encode()

    def wanting(self, event: dict[str, Any], data: bytes) -> list[Table]:
        """Return the tables whose rule an event meets. data: its bytes."""
        return [transform.table for transform in self._wanting(event, data)]

    def _wanting(self, event: dict[str, Any], data: bytes) -> Iterator[Transform]:
        """Yield the transforms of the tables whose rule an event meets. data: its bytes."""
        for rule, transform in self._candidates(event):
            if rule.matches(loads(data) if rule.needs_as_written(data) else event):
                yield transform

    def _candidates(self, event: dict[str, Any]) -> list[tuple[Rule, Transform]]:
        kind = event.get("detail-type")
        return self._by_detail_type.get(kind, self._others) if kind.__class__ is str else self._others

    def _unmatched(self, event: dict[str, Any]) -> EventError:
        refusal = next((refusal for rule, refusal in self._refusals if rule.matches(event)), None)
        return refused(refusal) if refusal else unmatched(event)


class _StraightWay:
    """The way of one detail-type's events to the log lines of the one table that wants them.

    read: gives the log line of an event; None if it is not just as declared, or not wanted.
    """

    def __init__(self, kind: str, rule: Rule, table: Table, masking: Masking | None, make: Straight) -> None:
        self.table = table
        self.read: Callable[[bytes], bytes | None] = self._first
        self._made = partial(make, table, masking, kind, _Wanted(rule, kind))

    def _first(self, data: bytes) -> bytes | None:
        """Make what reads, now that the first event has come."""
        self.read = self._made()
        return self.read(data)


class _Wanted(dict[str, bool]):
    """Whether a rule wants the events of a source that have one detail-type: it is asked once for each."""

    def __init__(self, rule: Rule, kind: str) -> None:
        super().__init__()
        self._rule = rule
        self._kind = kind

    def __missing__(self, source: str) -> bool:
        """Ask the rule."""
        wanted = self._rule.matches({"source": source, "detail-type": self._kind})
        if len(self) < _SOURCES:
            self[source] = wanted
        return wanted


def refused(refusal: Refusal) -> EventError:
    """Return the error of an event that its source knows and does not store."""
    return EventError("Refused", f"{refusal.name}: {refusal.reason}")


def unmatched(event: dict[str, Any]) -> EventError:
    """Return the error of an event that no table's rule wants."""
    source, kind = (
        f'{name} "{_short(event[name])}"' if event.get(name) is not None else f"no {name}" for name in ("source", "detail-type")
    )
    return EventError("NoRuleMatched", f"No rule matches {source} with {kind}; declare a source for it, then redrive.")


def _short(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= 120 else shown[:117] + "..."


def _detail_types(table: Table) -> list[str] | None:
    """Return the exact detail-types a pattern asks for, None where it may match others."""
    condition = table.pattern.get("detail-type")
    if isinstance(condition, list) and condition and all(isinstance(kind, str) for kind in condition):
        return condition
    return None
