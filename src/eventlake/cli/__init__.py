"""The command line: `eventlake COMMAND`, one module a family of commands.

Data goes to stdout, everything else to stderr. An expected error is one sentence; `--debug` shows where it was raised.
Exit codes are the AWS CLI's: https://docs.aws.amazon.com/cli/v1/userguide/cli-usage-returncodes.html
Modules here import nothing heavy when they are loaded, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from eventlake.cli.group import Commands
from eventlake.cli.settings import global_options, show_version
from eventlake.errors import EventlakeError, UsageError

INTERRUPTED = 130
OTHER = 255


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show the version and exit.")
@global_options
def eventlake() -> None:
    """Keep every event of your pipelines and logins, and ask about them in Athena's SQL.

    Begin with `eventlake demo`.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(words))


def run(words: Sequence[str]) -> int:
    """Run one command; its exit code. Errors become one sentence on stderr."""
    try:
        code: Any = eventlake.main(list(words), prog_name="eventlake", standalone_mode=False)  # click gives what the command returned
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        return _end(INTERRUPTED, "Interrupted.", words)
    except click.ClickException as error:
        return _end(UsageError.exit_code, _usage_sentence(error), words)
    except EventlakeError as error:
        return _end(error.exit_code, str(error), words)
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except Exception as error:  # the last line of defence: a person gets a sentence, `--debug` the rest
        return _end(OTHER, f"Unexpected {type(error).__name__}: {error}. Run it again with --debug to see where.", words)


def _end(code: int, sentence: str, words: Sequence[str]) -> int:
    if "--debug" in words and sys.exc_info()[1] is not None:
        import traceback

        traceback.print_exc()
    click.echo(sentence, err=True)
    return code


def _usage_sentence(error: click.ClickException) -> str:
    """Turn Click's words into one sentence that ends in where to look."""
    sentence = " ".join(error.format_message().split()).rstrip(".")  # Click lists choices on lines of their own
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "eventlake"
    end = "" if sentence.endswith("?") else "."
    return f"{sentence}{end} See `{command} --help`."


def _forget_stdout() -> None:
    """Keep Python from complaining at exit that the reader of a pipe went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
