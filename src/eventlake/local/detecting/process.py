"""The process that runs detections for `serve`, beside those that accept and deliver.

Writes on stdout `alert JSON` for an event that the bus is to accept, `told SENTENCE`, and `problems N`, how many detections run in vain. Reads
on stdin `accepted ID` and `refused ID`. It begins when everything is delivered that was accepted before, so that what it told before and
did not note can be looked up in the lake. If stdin ends, the bus ends or was killed: this process and what it runs for sinks end at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.alerts import TABLE
from eventlake.detections.detection import readable_detections
from eventlake.detections.evaluating import evaluate_all
from eventlake.errors import EventlakeError
from eventlake.interfaces import Engine
from eventlake.local.detecting.memory import MEMORY, Memory
from eventlake.local.detecting.outbox import Outbox
from eventlake.local.detecting.receivers import end_commands
from eventlake.local.detecting.sinks import Sink, read_sinks
from eventlake.local.detecting.task import Task
from eventlake.local.detecting.ticker import Ticker
from eventlake.local.folder import OBJECTS, SystemClock, open_catalog
from eventlake.sources import load

_NICENESS = 5
_LOOK_S = 1.0
_PAUSE = timedelta(seconds=60)
"""How long to wait after the bus refused an event, or the lake could not be read."""
_MEMORY_MB = 1024
_SECONDS = 120.0
_TIDY_S = 3600.0


class Worker:
    """Ticks, hands alerts to the bus, and notes what it accepted. say: writes a line to the bus. now: the moment, aware."""

    def __init__(self, ticker: Ticker, memory: Memory, say: Callable[[str], None], now: Callable[[], datetime]) -> None:
        self._ticker = ticker
        self._memory = memory
        self._say = say
        self._now = now
        self._under_way: set[str] = set()
        self._not_before: datetime | None = None
        self._problems = 0
        self._trouble = ""

    def turn(self, heard: Iterable[str]) -> None:
        """Note what the bus said, tick, and hand on what is new."""
        self._note(heard)
        try:
            self._ticker.tick(self._now())
            self._trouble = ""
        except EventlakeError as error:  # of the lake or the memory itself
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._say(f"told Detections cannot run: {error} They are tried again.")
        if self._ticker.problems != self._problems:
            self._problems = self._ticker.problems
            self._say(f"problems {self._problems}")
        self._hand_on()

    def _note(self, heard: Iterable[str]) -> None:
        answers = [line.partition(" ")[::2] for line in heard]
        accepted = [one for word, one in answers if word == "accepted"]
        if accepted:
            self._memory.accept(accepted)
        self._under_way -= {one for _, one in answers}
        if any(word == "refused" for word, _ in answers):
            self._not_before = self._now() + _PAUSE

    def _hand_on(self) -> None:
        if self._not_before is not None and self._now() < self._not_before:
            return
        for one, body in self._memory.unaccepted():
            if one not in self._under_way:
                self._under_way.add(one)
                self._say(f"alert {body.decode()}")


def note_accepted(memory: Memory, engine: Engine, now: datetime) -> None:
    """Note which alerts the lake has already that were not noted before the last process ended. Raises EventlakeError."""
    ids = [one for one, _ in memory.unaccepted()]
    if not ids:
        return
    day = f"{now - timedelta(days=2):%Y-%m-%d}"
    known = ", ".join(f"'{one}'" for one in ids)  # UUIDs of ours
    found = engine.query(f"select distinct event_id from {TABLE} where \"date\" >= date '{day}' and event_id in ({known})")
    memory.accept([str(row[0]) for row in found.rows])


def main(arguments: Sequence[str]) -> int:
    """Run the process, which leads a process group."""
    os.nice(_NICENESS)
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the end of stdin says it: that thread hears it whatever this one is about
    fields = json.loads(arguments[0])
    task = Task(fields["folder"], tuple(fields["sources"]))
    try:
        _run(task, heard)
    except EventlakeError as error:
        _say(f"told Detections cannot run: {error}")
    return 1


def _run(task: Task, heard: queue.SimpleQueue[str]) -> None:
    """Run until killed. Raises EventlakeError for a lake, a source or a sink that cannot be read."""
    folder = Path(task.folder)
    sources = load([Path(one) for one in task.sources])
    sinks, catalog, clock = read_sinks(folder), open_catalog(folder), SystemClock()
    engine = DuckDBEngine(catalog, folder / OBJECTS, clock=clock, memory_mb=_MEMORY_MB, threads=1, seconds=_SECONDS)
    memory = Memory(folder / MEMORY)
    threading.Thread(target=_tidy, args=(folder, sinks), daemon=True).start()
    for sink in sinks:
        threading.Thread(target=_tell, args=(folder, sink), daemon=True).start()
    note_accepted(memory, engine, clock.now())
    detections, unread = readable_detections(sources)
    ticker = Ticker(list(detections.values()), lambda runs: evaluate_all(runs, engine), catalog.newest, memory, sinks, _told, unread=unread)
    worker = Worker(ticker, memory, _say, clock.now)
    while True:
        worker.turn(_lines(heard))


def _lines(heard: queue.SimpleQueue[str]) -> list[str]:
    """Return what the bus said, waiting a moment for it."""
    lines = []
    try:
        lines.append(heard.get(timeout=_LOOK_S))
        while True:
            lines.append(heard.get_nowait())
    except queue.Empty:
        return lines


def _tidy(folder: Path, sinks: Sequence[Sink]) -> None:
    """Forget what is old, and what sinks were to be told that are no more: now, and each hour."""
    memory = Memory(folder / MEMORY)
    while True:
        with contextlib.suppress(EventlakeError):  # who tells the sinks says so
            memory.tidy([sink.name for sink in sinks], datetime.now(UTC))
        time.sleep(_TIDY_S)


def _tell(folder: Path, sink: Sink) -> None:
    """Tell a sink for ever, beside the ticks and the other sinks: one that answers late, or never, holds up nobody."""
    memory = Memory(folder / MEMORY)
    outbox = Outbox(memory, [sink], SystemClock().now, _told)
    while True:
        try:
            is_busy = outbox.turn()
        except EventlakeError as error:
            _told(f'The sink "{sink.name}" cannot be told: {error}')
            time.sleep(_PAUSE.total_seconds())
            continue
        time.sleep(0.0 if is_busy else _LOOK_S)


def _listen(heard: queue.SimpleQueue[str]) -> None:
    """Read what the bus says; end everything at once when it is gone."""
    for line in sys.stdin:
        heard.put(line.rstrip("\n"))
    end_commands()
    os.killpg(0, signal.SIGKILL)


def _told(sentence: str) -> None:
    _say(f"told {sentence}")


def _say(line: str) -> None:
    data = line.replace("\n", " ").encode("utf-8", "replace") + b"\n"
    with _SAYING, contextlib.suppress(BrokenPipeError):  # the bus was killed: who listens to it ends this process
        while data:
            data = data[os.write(1, data) :]


_SAYING = threading.Lock()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
