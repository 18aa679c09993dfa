"""`completion` and `man`: what a shell and a system want to know of the commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from eventlake.cli.group import COMMANDS
from eventlake.cli.settings import NAMES, global_options

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_EVENTLAKE_COMPLETE"
"""By which a shell asks for what may come next; Click makes its name from the program's."""


@click.command(short_help="Print the completion of commands and options for a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@global_options
def completion(shell: str) -> None:
    """Print a script with which SHELL completes commands and options.

    Let your shell read it at its start: in ~/.bashrc or ~/.zshrc the line `eval "$(eventlake completion bash)"`, or `zsh`; for fish
    `eventlake completion fish > ~/.config/fish/completions/eventlake.fish`.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is not None:
        click.echo(made(click.get_current_context().find_root().command, {}, "eventlake", VARIABLE).source())


@click.command(short_help="Print the manual page.")
@global_options
def man() -> None:
    """Print the manual page of all commands as `man` reads it: `eventlake man > eventlake.1`, then `man ./eventlake.1`."""
    root = click.get_current_context().find_root().command
    if isinstance(root, click.Group):
        click.echo("\n".join(manual(root)))


def manual(root: click.Group) -> Iterator[str]:
    """Yield the lines of the manual page, in the language of man(7)."""
    from eventlake import __version__

    context = click.Context(root, info_name="eventlake")
    yield f'.TH EVENTLAKE 1 "" "eventlake {__version__}"'
    yield from (".SH NAME", "eventlake \\- keep every event of pipelines and logins, and answer SQL about them")
    yield from (".SH SYNOPSIS", ".B eventlake", _text("COMMAND [OPTION...] [ARG...]"))
    yield from (".SH DESCRIPTION", *_paragraphs(root.help), ".SH OPTIONS OF EVERY COMMAND", *_options(root, context, frozenset()))
    yield ".SH COMMANDS"
    for name in COMMANDS:
        yield from _command(root.get_command(context, name), f"eventlake {name}")


def _command(command: click.Command | None, path: str) -> Iterator[str]:
    if command is None:
        return
    context = click.Context(command, info_name=path)
    yield from (f'.SS "{_text(" ".join([path, *command.collect_usage_pieces(context)]))}"', *_paragraphs(command.help))
    yield from _options(command, context, frozenset(NAMES))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(command.get_command(context, name), f"{path} {name}")


def _paragraphs(text: str | None) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        yield from (".PP", *map(_text, paragraph.splitlines()))


def _options(command: click.Command, context: click.Context, leave_out: frozenset[str]) -> Iterator[str]:
    """Yield what each option means; that of `--help` is known."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and parameter.name not in leave_out and "--help" not in record[0]:
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _text(line: str) -> str:
    """Write a line so that it stands as it is: no backslash, hyphen, quote or dot in it means anything."""
    plain = line.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
