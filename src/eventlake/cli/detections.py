"""`detections`: what somebody should know of; all, or one in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from eventlake.cli.group import Naming
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show, show_records
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.detections.detection import Detection


@click.group(cls=Naming, invoke_without_command=True, short_help="What somebody should know of: all, or one in full.")
@global_options
def detections() -> None:
    """List the detections; `detections NAME` shows one in full.

    A detection is SQL in `detections/NAME.sql` of a source, built in or yours, and answers `eventlake query NAME` too.
    """
    if click.get_current_context().invoked_subcommand is None:
        from eventlake.detections.header import length_text

        current = settings()
        rows = [
            [one.name, one.source, one.severity, length_text(one.every), length_text(one.window), one.title] for one in loaded().values()
        ]
        show(("detection", "source", "severity", "every", "window", "meaning"), rows, current.form)


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
    detection does not find what it should, or finds more.
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
            current.say(f"{one.name} has no tests: write {one.source}/detections/{one.name}.test.json.")
        rows += [[outcome.detection, outcome.case, outcome.variant, outcome.wrong or "ok"] for outcome in tried(one, tries, sources)]
    show(("detection", "case", "variant", "outcome"), rows, current.form)
    wrong = sum(row[-1] != "ok" for row in rows)
    current.say(f"{len(chosen):,} detection{'s' * (len(chosen) != 1)}, {len(rows):,} tries, {wrong:,} wrong.")
    return 1 if wrong else 0


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
