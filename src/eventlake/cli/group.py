"""The list of commands, loaded when they are asked for; a typo gets the nearest name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from eventlake.naming import nearest

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "A fresh lake, events of both systems through the whole flow, and answers in SQL."),
    "serve": ("serve", "The bus on this machine: takes events over HTTP, delivers them into the lake."),
    "send": ("send", "Send events from files or stdin, to a bus or into a lake."),
    "query": ("query", "Answer Athena's SQL, or a saved query."),
    "queries": ("queries", "The saved queries: all, or one in full."),
    "detections": ("detections", "What somebody should know of: the detections, all or one in full; test, backtest."),
    "sources": ("sources", "The log sources: all, one in full; check declarations, draft a new one."),
    "explain": ("explain", "What becomes of an event, and why."),
    "tables": ("tables", "The tables of the lake: rows, bytes, objects, freshness."),
    "partitions": ("tables", "The partitions of one table."),
    "hours": ("close", "The hours of a table: open, closed, dirty, missing."),
    "close": ("close", "Close the hours that are over: one sorted object each, without duplicates."),
    "retain": ("retain", "Remove the hours that were kept long enough."),
    "hold": ("retain", "Place a legal hold, or release one."),
    "holds": ("retain", "The legal holds of the lake."),
    "audit": ("audit", "Who asked what: the newest, or whether that is noted."),
    "mentions": ("mentions", "Where the lake names a person."),
    "erase": ("erase", "Erase a person from the lake."),
    "tombstones": ("tombstones", "Who stays erased: all tombstones, or the end of one."),
    "failed": ("failed", "What could not be stored in a table, and why."),
    "backfill": ("backfill", "Bring in history, each event into the hour in which it happened."),
    "migrate": ("migrate", "Take over what an older lake left in S3, without copying it."),
    "replay": ("replay", "Play events of the past again, to a bus or a file."),
    "conformance": ("conformance", "Compare an engine's answers to SQL with golden answers."),
    "doctor": ("doctor", "Examine this machine and the lake; every finding with its remedy."),
    "cost": ("cost", "What a lake costs on AWS in a month, and what would change it."),
    "keys": ("keys", "The keys of pseudonyms: all, a new one, into a secret."),
    "grafana": ("grafana", "A dashboard for Grafana, over Athena or Trino."),
    "templates": ("templates", "Write the CloudFormation templates and docs that derive from declarations."),
    "terraform": ("templates", "Write the same deployment as a Terraform module."),
    "package": ("templates", "Upload the templates and functions for a deployment."),
    "docs": ("docs", "The docs of this version: all pages, or one in full."),
    "completion": ("shell", "The completion of commands and options for a shell."),
    "man": ("shell", "The manual page."),
}
"""Command -> the module it lives in, and its line in the list."""


class Commands(click.Group):
    """The commands of `COMMANDS`, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every command, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"eventlake.cli.{module}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the words name. Raises UsageError with the nearest one."""
        return _resolve(self, ctx, args, super().resolve_command)


class Suggesting(click.Group):
    """A group of sub-commands that suggests the nearest for a typo."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command that the words name. Raises UsageError with the nearest one."""
        return _resolve(self, ctx, args, super().resolve_command)


class Naming(Suggesting):
    """A group whose `GROUP NAME` shows one of its things: a word that is no sub-command is a name, for the sub-command `show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take a name for `GROUP show NAME`."""
        words = [word for word in args if not word.startswith("-")]
        if words and words[0] not in self.commands and _is_name(words[0], args):
            args.insert(args.index(words[0]), "show")
        return super().parse_args(ctx, args)


def _is_name(word: str, args: list[str]) -> bool:
    """Return True if a word stands for itself, and not for the value of an option in front of it."""
    before = args[: args.index(word)]
    return not before or not before[-1].startswith("--") or before[-1] in {"--quiet", "--debug"} or "=" in before[-1]


def _resolve(group: click.Group, ctx: click.Context, args: list[str], resolve: Any) -> tuple[str | None, click.Command | None, list[str]]:
    name = args[0] if args else ""
    if name and not name.startswith("-") and group.get_command(ctx, name) is None:
        commands = group.list_commands(ctx)
        hint = nearest(name, commands) or f" Commands: {', '.join(commands)}."
        raise click.UsageError(f'There is no command "{name}".{hint}', ctx)
    found: tuple[str | None, click.Command | None, list[str]] = resolve(ctx, args)
    return found
