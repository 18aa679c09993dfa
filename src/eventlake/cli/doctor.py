"""`doctor`: examine this machine and the lake."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from eventlake.cli.render import show
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.errors import EventlakeError

PACKAGES = ("click", "duckdb", "httptools", "msgspec", "sqlglot", "uvicorn", "uvloop")


@click.command(short_help="Examine this machine and the lake; every finding with its remedy.")
@global_options
def doctor() -> int:
    """Examine environment, versions, declarations, disk, permissions, and the catalog against the objects. Ends with 1 if anything is found."""
    current = settings()
    current.say(f"eventlake {_eventlake()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    current.say(", ".join(f"{name} {_installed(name)}" for name in PACKAGES))
    rows = [*_environment(), *_declarations(current), *_lake(current.lake_folder)]
    if rows:
        show(("severity", "finding", "remedy"), rows, current.form)
    else:
        current.say("No finding.")
    return 1 if rows else 0


def _eventlake() -> str:
    from eventlake import __version__

    return __version__


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _environment() -> Iterator[list[str]]:
    for name in PACKAGES:
        if _installed(name) == "missing":
            yield ["error", f"The package {name} is not installed.", "Run `./run --version`, which completes the environment."]
    if sys.version_info < (3, 11):  # noqa: UP036  a person may have forced it
        yield ["error", f"Python {platform.python_version()} is too old.", "Use Python 3.11 or newer."]


def _declarations(current: Settings) -> Iterator[list[str]]:
    from eventlake.sources.samples import check

    try:
        sources = current.load_sources()
    except EventlakeError as error:
        yield ["error", str(error), "Correct the declaration, then run `eventlake sources check`."]
        return
    for source in sources:
        for finding in check(source, sources):
            yield ["error", str(finding), "Correct the declaration or the sample, then run `eventlake sources check`."]


def _lake(folder: Path) -> Iterator[list[str]]:
    from eventlake.local.examine import check_lake

    for finding in check_lake(folder):
        yield [finding.severity, finding.sentence, finding.remedy]
