"""`demo`: a fresh lake, a month of invented history through the real bus, and the questions people ask."""

from __future__ import annotations

import _imp
import shutil
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.query import size
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import ConfigurationError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventlake.interfaces import HourContents
    from eventlake.lake import Lake
    from eventlake.query.saved import SavedQuery

MARK = "DEMO"
"""The file by which a later demo knows a lake that it may replace."""

QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("deployment_frequency", {}),
    ("change_failure_rate", {}),
    ("failing_actions", {"days": "7"}),
    ("stuck_now", {}),
    ("credential_stuffing", {}),
    ("takeover_candidates", {}),
    ("weakened_protection", {}),
)
"""The saved queries that the demo asks, with their parameters."""

ROWS_SHOWN = 6
BUFFER_SECONDS = 0.1
_PATIENCE_S = 60.0


@click.command(short_help="A fresh lake, events of both systems through the whole flow, and answers in SQL.")
@click.option("--no-serve", is_flag=True, help="End after the answers, also on a terminal.")
@global_options
def demo(no_serve: bool) -> None:
    """Make a fresh lake, send a month of CodePipeline and Auth0 events through the real bus, and answer questions about them.

    On a terminal the bus then stays up until Ctrl-C, and where there is a screen its page opens in the browser.
    """
    from eventlake.local.keys import provide_keys

    current = settings()
    folder = current.lake_folder
    make_fresh(folder)
    sources = current.load_sources()
    provide_keys(folder, sources)
    with _Running(folder, current) as bus:
        _fill(bus, current)
        from eventlake.local.folder import open_lake
        from eventlake.query.saved import load_saved

        saved = load_saved(sources)
        lake = open_lake(folder, sources)
        for name, values in QUESTIONS:
            ask(lake, saved[name], values)
        _close(lake, bus, current)
        _tell_next(folder, current)
        if sys.stdout.isatty() and sys.stdin.isatty() and not no_serve:
            from eventlake.cli.browser import opened

            look = f"Your browser shows it at {bus.url}/." if opened(f"{bus.url}/") else f"Open {bus.url}/ in a browser to look at it."
            current.say(f"\n{look} The bus takes events there too, until Ctrl-C.")
            bus.wait()


