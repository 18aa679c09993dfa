"""`backfill codepipeline`, `codebuild` and `codedeploy`: what their APIs tell of the past, as the events that EventBridge would have sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from eventlake.cli.history import bring_in, stretch
from eventlake.cli.opening import backfiller, open_engine
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show

if TYPE_CHECKING:
    from eventlake.apis.aws.asking import Asked
    from eventlake.apis.aws.derived import Place
    from eventlake.interfaces import History
    from eventlake.local.backfilling import Backfiller

    Opened = Callable[[Asked, datetime, datetime | None], History]

_COLUMNS = ("account", "region", "state", "events", "rows", "failed", "calls", "until")
_KEPT = timedelta(days=366)
"""How long AWS keeps executions and builds, and some hours."""


def _options(command: Any) -> Any:  # click's decorators
    """Take the options that the three commands share."""
    for option in (
        click.option("--until", metavar="TIME", help="To when, that left out; default: where the lake's live events begin, else now."),
        click.option("--since", metavar="TIME", help="Started from when on: YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC; default: a year ago."),
        click.option("--from-region", "regions", multiple=True, metavar="NAME", help="A region to ask, repeatable; default: --region."),
    ):
        command = option(command)
    return command


@click.command(short_help="History from CodePipeline's API.")
@click.option("--pipeline", "pipelines", multiple=True, metavar="NAME", help="A pipeline, repeatable; default: all there are.")
@_options
@global_options
def codepipeline(pipelines: tuple[str, ...], regions: tuple[str, ...], since: str | None, until: str | None) -> int:
    """Bring in the executions of pipelines that have ended, with their stages and actions, in the hours in which they happened.

    AWS tells of the last twelve months. It stops where the lake's own events of that account and region begin. Stopped by Ctrl-C or a kill,
    the same command goes on where it was; run again, it brings in what is new.
    """
    from eventlake.apis.aws.codepipeline import PipelineHistory
    from eventlake.apis.aws.codepipeline import pipelines as every
    from eventlake.apis.aws.together import Together

    def opened(asked: Asked, begin: datetime, end: datetime | None) -> History:
        histories: dict[str, History] = {name: PipelineHistory(asked, name, begin, end) for name in pipelines or every(asked)}
        return Together(f"codepipeline-api/{asked.place.account}/{asked.place.region}", histories)

    return _brought_in("codepipeline", opened, regions, since, until)


@click.command(short_help="History from CodeBuild's API.")
@_options
@global_options
def codebuild(regions: tuple[str, ...], since: str | None, until: str | None) -> int:
    """Bring in the builds that are complete, with their phases, in the hours in which they happened.

    AWS tells of the last year. It stops where the lake's own events of that account and region begin. Stopped by Ctrl-C or a kill, the same
    command goes on where it was; run again, it brings in what is new.
    """
    from eventlake.apis.aws.codebuild import BuildHistory

    return _brought_in("codebuild", BuildHistory, regions, since, until)


@click.command(short_help="History from CodeDeploy's API.")
@_options
@global_options
def codedeploy(regions: tuple[str, ...], since: str | None, until: str | None) -> int:
    """Bring in the deployments that have ended, in the hours in which they happened.

    It stops where the lake's own events of that account and region begin. Stopped by Ctrl-C or a kill, the same command goes on where it
    was; run again, it brings in what is new.
    """
    from eventlake.apis.aws.codedeploy import DeploymentHistory

    return _brought_in("codedeploy", DeploymentHistory, regions, since, until)


def _brought_in(service: str, opened: Opened, regions: tuple[str, ...], since: str | None, until: str | None) -> int:
    """Bring in the history of a service from each region, and show what came of it."""
    from eventlake.apis.aws.asking import Asked, place_of
    from eventlake.backends.aws import Session

    current = settings()
    begin, end = stretch(since, until)
    rows = []
    with backfiller(current) as lake:
        for region in dict.fromkeys(regions) or (current.region,):
            session = Session(current.profile, region, current.endpoint_url)
            asked = Asked(session, service, place_of(session))
            meets = end or _first_live(service, current, asked.place)
            history = opened(asked, begin or datetime.now(UTC) - _KEPT, meets)
            rows.append(_of_region(history, lake, asked, meets, current))
    show(_COLUMNS, rows, current.form)
    return 1 if any(row[5] for row in rows) else 0


def _first_live(service: str, current: Settings, place: Place) -> datetime | None:
    """Return where the live events of a source begin in the lake, None if there are none."""
    from eventlake.apis.aws.meeting import first_live

    source = next((source for source in current.load_sources() if source.name == service), None)
    return first_live(open_engine(current, None), source.tables if source else (), place)


def _of_region(history: History, lake: Backfiller, asked: Asked, meets: datetime | None, current: Settings) -> list[Any]:
    """Bring in the history of a region; its row of the answer."""
    progress = bring_in(history, history.name, lake, current)
    state = "done" if progress.events else "known"
    return [asked.place.account, asked.place.region, state, progress.events, progress.rows, progress.failed, asked.calls, meets]
