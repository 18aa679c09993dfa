"""The options that every command takes, before or after its name, and what they open."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eventlake import stack_names
from eventlake.errors import ConfigurationError

if TYPE_CHECKING:
    from eventlake.model import Source

OUTPUTS = ("table", "json", "jsonl", "csv", "markdown", "parquet")

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Settings:
    """What the global options say; None where an option was not given."""

    lake: str | None = None
    sources: tuple[str, ...] = ()
    output: str | None = None
    quiet: bool = False
    debug: bool = False
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None

    @property
    def lake_name(self) -> str:
        """Return the lake as the person named it, with `--lake` or EVENTLAKE_LAKE; empty if nobody did. Raises ConfigurationError."""
        if self.lake == "":  # a script's variable that nobody set: ./lake was not what it meant
            raise ConfigurationError("--lake is empty: name a lake, or leave it out for EVENTLAKE_LAKE or ./lake.")
        return self.lake or os.environ.get("EVENTLAKE_LAKE") or ""

    @property
    def is_on_aws(self) -> bool:
        """Return True if the lake is named as one on AWS: `aws:STACK` or `s3://BUCKET`."""
        return stack_names.is_on_aws(self.lake_name)

    @property
    def lake_folder(self) -> Path:
        """Return the folder of the lake: as named, or ./lake. Raises ConfigurationError for a lake on AWS, and for a file."""
        if self.is_on_aws:
            raise ConfigurationError(f"{self.lake_name} is on AWS, and this command is for a lake in a folder: name one with --lake DIR.")
        folder = Path(self.lake_name or "lake")
        if folder.is_file():
            raise ConfigurationError(f'"{folder}" is a file, and a lake is a folder: name one with --lake DIR.')
        return folder

    @property
    def source_folders(self) -> list[Path]:
        """Return the folders of declarations that are named: by `--sources`, else by EVENTLAKE_SOURCES (several parted as in PATH).

        Raises DeclarationError for what is no folder and no name of an optional source, ConfigurationError for what names nothing.
        """
        if "" in self.sources:
            raise ConfigurationError("--sources is empty: name a folder or an optional source, or leave it out for EVENTLAKE_SOURCES.")
        named = [name for name in self.sources or os.environ.get("EVENTLAKE_SOURCES", "").split(os.pathsep) if name]
        if not named:
            return []
        from eventlake.sources import folder_of

        return [folder_of(name) for name in named]

    @property
    def form(self) -> str:
        """Return the form of the output: as asked, else a table on a terminal and JSON lines in a pipe."""
        return self.output or ("table" if sys.stdout.isatty() else "jsonl")

    def load_sources(self) -> tuple[Source, ...]:
        """Load the built-in sources and those that are named. Raises DeclarationError."""
        from eventlake.sources import load

        return load(self.source_folders)

    def say(self, sentence: str) -> None:
        """Tell the person a sentence on stderr, unless `--quiet`."""
        if not self.quiet:
            click.echo(sentence, err=True)

    def progress(self, sentence: str, *, is_done: bool) -> None:
        """Show how far long work is: on a terminal, in the place of what was shown before; the last stays."""
        if sys.stderr.isatty() and not self.quiet:
            click.echo(f"\r{sentence}", err=True, nl=is_done)


_OPTIONS = (
    click.option("--lake", metavar="LAKE", help="Folder of the lake, or on AWS aws:STACK or s3://BUCKET; EVENTLAKE_LAKE, else ./lake."),
    click.option(
        "--sources",
        metavar="DIR|NAME",
        multiple=True,
        help="A folder of source declarations of your own, or an optional source's name; EVENTLAKE_SOURCES.",
    ),
    click.option(
        "--output", type=click.Choice(OUTPUTS), help="Form of the answer: table on a terminal, jsonl in a pipe; parquet with --to."
    ),
    click.option("--quiet", is_flag=True, default=None, help="Print the data and errors, nothing else."),
    click.option("--debug", is_flag=True, default=None, help="Show where an error was raised."),
    click.option("--profile", metavar="NAME", help="Profile of the AWS CLI, for a lake on AWS."),
    click.option("--region", metavar="NAME", help="AWS region, for a lake on AWS."),
    click.option("--endpoint-url", metavar="URL", help="Endpoint of the AWS services, for a lake on AWS."),
)


def global_options(command: Command) -> Command:
    """Take the global options here; those given closer to the end count. The command gets them with `@settings`."""

    @functools.wraps(command)
    def taking(*arguments: Any, **options: Any) -> Any:  # click passes what it parsed
        given = {name: options.pop(name) for name in NAMES}
        context = click.get_current_context()
        outer = context.obj if isinstance(context.obj, Settings) else Settings()
        context.obj = replace(outer, **{name: value for name, value in given.items() if value not in (None, ())})
        return command(*arguments, **options)

    wrapped: Any = taking
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # the same callable, with options


NAMES: Sequence[str] = ("lake", "sources", "output", "quiet", "debug", "profile", "region", "endpoint_url")


def settings() -> Settings:
    """Return the settings of the command that runs."""
    found: Settings = click.get_current_context().obj
    return found


def command_name() -> str:
    """Return the name of the command that runs, with those it belongs to: `failed redrive`."""
    return click.get_current_context().command_path.partition(" ")[2]


def show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Print the version and stop."""
    if value and not context.resilient_parsing:
        from eventlake import __version__

        click.echo(f"eventlake {__version__}")
        context.exit()
