"""What shells and `man` are told of the commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import click
import pytest

from eventlake.cli import eventlake
from eventlake.cli.group import COMMANDS
from eventlake.cli.shell import SHELLS, VARIABLE, manual
from project import ROOT


def said(*words: str, **variables: str) -> str:
    """What the command prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables}
    return subprocess.run([sys.executable, "-m", "eventlake", *words], env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_asks_the_command_by_its_variable(shell: str) -> None:
    """Where the shell is installed it takes the script without a word."""
    script = said("completion", shell)
    assert f"{VARIABLE}={shell}_complete" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("eventlake quer", ["queries", "query"]), ("eventlake sources avail", ["available"]), ("eventlake query --max", ["--max-bytes"])],
)
def test_what_may_come_next_is_offered(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, sub-commands and options; as bash asks for them."""
    monkeypatch.setenv(VARIABLE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    with pytest.raises(SystemExit):
        eventlake.main([], prog_name="eventlake", standalone_mode=False)
    assert sorted(line.split(",")[1] for line in capsys.readouterr().out.split()) == offered


def test_the_manual_has_every_command_and_option() -> None:
    """As docs/cli.md has them; no line begins with a dot that is not a request of man(7)."""
    text = "\n".join(manual(eventlake))
    context = click.Context(eventlake, info_name="eventlake")
    assert all(f'.SS "eventlake {name}' in text for name in COMMANDS)
    shown = text.replace("\\-", "-")
    for name in COMMANDS:
        command = eventlake.get_command(context, name)
        assert command is not None
        assert [option for one in command.params for option in one.opts if option.startswith("--") and option not in shown] == []
    assert {line.split()[0] for line in text.splitlines() if line.startswith(".")} == {".TH", ".SH", ".SS", ".PP", ".TP", ".B"}
    assert not re.search(r"(?<!\\)-", text.partition(".SH DESCRIPTION")[2])


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_is_set_without_a_complaint() -> None:
    """By groff, which man runs."""
    page = "\n".join(manual(eventlake))
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page, text=True, capture_output=True, check=True)
    assert done.stderr == ""