def make_fresh(folder: Path) -> None:
    """Make an empty folder for the demo. Raises ConfigurationError if it holds anything that a demo did not make."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise ConfigurationError(f'"{folder}" is not empty, and no demo made it. Name another folder: demo --lake DIR.')
        from eventlake.local.lock import LakeLock

        LakeLock(folder).release()  # a demo or a bus that still runs there keeps its lake
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).write_text("This lake was made by `eventlake demo`, and the next demo replaces it.\n", "utf-8")


class _Running:
    """A bus in a thread, for as long as the `with` lasts."""

    def __init__(self, folder: Path, current: Settings) -> None:
        from eventlake.local.service import Service
        from eventlake.pipeline.delivery import Hints
        from eventlake.web.process import Task
        from eventlake.web.sign_in import SignIn
        from eventlake.web.usher import Usher

        self.url = ""
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._service = Service(
            folder,
            current.load_sources(),
            source_folders=current.source_folders,
            port=0,
            hints=Hints(BUFFER_SECONDS),
            told=current.say,
            beside=Usher(Task(str(folder), tuple(map(str, current.source_folders))), current.say),
            sign_in=SignIn,
        )
        self._thread = threading.Thread(target=self._run, name="bus")

    def __enter__(self) -> _Running:
        self._thread.start()
        try:
            self._ready.wait()
        except BaseException:  # Ctrl-C while it starts: without an end of its own the thread would outlive the command
            self.__exit__()
            raise
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        let_imports_go()
        self._service.stop()
        self._thread.join()

    def wait_for_delivery(self) -> None:
        """Return when everything that was accepted is delivered. Raises ServiceError if that takes too long."""
        end = time.monotonic() + _PATIENCE_S
        while self._service.pending_bytes:
            if time.monotonic() > end:
                raise ServiceError(f"Delivery took longer than {_PATIENCE_S:.0f} s; `eventlake doctor` says more.")
            time.sleep(0.02)

    def close_hours(self, is_done: Callable[[], bool]) -> None:
        """Have everything closed that is delivered. Raises ServiceError if that takes too long."""
        self._service.close_now()
        end = time.monotonic() + _PATIENCE_S
        while not is_done():
            if time.monotonic() > end:
                raise ServiceError(f"Closing took longer than {_PATIENCE_S:.0f} s; `eventlake doctor` says more.")
            time.sleep(0.05)

    def wait(self) -> None:
        """Return when the bus ends, or Ctrl-C is pressed."""
        try:
            while self._thread.is_alive():
                self._thread.join(0.5)
        except KeyboardInterrupt:
            click.echo("", err=True)

    def _run(self) -> None:
        try:
            self._service.run(self._listening)
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    def _listening(self, url: str) -> None:
        self.url = url
        self._ready.set()


def let_imports_go() -> None:
    """Let go the lock of imports, if this thread, which imports nothing now, has it.

    It has where Ctrl-C came in the moment between Python's taking of the lock and its `try`; a thread that begins a process would wait for it
    for ever.
    """
    with suppress(RuntimeError):  # it has not, or not any more
        while True:
            _imp.release_lock()


def _fill(bus: _Running, current: Settings) -> None:
    """Send a month of history over HTTP, and wait until it can be queried."""
    from eventlake.history import demo_history
    from eventlake.local.client import BusClient
    from eventlake.local.item import Item

    begun = time.perf_counter()
    client = BusClient(bus.url)
    items = (Item(number, line) for number, line in enumerate(demo_history(datetime.now(UTC)).lines(), 1))
    accepted = sum(outcome.id is not None for outcome in client.send(items))
    client.close()
    import eventlake.backends.duckdb  # noqa: F401  loaded while the last objects are being delivered

    bus.wait_for_delivery()
    current.say(
        f"{accepted:,} events of 30 days through bus, rule, transform, delivery and partition in {time.perf_counter() - begun:.1f} s."
    )


def ask(lake: Lake, question: SavedQuery, values: dict[str, str]) -> None:
    """Print a question, its SQL, the answer, and what it took."""
    from eventlake.query.saved import render

    sql = render(question, values)
    result = lake.engine.query(sql)
    click.echo(f"\n{click.style(question.title, bold=True)}  ({question.name})\n")
    click.echo(click.style("\n".join(f"    {line}" for line in sql.strip().splitlines()), dim=True) + "\n")
    show(result.columns, result.rows[:ROWS_SHOWN], "table")
    more = f", {ROWS_SHOWN} shown" if len(result.rows) > ROWS_SHOWN else ""
    click.echo(f"{len(result.rows)} rows{more}, {result.seconds:.2f} s, {size(result.bytes_read)} in {result.objects_read} objects read")


def _close(lake: Lake, bus: _Running, current: Settings) -> None:
    """Close the hour in which everything arrived, without waiting for its end, and say what became of it."""

    def contents() -> list[HourContents]:
        return [one for table in lake.catalog.tables() for one in lake.catalog.contents(table.name).hours]

    before = contents()
    bus.close_hours(lambda: all(one.state == "closed" for one in contents()))
    after = contents()
    objects, sizes = ([sum(getattr(one, name) for one in found) for found in (before, after)] for name in ("objects", "size_bytes"))
    current.say("")
    current.say(
        f"Closed: {objects[0]:,} objects became {objects[1]:,} sorted ones, {size(sizes[0])} became {size(sizes[1])}, "
        f"{sum(one.duplicates for one in after):,} duplicates were left out.\n"
        "The bus closes an hour when it is over; the demo did not wait for that, and what you send within it opens it again."
    )


def _tell_next(folder: Path, current: Settings) -> None:
    place = "" if folder == Path("lake") else f" --lake {folder}"
    program = "./run" if Path("run").is_file() else "eventlake"
    current.say("")
    current.say("Next:")
    for command, meaning in (
        ("queries", "what else can be asked"),
        (f"query failing_actions --param days=1{place}", "a saved query with another parameter"),
        (f'query "select type, count(*) from auth0_logs group by 1 order by 2 desc"{place}', "any SQL of Athena's"),
        (f"tables{place}", "what lies in the lake"),
        (f"serve{place}", "take events of your own"),
    ):
        current.say(f"  {program} {command}\n      {meaning}")
