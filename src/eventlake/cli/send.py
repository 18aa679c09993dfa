"""`send`: events from files to a bus, or straight into a lake."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from eventlake.answers.values import visible
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import EventlakeError, StorageError, UsageError

if TYPE_CHECKING:
    from eventlake.local.client import Outcome
    from eventlake.local.item import Item
    from eventlake.pipeline.envelope import Taken

SHOWN_PER_FILE = 20
"""How many failures of a file are told one by one."""


@dataclass(slots=True)
class Tally:
    """What became of the items of one file."""

    sent: int = 0
    stored: int = 0
    failed: int = 0
    erased: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    """How many wrappers of each kind were opened."""


@click.command(short_help="Send events from files or stdin, to a bus or into a lake.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--bus", metavar="URL", help="Send to the bus there, for example http://127.0.0.1:8787; default: into the lake itself.")
@global_options
def send(files: tuple[str, ...], bus: str | None) -> int:
    """Send the events in FILEs (`-` is stdin): JSON documents in any row, arrays among them, also gzipped.

    Taken are whole EventBridge envelopes, Auth0 logs without an envelope, notifications of the Developer Tools, and lines that eventlake's
    predecessors stored. What SNS, SQS, Kinesis, CloudWatch Logs or Auth0's API puts around them is opened, and told. What cannot be stored
    is kept with its reason; `eventlake failed` lists it. With --bus, stored means on the bus's disk.
    """
    if bus == "":
        raise UsageError("--bus is empty: name a bus, or leave it out to store into the lake itself.")
    current = settings()
    if bus and current.lake is not None:
        raise UsageError("--bus and --lake are two places: leave out --lake to send to the bus, or --bus to store into the lake itself.")
    tallies: dict[str, Tally] = {}
    for file in files:
        tallies[file] = Tally()
        try:
            _send_file(file, bus, tallies[file], current)
        except (EventlakeError, KeyboardInterrupt):
            _tell_end(tallies, bus, current)
            raise
        if tallies[file].opened:
            current.say(f"{file}: opened {_listed(tallies[file].opened)}.")
        if tallies[file].erased:
            current.say(
                f"{file}: {tallies[file].erased:,} of {tallies[file].sent:,} sent are of somebody who was erased, and were left out."
            )
    show(("file", "sent", "stored", "failed"), [[file, one.sent, one.stored, one.failed] for file, one in tallies.items()], current.form)
    return 1 if any(one.failed for one in tallies.values()) else 0


def _tell_end(tallies: dict[str, Tally], bus: str | None, current: Settings) -> None:
    """Say what was stored of each file before something ended it all."""
    stored = [f"{one.stored:,} events of {file}" for file, one in tallies.items() if one.stored]
    if not stored:
        return
    where = "stored in the lake" if bus is None else "stored by the bus"
    later = "; the next `send` or `serve` delivers what waits of them" if bus is None else ""
    current.say(f"Before that, {' and '.join(stored)} were {where}{later}. Sent again they are duplicates until their hour is closed.")


def _send_file(file: str, bus: str | None, tally: Tally, current: Settings) -> None:
    from eventlake.local.items import read_items, read_taken

    readable = _Readable()
    through_bus = partial(_through_bus, readable.part_of(read_items(file)))
    into_lake = partial(_into_lake, lambda take: readable.part_of(read_taken(file, take)))
    for outcome in through_bus(bus) if bus else into_lake(current):
        if outcome.opened is not None:
            tally.opened.update(outcome.opened)
            continue
        tally.sent += 1
        if outcome.is_erased:
            tally.erased += 1
            continue
        if outcome.code is None:
            tally.stored += 1
            continue
        tally.failed += 1
        _tell(file, outcome, tally.failed)
    if readable.trouble is not None:
        click.echo(str(readable.trouble), err=True)
        tally.failed += 1


class _Readable:
    """What of a file can be read; then it ends, so that all before is stored, and `trouble` says why."""

    def __init__(self) -> None:
        self.trouble: StorageError | None = None

    def part_of(self, items: Iterable[Any]) -> Iterator[Any]:  # whatever is read of a file
        """Yield them."""
        try:
            yield from items
        except StorageError as error:
            self.trouble = error


def _listed(kinds: dict[str, int]) -> str:
    """Write `3 SNS notifications, 1 page of Auth0 logs`."""
    return ", ".join(f"{count:,} {kind if count == 1 else _plural(kind)}" for kind, count in kinds.items())


def _plural(kind: str) -> str:
    noun, of, rest = kind.partition(" of ")
    return f"{noun}s{of}{rest}"


def _tell(file: str, outcome: Outcome, count: int) -> None:
    if count <= SHOWN_PER_FILE:
        click.echo(f"{file}, line {outcome.item.line}: {visible(outcome.message or outcome.code or '')}", err=True)
    elif count == SHOWN_PER_FILE + 1:
        click.echo(f"{file}: more failed; `eventlake failed` lists all.", err=True)


def _through_bus(items: Iterable[Item], bus: str) -> Iterator[Outcome]:
    from eventlake.local.client import BusClient

    client = BusClient(bus, token=os.environ.get("EVENTLAKE_TOKEN"), told=lambda sentence: click.echo(sentence, err=True))
    try:
        yield from client.send(items)
    finally:
        client.close()


def _into_lake(read: Callable[[Callable[[bytes], Taken]], Iterator[tuple[Item, Taken]]], current: Settings) -> Iterator[Outcome]:
    from eventlake.local.importing import store_read

    yield from store_read(read, current.lake_folder, current.load_sources(), lambda sentence: click.echo(sentence, err=True))
