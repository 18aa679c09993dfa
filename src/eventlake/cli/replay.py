"""`replay`: events of the past played again, to a bus or a file."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from eventlake.cli.moments import moment
from eventlake.cli.opening import open_catalog, open_engine
from eventlake.cli.query import ENGINES
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.tables import named_table
from eventlake.errors import EventlakeError, StorageError, UsageError
from eventlake.naming import nearest

if TYPE_CHECKING:
    from eventlake.model import Table
    from eventlake.pipeline.played import Kept, Replay

OWN_BUS = "http://127.0.0.1:8787"
"""Where `serve` listens unless it is told otherwise."""
_GROUP = 1_000
_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)x?")


@click.command(short_help="Play events of the past again, to a bus or a file.")
@click.option("--from", "start", required=True, metavar="TIME", help="From this moment on: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC.")
@click.option("--until", metavar="TIME", help="To before this moment; default: now.")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="TARGET",
    help="URL of a bus, `bus` (the one on this machine), `rules` (of a lake on AWS), `detections`, a file, or `-`.",
)
@click.option("--table", "names", multiple=True, metavar="TABLE", help="Only events of this table; several are allowed.")
@click.option("--where", default="", metavar="SQL", help="Only events whose row fulfils this condition in Athena's SQL; with one --table.")
@click.option("--speed", default="max", show_default=True, metavar="Nx|max", help="60x plays an hour in a minute; max as fast as it goes.")
@click.option("--originals", is_flag=True, help="On AWS with KeepRawEvents: each event as it came, byte for byte, where it is kept.")
@click.option("--engine", type=click.Choice(ENGINES), help="What answers; default: duckdb for a lake in a folder, athena for one on AWS.")
@global_options
def replay(
    start: str, until: str | None, target: str, names: tuple[str, ...], where: str, speed: str, originals: bool, engine: str | None
) -> int:
    """Send the events that happened from one moment to before another once more, in that order, with their ids.

    The stretch is --from and --until, the target --to; `--to detections` shows the alerts that the stretch would have raised, and `--to rules`
    has EventBridge play what it archived to a lake on AWS. Each row becomes the event that it came from; into the lake that it came from, it is
    known by its id, and adds nothing. A bus with a token wants it in EVENTLAKE_TOKEN. Ends with 1 if the target refused an event.
    """
    from eventlake.backends.msgspec_codec import FAST
    from eventlake.pipeline.played import Replay, Stretch

    current = settings()
    pace = _speed(speed)
    begin, end = moment(start), moment(until) if until else datetime.now(UTC)
    if begin >= end:
        raise UsageError(f"The stretch is empty: --from {start} is not before --until {until or 'now'}.")
    kept = _kept(target, current) if originals else None
    if target == "rules":
        return _to_rules(begin, end, names, where, speed, current)
    if target == "detections":
        return _to_detections(begin, end, names, where, speed, current)
    _require_target(target)
    tables = _tables(names, where, current)
    played = Replay(open_engine(current, engine, at_once=2), Stretch(begin, end, tables, where), FAST, kept=kept)
    with _opened(target) as send:
        return _play(played, send, pace, current, _Progress(into_file=_is_file(target)))


def _kept(target: str, current: Settings) -> Kept:
    """Open what a lake on AWS keeps of its events as they came. Raises UsageError where there is none of it."""
    if target in ("rules", "detections"):
        raise UsageError(f"--originals is for events that are sent: leave it out with --to {target}.")
    if not current.is_on_aws:
        raise UsageError("A lake in a folder keeps no event as it came, only what its row says: leave --originals out.")
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.deployment import open_store
    from eventlake.cloud.originals import Originals

    return Originals(open_store(*open_deployment(current)))


def _to_rules(begin: datetime, end: datetime, names: Sequence[str], where: str, speed: str, current: Settings) -> int:
    """Have EventBridge play what it archived to the rules of the lake; the exit code."""
    from eventlake.cli.replay_to_rules import play_to_rules

    if where or speed != "max":
        raise UsageError("EventBridge plays its archives whole and at its own speed: leave --where and --speed out.")
    return play_to_rules(begin, end, names, current)


def _to_detections(begin: datetime, end: datetime, names: Sequence[str], where: str, speed: str, current: Settings) -> int:
    """Show the alerts that detections would have told of the stretch, those alone that read the tables if any are named; the exit code."""
    from eventlake.cli.detections import loaded, tell_past

    if where or speed != "max":
        raise UsageError(
            'Detections ask the lake itself, all of its rows and at once: leave --where and --speed out. A file is "./detections".'
        )
    known = loaded().values()
    tables = {table for one in known for table in one.tables}
    for name in names:
        if name not in tables:
            raise UsageError(f'No detection asks a table "{name}".{nearest(name, tables)}')
    return tell_past([one for one in known if not names or set(names) & set(one.tables)], begin, end, {}, current)


def _tables(names: Sequence[str], where: str, current: Settings) -> Sequence[Table]:
    """Return the tables that are played. Raises UsageError, NameNotFoundError or QuerySyntaxError."""
    if where:
        from eventlake.dialect.text.syntax import require_condition

        if len(names) != 1:
            raise UsageError("--where speaks of the columns of one table: name it with --table.")
        require_condition(where)
    from eventlake.local.audit_table import TABLE as AUDIT

    catalog = open_catalog(current)
    if names:
        return [named_table(name, catalog) for name in dict.fromkeys(names)]
    return [table for table in catalog.tables() if table.name != AUDIT]  # what was asked of a lake did not happen in what it tells of


@dataclass(slots=True)
class _Progress:
    """How far a replay is: events sent, those that were refused, and when the last one happened. into_file: whether they are written to one."""

    into_file: bool
    sent: int = 0
    refused: int = 0
    at: str = ""


def _play(played: Replay, send: Callable[[Sequence[bytes]], int], speed: float | None, current: Settings, progress: _Progress) -> int:
    """Send the events; the exit code. Stopped by Ctrl-C or an error, say from where to go on."""
    from eventlake.pipeline.pace import Pace

    try:
        for group in Pace(speed, time.monotonic, time.sleep).groups(played, _GROUP):
            progress.refused += send(group.bodies)
            progress.sent += len(group.bodies)
            progress.at = group.at
            current.progress(f"{progress.sent:,} of at most {played.total:,} events, to {progress.at}", is_done=False)
    except (KeyboardInterrupt, EventlakeError):
        current.say(f"Stopped after {progress.sent:,} events.{_from_there(progress)}")
        raise
    refused = f", {progress.refused:,} of them refused" if progress.refused else ""
    as_they_came = f", {played.as_they_came:,} of them as they came" if played.as_they_came else ""
    current.say(f"{progress.sent:,} events played{refused}{as_they_came}.")
    return 1 if progress.refused else 0


def _from_there(progress: _Progress) -> str:
    """Return how to go on, if anything was sent."""
    if not progress.at:
        return ""
    other = " --to another file" if progress.into_file else ""
    return f" To go on: --from {progress.at.replace(' ', 'T')}{other} (events of that moment come again, with the same ids)."


def _is_file(target: str) -> bool:
    return target not in ("bus", "-") and "://" not in target


def _require_target(target: str) -> None:
    """Raise UsageError for a target that there is not, before anything is read, or that one letter keeps from being one."""
    if not _is_file(target):
        return
    file = Path(target)
    if file.is_file() and file.stat().st_size:  # what was played before, which may be all that there is of it
        raise UsageError(f'"{target}" holds something: name another file, or remove it first.')
    if "/" not in target and not file.exists() and (hint := nearest(target, ("bus", "detections", "rules"))):
        raise UsageError(f'There is no target "{target}".{hint} A new file of that name is "./{target}".')
    if not file.absolute().parent.is_dir():
        raise UsageError(f'There is no folder for the file "{target}"; --to takes a URL, bus, a file or -.')


@contextmanager
def _opened(target: str) -> Iterator[Callable[[Sequence[bytes]], int]]:
    """Open the target; what is given sends events to it and tells how many were refused. Raises StorageError or ConfigurationError."""
    if target == "bus" or "://" in target:
        with _bus(OWN_BUS if target == "bus" else target) as send:
            yield send
    elif target == "-":
        yield _writer(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        try:
            with Path(target).open("wb") as file:
                yield _writer(file)
        except OSError as error:
            raise StorageError(f'"{target}" cannot be written: {error.strerror or error}.') from None


def _writer(file: BinaryIO) -> Callable[[Sequence[bytes]], int]:
    def send(events: Sequence[bytes]) -> int:
        file.write(b"\n".join(events) + b"\n")
        return 0

    return send


@contextmanager
def _bus(url: str) -> Iterator[Callable[[Sequence[bytes]], int]]:
    from eventlake.answers.values import visible
    from eventlake.local.client import BusClient

    client = BusClient(url, token=os.environ.get("EVENTLAKE_TOKEN"), option="--to", told=lambda sentence: click.echo(sentence, err=True))

    def send(events: Sequence[bytes]) -> int:
        refused = client.refused(events)
        for one in refused[:3]:
            click.echo(f"Refused: {visible(one.message or one.code or '')}", err=True)
        return len(refused)

    try:
        yield send
    finally:
        client.close()


def _speed(written: str) -> float | None:
    """Read `60x`, `60` or `max`, which is None. Raises UsageError."""
    match = _SPEED.fullmatch(written)
    if written != "max" and (match is None or float(match[1]) == 0):
        raise UsageError(f'"{written}" is no speed: write 60x for sixty times as fast as it was, or max.')
    return None if match is None else float(match[1])
