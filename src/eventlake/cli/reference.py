"""The pages that derive from the code: docs/cli.md from the commands, docs/sources/<name>.md from the declarations,
docs/sql.md from the tables of functions.

python -m eventlake.cli.reference           writes them
python -m eventlake.cli.reference --check   only compares, and ends with 1 if one differs
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from eventlake.cli import eventlake
from eventlake.cli.settings import NAMES
from eventlake.deploy.docs import source_page
from eventlake.dialect.reference import sql_page
from eventlake.query.saved import load_saved
from eventlake.sources import load

DOCS = Path(__file__).parents[3] / "docs"


def pages() -> dict[Path, str]:
    """Return every derived page: its path below docs/, and its text."""
    sources = load()
    saved = load_saved(sources)
    found = {Path("sources") / f"{source.name}.md": source_page(source, saved) for source in sources}
    return {**found, Path("cli.md"): cli_page(eventlake), Path("sql.md"): sql_page()}


def cli_page(root: click.Group) -> str:
    """Write the page of the command line: every command with its arguments and options."""
    return "\n".join(_cli(root)).rstrip() + "\n"


def _cli(root: click.Group) -> Iterator[str]:
    context = click.Context(root, info_name="eventlake", help_option_names=["-h", "--help"])
    yield "# Command line"
    yield ""
    yield "In a clone, `./run ARGS` is `eventlake ARGS` with its environment set up first; `./run test` runs the tests."
    yield "Data goes to stdout, everything else to stderr."
    yield "This page derives from the commands."
    yield ""
    yield "| exit code | meaning |"
    yield "|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES)
    yield ""
    yield "## Options of every command"
    yield ""
    yield from _options(root, context)
    for name in root.list_commands(context):
        yield from _command(root.get_command(context, name), f"eventlake {name}", 2)


EXIT_CODES = (
    (0, "It worked."),
    (1, 'The command ran, and its answer is "no", or some items failed.'),
    (130, "Interrupted."),
    (252, "The command was typed wrongly."),
    (253, "Environment, configuration or credentials are wrong."),
    (254, "A service or the query engine answered with an error."),
    (255, "Anything else."),
)


def _command(command: click.Command | None, path: str, level: int) -> Iterator[str]:
    if command is None:
        return
    context = click.Context(command, info_name=path, help_option_names=["-h", "--help"])
    yield ""
    yield f"{'#' * level} `{' '.join([path, *command.collect_usage_pieces(context)])}`"
    yield ""
    yield inspect.cleandoc(command.help or "")
    if own := list(_options(command, context, leave_out=_SHARED)):
        yield ""
        yield from own
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(command.get_command(context, name), f"{path} {name}", level + 1)


_SHARED = frozenset(NAMES)


def _options(command: click.Command, context: click.Context, leave_out: frozenset[str] = frozenset()) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and parameter.name not in leave_out and "--help" not in record[0]:
            yield f"- `{record[0]}`: {record[1]}"


def main(words: Sequence[str]) -> int:
    """Write the pages, or compare them."""
    derived = pages()
    different = [path for path, text in derived.items() if not (DOCS / path).is_file() or (DOCS / path).read_text("utf-8") != text]
    if "--check" in words:
        for path in different:
            click.echo(f"docs/{path} is not what the code says; write it with `python -m eventlake.cli.reference`.", err=True)
        return 1 if different else 0
    for path in different:
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(derived[path], "utf-8")
        click.echo(f"docs/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
