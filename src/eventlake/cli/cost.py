"""`cost`: what a lake costs on AWS in a month, before it is there, and as it was metered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Suggesting
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.bill.looks import Look
    from eventlake.bill.month import Plan
    from eventlake.bill.traffic import Traffic
    from eventlake.model import Source

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kMB]?)")
_TIMES = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}
_USUAL = ("auth0", "codepipeline")
"""The sources of the traffic that is taken where no sample is given."""


@click.group(cls=Suggesting, short_help="What a lake costs on AWS.", invoke_without_command=True)
@global_options
def cost() -> None:
    """Tell what a lake costs on AWS: with --lake aws:STACK, what it used as CloudWatch metered it, beside the estimate for as many events.

    It is looked at the last 30 days, or since the stack was made, and the bill is that of a month at this pace.
    """
    current = settings()
    if click.get_current_context().invoked_subcommand is not None:
        return
    if not current.is_on_aws:
        raise UsageError(
            "Name a lake on AWS, eventlake cost --lake aws:STACK, or ask before it is there: eventlake cost estimate --events 1M."
        )
    from eventlake.cli.cost_on_aws import show_metered

    show_metered(current)


@cost.command(short_help="The bill of a month, and what would change it.")
@click.option("--events", required=True, metavar="N", help="Events a month: 500k, 1M, 10B.")
@click.option(
    "--sample",
    metavar="FILE",
    help="Events of yours: their sizes, and how they spread over tables. Default: the demo's, half of them Auth0's.",
)
@click.option("--queries", default=300, show_default=True, metavar="N", help="Queries a month, each over a day of the busiest table.")
@click.option("--months", default=12, show_default=True, metavar="N", help="Months of log lines that are kept.")
@click.option(
    "--log-format", default="parquet", show_default=True, type=click.Choice(["parquet", "json"]), help="As the parameter LogFormat."
)
@click.option(
    "--closing", default="off", show_default=True, type=click.Choice(["off", "daily", "hourly"]), help="As the parameter Closing."
)
@click.option("--buffer-seconds", default=300, show_default=True, type=click.IntRange(60, 900), help="As BufferingHintsIntervalInSeconds.")
@click.option("--buffering-of", default="lines", show_default=True, type=click.Choice(["lines", "events"]), help="As BufferingOf.")
@click.option(
    "--registering", default="at-once", show_default=True, type=click.Choice(["at-once", "by-minute"]), help="As the parameter Registering."
)
@click.option("--detections", is_flag=True, help="As Detections=on.")
@click.option("--detection-minutes", default="5", show_default=True, type=click.Choice(["5", "15"]), help="As DetectionMinutes.")
@click.option("--retention", is_flag=True, help="With hours removed each night that were kept long enough, as Retention.")
@click.option("--no-alarms", is_flag=True, help="As Alarms=off.")
@click.option("--raw", is_flag=True, help="As KeepRawEvents=yes.")
@click.option("--changes", is_flag=True, help="Instead of the bill, what would change it, what saves most first.")
@global_options
def estimate(
    events: str,
    sample: str | None,
    queries: int,
    months: int,
    log_format: str,
    closing: str,
    buffer_seconds: int,
    buffering_of: str,
    registering: str,
    detections: bool,
    detection_minutes: str,
    retention: bool,
    no_alarms: bool,
    raw: bool,
    changes: bool,
) -> None:
    """Compute the bill of a month in us-east-1: each line is a quantity times a list price, with the page that says so.

    What AWS gives for free is not taken off, and traffic is taken as steady, so a small lake costs less. Nothing is asked of AWS.
    """
    from eventlake.bill.month import Plan, month, total
    from eventlake.bill.prices import READ_ON
    from eventlake.pipeline.masking import asks_for_pseudonyms

    current = settings()
    sources = current.load_sources()
    traffic = _traffic(sources, sample, _number(events))
    active = [source for source in sources if source.name in {one.source for one in traffic}]
    plan = Plan(
        traffic,
        sum(len(source.tables) for source in active),
        len(active),
        log_format=log_format,
        buffering_seconds=buffer_seconds,
        buffering_of=buffering_of,
        registering=registering,
        closing=closing,
        detections=detections,
        detection_minutes=int(detection_minutes),
        retention=retention,
        alarms=not no_alarms,
        keep_raw_events=raw,
        pseudonyms=any(asks_for_pseudonyms(table) for source in active for table in source.tables),
        queries=queries,
        months_kept=months,
        webhooks=tuple(source.name for source in active if source.webhook is not None),
        looks=_looks(active) if detections or changes else (),
    )
    if changes:
        _show_changes(plan, current)
        return
    lines = month(plan)
    rows = [
        [line.price.service, line.what, f"{line.quantity:.6g}", line.price.unit, round(line.dollars, 2), line.price.page] for line in lines
    ]
    show(("service", "what", "quantity", "unit", "dollars", "price"), rows, current.form)
    current.say(f"Together ${total(lines):,.2f} a month for {plan.events:,.0f} events, at list prices of us-east-1 read on {READ_ON}.")


def _looks(sources: Sequence[Source]) -> Sequence[Look]:
    from eventlake.detections.detection import load_detections
    from eventlake.detections.looking import looks

    return looks(list(load_detections(sources).values()), [table for source in sources for table in source.tables])


def _show_changes(plan: Plan, current: Settings) -> None:
    from eventlake.bill.month import changes, month, total

    rows = [[one.what, round(one.dollars, 2), round(one.difference, 2)] for one in changes(plan)]
    show(("change", "dollars", "difference"), rows, current.form)
    current.say(f"Now it is ${total(month(plan)):,.2f} a month.")


def _number(written: str) -> float:
    """Read a number of events: 500k, 1M, 2.5M, 10B. Raises UsageError."""
    found = _NUMBER.fullmatch(written.replace(",", "").replace("_", ""))
    if found is None or not float(found[1]):
        raise UsageError(f'--events is "{written}", expected a number of events a month such as 500k, 1M or 10B.')
    return float(found[1]) * _TIMES[found[2]]


def _traffic(sources: Sequence[Source], sample: str | None, events: float) -> list[Traffic]:
    """Measure a sample, and take its mix for so many events. Raises UsageError if no table wants any of it."""
    from eventlake.bill.traffic import measured, scaled

    found = measured(_events_of(sample, sources) if sample else _usual(), sources)
    if not found:
        raise UsageError(f'No table wants any event of "{sample}": `eventlake explain {sample}` says why.')
    return scaled(found, events)


def _events_of(sample: str, sources: Sequence[Source]) -> Iterator[bytes]:
    from eventlake.local.items import read_items
    from eventlake.pipeline.envelope import Intake

    take = Intake(sources).take
    for item in read_items(sample):
        yield from (accepted.body for accepted in take(item.data).accepted)


def _usual() -> Iterator[bytes]:
    """Yield as many of Auth0's events as of CodePipeline's, of four days of the generator's."""
    from datetime import UTC, datetime, timedelta
    from itertools import islice

    from eventlake.history import History

    end = datetime(2026, 11, 20, tzinfo=UTC)
    for system in _USUAL:
        history = History(1, end - timedelta(days=4), end, systems=(system,), incidents=(), recording=False)
        yield from (line.rstrip() for line in islice(history.lines(), 500))
