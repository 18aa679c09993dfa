"""The command line: `eventlake COMMAND`, one module a family of commands.

Data goes to stdout, everything else to stderr. An expected error is one sentence; `--debug` shows where it was raised.
Exit codes are the AWS CLI's: https://docs.aws.amazon.com/cli/v1/userguide/cli-usage-returncodes.html
Modules here import nothing heavy when they are loaded, so that `--help` answers at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from eventlake.cli.group import Commands
from eventlake.cli.settings import global_options, show_version
from eventlake.errors import EventlakeError, StorageError, UsageError, is_interrupt

INTERRUPTED = 130
OTHER = 255
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show the version and exit.")
@global_options
def eventlake() -> None:
    """Keep every event of your pipelines and logins, and ask about them in Athena's SQL.

    Begin with `eventlake demo`.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    _open_what_is_closed()
    words = list(sys.argv[1:] if arguments is None else arguments)
    code = run(words)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is told: Ctrl-C need not wait for what ends with the process, nor Python complain
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run one command; its exit code. Errors become one sentence on stderr."""
    try:
        code: Any = eventlake.main(list(words), prog_name="eventlake", standalone_mode=False)  # click gives what the command returned
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        return _end(INTERRUPTED, "Interrupted.", words)
    except click.exceptions.NoArgsIsHelpError as error:  # a help is lines, and no sentence
        click.echo(error.format_message(), err=True)
        return UsageError.exit_code
    except click.ClickException as error:
        return _end(UsageError.exit_code, _usage_sentence(error), words)
    except EventlakeError as error:
        return _end(error.exit_code, str(error), words)
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except SystemExit:  # click's own, where nobody reads on: who looks at the first lines alone has seen no failure
        _forget_stdout()
        return 0
    except OSError as error:
        if sentence := _of_a_file(error):
            return _end(StorageError.exit_code, sentence, words)
        return _end(OTHER, _unexpected(error), words)
    except Exception as error:  # the last line of defence: a person gets a sentence, `--debug` the rest
        if is_interrupt(error):
            return _end(INTERRUPTED, "Interrupted.", words)
        return _end(OTHER, _unexpected(error), words)


def _unexpected(error: Exception) -> str:
    return f"Unexpected {type(error).__name__}: {error}. Run it again with --debug to see where."


def _of_a_file(error: OSError) -> str:
    """Say what the system says of a file or folder that a command was to use, or of stdout; nothing for anything else."""
    if isinstance(error.filename, str | bytes):
        return f'"{os.fsdecode(error.filename)}" cannot be used: {error.strerror}.'
    if error.errno in _FULL:
        _forget_stdout()
        return f"The answer cannot be written: {error.strerror}."
    return ""


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


def _open_what_is_closed() -> None:
    """Have /dev/null stand for what a launcher closed of stdin, stdout and stderr, before a file of ours gets its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  as Python's own, open until the end


def _forget_stdout() -> None:
    """Keep Python from complaining at exit of what stdout does not take: the reader of a pipe went away, or a disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
