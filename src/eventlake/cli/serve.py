"""`serve`: the bus on this machine, or the page alone over a lake on AWS."""

from __future__ import annotations

import math
import os
import re
import sys
from typing import Any

import click
from click.core import ParameterSource

from eventlake.cli.settings import Settings, global_options, settings
from eventlake.errors import UsageError

_HOST_NAME = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
"""A name or an address as a `Host` header has it, without a port: https://www.rfc-editor.org/rfc/rfc9110#section-7.2"""


class _Range(click.FloatRange):
    """A number in a range, which NaN is not, though it is neither below nor above one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # as the class above has it
        """Read the number."""
        number = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{number} is not in the range {self._describe_range()}.", param, ctx)


@click.command(short_help="The bus on this machine.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen at; other than this machine's own needs EVENTLAKE_TOKEN.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name that senders call the bus by, beside its address: of this machine, of a proxy in front; may be given again.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="Port to listen at; 0 picks a free one.")
@click.option(
    "--buffer-seconds",
    type=_Range(0.1, 900),
    default=5,
    show_default=True,
    help="How long log lines wait for others before they become an object.",
)
@click.option(
    "--buffer-mb",
    type=_Range(1, 128),
    default=8,
    show_default=True,
    help="How many megabytes of log lines make an object at once.",
)
@click.option("--log-format", type=click.Choice(["parquet", "json"]), default=None, help="Format of a new lake's objects; default parquet.")
@click.option("--no-close", is_flag=True, help="Leave the hours that are over open; `eventlake close` closes them.")
@click.option("--no-detections", is_flag=True, help="Run no detections, and tell no alerts.")
@global_options
def serve(
    host: str,
    names: tuple[str, ...],
    port: int,
    buffer_seconds: float,
    buffer_mb: float,
    log_format: str | None,
    no_close: bool,
    no_detections: bool,
) -> int:
    """Take events over HTTP and deliver them into the lake, until SIGTERM or Ctrl-C.

    `POST /events` takes one event, an array or JSON lines; AWS's CLI and SDKs put events with --endpoint-url; `POST /webhooks/auth0` takes
    what Auth0 posts, with a token of its own. The bus answers when the events are on disk. A browser shows at the same address what lies in
    the lake. Hours that are over are closed beside it, and detections run; `sinks.toml` in the lake's folder says who is told of alerts. It
    ends with 0, or with 4 if something is left in the spool for the next start to deliver.

    With --lake aws:STACK it takes no events: a browser shows the lake on AWS, which Athena answers.
    """
    _require_names(names)
    if settings().is_on_aws:
        return _serve_page(host, port, names, settings())
    from eventlake.local.service import Service
    from eventlake.pipeline.delivery import Hints
    from eventlake.web.process import Task
    from eventlake.web.sign_in import SignIn
    from eventlake.web.usher import Usher

    current = settings()
    service = Service(
        current.lake_folder,
        current.load_sources(),
        source_folders=current.source_folders,
        host=host,
        port=port,
        hints=Hints(buffer_seconds, int(buffer_mb * 1_000_000)),
        log_format=log_format,
        token=os.environ.get("EVENTLAKE_TOKEN"),
        names=names,
        told=current.say,
        beside=Usher(Task(str(current.lake_folder), tuple(map(str, current.source_folders))), current.say),
        sign_in=SignIn,
        closes=not no_close,
        detects=not no_detections,
        environment=os.environ,
    )
    return service.run(lambda url: _say_ready(url, current))


def _require_names(names: tuple[str, ...]) -> None:
    """Raise UsageError for what no `Host` header can say, and would call the bus by nothing."""
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise UsageError(f'--name "{name}" is no name of a host: write it as senders do, without scheme, port and path.')


def _serve_page(host: str, port: int, names: tuple[str, ...], current: Settings) -> int:
    """Serve the page alone, over a lake on AWS."""
    from eventlake.cli.opening import open_deployment
    from eventlake.web.process import Task
    from eventlake.web.reading import Reading
    from eventlake.web.usher import Usher

    _refuse_options_of_a_bus(current)
    open_deployment(current)  # what is wrong with it is said before anything begins
    folders = tuple(map(str, current.source_folders))
    usher = Usher(Task(current.lake_name, folders, current.profile, current.region, current.endpoint_url), current.say)
    reading = Reading(usher, host=host, port=port, token=os.environ.get("EVENTLAKE_TOKEN"), names=names, told=current.say)
    return reading.run(lambda url: _say_ready(url, current))


def _refuse_options_of_a_bus(current: Settings) -> None:
    """Refuse what only a bus can heed. Raises UsageError."""
    context = click.get_current_context()
    for name in ("buffer_seconds", "buffer_mb", "log_format", "no_close", "no_detections"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is for a bus, and {current.lake_name} is only looked at here; leave it out.")


def _say_ready(url: str, current: Settings) -> None:
    """Say that events are taken, on stdout for programs, and where the page is for whoever looks at a terminal."""
    click.echo(f"Ready: {url}")
    if sys.stderr.isatty():
        current.say(f"The page: {url}/ in a browser.")
