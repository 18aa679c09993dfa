"""`doctor`: examine this machine and the lake."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.opening import noting
from eventlake.cli.repair import Repair
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import EventlakeError, UsageError

if TYPE_CHECKING:
    from eventlake.lake import Finding
    from eventlake.model import Source

PACKAGES = ("boto3", "click", "duckdb", "httptools", "isal", "msgspec", "uvicorn", "uvloop")


@click.command(short_help="Examine this machine and the lake; every finding with its remedy.")
@click.option("--adopt", is_flag=True, help="Take the objects into the catalog that it does not know.")
@click.option("--rebuild", is_flag=True, help="Make the catalog anew from the objects; the old one is kept beside it.")
@click.option("--repair", is_flag=True, help="Register each hour on AWS once, at its own folder, whoever installed the lake.")
@click.option("--database", default="", metavar="NAME", help="With --repair: the Glue database, where there is no stack to name.")
@click.option("--bucket", default="", metavar="NAME", help="With --database: the bucket of its objects.")
@click.option("--rows", is_flag=True, help="With --repair: count the rows too; reads every object.")
@click.option("--dry-run", is_flag=True, help="With --repair or --undo: show what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="With --repair or --undo: do it without a question.")
@click.option(
    "--undo",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Put back what a repair changed; with --repair, where to write that.",
)
@global_options
def doctor(undo: Path | None, database: str, bucket: str, **asked: bool) -> int:
    """Examine environment, versions, declarations, disk, permissions, and the catalog against the objects. Ends with 1 if anything is found.

    With --adopt or --rebuild, mend the catalog of a lake in a folder that was restored from copies; ends with 1 if objects are left over.

    With --repair, find hours of a lake on AWS that are registered at their day's folder, or not at all, and partitions that are no hour; show
    what a query reads before and after, ask, write a file that puts everything back, and repair. Ends with 1 if something is found and stays.
    """
    current = settings()
    mending = _chosen(**{name: asked.pop(name) for name in ("adopt", "rebuild", "repair")})
    if mending == "repair" or undo is not None:
        return _repair(mending, current, Repair(database, bucket, asked["dry_run"], asked["yes"], asked["rows"], undo))
    if database or bucket or any(asked.values()):
        raise UsageError("--database, --bucket, --rows, --dry-run and --yes go with --repair.")
    return _examine(current) if mending is None else _mend(mending, current)


def _chosen(**ways: bool) -> str | None:
    """Return the one way to mend that was asked for, None if none was. Raises UsageError for several."""
    chosen = [name for name, is_chosen in ways.items() if is_chosen]
    if len(chosen) > 1:
        raise UsageError(f"--{' and --'.join(chosen)} are different ways to mend a lake: choose one.")
    return chosen[0] if chosen else None


def _repair(mending: str | None, current: Settings, asked: Repair) -> int:
    """Change a lake on AWS, or put back what a repair changed. Raises UsageError for options that do not go together."""
    from eventlake.cli import repair

    if mending == "repair":
        return repair.repair(asked, current)
    if mending is not None or asked.undo is None:
        raise UsageError("--undo goes with --repair, or stands alone.")
    return repair.undo(asked.undo, asked, current)


def _mend(mending: str, current: Settings) -> int:
    """Show what mending the catalog left, each object with its reason."""
    from eventlake.local import rebuilding

    if current.is_on_aws:
        raise UsageError(
            f"--{mending} is for a lake in a folder; on AWS, `eventlake partitions TABLE --register` registers what is missing."
        )
    work = {"adopt": rebuilding.adopt, "rebuild": rebuilding.rebuild}[mending]
    with noting(current, f"doctor --{mending}"):
        taken = work(current.lake_folder, current.load_sources(), partial(_tell, current))
    current.say(f"{taken.registered:,} object{'' if taken.registered == 1 else 's'} registered.")
    if taken.rewritten:
        current.say(f"Somebody who was erased was named in {taken.rewritten:,} of them, and is not any more.")
    if taken.left:
        show(("object", "why_it_is_not"), [list(one) for one in taken.left], current.form)
    return 1 if taken.left else 0


def _tell(current: Settings, done: int, total: int) -> None:
    """Show how far it is, every hundredth object and at the end."""
    if done % 100 == 0 or done == total:
        current.progress(f"{done:,} of {total:,} objects looked at", is_done=done == total)


def _examine(current: Settings) -> int:
    current.say(f"eventlake {_eventlake()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    current.say(", ".join(f"{name} {_installed(name)}" for name in PACKAGES))
    rows = [*_environment(), *_query_box(current), *_declarations(current), *_lake(current)]
    if rows or current.form != "table":
        show(("severity", "finding", "remedy"), rows, current.form)
    if not rows:
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


def _query_box(current: Settings) -> Iterator[list[str]]:
    """Say which layers of the query box hold here; a finding if it does not answer at all."""
    if _installed("duckdb") == "missing":
        return
    from eventlake.query.box.standing import layers

    try:
        current.say(layers())
    except EventlakeError as error:
        yield ["error", str(error), "Complete the environment with `./run --version`; allow this user more processes and memory."]


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


def _lake(current: Settings) -> Iterator[list[str]]:
    for finding in _on_aws(current) if current.is_on_aws else _in_folder(current):
        yield [finding.severity, finding.sentence, finding.remedy]


def _in_folder(current: Settings) -> Iterable[Finding]:
    from eventlake.local.examine import check_lake

    return check_lake(current.lake_folder, _declared(current))


def _declared(current: Settings) -> Sequence[Source] | None:
    """Return the sources of now; None where a declaration is wrong, which is a finding of its own."""
    try:
        return current.load_sources()
    except EventlakeError:
        return None


def _on_aws(current: Settings) -> Iterable[Finding]:
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.examine import check_lake
    from eventlake.lake import Finding

    try:
        deployment, session = open_deployment(current)
    except EventlakeError as error:
        return [Finding("error", str(error), "Do as the sentence says, then run `eventlake doctor` again.")]
    current.say(
        f"Lake {deployment.named}: bucket {deployment.bucket}, workgroup {deployment.workgroup or 'unknown'}, region {session.region}"
    )
    return check_lake(deployment, session, datetime.now(UTC))
