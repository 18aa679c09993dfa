"""`detections`: what somebody should know of; all, or one in full."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eventlake.cli.group import Naming
from eventlake.cli.moments import moment
from eventlake.cli.opening import open_engine
from eventlake.cli.query import given
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show, show_records
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.detections.detection import Detection

SIDE_BY_SIDE = 2
"""How many detections go through the past at once: each has a part of the memory of a query, and the less it has, the fewer moments it takes together."""


@click.group(cls=Naming, invoke_without_command=True, short_help="What somebody should know of: all, or one in full.")
@global_options
def detections() -> None:
    """List the detections, and when an alert of each was opened last; `detections NAME` shows one in full.

    A detection is SQL in `detections/NAME.sql` of a source, built in or yours; `eventlake query detections/NAME` asks it about now.
    """
    if click.get_current_context().invoked_subcommand is None:
        from eventlake.detections.header import length_text

        current = settings()
        last = _last_alerts(current)
        rows = [
            [one.name, one.source, one.severity, length_text(one.every), length_text(one.window), last.get(one.name), one.title]
            for one in loaded().values()
        ]
        show(("detection", "source", "severity", "every", "window", "last_alert", "meaning"), rows, current.form)


def _last_alerts(current: Settings) -> dict[str, datetime]:
    """Return when an alert of each detection was opened last, of the lake in a folder if there is one; a lake on AWS would charge for it.

    Raises LakeNotFoundError where a lake is named that is not there.
    """
    if current.is_on_aws:
        return {}
    from eventlake.local.folder import CATALOG, require_lake
    from eventlake.local.folder import open_catalog as open_local

    folder = current.lake_folder
    if current.lake_name:
        require_lake(folder)
    if not (folder / CATALOG).is_file() or "alerts" not in {table.name for table in open_local(folder).tables()}:
        return {}
    result = open_engine(current, None).query(
        "select detection, max(opened) as opened from alerts where state = 'opened' group by detection"
    )
    return dict(result.rows)


@detections.command(name="show", short_help="One detection in full.")
@click.argument("name")
@global_options
def show_detection(name: str) -> None:
    """Show the detection NAME: its meaning, thresholds, what to do, and its SQL."""
    current = settings()
    one = named(name, loaded())
    if current.form == "table":
        click.echo("\n".join(_page(one)))
        return
    record = _record(one)
    show_records([record], current.form, tuple(record))


@detections.command(name="test", short_help="Try the detections on their tests.")
@click.argument("name", required=False)
@global_options
def test_detections(name: str | None) -> int:
    """Try all detections, or the one NAME, on the cases in their `NAME.test.json`, on a real engine.

    Each case is tried as it is written, with every event three times, and, where it finds something, 20 minutes later. Ends with 1 if a
    detection does not find what it should, or finds more, and if the one NAME has no tests.
    """
    from eventlake.detections.cases import read_cases
    from eventlake.detections.trying import tries_of
    from eventlake.local.trial import tried

    current, known = settings(), loaded()
    sources = current.load_sources()
    chosen = [named(name, known)] if name else list(known.values())
    rows: list[list[str]] = []
    for one in chosen:
        tries = tries_of(read_cases(one, sources))
        if not tries:
            has_none = f"{one.name} has no tests: write {one.source}/detections/{one.name}.test.json."
            if name:
                click.echo(has_none, err=True)
                return 1
            current.say(has_none)
        rows += [[outcome.detection, outcome.case, outcome.variant, outcome.wrong or "ok"] for outcome in tried(one, tries, sources)]
    show(("detection", "case", "variant", "outcome"), rows, current.form)
    wrong = sum(row[-1] != "ok" for row in rows)
    current.say(f"{len(chosen):,} detection{'s' * (len(chosen) != 1)}, {len(rows):,} tries, {wrong:,} wrong.")
    return 1 if wrong else 0


@detections.command(short_help="What a detection would have told in the last days.")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="All detections instead of one.")
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How many days back.")
@click.option("--until", metavar="TIME", help="The end, in UTC; default: now.")
@click.option("--param", "parameters", metavar="K=V", multiple=True, help="Another threshold; several are allowed.")
@global_options
def backtest(name: str | None, every: bool, days: int, until: str | None, parameters: tuple[str, ...]) -> int:
    """Tell which alerts the detection NAME would have told, had it run all the time: one row a key, with the number of its alerts.

    DuckDB answers, one statement for thousands of runs; of a lake on AWS it copies what it needs, as `query --engine duckdb` does.
    """
    known = loaded()
    if (name is None) != every:
        raise UsageError("detections backtest takes the NAME of a detection, or --all.")
    end = moment(until) if until else datetime.now(UTC)
    values = {key: value.text for key, value in given(parameters).items()}
    chosen = list(known.values()) if every else [named(name or "", known)]
    _require_thresholds(values, chosen)
    return tell_past(chosen, end - timedelta(days=days), end, values, settings())


@detections.command(name="import", short_help="Draft a detection and its tests from a Sigma rule.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    show_default=True,
    help="The folder of a source of yours.",
)
@click.option("--table", default="", help="The table that the rule is about, if its logsource does not tell.")
@global_options
def import_sigma(file: Path, folder: Path, table: str) -> int:
    """Draft a detection from the Sigma rule in FILE (YAML), and its tests, into the folder `detections` of --to; then try it on them.

    Selections with contains, startswith, endswith, re, all, cidr, exists, cased, lt, lte, gt and gte; conditions with and, or, not, 1 of and all
    of; count() by; and correlations that count events or values. What it cannot read is refused, with its line.
    """
    from eventlake.cli.importing_rules import import_rule

    return import_rule(file, folder, table)


def _require_thresholds(values: Mapping[str, str], chosen: Sequence[Detection]) -> None:
    """Raise UsageError for a threshold that none of the detections has, and for a value that is none of its type."""
    from eventlake.dialect.text.parameters import typed
    from eventlake.naming import nearest_or_all

    known = dict.fromkeys(each.name for one in chosen for each in one.parameters)
    has_no = f'The detection "{chosen[0].name}" has no' if len(chosen) == 1 else "No detection has a"
    for name in values:
        if name not in known:
            raise UsageError(f'{has_no} threshold "{name}".{nearest_or_all(name, known)}')
    for one in chosen:
        for each in one.parameters:
            if each.name in values:
                typed(f'The detection "{one.name}": the threshold "{each.name}"', each.type, values[each.name])


def _length(stretch: timedelta) -> str:
    """Write how long a stretch is, in days; what is shorter than one in hours."""
    name, unit = ("day", timedelta(days=1)) if stretch >= timedelta(days=1) else ("hour", timedelta(hours=1))
    return f"{stretch / unit:,.4g} {name}{'s' * (stretch != unit)}"


def tell_past(chosen: Sequence[Detection], begin: datetime, end: datetime, values: Mapping[str, str], current: Settings) -> int:
    """Show the alerts that detections would have told from `begin` to before `end`, both aware; the exit code. values: other thresholds."""
    from eventlake.detections.backtest import backtests
    from eventlake.errors import QueryError

    alone = current.is_on_aws or len(chosen) < 2  # on AWS what one query copies would make room for what another does
    at_once = 1 if alone else min(SIDE_BY_SIDE, os.cpu_count() or 1)
    engine: Any = open_engine(current, "duckdb", at_once=at_once)  # which repeats
    rows: list[list[Any]] = []
    failed = 0
    for one, found in zip(chosen, backtests(chosen, engine, begin, end, values, at_once), strict=True):
        if isinstance(found, QueryError):
            failed += 1
            click.echo(f"{one.name}: {found}", err=True)
            continue
        rows += [[one.name, one.severity, each.key, each.first_event, each.last_event, each.events, each.alerts] for each in found]
    show(("detection", "severity", "key", "first_event", "last_event", "events", "alerts"), rows, current.form)
    alerts = sum(row[-1] for row in rows)
    current.say(f"{alerts:,} alert{'s' * (alerts != 1)} in {_length(end - begin)}{_not_asked(failed, len(chosen))}.")
    return 1 if failed else 0


def _not_asked(failed: int, count: int) -> str:
    """Say how many detections the alerts are not of."""
    return f", without those of {failed:,} detection{'s' * (failed != 1)} of {count:,}, which cannot be asked" if failed else ""


def loaded() -> Mapping[str, Detection]:
    """Load the detections of the sources that the options name. Raises DeclarationError."""
    from eventlake.detections.detection import load_detections

    return load_detections(settings().load_sources())


def named(name: str, known: Mapping[str, Detection]) -> Detection:
    """Find the detection of that name. Raises UsageError with the nearest."""
    from eventlake.naming import nearest

    if name not in known:
        raise UsageError(f'There is no detection "{name}".{nearest(name, known)} `eventlake detections` lists them.')
    return known[name]


def _page(one: Detection) -> Iterator[str]:
    from eventlake.detections.header import length_text

    yield f"{one.name} ({one.source}), {one.severity}: {one.doc}"
    yield ""
    yield f"Runs every {length_text(one.every)} over the last {length_text(one.window)}, and {length_text(one.lateness)} more for what comes late."
    yield f"One row a key, {one.key}; of a key nothing more is told for {length_text(one.quiet)}."
    yield f"Reads {', '.join(one.tables)}."
    yield ""
    yield from (f"  {line}" for line in one.advice.splitlines())
    yield ""
    yield from (f"  --param {each.name}=...  {each.type}, default {each.default}: {each.doc}" for each in one.parameters)
    yield ""
    yield one.sql


def _record(one: Detection) -> dict[str, Any]:
    from eventlake.detections.header import length_text

    lengths = {name: length_text(getattr(one, name)) for name in ("every", "window", "lateness", "quiet")}
    thresholds = [{"name": each.name, "type": each.type, "default": each.default, "meaning": each.doc} for each in one.parameters]
    return {
        "detection": one.name,
        "source": one.source,
        "severity": one.severity,
        **lengths,
        "key": one.key,
        "meaning": one.doc,
        "advice": one.advice,
        "tables": list(one.tables),
        "parameters": thresholds,
        "sql": one.sql,
    }
